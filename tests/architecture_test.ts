/**
 * Which module may import which: the directions in which this program is built.
 *
 * The measure of every new import. Where a good design needs another one, the table changes with it.
 */
import { assert, assertEquals } from "@std/assert";
import { loadedWith, type Module, readModule, readModules } from "./support/module_graph.ts";

/**
 * What a part may import besides itself. A part is a folder of `lib`, or a module that stands there
 * alone; `part/module` is that module only.
 */
const MAY_IMPORT: Record<string, readonly string[]> = {
  errors: [],
  version: [],
  log: [],
  terminal: [],
  rate_meter: [],
  data_folder: ["errors"],
  net: ["errors"],
  events: ["errors", "net"],
  config: ["errors", "net"],
  journal: ["errors", "log", "events"],
  lures: ["errors", "log", "events", "config", "journal"],
  // What reaches NATS, for those that publish and those that collect.
  nats: ["errors", "config/schema", "net"],
  // One protocol; `protocol` itself is not in the list: no protocol knows another.
  protocol: ["decoys/decoy", "config/schema", "events/event", "errors", "net"],
  // What runs decoys, and the list of them.
  decoys: ["errors", "log", "events", "config", "net", "protocol"],
  sinks: [
    ...["errors", "log", "events", "journal", "config", "net", "nats", "terminal"],
    // The sensor's end of a connection to a collector.
    ...["service/client", "service/credentials", "service/publish_frame"],
  ],
  // Events of other sensors, from where these leave them.
  collect: ["errors", "log", "events", "journal", "config", "net", "nats", "sinks/secrets"],
  service: ["errors", "log", "events", "journal", "config", "net", "lures"],
  sensor: [
    "errors",
    "log",
    "version",
    "data_folder",
    "rate_meter",
    "events",
    "journal",
    "config",
    "net",
    "decoys",
    "lures",
    "sinks",
    "collect",
    "service",
  ],
  sensor_run: ["errors", "log", "version", "config", "net", "sensor"],
  cli: [
    "errors",
    "log",
    "version",
    "terminal",
    "data_folder",
    "events",
    "journal",
    "config",
    "net",
    "decoys/registry",
    "lures/kinds",
    "collect/registry",
    "sinks/grouping",
    "sinks/registry",
    "sinks/secrets",
    "service",
    "sensor_run",
  ],
  main: ["cli/main"],
};

/**
 * What of Node may be used: no files, no sockets, no processes but through Deno's permissions. `dgram`
 * asks for these, and is stable where `Deno.listenDatagram` is not.
 */
const NODE_MODULES = ["buffer", "crypto", "dgram", "sqlite", "timers", "zlib"];
/** The one thing of `node:process` that may be used: Deno itself does not tell. */
const CPU_USAGE = 'import { cpuUsage } from "node:process";\n';
/** The same for protocols. */
const PROTOCOL_NODE_MODULES = ["buffer", "crypto", "zlib"];

