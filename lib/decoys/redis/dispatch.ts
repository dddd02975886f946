/**
 * What happens to a command before its handler: Redis 7.0's processCommand, in its order.
 * @module
 */
import type { Call, Handlers } from "./call.ts";
import type { CommandFacts } from "./catalogue.ts";
import type { Client } from "./client.ts";
import { keyedHash } from "./keyed_hash.ts";
import { isDenied } from "./denied.ts";
import { upperAscii } from "../../net/latin1.ts";
import { lower } from "./octets.ts";
import { OUT_OF_MEMORY, Refusal } from "./refusal.ts";
import { replicaLink } from "./replication.ts";

/** Longest text of a client's own in an error, in bytes. */
const MAX_QUOTED_BYTES = 128;
/** Allowed while subscribed with RESP2. */
const FOR_SUBSCRIBERS = new Set(
  "ping subscribe unsubscribe psubscribe punsubscribe ssubscribe sunsubscribe quit reset".split(
    " ",
  ),
);
/** Run at once between MULTI and EXEC. */
const NOT_QUEUED = new Set("exec discard multi watch quit reset".split(" "));
/** Names after which the server takes the peer for a browser, and closes without a word. */
const CROSS_PROTOCOL = new Set(["host:", "post"]);

/** What became of a command. */
export interface Outcome {
  /** The command that was meant, if there is one. */
  readonly facts?: CommandFacts;
  /** `OK`, `QUEUED`, or the code of the error. */
  readonly reply: string;
}

/**
 * Answers one command.
 * @param client who sent it.
 * @param argv its words.
 * @param handlers by full name.
 */
export function dispatch(
  client: Client,
  argv: readonly string[],
  handlers: Handlers,
): Outcome | Promise<Outcome> {
  const { source, replies, server } = client;
  const name = lower(argv[0]!);
  const nowMs = client.session.now();
  source.nowMs = client.activeMs = nowMs;
  server.counters.commands++;
  if (name === "quit") {
    replies.ok();
    client.isClosing = true;
    return { reply: "OK" };
  }
  if (CROSS_PROTOCOL.has(name)) {
    client.isCut = true;
    return { reply: "" };
  }
  const found = server.catalogue.find(argv);
  const facts = found?.facts;
  const complaint = facts === undefined
    ? unknown(argv, found?.container)
    : refusalOf(client, facts, argv);
  if (complaint !== undefined) {
    if (client.queue !== undefined) client.isQueueBroken = true;
    const isExec = facts?.name === "exec";
    const text = isExec
      ? `EXECABORT Transaction discarded because of: ${complaint.replace(/^ERR /, "")}`
      : complaint;
    if (isExec) endTransaction(client);
    fail(client, text, facts, true);
    return { ...(facts === undefined ? {} : { facts }), reply: replies.lastError };
  }
  if (client.queue !== undefined && !NOT_QUEUED.has(facts!.name)) {
    client.queue.push([...argv]);
    replies.status("QUEUED");
    return { facts: facts!, reply: "QUEUED" };
  }
  const db = source.database(client.db);
  const call: Call = {
    ...{ argv, facts: facts!, client, source, server, out: replies, db, nowMs },
    isInTransaction: false,
  };
  // Most commands do not wait, and a promise for each would cost more than the command.
  const running = run(call, handlers);
  const outcome = () => ({ facts: facts!, reply: replies.lastError || "OK" });
  return running === undefined ? outcome() : running.then(outcome);
}

/**
 * Runs a command's handler, and counts it.
 * @param call what runs.
 * @param handlers by full name.
 */
export function run(call: Call, handlers: Handlers): Promise<void> | undefined {
  const { client, facts, out } = call;
  client.command = facts.name;
  out.lastError = "";
  const statistics = statisticsOf(client, facts);
  statistics.calls++;
  const handler = handlers[facts.name];
  try {
    if (handler === undefined) throw new Refusal(OUT_OF_MEMORY);
    const waiting = handler(call);
    if (waiting !== undefined) {
      return waiting.catch((error) => refuse(call, error)).then(() => ended(call));
    }
  } catch (error) {
    refuse(call, error);
  }
  ended(call);
  return undefined;
}

/** Answers what a handler has thrown; what is no refusal is our bug. */
function refuse({ client, facts }: Call, error: unknown): void {
  if (!(error instanceof Refusal)) throw error;
  fail(client, error.message, facts, false);
}

/** What comes after each command. */
function ended(call: Call): void {
  const { client, source, facts, out } = call;
  tellMonitors(call);
  if (facts.flags.has("write")) client.server.makeRoom(source);
  if (out.lastError !== "") statisticsOf(client, facts).failed++;
}

/** Ends MULTI without EXEC. */
export function endTransaction(client: Client): void {
  client.queue = undefined;
  client.isQueueBroken = false;
  client.watched.clear();
  client.isWatchBroken = false;
}

/** Answers with an error, and counts it. */
function fail(
  client: Client,
  text: string,
  facts: CommandFacts | undefined,
  isRejection: boolean,
): void {
  const { replies, source } = client;
  replies.error(text);
  source.errorReplies++;
  source.errors.set(replies.lastError, (source.errors.get(replies.lastError) ?? 0) + 1);
  if (isRejection && facts !== undefined) statisticsOf(client, facts).rejected++;
}

