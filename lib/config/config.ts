/**
 * The whole config: one YAML document, validated at once, every problem with its path.
 *
 * Decoys and sinks bring schemas of their own options; they are passed in, so that this module knows
 * none of them.
 * @module
 */
import { ConfigError, type ConfigProblem } from "../errors.ts";
import { formatHostPort, type HostPort, parseHostPort } from "../net/address.ts";
import { configSchema } from "./document.ts";
import { describeIssues } from "./issues.ts";
import { v } from "./schema.ts";
import { type GroupingPlan, type SinkPlan, takeSinkKeys } from "./sink_keys.ts";
import { parseYaml } from "./yaml.ts";

/** A kind of decoy or sink as the config sees it. */
export interface OptionsKind {
  readonly kind: string;
  // deno-lint-ignore no-explicit-any -- each kind has options of its own
  readonly options: v.GenericSchema<unknown, any>;
  /** Of a sink: whether people read it, and defaults of the keys that all sinks have. */
  readonly isForPeople?: boolean;
  readonly defaults?: Readonly<Record<string, unknown>> & {
    readonly group_by?: GroupingPlan["groupBy"];
  };
}

/** The kinds that a config may name. */
export interface KnownKinds {
  readonly decoys: readonly OptionsKind[];
  readonly sinks: readonly OptionsKind[];
  /** Kinds of lures. */
  readonly lures: readonly string[];
  /** Kinds of places where other sensors leave their events; none unless given. */
  readonly collectors?: readonly OptionsKind[];
}

/** The parts of a config that are the same for every kind. */
type Document = v.InferOutput<ReturnType<typeof configSchema>>;

/** A decoy's entry. */
export interface DecoyConfig {
  readonly kind: string;
  readonly name: string;
  readonly listen: readonly HostPort[];
  /** Whether the config asks for TLS from the first byte on. */
  readonly tls: boolean;
  /** As the kind's schema gives them, defaults included. */
  readonly options: Record<string, unknown>;
}

/** A sink's entry. */
export interface SinkConfig extends SinkPlan {
  readonly kind: string;
  readonly name: string;
}

/** The entry of a place from which events of other sensors are collected. */
export interface CollectorConfig {
  readonly kind: string;
  readonly name: string;
  readonly options: Record<string, unknown>;
}

/** A lure's entry. */
export interface LureEntry {
  readonly kind: string;
  readonly name: string;
  /** Decoys by name; absent for all that can serve it. */
  readonly decoys?: readonly string[] | undefined;
  /** Path, key or topic; empty for the kind's own. */
  readonly place: string;
  /** Empty for the kind's own. */
  readonly content: string;
  readonly username: string;
}

/** A valid config. */
export interface Config {
  readonly sensor: Document["sensor"];
  readonly limits: Document["limits"];
  readonly journal: Document["journal"];
  readonly service: Omit<Document["service"], "listen" | "inner"> & {
    readonly listen: readonly HostPort[];
    /** Where TLS ends, on the loopback. */
    readonly inner: HostPort;
  };
  readonly tls: Omit<Document["tls"], "inner"> & { readonly inner: HostPort };
  readonly decoys: readonly DecoyConfig[];
  readonly lures: readonly LureEntry[];
  readonly sinks: readonly SinkConfig[];
  readonly collect: readonly CollectorConfig[];
  readonly ignore: Document["ignore"];
}

/**
 * Reads a config.
 * @param text the YAML document.
 * @param kinds the kinds it may name.
 * @returns the config with all defaults filled in.
 * @throws {ConfigError} with every problem found.
 */
