/**
 * Elastic sink: events into a data stream of Elasticsearch 8 and 9 or OpenSearch 2 and 3.
 *
 * Each event is created under its own id, so that one that is sent again is no second one: the answer
 * then says that it is there already. That holds within one backing index of the data stream; an event
 * that is sent again after a rollover would be there twice.
 * @module
 */
import { choice, flag, secret, text, v } from "../config/schema.ts";
import { hostPortOf, httpUrl } from "./http_poster.ts";
import type { SinkKind } from "./sink.ts";

const Options = v.strictObject({
  urls: v.pipe(
    v.array(httpUrl("Address of a node, such as https://elastic.example:9200"), "must be a list"),
    v.minLength(1, "must have at least one entry"),
    v.maxLength(16, "must have at most 16 entries"),
    v.description("Addresses of the cluster; when one fails the next is taken"),
  ),
  data_stream: v.optional(
    v.pipe(
      v.string("must be a text"),
      // What names of indexes may have, without what would have to be escaped in a path.
      v.regex(
        /^[a-z0-9][a-z0-9._-]{0,99}$/,
        "must have 1 to 100 of a-z, 0-9, dot, dash, underscore",
      ),
      v.description("Data stream that gets the events, as type-dataset-namespace"),
    ),
    "logs-duckblind-default",
  ),
  api_key: secret("API key, encoded or as id:key; goes before username"),
  username: text("", 256, "User name, with password; empty for none"),
  password: secret("Password"),
  ca: text("", 1024, "PEM file of authorities to trust too; empty for none"),
  gzip: flag(true, "Whether bodies are compressed"),
  install_template: flag(
    true,
    "Whether the index template is put there when it is missing or older",
  ),
  product: choice(
    "auto",
    ["auto", "elasticsearch", "opensearch"],
    "What answers there, for the template; auto asks it",
  ),
  pipeline: v.optional(
    v.pipe(
      v.string("must be a text"),
      v.regex(/^[A-Za-z0-9@._-]{0,128}$/, "must have letters, digits, @, dot, dash, underscore"),
      v.description("Ingest pipeline to go through; empty for none"),
    ),
    "",
  ),
  format: choice("ecs", ["ecs", "ocsf"], "What the events look like"),
});

/** Options of the sink. */
export type ElasticOptions = v.InferOutput<typeof Options>;

/** `kind: elastic`. */
export const elasticSink: SinkKind<ElasticOptions> = {
  kind: "elastic",
  isDurable: true,
  options: Options,
  defaults: { timeout_ms: 30_000 },
  hosts: ({ urls }) => urls.map(hostPortOf),
  reads: ({ ca }) => ca === "" ? [] : [ca],
  open: async (options, context) => {
    const { ElasticSink } = await import("./elastic/elastic_sink.ts");
    return new ElasticSink(options, context);
  },
};
