/**
 * Channels: messages go to the connections of the same source alone.
 * @module
 */
import type { Call, Handlers } from "../call.ts";
import type { Client } from "../client.ts";
import { globMatches } from "../glob.ts";
import { Replies } from "../replies.ts";
import { Refusal } from "../refusal.ts";
import type { Source } from "../source.ts";

/** Most subscriptions of one connection. */
const MAX_SUBSCRIPTIONS = 10_000;

type Kind = "channels" | "patterns" | "shardChannels";

/** Commands of channels. */
export const pubsub: Handlers = {
  subscribe: (call) => subscribe(call, "channels"),
  psubscribe: (call) => subscribe(call, "patterns"),
  ssubscribe: (call) => subscribe(call, "shardChannels"),
  unsubscribe: (call) => unsubscribe(call, "channels"),
  punsubscribe: (call) => unsubscribe(call, "patterns"),
  sunsubscribe: (call) => unsubscribe(call, "shardChannels"),
  publish: ({ argv, out, client, source }) => {
    const [, channel = "", text = ""] = argv;
    let count = 0;
    for (const other of source.clients) {
      if (other.channels.has(channel)) {
        send(client, other, ["message", channel, text]);
        count++;
      }
    }
    for (const other of source.clients) {
      for (const pattern of other.patterns) {
        if (!globMatches(pattern, channel)) continue;
        send(client, other, ["pmessage", pattern, channel, text]);
        count++;
      }
    }
    out.integer(count);
  },
  spublish: ({ argv, out, client, source }) => {
    const [, channel = "", text = ""] = argv;
    const others = [...source.clients].filter((other) => other.shardChannels.has(channel));
    for (const other of others) send(client, other, ["smessage", channel, text]);
    out.integer(others.length);
  },
  "pubsub|channels": ({ argv, out, source }) => {
    out.bulks(channelsLike(source, "channels", argv[2]));
  },
  "pubsub|shardchannels": ({ argv, out, source }) => {
    out.bulks(channelsLike(source, "shardChannels", argv[2]));
  },
  "pubsub|numsub": (call) => numbers(call, "channels"),
  "pubsub|shardnumsub": (call) => numbers(call, "shardChannels"),
  "pubsub|numpat": ({ out, source }) => {
    out.integer(new Set([...source.clients].flatMap(({ patterns }) => [...patterns])).size);
  },
};

/** Sends what was published; to the one that published it, behind its answers so far. */
function send(from: Client, to: Client, words: readonly string[]): void {
  const message = new Replies();
  message.proto = to.replies.proto;
  message.push(words.length);
  for (const word of words) message.bulk(word);
  if (from === to) from.replies.raw(message.take());
  else to.deliver(message.take());
}

const WORDS: Record<Kind, string> = {
  channels: "subscribe",
  patterns: "psubscribe",
  shardChannels: "ssubscribe",
};

/** How many subscriptions an answer tells: those of shards count for themselves. */
function countOf(client: Client, kind: Kind): number {
  return kind === "shardChannels"
    ? client.shardChannels.size
    : client.channels.size + client.patterns.size;
}

function subscribe({ client, argv, out }: Call, kind: Kind): void {
  for (const name of argv.slice(1)) {
    if (client.subscriptions >= MAX_SUBSCRIPTIONS) {
      throw new Refusal("OOM command not allowed when used memory > 'maxmemory'.");
    }
    client[kind].add(name);
    tell(client, out, { word: WORDS[kind], name, count: countOf(client, kind) });
  }
}

function unsubscribe({ client, argv, out }: Call, kind: Kind): void {
  const word = WORDS[kind].replace("subscribe", "unsubscribe");
  const names = argv.length > 1 ? argv.slice(1) : [...client[kind]];
  for (const name of names) {
    client[kind].delete(name);
    tell(client, out, { word, name, count: countOf(client, kind) });
  }
  if (names.length === 0) {
    tell(client, out, { word, name: undefined, count: countOf(client, kind) });
  }
}

function tell(
  _client: Client,
  out: Replies,
  { word, name, count }: { word: string; name: string | undefined; count: number },
): void {
  out.push(3);
  out.bulk(word);
  out.bulkOrNull(name);
  out.integer(count);
}

function channelsLike(source: Source, kind: Kind, pattern: string | undefined): string[] {
  const all = new Set([...source.clients].flatMap((client) => [...client[kind]]));
  return [...all].filter((name) => pattern === undefined || globMatches(pattern, name));
}

function numbers({ argv, out, source }: Call, kind: Kind): void {
  out.array((argv.length - 2) * 2);
  for (const name of argv.slice(2)) {
    out.bulk(name);
    out.integer([...source.clients].filter((client) => client[kind].has(name)).length);
  }
}
