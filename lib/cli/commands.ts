/**
 * The commands there are. A written list; a command's module is loaded only when it is asked for.
 * @module
 */
import type { Command } from "./command.ts";

/** A command by name. */
export interface CommandEntry {
  readonly name: string;
  /** What it does: one line without final period. */
  readonly summary: string;
  /** Loads its module. */
  load(): Promise<Command>;
}

/** What runs when no command is named. */
export const DEFAULT_COMMAND = "run";

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "run",
    summary: "runs the sensor; the default command",
    load: async () => (await import("./run.ts")).run,
  },
  {
    name: "check",
    summary: "finds every mistake in a config, opens nothing",
    load: async () => (await import("./check.ts")).check,
  },
  {
    name: "init",
    summary: "writes a commented config with real ports; never overwrites",
    load: async () => (await import("./init.ts")).init,
  },
  {
    name: "schema",
    summary: "prints the JSON Schema of the config, for editors, or of the events",
    load: async () => (await import("./schema.ts")).schema,
  },
  {
    name: "permissions",
    summary: "prints the smallest set of Deno permission flags that a config needs",
    load: async () => (await import("./permissions.ts")).permissions,
  },
  {
    name: "certs",
    summary: "makes a private CA and the certificate of the encrypted service",
    load: async () => (await import("./certs.ts")).certs,
  },
  {
    name: "lures",
    summary: "lists the fake data that decoys serve, and who took it",
    load: async () => (await import("./lures.ts")).lures,
  },
  {
    name: "watch",
    summary: "shows events as they come",
    load: async () => (await import("./watch.ts")).watch,
  },
  {
    name: "events",
    summary: "lists what happened; also from a journal file",
    load: async () => (await import("./events.ts")).events,
  },
  {
    name: "session",
    summary: "shows everything of one connection",
    load: async () => (await import("./session.ts")).session,
  },
  {
    name: "sources",
    summary: "lists who was seen",
    load: async () => (await import("./sources.ts")).sources,
  },
  {
    name: "decoys",
    summary: "lists the decoys, their addresses and counts",
    load: async () => (await import("./decoys.ts")).decoys,
  },
  {
    name: "status",
    summary: "shows how a sensor is doing",
    load: async () => (await import("./status.ts")).status,
  },
  {
    name: "test-sink",
    summary: "sends one marked event to a sink and prints what the other side said",
    load: async () => (await import("./test_sink.ts")).testSink,
  },
  {
    name: "dead-letters",
    summary: "lists what sinks could not deliver for good, and tries it again",
    load: async () => (await import("./dead_letters.ts")).deadLetters,
  },
  {
    name: "sensors",
    summary: "lists the sensors that send their events here",
    load: async () => (await import("./sensors.ts")).sensors,
  },
  {
    name: "enroll",
    summary: "on a collector: prints the line by which a sensor joins it",
    load: async () => (await import("./enroll.ts")).enroll,
  },
  {
    name: "join",
    summary: "on a sensor: sends its events to the collector that printed the line",
    load: async () => (await import("./join.ts")).join,
  },
  {
    name: "token",
    summary: "says who may log in to the encrypted service",
    load: async () => (await import("./token.ts")).token,
  },
];
