/**
 * Commands on the server: what it knows of itself, saves, modules, logs.
 * @module
 */
import type { Call, Handlers } from "../call.ts";
import { inflate } from "../inflate.ts";
import { infoText, memoryOf } from "../info.ts";
import { keyedHash } from "../keyed_hash.ts";
import { lower } from "../octets.ts";
import { formatDouble, intArgument, rangeArgument, Refusal, SYNTAX } from "../refusal.ts";
import { settingOf } from "../settings.ts";
import { encodingOf, sizeOf } from "../values.ts";
import { isWritable } from "./config.ts";
import { VERSION } from "./connection.ts";

/** How long a save in the background takes, in ms: until the server looks again. */
const SAVE_MS = 100;
/** Longest sleep that DEBUG SLEEP gets, in ms. */
const MAX_SLEEP_MS = 10_000;

/** Commands on the server. */
export const server: Handlers = {
  info: (call) => call.out.verbatim(infoText(call)),
  time: ({ out, nowMs, server }) => {
    const microseconds = keyedHash(String(nowMs), server.identity.tableSeed) % 1000;
    out.bulks([
      String(Math.floor(nowMs / 1000)),
      String(Math.floor(nowMs % 1000) * 1000 + microseconds),
    ]);
  },
  lastsave: ({ out, source }) => out.integer(Math.floor(source.savedAtMs / 1000)),
  save: (call) => {
    if (isSaving(call)) throw new Refusal("ERR Background save already in progress");
    if (!canSave(call)) throw new Refusal("ERR");
    saved(call);
    call.out.ok();
  },
  bgsave: (call) => {
    const { argv, out } = call;
    const isScheduled = argv.length === 2 && lower(argv[1]!) === "schedule";
    if (argv.length > 1 && !isScheduled) throw new Refusal(SYNTAX);
    if (isSaving(call)) throw new Refusal("ERR Background save already in progress");
    call.source.savingSinceMs = call.nowMs;
    if (canSave(call)) saved(call);
    out.status("Background saving started");
  },
  bgrewriteaof: (call) => {
    const word = isSaving(call) ? "scheduled" : "started";
    call.out.status(`Background append only file rewriting ${word}`);
  },
  shutdown: ({ argv, source }) => {
    for (const word of argv.slice(1)) {
      if (!/^(?:nosave|save|now|force|abort)$/.test(lower(word))) throw new Refusal(SYNTAX);
    }
    if (argv.length > 1 && lower(argv[1]!) === "abort") {
      if (argv.length > 2) throw new Refusal(SYNTAX);
      throw new Refusal("ERR No shutdown in progress.");
    }
    // The service is started again at once; connections are gone.
    for (const client of source.clients) client.end();
  },
  "module|list": ({ out }) => out.array(0),
  "module|load": loadModule,
  "module|loadex": loadModule,
  "module|unload": () => {
    throw new Refusal("ERR Error unloading module: no such module with that name");
  },
  debug,
  lolwut: ({ out }) => out.verbatim(`Redis ver. ${VERSION}\n`),
  "slowlog|get": ({ argv, out }) => {
    if (argv.length > 2) {
      rangeArgument2(argv[2]!);
    }
    out.array(0);
  },
  "slowlog|len": ({ out }) => out.integer(0),
  "slowlog|reset": ({ out }) => out.ok(),
  "latency|latest": ({ out }) => out.array(0),
  "latency|history": ({ out }) => out.array(0),
  "latency|reset": ({ out }) => out.integer(0),
  "latency|graph": ({ argv }) => {
    throw new Refusal(`ERR No samples available for event '${argv[2]}'`);
  },
  "latency|doctor": ({ out }) => {
    out.verbatim(
      "I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this Redis instance. You " +
        'may use "CONFIG SET latency-monitor-threshold <milliseconds>." in order to enable it. If we ' +
        "weren't in a deep space mission I'd suggest to take a look at " +
        "https://redis.io/topics/latency-monitor.\n",
    );
  },
  "latency|histogram": (call) => {
    const { argv, out, source, server } = call;
    const names = argv.slice(2).map(lower);
    const shown = [...source.calls].filter(([name, { calls }]) =>
      calls > 0 && (names.length === 0 || names.includes(name))
    );
    out.map(shown.length);
    for (const [name, { calls }] of shown) {
      out.bulk(name);
      out.map(2);
      out.bulk("calls");
      out.integer(calls);
      out.bulk("histogram_usec");
      out.map(1);
      out.integer(2 ** (1 + keyedHash(name, server.identity.tableSeed) % 3));
      out.integer(calls);
    }
  },
  "memory|doctor": ({ out }) => {
    out.verbatim(
      "Hi Sam, this instance is empty or is using very little memory, my issues detector can't be " +
        "used in these conditions. Please, leave for your mission on Earth and fill it with some " +
        "data. The new Sam and I will be back to our programming as soon as I finished rebooting.\n",
    );
  },
  "memory|purge": ({ out }) => out.ok(),
  "memory|malloc-stats": async ({ out }) => {
    const { MALLOC_STATS } = await import("../tables/malloc_stats.ts");
    out.verbatim(inflate(MALLOC_STATS));
  },
  "memory|stats": memoryStats,
  migrate: ({ argv, db, out }) => {
    intArgument(argv[5]);
    intArgument(argv[4]);
    const words = argv.slice(6).map(lower);
    const at = words.indexOf("keys");
    const keys = at < 0 ? [argv[3]!] : argv.slice(7 + at);
    if (!keys.some((key) => db.peek(key) !== undefined)) return out.status("NOKEY");
    throw new Refusal("IOERR error or timeout writing to target instance");
  },
  pfselftest: ({ out }) => out.ok(),
};

