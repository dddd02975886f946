/**
 * Plays transcripts: what a decoy says, hears, reports and how it ends, in order.
 *
 * ```text
 * # comment
 * < +OK ready\r\n        the decoy sends exactly this
 * > USER x\r\n           the peer sends this
 * ~ 2300..3300           the decoy pauses for a time drawn from this range, in ms
 * ! command {"verb":..}  the decoy emits this event; bytes are written as {"$bytes":"escaped"}
 * = done | abrupt | wait | disconnect | error TEXT | limit NAME     how it stands at the end
 * > <EOF>                the peer ends its side
 * > <SILENCE>            the peer sends nothing until a wait of the decoy's runs out, or the session
 *                        expires, which ends in `= disconnect`
 * ```
 * In `<` and `>` lines `\r`, `\n`, `\t`, `\0`, `\\` and `\xNN` are known. Consecutive lines of one
 * side are one flow: it does not matter in how many writes it comes. `{{NAME}}` in a `<` line stands
 * for what the test masks.
 * @module
 */
import { assertEquals } from "@std/assert";
import { LiveSession, type SessionLimits, type SessionOwner } from "../../lib/decoys/session.ts";
import type { Decoy, DecoyContext, DecoyKind } from "../../lib/decoys/decoy.ts";
import { v } from "../../lib/config/schema.ts";
import { LimitError, ProtocolError } from "../../lib/errors.ts";
import { isDisconnect } from "../../lib/net/stream.ts";
import { escapeBytes } from "../../lib/net/escape.ts";
import { encodeEvent, type Scope, type SensorIdentity } from "../../lib/events/ecs.ts";
import { assertConforms } from "./conformance.ts";
import { setImmediate } from "node:timers";
import { memoryStore } from "./memory_store.ts";
import { MemoryStream } from "./memory_stream.ts";

/** One line of a transcript. */
export interface Step {
  readonly kind: "<" | ">" | "!" | "~" | "=";
  readonly text: string;
}

/** The clock of every transcript: 2026-11-21 12:00:00 UTC. */
export const TRANSCRIPT_NOW_MS = Date.UTC(2026, 10, 21, 12, 0, 0);

/** What the wire form of a transcript's events is stamped with, so that each can be checked. */
const STAMP = { id: "01TRANSCRIPT00000000000001", sequence: 1, timeMs: TRANSCRIPT_NOW_MS };
const SENSOR: SensorIdentity = { name: "test", version: "0", secrets: "plain", salt: "" };
const ENDPOINTS = {
  peer: { ip: "203.0.113.7", port: 40000 },
  local: { ip: "192.0.2.1", port: 80 },
} as const;
const scope = (): Scope => ({
  provider: "decoy",
  kind: "decoy",
  sessionId: "01TRANSCRIPT00000000000000",
  ...ENDPOINTS,
});

/** Limits that no transcript reaches. */
export const WIDE_LIMITS: SessionLimits = {
  idleMs: 1e9,
  lifetimeMs: 1e9,
  maxBytesIn: 1e9,
  maxBytesOut: 1e9,
  firstBytes: 256,
};

/** A sensor that is the same in every test. */
export const TEST_CONTEXT: DecoyContext = {
  hostname: "srv",
  seed: (label) => new Uint8Array(32).fill(label.length),
  store: memoryStore(),
  lures: [],
  giveWay: () => new Promise((resolve) => setTimeout(resolve, 1)),
  readFile: (path) => Deno.readFile(path),
  listFiles: async (path) => {
    const files = [];
    for await (const entry of Deno.readDir(path)) {
      if (!entry.isFile) continue;
      const info = await Deno.stat(`${path}/${entry.name}`);
      files.push({ name: entry.name, size: info.size, modifiedMs: info.mtime?.getTime() ?? 0 });
    }
    return files;
  },
};

/**
 * Makes a decoy from options as a config would have them.
 * @param kind the decoy's kind.
 * @param options keys of the config, without `kind` and `listen`.
 */
export async function makeDecoy<O>(
  kind: DecoyKind<O>,
  options: Record<string, unknown> = {},
): Promise<Decoy> {
  return await kind.create(v.parse(kind.options, options), TEST_CONTEXT);
}

/** Reads a transcript file. */
export function parseTranscript(text: string): Step[] {
  return text.split("\n").flatMap((line) => {
    if (line === "" || line.startsWith("#")) return [];
    const match = /^([<>!~=])(?: (.*))?$/.exec(line);
    if (match === null) throw new SyntaxError(`Not a transcript line: ${JSON.stringify(line)}`);
    return [{ kind: match[1] as Step["kind"], text: match[2] ?? "" }];
  });
}

