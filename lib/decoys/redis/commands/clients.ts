/**
 * CLIENT: connections of the same source.
 * @module
 */
import type { Call, Handlers } from "../call.ts";
import type { Client } from "../client.ts";
import { formatAddress } from "../dispatch.ts";
import { lower } from "../octets.ts";
import { intArgument, parseInteger, Refusal, SYNTAX } from "../refusal.ts";
import { nameArgument } from "./connection.ts";

/** How long a connection keeps its first buffer, in ms. */
const FIRST_BUFFER_MS = 100;
/** Kinds of connections that clients may ask for. */
const TYPES = new Set(["normal", "slave", "replica", "pubsub", "master"]);

/** Commands of CLIENT. */
export const clients: Handlers = {
  "client|id": ({ out, client }) => out.integer(client.id),
  "client|getname": ({ out, client }) => out.bulkOrNull(client.name || undefined),
  "client|setname": ({ out, client, argv }) => {
    client.name = nameArgument(argv[2]!);
    out.ok();
  },
  "client|info": (call) => call.out.verbatim(line(call.client, call) + "\n"),
  "client|list": (call) => {
    const { argv, out, source } = call;
    let shown = [...source.clients];
    if (argv.length === 4 && lower(argv[2]!) === "type") {
      const type = typeArgument(argv[3]!);
      shown = shown.filter((client) => typeOf(client) === type);
    } else if (argv.length > 3 && lower(argv[2]!) === "id") {
      const ids = argv.slice(3).map((text) => Number(idArgument(text, "ERR Invalid client ID")));
      shown = ids.flatMap((id) => shown.filter((client) => client.id === id));
    } else if (argv.length > 2) throw new Refusal(SYNTAX);
    out.verbatim(shown.map((client) => line(client, call) + "\n").join(""));
  },
  "client|kill": kill,
  "client|pause": ({ argv, out }) => {
    const ms = intArgument(argv[2], "ERR timeout is not an integer or out of range");
    if (ms < 0) throw new Refusal("ERR timeout is negative");
    if (argv.length > 3 && !/^(?:write|all)$/.test(lower(argv[3]!))) {
      throw new Refusal("ERR CLIENT PAUSE mode must be WRITE or ALL");
    }
    out.ok();
  },
  "client|unpause": ({ out }) => out.ok(),
  "client|reply": ({ argv, out, client }) => {
    const mode = lower(argv[2]!);
    if (mode === "on") {
      client.replyMode = "on";
      out.ok();
    } else if (mode === "off") client.replyMode = "off";
    else if (mode === "skip") {
      if (client.replyMode !== "off") client.replyMode = "skip-next";
    } else throw new Refusal(SYNTAX);
  },
  "client|unblock": ({ argv, out, source }) => {
    if (argv.length === 4 && !/^(?:timeout|error)$/.test(lower(argv[3]!))) {
      throw new Refusal("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
    }
    const id = intArgument(argv[2]);
    const how = lower(argv[3] ?? "timeout") === "error" ? "error" : "timeout";
    const blocked = [...source.clients].find((client) => client.id === id && client.isBlocked);
    out.integer(blocked?.unblock(how) ? 1 : 0);
  },
  "client|no-evict": ({ argv, out, client }) => {
    const mode = lower(argv[2]!);
    if (mode !== "on" && mode !== "off") throw new Refusal(SYNTAX);
    client.isNoEvict = mode === "on";
    out.ok();
  },
  "client|getredir": ({ out, client }) => out.integer(client.tracking === undefined ? -1 : 0),
  "client|tracking": ({ argv, out, client }) => {
    const mode = lower(argv[2]!);
    const options: string[] = [];
    for (let i = 3; i < argv.length; i++) {
      const option = lower(argv[i]!);
      if (/^(?:bcast|optin|optout|noloop)$/.test(option)) options.push(option);
      else if (option === "prefix" && i + 1 < argv.length) i++;
      else if (option === "redirect" && i + 1 < argv.length) {
        intArgument(argv[++i]);
        throw new Refusal("ERR The client ID you want redirect to does not exist");
      } else throw new Refusal(SYNTAX);
    }
    const isSwitched = client.tracking !== undefined &&
      client.tracking.options.includes("bcast") !== options.includes("bcast");
    if (mode === "on" && isSwitched) {
      throw new Refusal(
        "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then " +
          "re-enabling it with a different mode.",
      );
    }
    if (mode === "on") client.tracking = { options };
    else if (mode === "off") client.tracking = undefined;
    else throw new Refusal(SYNTAX);
    out.ok();
  },
  "client|trackinginfo": ({ out, client }) => {
    const flags = client.tracking === undefined ? ["off"] : ["on", ...client.tracking.options];
    out.map(3);
    out.bulk("flags");
    out.set(flags.length);
    for (const flag of flags) out.bulk(flag);
    out.bulk("redirect");
    out.integer(client.tracking === undefined ? -1 : 0);
    out.bulk("prefixes");
    const isBroadcast = client.tracking?.options.includes("bcast") ?? false;
    out.bulks(isBroadcast ? [""] : []);
  },
  "client|caching": ({ argv, out, client }) => {
    const mode = lower(argv[2]!);
    if (client.tracking === undefined) {
      throw new Refusal(
        "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or " +
          "OPTOUT mode enabled",
      );
    }
    if (mode !== "yes" && mode !== "no") throw new Refusal(SYNTAX);
    const needed = mode === "yes" ? "optin" : "optout";
    if (!client.tracking.options.includes(needed)) {
      throw new Refusal(
        `ERR CLIENT CACHING ${mode.toUpperCase()} is only valid when tracking is enabled in ` +
          `${needed.toUpperCase()} mode.`,
      );
    }
    out.ok();
  },
};

function typeOf(client: Client): string {
  return client.isSubscriber ? "pubsub" : "normal";
}

function typeArgument(text: string): string {
  const type = lower(text);
  if (!TYPES.has(type)) throw new Refusal(`ERR Unknown client type '${text}'`);
  return type === "replica" ? "slave" : type;
}

function idArgument(text: string, complaint: string): bigint {
  const id = parseInteger(text);
  if (id === undefined || id < 1n) throw new Refusal(complaint);
  return id;
}

/** How many bytes a command of some words has. */
function wireBytes(argv: readonly string[], isInline: boolean): number {
  if (isInline) return argv.reduce((sum, word) => sum + word.length + 1, 1);
  return argv.reduce((sum, word) => sum + word.length + String(word.length).length + 5, 0) +
    String(argv.length).length + 3;
}

/** A connection as CLIENT LIST shows it. */
function line(client: Client, { nowMs, client: asking, argv }: Call): string {
  const { peer, local } = client.session;
  const isSelf = client === asking;
  const buffered = isSelf ? wireBytes(argv, client.isInline) : 0;
  // For a moment a connection has the buffer for answers that it began with.
  const isNew = nowMs - client.sinceMs < FIRST_BUFFER_MS;
  const buffer = isNew ? 16_384 : client.peakBytes >= 1024 ? 2048 : 1024;
  const peak = isNew ? 16_384 : Math.min(client.peakBytes, 1024);
  const words = isSelf ? argv.reduce((sum, word) => sum + word.length, 0) : 0;
  const flags = (client.isMonitor ? "O" : "") + (client.isSubscriber ? "P" : "") +
    (client.isBlocked ? "b" : "") +
    (client.queue === undefined ? "" : "x") + (client.tracking === undefined ? "" : "t") +
    (client.tracking?.options.includes("bcast") ? "B" : "") + (client.isNoEvict ? "e" : "");
  const fields = {
    id: client.id,
    addr: formatAddress(peer.ip, peer.port),
    laddr: formatAddress(local.ip, local.port),
    fd: 8 + [...client.source.clients].indexOf(client),
    name: client.name,
    age: Math.floor((nowMs - client.sinceMs) / 1000),
    idle: Math.floor((nowMs - client.activeMs) / 1000),
    flags: flags || "N",
    db: client.db,
    sub: client.channels.size,
    psub: client.patterns.size,
    ssub: client.shardChannels.size,
    multi: client.queue?.length ?? -1,
    qbuf: buffered,
    "qbuf-free": isSelf ? 20_474 - buffered : 0,
    "argv-mem": words,
    "multi-mem": 0,
    rbs: buffer,
    rbp: peak,
    obl: 0,
    oll: 0,
    omem: 0,
    "tot-mem": 21_264 + buffer + words,
    events: "r",
    cmd: client.command,
    user: client.user,
    redir: client.tracking === undefined ? -1 : 0,
    resp: client.replies.proto,
  };
  return Object.entries(fields).map(([name, value]) => `${name}=${value}`).join(" ");
}

function kill(call: Call): void {
  const { argv, out, source, client } = call;
  const tests: ((other: Client) => boolean)[] = [];
  let skipsMe = true;
  if (argv.length === 3) {
    tests.push(({ session: { peer } }) => formatAddress(peer.ip, peer.port) === argv[2]);
    skipsMe = false;
  } else {
    if (argv.length % 2 !== 0) throw new Refusal(SYNTAX);
    for (let i = 2; i < argv.length; i += 2) {
      const value = argv[i + 1]!;
      switch (lower(argv[i]!)) {
        case "id": {
          const id = Number(idArgument(value, "ERR client-id should be greater than 0"));
          tests.push((other) => other.id === id);
          break;
        }
        case "type": {
          const type = typeArgument(value);
          tests.push((other) => typeOf(other) === type);
          break;
        }
        case "addr":
          tests.push(({ session: { peer } }) => formatAddress(peer.ip, peer.port) === value);
          break;
        case "laddr":
          tests.push(({ session: { local } }) => formatAddress(local.ip, local.port) === value);
          break;
        case "user":
          if (value !== "default" && !source.users.has(value)) {
            throw new Refusal(`ERR No such user '${value}'`);
          }
          tests.push((other) => other.user === value);
          break;
        case "skipme":
          if (!/^(?:yes|no)$/.test(lower(value))) throw new Refusal(SYNTAX);
          skipsMe = lower(value) === "yes";
          break;
        default:
          throw new Refusal(SYNTAX);
      }
    }
  }
  const killed = [...source.clients].filter((other) =>
    !(skipsMe && other === client) && tests.every((test) => test(other))
  );
  if (argv.length === 3) {
    if (killed.length === 0) throw new Refusal("ERR No such client");
    out.ok();
  } else out.integer(killed.length);
  for (const other of killed) {
    if (other === client) client.isClosing = true;
    else other.end();
  }
}
