/**
 * OTLP sink: events as OpenTelemetry logs, over HTTP in JSON.
 *
 * Every log record has the event's id as `log.record.uid`, by which a receiver may know one that is
 * sent again.
 * @module
 */
import { flag, isSecretReference, secret, text, v } from "../config/schema.ts";
import { hostPortOf, httpUrl } from "./http_poster.ts";
import type { SinkKind } from "./sink.ts";

/** Headers whose values are secrets. */
const SECRET_HEADERS = /authorization|cookie|token|secret|password|api-?key/i;

const Options = v.strictObject({
  url: httpUrl(
    "Address of the receiver, such as https://collector.example:4318; /v1/logs is added",
  ),
  token: secret("Bearer token, for an Authorization header"),
  headers: v.optional(
    v.pipe(
      v.record(
        // Field names: RFC 9110 §5.6.2; a letter first, as the places of a list are names too.
        v.pipe(
          v.string(),
          v.regex(/^[A-Za-z][A-Za-z0-9!#$%&'*+.^_`|~-]{0,127}$/, "must be a field name"),
        ),
        v.pipe(
          v.string("must be a text"),
          // Field values: RFC 9110 §5.5.
          v.regex(/^[\x21-\x7e](?:[\t\x20-\x7e]{0,4094}[\x21-\x7e])?$/, "is no field value"),
        ),
        "must be a mapping of names and values",
      ),
      v.check(
        (headers) =>
          Object.entries(headers).every(([name, value]) =>
            !SECRET_HEADERS.test(name) || isSecretReference(value)
          ),
        "is with a secret in it, must have env:NAME or file:PATH there",
      ),
      v.description("More headers; a value may be env:NAME or file:PATH, and must be for secrets"),
    ),
    {},
  ),
  service_name: text("duckblind", 255, "What is given as service.name"),
  ca: text("", 1024, "PEM file of authorities to trust too; empty for none"),
  gzip: flag(true, "Whether bodies are compressed"),
});

/** Options of the sink. */
export type OtlpOptions = v.InferOutput<typeof Options>;

/** `kind: otlp`. */
export const otlpSink: SinkKind<OtlpOptions> = {
  kind: "otlp",
  isDurable: true,
  options: Options,
  hosts: ({ url }) => [hostPortOf(url)],
  reads: ({ ca }) => ca === "" ? [] : [ca],
  open: async (options, context) => {
    const { OtlpSink } = await import("./otlp/otlp_sink.ts");
    return new OtlpSink(options, context);
  },
};