/** Bytes of a `<` or `>` line. */
export function wireBytes(text: string): Uint8Array {
  const named: Record<string, number> = { r: 13, n: 10, t: 9, "0": 0, "\\": 92 };
  const out: number[] = [];
  const encoder = new TextEncoder();
  for (const part of text.match(/\\x[0-9a-fA-F]{2}|\\.|[^\\]+/gs) ?? []) {
    if (part.startsWith("\\x")) out.push(parseInt(part.slice(2), 16));
    else if (part.startsWith("\\")) out.push(named[part[1]!]!);
    else out.push(...encoder.encode(part));
  }
  return new Uint8Array(out);
}

/** Bytes as a `<` or `>` line has them. */
export function wireText(bytes: Uint8Array): string {
  return escapeBytes(bytes).replaceAll("\\x0d", "\\r").replaceAll("\\x0a", "\\n");
}

/** In place of bytes: the peer lets a wait of the decoy's run out. */
export const SILENCE = new Uint8Array(0);

/** How the peer's bytes are cut into segments. */
export type Segmentation = "whole" | "bytes" | "merged";

/** What a decoy did when a transcript's client side was played to it. */
export interface Played {
  /** Sent bytes, events, pauses, as transcript lines; consecutive `<` are joined. */
  readonly lines: string[];
  readonly events: { readonly id: string; readonly data: unknown }[];
}

/**
 * Plays a client to a decoy: sends each `>` when the decoy waits for input.
 * @param decoy who answers.
 * @param sends what the client sends, in order; `null` ends its side.
 * @param options `segmentation`: each send whole, one byte at a time, or all in one segment.
 */
export async function play(
  decoy: Decoy,
  sends: readonly (Uint8Array | null)[],
  options: { segmentation?: Segmentation; limits?: SessionLimits } = {},
): Promise<Played> {
  const { segmentation = "whole" } = options;
  const stream = new MemoryStream();
  const lines: string[] = [];
  const events: { id: string; data: unknown }[] = [];
  let said: number[] = [];
  const flush = () => {
    if (said.length > 0) lines.push("< " + wireText(new Uint8Array(said)));
    said = [];
  };
  const log = (line: string) => {
    flush();
    lines.push(line);
  };
  stream.onEvent = (event) => {
    if (event.kind === "write") said.push(...event.data);
  };
  const queue = cut(sends, segmentation);
  let waiting: (() => void) | undefined;
  const waits = new Promise<void>((resolve) => waiting = resolve);
  const sendNext = () => {
    const next = queue.shift();
    if (next === undefined) return waiting?.();
    if (next.data === SILENCE) {
      log("> <SILENCE>");
      return session.expire(session.expiry().reason);
    }
    if (next.isFirst) log(next.data === null ? "> <EOF>" : "> " + wireText(next.whole));
    if (next.data === null) stream.end();
    else stream.send(next.data);
  };
  // The peer answers what it has seen: a decoy that reads while it pauses first ends the pause.
  stream.onWait = () => setImmediate(sendNext);
  const owner: SessionOwner = {
    limits: options.limits ?? WIDE_LIMITS,
    now: () => TRANSCRIPT_NOW_MS,
    elapsed: () => 0,
    random: () => 0,
    schedule: (callback) => {
      queueMicrotask(callback);
      return () => {};
    },
    record: (_session, id, data) => {
      assertConforms(encodeEvent(STAMP, scope(), { id, data, sensor: SENSOR }).json);
      events.push({ id, data });
      log(`! ${id} ${formatData(data)}`);
    },
  };
  const session = new LiveSession(stream, owner, {
    id: "01TRANSCRIPT00000000000000",
    ...ENDPOINTS,
  });
  const pause = session.pause.bind(session);
  session.pause = (minMs, maxMs = minMs) => {
    log(`~ ${minMs}..${maxMs}`);
    return pause(minMs, maxMs);
  };
  const arrival = session.arrival.bind(session);
  session.arrival = (withinMs) => {
    if (withinMs === undefined || queue[0]?.data !== SILENCE) return arrival();
    queue.shift();
    log("> <SILENCE>");
    return Promise.resolve(false);
  };
  let isOver = false;
  const ended = decoy.serve(session).then(
    () => session.isAbrupt ? "= abrupt" : "= done",
    (error) => {
      if (error instanceof ProtocolError) return `= error ${error.message}`;
      if (error instanceof LimitError) return `= limit ${error.limit}`;
      if (isDisconnect(error)) return "= disconnect";
      throw error;
    },
  ).finally(() => isOver = true);
  const end = await Promise.race([ended, waits.then(() => isOver ? ended : "= wait")]);
  if (end === "= wait") {
    session.abort("stop");
    flush();
    lines.push(end);
    stream.onEvent = undefined;
    const count = lines.length;
    await ended.catch((error) => {
      if (!isDisconnect(error)) throw error;
    });
    // Events that come only because the session was aborted belong before the end.
    lines.push(...lines.splice(count - 1, 1));
  } else {
    log(end);
    session.close();
  }
  return { lines, events };
}

