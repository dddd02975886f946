/**
 * XINFO: what a stream is and who reads it.
 * @module
 */
import type { Call, Handlers } from "../call.ts";
import { lower } from "../octets.ts";
import type { Replies } from "../replies.ts";
import { Refusal, SYNTAX } from "../refusal.ts";
import { compareIds, formatId } from "../stream_ids.ts";
import type { StreamGroup, StreamValue } from "../values.ts";
import { lastOf, showEntries } from "./streams.ts";

/** Commands of XINFO. */
export const streamInfo: Handlers = {
  "xinfo|stream": xinfoStream,
  "xinfo|groups": ({ db, argv, out }) => {
    const value = db.get(argv[2]!, "stream");
    if (value === undefined) throw new Refusal("ERR no such key");
    out.array(value.groups.size);
    for (const [name, group] of [...value.groups].sort()) {
      out.map(6);
      out.bulk("name");
      out.bulk(name);
      out.bulk("consumers");
      out.integer(group.consumers.size);
      out.bulk("pending");
      out.integer(group.pending.size);
      showProgress(out, value, group);
    }
  },
  "xinfo|consumers": (call) => {
    const { db, argv, out, nowMs } = call;
    const value = db.get(argv[2]!, "stream");
    if (value === undefined) throw new Refusal("ERR no such key");
    const group = value.groups.get(argv[3]!);
    if (group === undefined) {
      throw new Refusal(`NOGROUP No such consumer group '${argv[3]}' for key name '${argv[2]}'`);
    }
    out.array(group.consumers.size);
    for (const [name, seenMs] of group.consumers) {
      out.map(3);
      out.bulk("name");
      out.bulk(name);
      out.bulk("pending");
      out.integer([...group.pending.values()].filter(({ consumer }) => consumer === name).length);
      out.bulk("idle");
      out.integer(nowMs - seenMs);
    }
  },
};

function showProgress(out: Replies, value: StreamValue, group: StreamGroup): void {
  out.bulk("last-delivered-id");
  out.bulk(formatId({ ms: group.lastMs, seq: group.lastSeq }));
  out.bulk("entries-read");
  if (group.read === undefined) out.null();
  else out.integer(group.read);
  out.bulk("lag");
  if (group.read === undefined) {
    const last = { ms: group.lastMs, seq: group.lastSeq };
    if (value.entries.length === 0 || compareIds(last, lastOf(value)) >= 0) out.integer(0);
    else if (last.ms === 0n && last.seq === 0n && value.maxDeletedMs === 0n) {
      out.integer(value.entries.length);
    } else out.null();
  } else out.integer(value.added - group.read);
}

function xinfoStream({ db, argv, out }: Call): void {
  const isFull = argv.length > 3 && lower(argv[3]!) === "full";
  if (argv.length > 3 && !isFull) throw new Refusal(SYNTAX);
  const value = db.get(argv[2]!, "stream");
  if (value === undefined) throw new Refusal("ERR no such key");
  const nodes = Math.ceil(value.entries.length / 100);
  out.map(isFull ? 9 : 10);
  const numbers: [string, number | bigint][] = [
    ["length", value.entries.length],
    ["radix-tree-keys", nodes],
    ["radix-tree-nodes", nodes + 1],
  ];
  for (const [name, number] of numbers) {
    out.bulk(name);
    out.integer(number);
  }
  out.bulk("last-generated-id");
  out.bulk(formatId(lastOf(value)));
  out.bulk("max-deleted-entry-id");
  out.bulk(formatId({ ms: value.maxDeletedMs, seq: value.maxDeletedSeq }));
  out.bulk("entries-added");
  out.integer(value.added);
  out.bulk("recorded-first-entry-id");
  out.bulk(formatId(value.entries[0] ?? { ms: 0n, seq: 0n }));
  if (!isFull) {
    out.bulk("groups");
    out.integer(value.groups.size);
    for (const [name, entry] of [["first", value.entries[0]], ["last", value.entries.at(-1)]]) {
      out.bulk(`${name}-entry`);
      if (entry === undefined || typeof entry === "string") out.null();
      else {
        out.array(2);
        out.bulk(formatId(entry));
        out.bulks(entry.fields);
      }
    }
    return;
  }
  out.bulk("entries");
  showEntries(out, value.entries.slice(0, 10));
  out.bulk("groups");
  out.array(value.groups.size);
  for (const [name, group] of [...value.groups].sort()) {
    out.map(7);
    out.bulk("name");
    out.bulk(name);
    showProgress(out, value, group);
    out.bulk("pel-count");
    out.integer(group.pending.size);
    out.bulk("pending");
    const pending = [...group.pending].slice(0, 10);
    out.array(pending.length);
    for (const [id, { consumer, atMs, count }] of pending) {
      out.array(4);
      out.bulk(id);
      out.bulk(consumer);
      out.integer(atMs);
      out.integer(count);
    }
    out.bulk("consumers");
    out.array(group.consumers.size);
    for (const [consumer, seenMs] of group.consumers) {
      const mine = [...group.pending].filter(([, one]) => one.consumer === consumer);
      out.map(4);
      out.bulk("name");
      out.bulk(consumer);
      out.bulk("seen-time");
      out.integer(seenMs);
      out.bulk("pel-count");
      out.integer(mine.length);
      out.bulk("pending");
      out.array(Math.min(10, mine.length));
      for (const [id, { atMs, count }] of mine.slice(0, 10)) {
        out.array(3);
        out.bulk(id);
        out.integer(atMs);
        out.integer(count);
      }
    }
  }
}
