/**
 * Groups of readers of a stream.
 * @module
 */
import type { Call, Handlers } from "../call.ts";
import { lower } from "../octets.ts";
import type { Replies } from "../replies.ts";
import { bigArgument, intArgument, Refusal, SYNTAX } from "../refusal.ts";
import { boundArgument, compareIds, formatId, idArgument, type StreamId } from "../stream_ids.ts";
import type { StreamGroup, StreamValue } from "../values.ts";
import { waitForKeys } from "../waiting.ts";
import { emptyStream, lastOf, readArguments, showEntries, showStreams } from "./streams.ts";

/** Most groups of a stream, and readers of a group. */
const MAX_GROUPS = 100;

/** Commands of groups. */
export const streamGroups: Handlers = {
  "xgroup|create": (call) => {
    const { db, argv, out } = call;
    let isMaking = false;
    let read: bigint | undefined;
    for (let i = 5; i < argv.length; i++) {
      const option = lower(argv[i]!);
      if (option === "mkstream") isMaking = true;
      else if (option === "entriesread" && i + 1 < argv.length) {
        read = bigArgument(argv[++i]);
      } else {
        throw new Refusal(
          `ERR unknown subcommand or wrong number of arguments for '${argv[1]}'. Try XGROUP HELP.`,
        );
      }
    }
    let value = db.own(argv[2]!, "stream");
    if (value === undefined && !isMaking) throw noKey();
    const last = argv[4] === "$"
      ? value === undefined ? { ms: 0n, seq: 0n } : lastOf(value)
      : idArgument(argv[4]!, 0n);
    if (value === undefined) {
      value = emptyStream();
      db.put(argv[2]!, value);
    }
    if (value.groups.has(argv[3]!)) {
      throw new Refusal("BUSYGROUP Consumer Group name already exists");
    }
    if (value.groups.size >= MAX_GROUPS) {
      throw new Refusal("OOM command not allowed when used memory > 'maxmemory'.");
    }
    value.groups.set(argv[3]!, {
      lastMs: last.ms,
      lastSeq: last.seq,
      read,
      pending: new Map(),
      consumers: new Map(),
    });
    db.changed(argv[2]!, 128);
    out.ok();
  },
  "xgroup|setid": (call) => {
    const { argv, out } = call;
    const { value, group } = groupFor(call, 2);
    const last = argv[4] === "$" ? lastOf(value) : idArgument(argv[4]!, 0n);
    group.lastMs = last.ms;
    group.lastSeq = last.seq;
    group.read = undefined;
    out.ok();
  },
  "xgroup|destroy": ({ db, argv, out }) => {
    const value = db.own(argv[2]!, "stream");
    if (value === undefined) throw noKey();
    out.integer(value.groups.delete(argv[3]!) ? 1 : 0);
    db.changed(argv[2]!);
  },
  "xgroup|createconsumer": (call) => {
    const { argv, out, nowMs } = call;
    const { group } = groupFor(call, 2);
    const isNew = !group.consumers.has(argv[4]!);
    if (isNew) addConsumer(call, group, argv[4]!, nowMs);
    out.integer(isNew ? 1 : 0);
  },
  "xgroup|delconsumer": (call) => {
    const { argv, out } = call;
    const { group } = groupFor(call, 2);
    group.consumers.delete(argv[4]!);
    let count = 0;
    for (const [id, { consumer }] of group.pending) {
      if (consumer !== argv[4]) continue;
      group.pending.delete(id);
      count++;
    }
    out.integer(count);
  },
  xreadgroup: async (call) => {
    const { argv, out, db, nowMs } = call;
    if (lower(argv[1]!) !== "group") throw new Refusal(SYNTAX);
    const [name, consumer] = [argv[2]!, argv[3]!];
    const { keys, ids, count, blockMs, isNoAck } = readArguments(call, 4);
    const groupOf = (key: string) => {
      const value = db.own(key, "stream");
      const group = value?.groups.get(name);
      if (value !== undefined && group !== undefined) return { value, group };
      throw new Refusal(
        `NOGROUP No such key '${key}' or consumer group '${name}' in XREADGROUP with GROUP option`,
      );
    };
    const isHistory = ids.some((text) => text !== ">");
    const from = ids.map((text) => text === ">" ? undefined : idArgument(text, 0n));
    for (const key of keys) addConsumer(call, groupOf(key).group, consumer, nowMs);
    const attempt = () => {
      const found = keys.flatMap((key, i) => {
        const { value, group } = groupOf(key);
        const start = from[i];
        if (start !== undefined) {
          const mine = [...group.pending].filter(([, one]) => one.consumer === consumer)
            .map(([id, one]) => ({ id: idArgument(id, 0n), one }))
            .filter(({ id }) => compareIds(id, start) > 0).slice(0, count);
          const entries = mine.map(({ id, one }) => {
            one.count++;
            one.atMs = nowMs;
            return value.entries.find((entry) => compareIds(entry, id) === 0) ??
              { ...id, fields: [] };
          });
          return [{ key, entries }];
        }
        const last = { ms: group.lastMs, seq: group.lastSeq };
        const entries = value.entries.filter((entry) => compareIds(entry, last) > 0).slice(
          0,
          count,
        );
        if (entries.length === 0) return [];
        for (const entry of entries) {
          group.lastMs = entry.ms;
          group.lastSeq = entry.seq;
          if (!isNoAck) group.pending.set(formatId(entry), { consumer, atMs: nowMs, count: 1 });
        }
        group.read = readSoFar(value, group);
        db.changed(key, entries.length * 96);
        return [{ key, entries }];
      });
      if (found.length === 0) return false;
      showStreams(out, found);
      return true;
    };
    if (blockMs === undefined || isHistory) {
      if (!attempt()) out.nullArray();
    } else if (!await waitForKeys(call, attempt, { keys, timeoutMs: blockMs })) out.nullArray();
  },
  xack: ({ db, argv, out }) => {
    const group = db.own(argv[1]!, "stream")?.groups.get(argv[2]!);
    const ids = argv.slice(3).map((text) => formatId(idArgument(text, 0n)));
    out.integer(ids.filter((id) => group?.pending.delete(id)).length);
  },
  xpending: (call) => {
    const { argv, out, nowMs } = call;
    const { group } = groupFor(call, 1, "xpending");
    const all = [...group.pending].map(([id, one]) => ({ id: idArgument(id, 0n), ...one }))
      .sort((a, b) => compareIds(a.id, b.id));
    if (argv.length === 3) {
      out.array(4);
      out.integer(all.length);
      out.bulkOrNull(all[0] && formatId(all[0].id));
      out.bulkOrNull(all.length > 0 ? formatId(all.at(-1)!.id) : undefined);
      if (all.length === 0) return out.nullArray();
      const counts = new Map<string, number>();
      for (const { consumer } of all) counts.set(consumer, (counts.get(consumer) ?? 0) + 1);
      out.array(counts.size);
      for (const [consumer, count] of counts) out.bulks([consumer, String(count)]);
      return;
    }
    let at = 3;
    let idleMs = 0;
    if (lower(argv[3]!) === "idle" && argv.length > 4) {
      idleMs = intArgument(argv[4]);
      at = 5;
    }
    if (argv.length < at + 3 || argv.length > at + 4) throw new Refusal(SYNTAX);
    const count = intArgument(argv[at + 2]);
    const [start, end] = [boundArgument(argv[at]!, true), boundArgument(argv[at + 1]!, false)];
    const shown = all.filter(({ id, consumer, atMs }) =>
      compareIds(id, start) >= 0 && compareIds(id, end) <= 0 && nowMs - atMs >= idleMs &&
      (argv[at + 3] === undefined || consumer === argv[at + 3])
    ).slice(0, Math.max(0, count));
    out.array(shown.length);
    for (const { id, consumer, atMs, count: times } of shown) {
      out.array(4);
      out.bulk(formatId(id));
      out.bulk(consumer);
      out.integer(nowMs - atMs);
      out.integer(times);
    }
  },
  xclaim: (call) => {
    const { argv, out, nowMs } = call;
    const { value, group } = groupFor(call, 1, "xclaim");
    const leastMs = Math.max(
      0,
      intArgument(argv[4], "ERR Invalid min-idle-time argument for XCLAIM"),
    );
    const ids: StreamId[] = [];
    let at = 5;
    for (; at < argv.length && /^\d/.test(argv[at]!); at++) ids.push(idArgument(argv[at]!, 0n));
    const options = argv.slice(at).map(lower);
    const isForced = options.includes("force");
    addConsumer(call, group, argv[3]!, nowMs);
    const claimed = ids.filter((id) => {
      const one = group.pending.get(formatId(id));
      const entry = value.entries.some((other) => compareIds(other, id) === 0);
      if (one === undefined) {
        if (!isForced || !entry) return false;
      } else if (nowMs - one.atMs < leastMs) return false;
      if (!entry) {
        group.pending.delete(formatId(id));
        return false;
      }
      const count = (one?.count ?? 0) + (options.includes("justid") ? 0 : 1);
      group.pending.set(formatId(id), { consumer: argv[3]!, atMs: nowMs, count });
      return true;
    });
    showClaimed(out, { value, claimed, isOnlyIds: options.includes("justid") });
  },
  xautoclaim: (call) => {
    const { argv, out, nowMs } = call;
    const leastMs = Math.max(
      0,
      intArgument(argv[4], "ERR Invalid min-idle-time argument for XAUTOCLAIM"),
    );
    const start = boundArgument(argv[5]!, true);
    let count = 100;
    let isOnlyIds = false;
    for (let i = 6; i < argv.length; i++) {
      const option = lower(argv[i]!);
      if (option === "justid") isOnlyIds = true;
      else if (option === "count" && i + 1 < argv.length) {
        count = intArgument(argv[++i]);
        if (count < 1) throw new Refusal("ERR COUNT must be > 0");
      } else throw new Refusal(SYNTAX);
    }
    const { value, group } = groupFor(call, 1, "xautoclaim");
    addConsumer(call, group, argv[3]!, nowMs);
    const all = [...group.pending].map(([id, one]) => ({ id: idArgument(id, 0n), one }))
      .filter(({ id, one }) => compareIds(id, start) >= 0 && nowMs - one.atMs >= leastMs)
      .sort((a, b) => compareIds(a.id, b.id));
    const taken = all.slice(0, count).map(({ id, one }) => {
      one.consumer = argv[3]!;
      one.atMs = nowMs;
      if (!isOnlyIds) one.count++;
      return id;
    });
    out.array(3);
    const next = all[count];
    out.bulk(next === undefined ? "0-0" : formatId(next.id));
    showClaimed(out, { value, claimed: taken, isOnlyIds });
    out.array(0);
  },
};

