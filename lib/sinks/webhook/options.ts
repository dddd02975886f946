/**
 * Options of the webhook sink, and what is wrong with them together.
 * @module
 */
import type { EncodingName } from "../../events/encoders/encoder.ts";
import { choice, count, isSecretReference, secret, text, v } from "../../config/schema.ts";
import { parseHost, parseUrl, PRESET_FACTS, presetFacts, type PresetName } from "./address.ts";
import { parseTemplate } from "./template.ts";

/** Characters of a template. */
const MAX_TEMPLATE = 65_536;
/** Headers of a call besides our own. */
const MAX_HEADERS = 32;
/** Most notices of one call. */
const MAX_EVENTS_PER_CALL = 1000;

/** Name of a header field: RFC 9110 §5.1. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;
/** What a header's value may hold: RFC 9110 §5.5, but for what is not ASCII. */
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;
/** Headers that belong to the connection, and to whoever makes it. */
const OWN_HEADERS =
  /^(?:connection|content-length|expect|host|keep-alive|te|trailer|transfer-encoding|upgrade)$/i;
/** Headers whose values are secrets. */
const SECRET_HEADERS = /authorization|cookie|token|secret|password|api-?key/i;

/** Written out, so that a check of the config loads no encoder. */
const FORMATS = ["ecs", "opencanary", "ocsf", "cef"] as const satisfies readonly EncodingName[];
const PRESETS = ["none", ...Object.keys(PRESET_FACTS)] as ["none", ...PresetName[]];

const Headers = v.optional(
  v.pipe(
    v.record(
      v.pipe(v.string(), v.regex(HEADER_NAME, "must be the name of a header")),
      v.pipe(
        v.string("must be a text, env:NAME or file:PATH"),
        v.maxLength(4096, "must have at most 4096 characters"),
        v.regex(HEADER_VALUE, "must have printable ASCII characters only"),
      ),
      "must be a mapping of names to values",
    ),
    v.description("Headers of each call; a value may be env:NAME or file:PATH"),
  ),
  {},
);

const Keys = v.strictObject({
  preset: choice("none", PRESETS, "Service whose messages are sent; none for JSON to programs"),
  url: text("", 2048, "Where to; env:NAME or file:PATH where it is a secret"),
  host: text("", 300, "Where a secret URL points, as host or host:port"),
  method: choice("POST", ["POST", "PUT", "PATCH"], "Method of the calls"),
  headers: Headers,
  ca: text("", 1024, "File with certificates in PEM to trust besides the public ones"),
  hmac_secret: secret("Key by which calls are signed"),
  hmac_header: v.optional(
    v.pipe(
      v.string("must be the name of a header"),
      v.regex(HEADER_NAME, "must be the name of a header"),
      v.description("Header that holds sha256= and the signature of the body, in hex"),
    ),
    "X-Duckblind-Signature",
  ),
  template: text("", MAX_TEMPLATE, "JSON with placeholders such as {{source.ip}}"),
  format: choice("ecs", FORMATS, "Form of the events"),
  events_per_call: count(1, 1, MAX_EVENTS_PER_CALL, "Above 1: a JSON array of up to so many"),
  token: secret("Bot's token of telegram, access token of ntfy"),
  chat_id: v.optional(
    v.pipe(
      v.union([v.string(), v.number()], "must be a chat's number or @name"),
      v.check(
        (value) => /^(?:-?\d{1,20}|@\w{1,64})$/.test(String(value)),
        "must be a chat's number or @name",
      ),
      v.description("Chat of telegram"),
    ),
  ),
  topic: text("", 1024, "Topic of ntfy; env:NAME or file:PATH where it is a secret"),
  routing_key: secret("Integration key of pagerduty"),
});

/** Options as the config has them, with all defaults. */
export type Options = v.InferOutput<typeof Keys>;

/** The schema of the options. */
export const Options = v.pipe(
  Keys,
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const options = dataset.value;
    for (const [key, message, nested] of findProblems(options)) {
      addIssue({
        message,
        input: options[key],
        path: [key, ...nested === undefined ? [] : [nested]].map((name) => ({
          type: "object" as const,
          origin: "value" as const,
          input: options as Record<string, unknown>,
          key: name,
          value: undefined,
        })) as [v.IssuePathItem, ...v.IssuePathItem[]],
      });
    }
  }),
);

