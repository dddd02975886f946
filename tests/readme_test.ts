import { assert, assertEquals } from "@std/assert";
import { COLLECTOR_KINDS } from "../lib/collect/registry.ts";
import { parseConfig } from "../lib/config/config.ts";
import { configSchema } from "../lib/config/document.ts";
import { defaultConfig } from "../lib/config/default.ts";
import { LURE_NAMES } from "../lib/lures/kinds.ts";
import { DECOY_KINDS } from "../lib/decoys/registry.ts";
import { ACTIONS } from "../lib/events/event.ts";
import { sinkKeys } from "../lib/config/sink_keys.ts";
import { SINK_KINDS } from "../lib/sinks/registry.ts";
import { VERSION } from "../lib/version.ts";
import { COMMANDS } from "../lib/cli/commands.ts";

const KINDS = {
  decoys: DECOY_KINDS,
  sinks: SINK_KINDS,
  collectors: COLLECTOR_KINDS,
  lures: LURE_NAMES,
};
const readme = Deno.readTextFileSync(new URL("../README.md", import.meta.url));
const project = JSON.parse(Deno.readTextFileSync(new URL("../deno.json", import.meta.url)));

/** Rows of the table below a heading, as cells without backticks. */
function table(heading: string): string[][] {
  const section = readme.split(`\n## ${heading}\n`)[1]!.split("\n## ")[0]!;
  return section.split("\n").filter((line) => /^\| (?!---)/.test(line)).slice(1)
    .map((line) => line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim()));
}

/** Words in backticks. */
function quoted(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
}

Deno.test("README's table of events has every action", () => {
  const rows = table("Events").map(([action]) => quoted(action!)[0]);
  assertEquals(rows.sort(), Object.values(ACTIONS).sort());
});

Deno.test("README's table of decoys has every kind with its products and port", () => {
  const rows = table("Decoys");
  assertEquals(
    rows.map(([kind]) => quoted(kind!)[0]).sort(),
    DECOY_KINDS.map((k) => k.kind).sort(),
  );
  for (const [kind, products, port] of rows) {
    const entry = DECOY_KINDS.find((k) => k.kind === quoted(kind!)[0])!;
    // deno-lint-ignore no-explicit-any -- looks into whatever schema a kind has
    const options = (entry.options as any).entries.product?.wrapped?.pipe?.[0]?.options;
    if (options === undefined) continue;
    assertEquals(quoted(products!), options);
    assertEquals(Number(port), entry.defaultPort);
  }
});

Deno.test("README's config is valid, and names every key that there is", () => {
  const text = /```yaml\n(sensor:[\s\S]*?)```/.exec(readme)![1]!;
  const config = parseConfig(text, KINDS);
  assertEquals(config.decoys.length, 5);
  // deno-lint-ignore no-explicit-any -- looks into the schema
  const schema = configSchema(KINDS) as any;
  for (
    const [section, entry] of Object.entries<{ wrapped?: { entries?: object } }>(schema.entries)
  ) {
    const keys = Object.keys(entry.wrapped?.entries ?? {});
    const part = text.split(new RegExp(`^${section}:`, "m"))[1]!.split(/^\S/m)[0]!;
    for (const key of keys) {
      assert(new RegExp(`^ +${key}:`, "m").test(part), `README's config lacks ${section}.${key}`);
    }
  }
});

Deno.test("README's config of NATS is valid, and shows every default", () => {
  const section = readme.split(/^## NATS/m)[1]!;
  const shown = parseConfig(/```yaml\n([\s\S]*?)```/.exec(section)![1]!, KINDS);
  const entry = "{kind: nats, servers: [nats.example.com:4222]}";
  const plain = parseConfig(`sinks: [${entry}]\ncollect: [${entry}]`, KINDS);
  const changed = ["servers", "tls", "ca", "user", "password", "inbox_prefix"];
  for (const list of ["sinks", "collect"] as const) {
    for (const [key, value] of Object.entries(plain[list][0]!.options)) {
      if (!changed.includes(key)) assertEquals(shown[list][0]!.options[key], value, key);
    }
  }
});

Deno.test("README's table of sinks has every kind, and its list of keys every key", () => {
  const rows = table("Sinks and delivery").map(([kind]) => quoted(kind!)[0]);
  assertEquals(rows.sort(), SINK_KINDS.map(({ kind }) => kind).sort());
  const section = readme.split("\n## Sinks and delivery\n")[1]!.split("\n## ")[0]!;
  const [common = "", mail = ""] = [...section.matchAll(/```yaml\n(sinks:[\s\S]*?)```/g)]
    .map((match) => match[1]!);
  const [file] = parseConfig(common, KINDS).sinks;
  const keys = sinkKeys(SINK_KINDS.find(({ kind }) => kind === "file")!);
  for (const key of Object.keys(keys)) {
    assert(new RegExp(`^ {4}${key}:`, "m").test(common), `README lacks ${key}`);
  }
  const [bare] = parseConfig("sinks: [{kind: file, path: x}]", KINDS).sinks;
  const { schedule: _schedule, timezone: _timezone, ...plan } = file!.plan;
  const { timezone: _utc, ...defaults } = bare!.plan;
  assertEquals(plan, defaults);
  const [email] = parseConfig(mail, KINDS).sinks;
  const entry = "{kind: email, host: h, from: a@example.org, to: [b@example.org]}";
  const [plain] = parseConfig(`sinks: [${entry}]`, KINDS).sinks;
  assertEquals([email!.grouping, email!.plan], [plain!.grouping, plain!.plan]);
});

Deno.test("README's config shows the defaults", () => {
  const text = /```yaml\n(sensor:[\s\S]*?)```/.exec(readme)![1]!;
  const shown = parseConfig(text, KINDS);
  const defaults = parseConfig("{}", KINDS);
  for (const section of ["sensor", "limits", "journal", "service"] as const) {
    assertEquals(shown[section], defaults[section]);
  }
});

Deno.test("README's table of commands has every command", () => {
  const named = table("Commands").flatMap(([cell]) =>
    quoted(cell!).map((words) => words.split(/[ \\]/)[0]!)
  );
  const names = COMMANDS.map(({ name }) => name).filter((name) => name !== "help");
  assertEquals(named.sort(), names.sort());
});

Deno.test("README names only tasks that exist", () => {
  const tasks = [...readme.matchAll(/deno(?:@[\d.]+)? task ([a-z0-9]+)/g)].map((match) =>
    match[1]!
  );
  assert(tasks.length > 5);
  for (const task of tasks) assert(task in project.tasks, `deno.json has no task ${task}`);
});

Deno.test("the configs that are compiled in are valid, and differ only in their ports", () => {
  const tryout = parseConfig(defaultConfig("tryout"), KINDS);
  const real = parseConfig(defaultConfig("real"), KINDS);
  const strip = (config: typeof real) => config.decoys.map(({ listen: _listen, ...rest }) => rest);
  assertEquals(strip(tryout), strip(real));
  for (const { listen } of tryout.decoys) for (const { port } of listen) assert(port >= 1024);
  assertEquals(real.decoys.map(({ listen }) => listen[0]!.port), [22, 21, 23, 80, 8080, 9100]);
});

Deno.test("the program's version is that of deno.json", () => {
  assertEquals(VERSION, project.version);
});