/** What only the session may do for a protocol: a decoy has neither clock nor world. */
const NOT_FOR_PROTOCOLS =
  /\bDeno\.|\bconsole\.|\bset(?:Timeout|Interval|Immediate)\b|\bAbortSignal\.timeout\b|\bfetch\(|\bprocess\b\.|\bDate\.now\b|\bnew Date\(\)|\bperformance\b|\bMath\.random\b/g;

/** Longest module, in lines. */
const MAX_LINES = 400;

const modules = [...await readModules("lib"), await readModule("main.ts")];
const registry = modules.find(({ path }) => path === "lib/decoys/registry.ts")!;
const protocols = registry.imports
  .filter(({ kind }) => kind === "static")
  .map(({ target }) => /^lib\/decoys\/([a-z0-9_]+)\.ts$/.exec(target)![1]!);

/** The part that a module belongs to. */
function partOf(path: string): string {
  const [, folder = "", file] = /^(?:lib\/)?([a-z0-9_]+)(?:\.ts$|\/(.*))/.exec(path) ?? [];
  if (folder !== "decoys" || file === undefined) return folder;
  return file.includes("/") || protocols.includes(file.replace(/\.ts$/, "")) ? "protocol" : folder;
}

/** The one protocol that a module of `protocol` belongs to. */
function protocolOf(path: string): string {
  return /^lib\/decoys\/([a-z0-9_]+)/.exec(path)![1]!;
}

function isAllowed(from: string, to: string): boolean {
  const [part, target] = [partOf(from), partOf(to)];
  if (part === "protocol" && target === "protocol") return protocolOf(from) === protocolOf(to);
  if (part === target) return true;
  const allowed = MAY_IMPORT[part] ?? [];
  return allowed.includes(target) || allowed.includes(to.replace(/^lib\/(.*)\.ts$/, "$1"));
}

function protocolModules(): Module[] {
  return modules.filter(({ path }) => partOf(path) === "protocol");
}

Deno.test("the program's modules and the registry's protocols were found", () => {
  assert(modules.length > 50, `${modules.length} modules`);
  assert(protocols.includes("tcp") && protocolModules().length >= protocols.length);
  const imports = modules.flatMap(({ imports }) => imports);
  for (const kind of ["static", "type", "lazy"]) {
    assert(imports.some((entry) => entry.kind === kind), `no ${kind} import was found`);
  }
});

Deno.test("every module is in a part that the table knows", () => {
  const unknown = modules.filter(({ path }) => !Object.hasOwn(MAY_IMPORT, partOf(path)));
  assertEquals(unknown.map(({ path }) => path), []);
});

Deno.test("modules import only what the table allows", () => {
  const wrong = modules.flatMap(({ path, imports }) =>
    imports.filter(({ isOwn, target }) => isOwn && !isAllowed(path, target))
      .map(({ target }) => `${path} imports ${target}`)
  );
  assertEquals(wrong, []);
});

Deno.test("every import of our own names a module that is there", () => {
  const paths = new Set(modules.map(({ path }) => path));
  const missing = modules.flatMap(({ path, imports }) =>
    imports.filter(({ isOwn, target }) => isOwn && !paths.has(target))
      .map(({ target }) => `${path} imports ${target}`)
  );
  assertEquals(missing, []);
});

Deno.test("a protocol has no Deno, console, clock, timer or chance of its own", () => {
  const wrong = protocolModules().flatMap(({ path, code }) =>
    (code.match(NOT_FOR_PROTOCOLS) ?? []).map((word) => `${path}: ${word}`)
  );
  assertEquals(wrong, []);
});

Deno.test("Node's modules are the harmless ones, fewer still in protocols", () => {
  const wrong = modules.flatMap(({ path, imports, code }) => {
    const more = code.includes(CPU_USAGE) ? ["process"] : [];
    const allowed = partOf(path) === "protocol"
      ? PROTOCOL_NODE_MODULES
      : [...NODE_MODULES, ...more];
    return imports.map(({ target }) => target)
      .filter((target) => target.startsWith("node:") && !allowed.includes(target.slice(5)))
      .map((target) => `${path} imports ${target}`);
  });
  assertEquals(wrong, []);
});

Deno.test("a third-party package has one importer, and stands in deno.json", async () => {
  const { imports } = JSON.parse(await Deno.readTextFile("deno.json"));
  const importers = new Map<string, string[]>();
  for (const module of modules) {
    for (const { target, isOwn } of module.imports) {
      if (isOwn || target.startsWith("node:")) continue;
      importers.set(target, [...importers.get(target) ?? [], module.path]);
    }
  }
  assert(importers.size > 3, "no packages were found");
  for (const [name, paths] of importers) {
    assertEquals([...new Set(paths)].length, 1, `${name} is imported by ${paths.join(", ")}`);
    assert(Object.hasOwn(imports, name), `${name} is not in deno.json`);
  }
  for (const [name, target] of Object.entries(imports)) {
    assert(/^npm:(@[^/]+\/)?[^@]+@\d+\.\d+\.\d+/.test(String(target)), `${name} is not pinned`);
  }
});

Deno.test("the sensor is not loaded with what only other commands need", () => {
  const loaded = loadedWith(modules, "lib/cli/run.ts");
  assert(loaded.has("lib/sensor.ts"));
  for (const name of ["@peculiar/x509", "reflect-metadata", "@valibot/to-json-schema"]) {
    assert(modules.some(({ imports }) => imports.some(({ target }) => target === name)), name);
    assertEquals(loaded.has(name), false, name);
  }
  // Nor with a large library that only some configs need.
  assert(!loaded.has("@nats-io/jetstream") && !loaded.has("lib/nats/library.ts"));
});

Deno.test("--version is answered without any library but the argument parser", () => {
  const packages = [...loadedWith(modules, "main.ts")].filter((name) => !name.endsWith(".ts"));
  assertEquals(packages, ["@std/cli/parse-args"]);
});

Deno.test("modules are of readable length and named for what they do", () => {
  const long = modules.filter(({ lines }) => lines > MAX_LINES);
  assertEquals(long.map(({ path, lines }) => `${path} has ${lines} lines`), []);
  const misnamed = modules.filter(({ path }) =>
    !/^(?:[a-z][a-z0-9_]*\/)*[a-z][a-z0-9_]*\.ts$/.test(path) ||
    /\/(?:index|utils?|helpers?|common|misc)\.ts$/.test(path)
  );
  assertEquals(misnamed.map(({ path }) => path), []);
});

Deno.test("only main.ts ends the process, and it is short", () => {
  const ending = modules.filter(({ code }) => /\bDeno\.exit\(/.test(code));
  assertEquals(ending.map(({ path }) => path), ["main.ts"]);
  assert(ending[0]!.lines < 20);
});
