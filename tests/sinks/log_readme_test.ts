/** What the README says of the sinks syslog, mqtt and hpfeeds. */
import { assert, assertEquals } from "@std/assert";
import { parseConfig } from "../../lib/config/config.ts";
import { v } from "../../lib/config/schema.ts";
import { hpfeedsSink } from "../../lib/sinks/hpfeeds.ts";
import { mqttSink } from "../../lib/sinks/mqtt.ts";
import type { SinkKind } from "../../lib/sinks/sink.ts";
import { syslogSink } from "../../lib/sinks/syslog.ts";
import { FACILITIES } from "../../lib/sinks/syslog/facilities.ts";

const readme = Deno.readTextFileSync(new URL("../../README.md", import.meta.url));
const section = readme.split("\n## Syslog, MQTT, hpfeeds\n")[1]!.split("\n## ")[0]!;
const yaml = /```yaml\n([^]*?)```/.exec(section)![1]!;

/** Options without which a kind cannot be, and those that are examples. */
const GIVEN: Record<string, string[]> = {
  syslog: ["address", "ca"],
  mqtt: ["address", "ca", "username", "password"],
  hpfeeds: ["address", "ident", "secret", "channel"],
};

// deno-lint-ignore no-explicit-any -- each kind has options of its own
const KINDS: readonly SinkKind<any>[] = [syslogSink, mqttSink, hpfeedsSink];

Deno.test("README's config of syslog, mqtt and hpfeeds is valid, and shows the defaults", () => {
  const { sinks } = parseConfig(yaml, { decoys: [], sinks: KINDS, lures: [] });
  assertEquals(sinks.map(({ kind }) => kind), Object.keys(GIVEN));
  for (const [i, kind] of KINDS.entries()) {
    const { options } = sinks[i]!;
    const least = Object.fromEntries(GIVEN[kind.kind]!.map((key) => [key, options[key]]));
    assertEquals(v.parse(kind.options, options), v.parse(kind.options, least));
  }
});

Deno.test("README names every option of syslog, mqtt and hpfeeds, and every facility", () => {
  const parts = yaml.split(/^ {2}- kind: /m).slice(1);
  for (const [i, { kind, options }] of KINDS.entries()) {
    // deno-lint-ignore no-explicit-any -- looks into the schema
    const names = Object.keys((options as any).entries);
    assert(names.length > 4);
    for (const name of names) {
      assert(new RegExp(`\\b${name}:`).test(parts[i]!), `README lacks ${kind}'s ${name}`);
    }
  }
  const numbered = /local[2-6]/; // written as "local1 to local7"
  for (const name of Object.keys(FACILITIES).filter((name) => !numbered.test(name))) {
    assert(new RegExp(`facility: .*\\b${name}\\b`).test(yaml), name);
  }
});