/** What the peer's system sends in one go. */
interface Segment {
  readonly data: Uint8Array | null;
  readonly isFirst: boolean;
  readonly whole: Uint8Array;
}

/** Everything the client sends, in segments, with the whole message that each begins. */
function cut(
  sends: readonly (Uint8Array | null)[],
  segmentation: Segmentation,
): Segment[] {
  const none = new Uint8Array(0);
  if (segmentation === "merged") {
    const all = new Uint8Array(sends.flatMap((send) => send === null ? [] : [...send]));
    const merged = all.length > 0 ? [{ data: all, isFirst: true, whole: all }] : [];
    return sends.includes(null) ? [...merged, { data: null, isFirst: true, whole: none }] : merged;
  }
  return sends.flatMap((send): Segment[] => {
    if (send === null || send === SILENCE) return [{ data: send, isFirst: true, whole: none }];
    if (segmentation === "whole") return [{ data: send, isFirst: true, whole: send }];
    return [...send].map((byte, i) => ({
      data: new Uint8Array([byte]),
      isFirst: i === 0,
      whole: send,
    }));
  });
}

/** An event's data as a transcript has it. */
export function formatData(data: unknown): string {
  return JSON.stringify(
    data,
    (_key, value) => value instanceof Uint8Array ? { $bytes: escapeBytes(value) } : value,
  );
}

/**
 * Plays a transcript and compares everything, whole and byte by byte.
 * @param t the test.
 * @param decoy who answers.
 * @param file the transcript's path.
 * @param segmentations fewer ways of cutting, where the genuine product itself answers otherwise.
 * @param mask puts `{{NAME}}` in the place of what differs from one connection to the next, in a line
 * that `play` wrote.
 */
export async function assertTranscript(
  t: Deno.TestContext,
  decoy: Decoy,
  file: string | URL,
  segmentations: readonly Segmentation[] = ["whole", "bytes"],
  mask: (line: string) => string = (line) => line,
): Promise<void> {
  const steps = parseTranscript(await Deno.readTextFile(file));
  const sends = steps.filter((step) => step.kind === ">").map((step) =>
    step.text === "<EOF>" ? null : step.text === "<SILENCE>" ? SILENCE : wireBytes(step.text)
  );
  const expected = joinSaid(steps);
  for (const segmentation of segmentations) {
    await t.step(segmentation, async () => {
      const { lines } = await play(decoy, sends, { segmentation });
      const masked = lines.map(mask);
      assertEquals(normalise(masked, segmentation), normalise(expected, segmentation));
    });
  }
}

/** The steps as `play` writes them: consecutive `<` joined. */
function joinSaid(steps: readonly Step[]): string[] {
  const lines: string[] = [];
  for (const { kind, text } of steps) {
    const last = lines.at(-1);
    if (kind === "<" && last?.startsWith("< ")) lines[lines.length - 1] = last + text;
    else lines.push(`${kind} ${kind === "<" || kind === ">" ? canonical(text) : text}`);
  }
  return lines;
}

/** A wire line in the one spelling that `play` uses. */
function canonical(text: string): string {
  return text === "<EOF>" || text === "<SILENCE>" ? text : wireText(wireBytes(text));
}

/** Byte by byte, a server may answer in the middle of a message: sends and answers are compared apart. */
function normalise(lines: readonly string[], segmentation: Segmentation): unknown {
  if (segmentation === "whole") return lines;
  return {
    said: lines.filter((line) => line.startsWith("< ")).map((line) => line.slice(2)).join(""),
    rest: lines.filter((line) => !line.startsWith("< ") && !line.startsWith("> ")),
  };
}