/** A key, what is wrong with it, and the key in its mapping. A message names no value: it may be a secret. */
type Problem = readonly [key: keyof Options, message: string, nested?: string];

function findProblems(options: Options): Problem[] {
  return [
    ...findUrlProblems(options),
    ...findHeaderProblems(options),
    ...findPresetProblems(options),
    ...findTemplateProblems(options),
  ];
}

function findUrlProblems(options: Options): Problem[] {
  const { preset, url, host } = options;
  const facts = presetFacts(preset);
  const isSecret = isSecretReference(url);
  const problems: Problem[] = [];
  if (isSecret) {
    const known = host || facts?.host || "";
    if (known === "") problems.push(["host", "is missing, must say where the secret url points"]);
    else if (parseHost(known) === undefined) {
      problems.push(["host", "must be a host such as hooks.example.com or hooks.example.com:8443"]);
    }
    return problems;
  }
  if (host !== "") problems.push(["host", "is only for a url of env:NAME or file:PATH"]);
  if (url === "") {
    if (facts?.url === undefined) problems.push(["url", "is missing, must say where to"]);
  } else if (facts?.isUrlSecret === true) {
    problems.push([
      "url",
      `is no env:NAME nor file:PATH, must be one: a URL of ${preset} is a secret`,
    ]);
  } else {
    const parsed = parseUrl(url);
    if (parsed === undefined) problems.push(["url", "is no URL of http or https"]);
    else if (parsed.username !== "" || parsed.password !== "") {
      problems.push(["url", "is with a password in it, must be env:NAME or file:PATH then"]);
    }
  }
  return problems;
}

function findHeaderProblems({ headers, hmac_header, ca, url }: Options): Problem[] {
  const names = Object.keys(headers);
  const problems: Problem[] = [];
  if (OWN_HEADERS.test(hmac_header)) {
    problems.push(["hmac_header", "is a header that the connection sets itself"]);
  }
  if (names.length > MAX_HEADERS) {
    problems.push(["headers", `is of ${names.length} headers, must have at most ${MAX_HEADERS}`]);
  }
  for (const name of names) {
    if (OWN_HEADERS.test(name)) {
      problems.push(["headers", "is a header that the connection sets itself", name]);
    } else if (SECRET_HEADERS.test(name) && !isSecretReference(headers[name]!)) {
      problems.push(["headers", "is no env:NAME nor file:PATH, must be one: it is a secret", name]);
    }
  }
  if (ca !== "" && url.startsWith("http:")) {
    problems.push(["ca", "is of no use with a url of http"]);
  }
  return problems;
}

function findPresetProblems(options: Options): Problem[] {
  const { preset } = options;
  const facts = presetFacts(preset);
  const problems: Problem[] = [];
  const known: readonly string[] = [...facts?.needs ?? [], ...facts?.takes ?? []];
  for (const key of ["token", "chat_id", "topic", "routing_key"] as const) {
    const isThere = options[key] !== undefined && options[key] !== "";
    if (isThere && !known.includes(key)) {
      problems.push([key, `is of no use with preset ${preset}`]);
    } else if (!isThere && facts?.needs.includes(key) === true) {
      problems.push([key, `is missing, preset ${preset} needs it`]);
    }
  }
  if (facts === undefined) return problems;
  const defaults = { method: "POST", template: "", format: "ecs", events_per_call: 1 } as const;
  for (const key of ["method", "template", "format", "events_per_call"] as const) {
    if (options[key] !== defaults[key]) {
      problems.push([key, `is of no use with preset ${preset}, which has messages of its own`]);
    }
  }
  return problems;
}

function findTemplateProblems({ template, format }: Options): Problem[] {
  if (template === "") return [];
  try {
    parseTemplate(template);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return [["template", error.message]];
  }
  return format === "ecs"
    ? []
    : [["format", "is of no use with a template, which has a form of its own"]];
}