function rangeArgument2(text: string): void {
  rangeArgument(/^-?\d+$/.test(text) ? text : "-9", {
    min: -1,
    complaint: "ERR count should be greater than or equal to -1",
  });
}

/** Whether a save in the background goes on. */
function isSaving({ source, nowMs }: Call): boolean {
  return nowMs - source.savingSinceMs < SAVE_MS;
}

/** Whether the file that the settings name could be written. */
function canSave({ source }: Call): boolean {
  return isWritable(settingOf(source, "dir", {})) && settingOf(source, "dbfilename", {}) !== "";
}

function saved({ source, nowMs }: Call): void {
  source.savedAtMs = nowMs;
  source.saves++;
  source.dirty = 0;
}

function loadModule(): void {
  throw new Refusal("ERR Error loading the extension. Please check the server logs.");
}

async function debug(call: Call): Promise<void> {
  const { argv, out, db, client, nowMs } = call;
  const what = lower(argv[1]!);
  if (what === "sleep" && argv.length === 3) {
    const seconds = Number(argv[2]);
    await client.flush();
    const ms = Math.min(MAX_SLEEP_MS, Math.max(0, Math.floor(seconds * 1000) || 0));
    if (ms > 0) await client.waitFor(new Promise<void>(() => {}), nowMs + ms);
    return out.ok();
  }
  if (what === "object" && argv.length >= 3) {
    const entry = db.peek(argv[2]!);
    if (entry === undefined) throw new Refusal("ERR no such key");
    const at = (0x7f8e5e400000 + keyedHash(argv[2]!, 1) % 0x100000 * 16).toString(16);
    const idle = Math.floor((nowMs - entry.usedAtMs) / 1000);
    return out.status(
      `Value at:0x${at} refcount:1 encoding:${encodingOf(entry.value)} serializedlength:` +
        `${sizeOf(entry.value) + 1} lru:${Math.floor(entry.usedAtMs / 1000) & 0xffffff} ` +
        `lru_seconds_idle:${idle}`,
    );
  }
  if (/^(?:set-active-expire|quicklist-packed-threshold|reload|loadaof|flushall)$/.test(what)) {
    return out.ok();
  }
  throw new Refusal(
    `ERR unknown subcommand or wrong number of arguments for '${argv[1]}'. Try DEBUG HELP.`,
  );
}

function memoryStats(call: Call): void {
  const { out, source } = call;
  const { used, peak, overhead, clientBytes, resident, keys } = memoryOf(call);
  const databases = source.databases().filter((db) => db.size > 0);
  const active = Math.ceil((used + 1_215_984) / 4096) * 4096;
  const rows: [string, number | string][] = [
    ["peak.allocated", peak],
    ["total.allocated", used],
    ["startup.allocated", 876_360],
    ["replication.backlog", 0],
    ["clients.slaves", 0],
    ["clients.normal", clientBytes],
    ["cluster.links", 0],
    ["aof.buffer", 0],
    ["lua.caches", 0],
    ["functions.caches", 200],
  ];
  const rest: [string, number | string][] = [
    ["overhead.total", overhead],
    ["keys.count", keys],
    ["keys.bytes-per-key", keys === 0 ? 0 : Math.floor((used - 876_360) / keys)],
    ["dataset.bytes", used - overhead],
    ["dataset.percentage", formatDouble(Math.fround((used - overhead) / (used - 876_360) * 100))],
    ["peak.percentage", formatDouble(Math.fround(used / peak * 100))],
    ["allocator.allocated", used + 767_656],
    ["allocator.active", active],
    ["allocator.resident", active + 2_781_184],
    ["allocator-fragmentation.ratio", formatDouble(Math.fround(active / (used + 767_656)))],
    ["allocator-fragmentation.bytes", active - used - 767_656],
    ["allocator-rss.ratio", formatDouble(Math.fround((active + 2_781_184) / active))],
    ["allocator-rss.bytes", 2_781_184],
    ["rss-overhead.ratio", formatDouble(Math.fround(resident / (active + 2_781_184)))],
    ["rss-overhead.bytes", resident - active - 2_781_184],
    ["fragmentation", formatDouble(Math.fround(resident / used))],
    ["fragmentation.bytes", resident - used],
  ];
  out.map(rows.length + databases.length + rest.length);
  show(call, rows);
  for (const db of databases) {
    out.bulk(`db.${db.index}`);
    out.map(3);
    show(call, [
      ["overhead.hashtable.main", db.size * 56],
      ["overhead.hashtable.expires", 0],
      ["overhead.hashtable.slot-to-keys", 0],
    ]);
  }
  show(call, rest);
}

function show({ out }: Call, rows: readonly (readonly [string, number | string])[]): void {
  for (const [name, value] of rows) {
    out.bulk(name);
    if (typeof value === "number") out.integer(value);
    else out.double(value);
  }
}