export function parseConfig(text: string, kinds: KnownKinds): Config {
  const value = parseYaml(text) ?? {};
  const result = v.safeParse(configSchema(kinds), value);
  if (!result.success) throw new ConfigError(describeIssues(result.issues));
  const document = result.output;
  const config: Config = {
    ...document,
    service: {
      ...document.service,
      listen: document.service.listen.map(toHostPort),
      inner: toHostPort(document.service.inner),
    },
    tls: { ...document.tls, inner: toHostPort(document.tls.inner) },
    decoys: nameEntries(document.decoys).map(({ kind, name, listen, tls, ...options }) => ({
      kind,
      name,
      listen: (listen as string[]).map(toHostPort),
      tls: tls as boolean,
      options,
    })),
    lures: nameEntries(document.lures as Entry[]) as unknown as LureEntry[],
    sinks: nameEntries(document.sinks).map(
      ({ kind, name, ...entry }) => ({ kind, name, ...takeSinkKeys(entry) }),
    ),
    collect: nameEntries(document.collect).map(
      ({ kind, name, ...options }) => ({ kind, name, options }),
    ),
  };
  const problems = [
    ...checkOptions("decoys", config.decoys, kinds.decoys),
    ...checkOptions("sinks", config.sinks, kinds.sinks),
    ...checkOptions("collect", config.collect, kinds.collectors ?? []),
    ...findDuplicates(config),
    ...findStrangers(config),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/** An entry of a list, validated, before its parts are told apart. */
type Entry = { kind: string; name?: string | undefined } & Record<string, unknown>;

/** Gives every entry a name: its kind, with a number from the second on. */
function nameEntries(
  entries: readonly Entry[],
): (Record<string, unknown> & { kind: string; name: string })[] {
  const taken = new Set(entries.map((entry) => entry.name));
  return entries.map((entry) => {
    let name = entry.name ?? entry.kind;
    for (let n = 2; entry.name === undefined && taken.has(name); n++) name = `${entry.kind}-${n}`;
    taken.add(name);
    return { ...entry, name };
  });
}

/** Checks that look at several keys of an entry, which a kind's own schema may have. */
function checkOptions(
  list: string,
  entries: readonly { kind: string; options: Record<string, unknown> }[],
  kinds: readonly OptionsKind[],
): ConfigProblem[] {
  return entries.flatMap((entry, i) => {
    const kind = kinds.find(({ kind }) => kind === entry.kind)!;
    const result = v.safeParse(kind.options, entry.options);
    return result.success ? [] : describeIssues(result.issues, `${list}[${i}]`);
  });
}

/** Decoys that lures name and that are not there. */
function findStrangers({ decoys, lures }: Config): ConfigProblem[] {
  const names = new Set(decoys.map(({ name }) => name));
  return lures.flatMap((lure, i) =>
    (lure.decoys ?? []).filter((name) => !names.has(name)).map((name) => ({
      path: `lures[${i}].decoys`,
      message: `names ${JSON.stringify(name)}, must name decoys of this config`,
    }))
  );
}

/** Names and listeners that stand twice. */
function findDuplicates(config: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const seen = new Map<string, string>();
  const note = (key: string, path: string, message: (first: string) => string) => {
    const first = seen.get(key);
    if (first === undefined) seen.set(key, path);
    else problems.push({ path, message: message(first) });
  };
  const lists = [
    ["decoys", config.decoys],
    ["lures", config.lures],
    ["sinks", config.sinks],
    ["collect", config.collect],
  ] as const;
  for (const [list, entries] of lists) {
    for (const [i, { name }] of entries.entries()) {
      note(
        `${list} ${name}`,
        `${list}[${i}].name`,
        (first) => `is ${JSON.stringify(name)}, must differ from ${first}`,
      );
    }
  }
  const owners: { path: string; owner: string; address: HostPort }[] = [
    ...config.decoys.flatMap((decoy, i) =>
      decoy.listen.map((address, k) => ({
        path: `decoys[${i}].listen[${k}]`,
        owner: `decoys[${i}]`,
        address,
      }))
    ),
    ...(config.service.enabled
      ? [
        ...config.service.listen.map((address, k) => ({
          path: `service.listen[${k}]`,
          owner: "service",
          address,
        })),
        { path: "service.inner", owner: "service", address: config.service.inner },
      ]
      : []),
    { path: "tls.inner", owner: "tls", address: config.tls.inner },
  ];
  for (const [i, { path, owner, address }] of owners.entries()) {
    if (address.port === 0) continue;
    const first = owners.slice(0, i).find((other) => overlaps(other, { owner, address }));
    if (first !== undefined) {
      problems.push({
        path,
        message: `is ${JSON.stringify(formatHostPort(address))}, must differ from ${first.path}`,
      });
    }
  }
  return problems;
}

/**
 * Whether two listeners cannot stand side by side. A wildcard takes the whole port; `0.0.0.0` and
 * `::` of one owner go together, since one socket then serves both.
 */
function overlaps(
  a: { owner: string; address: HostPort },
  b: { owner: string; address: HostPort },
): boolean {
  if (a.address.port !== b.address.port) return false;
  const [x, y] = [a.address.hostname, b.address.hostname];
  if (x === y) return true;
  const isBoth = (x === "::" && y === "0.0.0.0") || (x === "0.0.0.0" && y === "::");
  if (isBoth) return a.owner !== b.owner;
  const isV6 = (host: string) => host.includes(":");
  if (x === "::" || y === "::") return true;
  return (x === "0.0.0.0" && !isV6(y)) || (y === "0.0.0.0" && !isV6(x));
}

function toHostPort(text: string): HostPort {
  return parseHostPort(text)!;
}