function noKey(): Refusal {
  return new Refusal(
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use " +
      "the MKSTREAM option to create an empty stream automatically.",
  );
}

function groupFor({ db, argv }: Call, at: number, command?: string) {
  const value = db.own(argv[at]!, "stream");
  if (value === undefined && command === undefined) throw noKey();
  const group = value?.groups.get(argv[at + 1]!);
  if (value === undefined || group === undefined) {
    throw new Refusal(
      command === undefined
        ? `NOGROUP No such consumer group '${argv[at + 1]}' for key name '${argv[at]}'`
        : `NOGROUP No such key '${argv[at]}' or consumer group '${argv[at + 1]}'`,
    );
  }
  return { value, group };
}

function addConsumer({ db, argv }: Call, group: StreamGroup, name: string, nowMs: number): void {
  if (!group.consumers.has(name)) {
    if (group.consumers.size >= MAX_GROUPS) {
      throw new Refusal("OOM command not allowed when used memory > 'maxmemory'.");
    }
    db.changed(argv[2]!, name.length + 64);
  }
  group.consumers.set(name, nowMs);
}

/** How many entries a group has read, as far as it can be told. */
function readSoFar(value: StreamValue, group: StreamGroup): bigint | undefined {
  const last = { ms: group.lastMs, seq: group.lastSeq };
  const left = value.entries.filter((entry) => compareIds(entry, last) > 0).length;
  return value.added - BigInt(left);
}

function showClaimed(
  out: Replies,
  { value, claimed, isOnlyIds }: {
    value: StreamValue;
    claimed: readonly StreamId[];
    isOnlyIds: boolean;
  },
): void {
  if (isOnlyIds) return out.bulks(claimed.map(formatId));
  const entries = claimed.flatMap((id) =>
    value.entries.filter((entry) => compareIds(entry, id) === 0)
  );
  showEntries(out, entries);
}
