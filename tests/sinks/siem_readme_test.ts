/** The sinks elastic, splunk and otlp in the config, and what the README says of them. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseConfig } from "../../lib/config/config.ts";
import { v } from "../../lib/config/schema.ts";
import { ConfigError } from "../../lib/errors.ts";
import { elasticSink } from "../../lib/sinks/elastic.ts";
import { otlpSink } from "../../lib/sinks/otlp.ts";
import { SINK_KINDS } from "../../lib/sinks/registry.ts";
import type { SinkKind } from "../../lib/sinks/sink.ts";
import { splunkSink } from "../../lib/sinks/splunk.ts";

const readme = Deno.readTextFileSync(new URL("../../README.md", import.meta.url));
const section = readme.split("\n## Elasticsearch, OpenSearch, Splunk, OpenTelemetry\n")[1]!
  .split("\n## ")[0]!;
const yaml = /```yaml\n([^]*?)```/.exec(section)![1]!;

/** Options without which a kind cannot be, and those that are examples. */
const GIVEN = {
  elastic: ["urls", "api_key", "ca"],
  splunk: ["url", "token"],
  otlp: ["url", "token"],
};

// deno-lint-ignore no-explicit-any -- each kind has options of its own
const KINDS: readonly SinkKind<any>[] = [elasticSink, splunkSink, otlpSink];

Deno.test("README's config of the SIEM sinks is valid, and shows the defaults", () => {
  const { sinks } = parseConfig(yaml, { decoys: [], sinks: SINK_KINDS, lures: [] });
  assertEquals(sinks.map(({ kind }) => kind), Object.keys(GIVEN));
  for (const [i, kind] of KINDS.entries()) {
    const given = GIVEN[kind.kind as keyof typeof GIVEN];
    const { options } = sinks[i]!;
    const least = Object.fromEntries(given.map((key) => [key, options[key]]));
    assertEquals(v.parse(kind.options, options), v.parse(kind.options, least));
  }
});

Deno.test("README names every option of the SIEM sinks", () => {
  for (const { kind, options } of KINDS) {
    // deno-lint-ignore no-explicit-any -- looks into the schema
    const names = Object.keys((options as any).entries);
    assert(names.length > 4);
    for (const name of names) {
      assert(new RegExp(`\\b${name}:`).test(yaml), `README lacks ${kind}'s ${name}`);
    }
  }
});

Deno.test("a config with secrets of the SIEM sinks in it is refused, and they are not told", () => {
  const wrong = [
    "{kind: splunk, url: 'https://s.example', token: sesame}",
    "{kind: elastic, urls: ['https://u:sesame@e.example']}",
    "{kind: elastic, urls: ['https://e.example'], api_key: sesame}",
    "{kind: elastic, urls: ['https://e.example'], username: u, password: sesame}",
    "{kind: otlp, url: 'https://o.example', token: sesame}",
    "{kind: otlp, url: 'https://o.example', headers: {x-api-key: sesame}}",
    "{kind: otlp, url: 'https://o.example', headers: {x: \"sesame\\u0001\"}}",
  ];
  for (const sink of wrong) {
    const error = assertThrows(
      () => parseConfig(`sinks: [${sink}]`, { decoys: [], sinks: KINDS, lures: [] }),
      ConfigError,
    );
    assert(!error.message.includes("sesame"), error.message);
  }
});
