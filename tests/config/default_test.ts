import { assertEquals } from "@std/assert";
import { KNOWN_KINDS, loadConfig } from "../../lib/cli/load_config.ts";
import { parseConfig } from "../../lib/config/config.ts";
import { defaultConfig } from "../../lib/config/default.ts";

/** Every port of a config's decoys. */
function portsOf(ports: "tryout" | "real"): number[] {
  const { decoys } = parseConfig(defaultConfig(ports), KNOWN_KINDS);
  return [...new Set(decoys.flatMap(({ listen }) => listen.map(({ port }) => port)))];
}

Deno.test("the config that is compiled in needs no rights, and is what load gives", async () => {
  const ports = portsOf("tryout");
  assertEquals(ports.filter((port) => port < 1024), []);
  const config = await loadConfig(undefined);
  assertEquals(config.service.listen.every(({ port }) => port >= 1024), true);
});

Deno.test("the config that init writes stands where attackers look", () => {
  const ports = portsOf("real");
  for (const port of [21, 23, 80]) assertEquals(ports.includes(port), true, String(port));
});

Deno.test("the default configs listen on IPv4 and IPv6 alike", () => {
  for (const ports of ["tryout", "real"] as const) {
    for (const { name, listen } of parseConfig(defaultConfig(ports), KNOWN_KINDS).decoys) {
      assertEquals(listen.map(({ hostname }) => hostname), ["0.0.0.0", "::"], name);
    }
  }
});

Deno.test("what the default configs show as a comment is right, once it is none", () => {
  for (const ports of ["tryout", "real"] as const) {
    const text = defaultConfig(ports)
      .replace(/^( *)# (limits:|ignore:)$/gm, "$1$2")
      .replace(/^# {3}/gm, "  ")
      .replace(/^ {2}# (id|hostname|- kind| {2}path| {2}min_severity)/gm, "  $1");
    const config = parseConfig(text, KNOWN_KINDS);
    assertEquals(config.sensor.id, "edge-1");
    assertEquals(config.limits.sessions_per_source, 128);
    assertEquals(config.ignore.length, 1);
    assertEquals(config.sinks.map(({ kind }) => kind), ["console", "file"]);
  }
});