function statisticsOf({ source }: Client, { name }: CommandFacts) {
  let statistics = source.calls.get(name);
  if (statistics === undefined) {
    statistics = { calls: 0, rejected: 0, failed: 0 };
    source.calls.set(name, statistics);
  }
  return statistics;
}

/** Why there is no such command. */
function unknown(argv: readonly string[], container: CommandFacts | undefined): string {
  if (container !== undefined) {
    const hint = upperAscii(container.name);
    return `ERR unknown subcommand '${quoted(argv[1]!)}'. Try ${hint} HELP.`;
  }
  let args = "";
  for (let i = 1; i < argv.length && args.length < MAX_QUOTED_BYTES; i++) {
    args += `'${quoted(argv[i]!, MAX_QUOTED_BYTES - args.length)}' `;
  }
  return `ERR unknown command '${quoted(argv[0]!)}', with args beginning with: ${args}`;
}

/** As printf shows a text: no further than a NUL. */
function quoted(text: string, maxBytes = MAX_QUOTED_BYTES): string {
  const nul = text.indexOf("\0");
  return text.slice(0, Math.min(maxBytes, nul < 0 ? text.length : nul));
}

/** Why a command is not run. */
function refusalOf(
  client: Client,
  facts: CommandFacts,
  argv: readonly string[],
): string | undefined {
  const { server, source } = client;
  const { flags, arity, name } = facts;
  const isArity = arity > 0 ? argv.length === arity : argv.length >= -arity;
  if (!isArity) return `ERR wrong number of arguments for '${name}' command`;
  const family = name.split("|")[0]!;
  const { debugCommand, moduleCommand } = server.settings;
  if ((family === "debug" && !debugCommand) || (PROTECTED_MODULE.has(name) && !moduleCommand)) {
    const what = upperAscii(family);
    return `ERR ${what} command not allowed. If the enable-${family}-command option is set to ` +
      `"local", you can run it from a local connection, otherwise you need to set this option in ` +
      `the configuration file, and then restart the server.`;
  }
  if (client.isStranger && !flags.has("no_auth")) return "NOAUTH Authentication required.";
  if (client.queue !== undefined && flags.has("no_multi")) {
    return "ERR Command not allowed inside a transaction";
  }
  if (client.user === "default" && isDenied(facts)) {
    return `NOPERM this user has no permissions to run the '${name}' command`;
  }
  const cost = flags.has("denyoom") ? argv.reduce((sum, word) => sum + word.length + 16, 64) : 0;
  if (cost > 0 && !source.hasRoom(cost)) return OUT_OF_MEMORY;
  if (flags.has("write") && source.master !== undefined && isReplicaReadOnly(client)) {
    return "READONLY You can't write against a read only replica.";
  }
  if (client.isSubscriber && client.replies.proto === 2 && !FOR_SUBSCRIBERS.has(name)) {
    return `ERR Can't execute '${name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / ` +
      `RESET are allowed in this context`;
  }
  const isStale = source.master !== undefined && replicaLink(source) === "down" &&
    source.config.get("replica-serve-stale-data") === "no";
  if (isStale && !flags.has("stale")) {
    return "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
  }
  return undefined;
}

/** Of MODULE, what loads; `MODULE LIST` and `HELP` are for all. */
const PROTECTED_MODULE = new Set(["module|load", "module|loadex", "module|unload"]);

function isReplicaReadOnly({ source }: Client): boolean {
  return (source.config.get("replica-read-only") ?? "yes") === "yes";
}

/** Shows a command to those of its source that look on. */
function tellMonitors({ source, client, argv, facts, nowMs }: Call): void {
  if (facts.flags.has("skip_monitor") || facts.flags.has("admin")) return;
  for (const monitor of source.clients) {
    if (!monitor.isMonitor) continue;
    const { ip, port } = client.session.peer;
    const microseconds = keyedHash(argv.join(" "), client.id) % 1000;
    const time = ((nowMs + microseconds / 1000) / 1000).toFixed(6);
    const words = withoutSecrets(facts.name, argv).map(represented).join(" ");
    const line = `+${time} [${client.db} ${formatAddress(ip, port)}] ${words}\r\n`;
    if (monitor === client) client.replies.raw(line);
    else monitor.deliver(line);
  }
}

/** The words of a command but for its passwords. */
function withoutSecrets(name: string, argv: readonly string[]): readonly string[] {
  const hides = (from: number, to = argv.length) =>
    argv.map((word, i) => i >= from && i < to ? "(redacted)" : word);
  if (name === "auth") return hides(1);
  if (name !== "hello") return argv;
  const at = argv.findIndex((word, i) => i > 1 && lower(word) === "auth");
  return at < 0 ? argv : hides(at + 1, at + 3);
}

/** An address as Redis writes it. */
export function formatAddress(ip: string, port: number): string {
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

const NAMED: Record<string, string> = {
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\x07": "\\a",
  "\b": "\\b",
  "\\": "\\\\",
  '"': '\\"',
};

/** A text as Redis's sdscatrepr shows it. */
export function represented(text: string): string {
  const shown = text.replace(
    /[^ -~]|["\\]/g,
    (character) =>
      NAMED[character] ?? "\\x" + character.charCodeAt(0).toString(16).padStart(2, "0"),
  );
  return `"${shown}"`;
}
