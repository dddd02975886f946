/**
 * TCP decoy: says a line, keeps what is sent. For every port that has no decoy of its own.
 *
 * Plays no protocol: sends `banner`, answers what matches one of `replies`, and keeps the first bytes
 * of the flow with the length and hash of all of it. Never ends the talk unless a reply says so.
 * Events: `payload`.
 * @module
 */
import { count, flag, text, v } from "../config/schema.ts";
import { Capture } from "../net/digest.ts";
import type { Decoy, DecoyKind, Session } from "./decoy.ts";

const Wire = v.pipe(
  v.string("must be a text"),
  v.maxLength(4096, "must have at most 4096 characters"),
  v.check(isWireText, "must have only \\r, \\n, \\t, \\0, \\xNN and \\\\ after a backslash"),
);

const Options = v.strictObject({
  banner: v.optional(
    v.pipe(Wire, v.description("Sent at once; \\r, \\n, \\t, \\0, \\xNN and \\\\ are known.")),
    "",
  ),
  replies: v.optional(
    v.pipe(
      v.array(v.strictObject({
        match: v.pipe(
          Wire,
          v.description("Bytes to look for in what has come since the last reply."),
        ),
        at_start: flag(false, "Whether the bytes must stand at the start."),
        reply: v.optional(v.pipe(Wire, v.description("What is sent then.")), ""),
        close: flag(false, "Whether the connection is closed after that."),
      })),
      v.maxLength(64, "must have at most 64 entries"),
      v.description("Answers, tried in order."),
    ),
    [],
  ),
  capture_bytes: count(4096, 0, 1_048_576, "How many bytes of what is sent are kept."),
  name_in_events: text("", 64, "Name given to what is kept, such as the product's protocol."),
});
type Options = v.InferOutput<typeof Options>;

/** Longest stretch in which a reply's match is searched, in bytes. */
const MAX_WINDOW_BYTES = 4096;

/** `kind: tcp`; keys: `banner`, `replies`, `capture_bytes`, `name_in_events`. */
export const tcp: DecoyKind<Options> = {
  kind: "tcp",
  defaultPort: 9999,
  options: Options,
  create: (options): Decoy => {
    const banner = parseWireText(options.banner);
    const replies = options.replies.map((entry) => ({
      ...entry,
      match: parseWireText(entry.match),
      reply: parseWireText(entry.reply),
    }));
    return { serve: (session) => serve(session, { ...options, banner, replies }) };
  },
};

/** The options with their texts as bytes. */
interface Settings {
  readonly banner: Uint8Array;
  readonly replies: readonly Reply[];
  readonly capture_bytes: number;
  readonly name_in_events: string;
}

/** One answer. */
interface Reply {
  readonly match: Uint8Array;
  readonly at_start: boolean;
  readonly reply: Uint8Array;
  readonly close: boolean;
}

async function serve(s: Session, settings: Settings): Promise<void> {
  if (settings.banner.length > 0) await s.write(settings.banner);
  let capture: Capture | undefined;
  let window: Uint8Array = new Uint8Array(0);
  try {
    for (let chunk = await s.read(); chunk !== null; chunk = await s.read()) {
      capture ??= new Capture(settings.capture_bytes);
      capture.add(chunk);
      if (settings.replies.length === 0) continue;
      window = joinTail(window, chunk);
      const reply = settings.replies.find((entry) => matches(window, entry, chunk.length));
      if (reply === undefined) continue;
      window = new Uint8Array(0);
      await s.write(reply.reply);
      if (reply.close) return;
    }
  } finally {
    if (capture !== undefined) {
      s.emit("payload", {
        ...(settings.name_in_events === "" ? {} : { name: settings.name_in_events }),
        bytes: capture.bytes(),
        size: capture.size,
        sha256: capture.sha256(),
      });
    }
  }
}

/** What has come since the last reply, at most `MAX_WINDOW_BYTES` of its end. */
function joinTail(window: Uint8Array, chunk: Uint8Array): Uint8Array {
  const joined = new Uint8Array(window.length + chunk.length);
  joined.set(window);
  joined.set(chunk, window.length);
  return joined.subarray(Math.max(0, joined.length - MAX_WINDOW_BYTES));
}

/** Whether a match ends in the last `fresh` bytes; what came before them was searched already. */
function matches(window: Uint8Array, { match, at_start }: Reply, fresh: number): boolean {
  const last = at_start ? 0 : window.length - match.length;
  const first = at_start ? 0 : Math.max(0, last - fresh + 1);
  for (let at = first; at <= last; at++) {
    if (window.length - at >= match.length && match.every((byte, i) => window[at + i] === byte)) {
      return true;
    }
  }
  return false;
}

/** Whether every backslash begins something that `parseWireText` knows. */
function isWireText(value: string): boolean {
  return /^(?:[^\\]|\\(?:[rnt0\\]|x[0-9a-fA-F]{2}))*$/s.test(value);
}

/** Text of the config as bytes: UTF-8, with the escapes of `isWireText`. */
function parseWireText(value: string): Uint8Array {
  const named: Record<string, number> = { r: 13, n: 10, t: 9, "0": 0, "\\": 92 };
  const out: number[] = [];
  const encoder = new TextEncoder();
  for (const part of value.match(/\\x[0-9a-fA-F]{2}|\\.|[^\\]+/gs) ?? []) {
    if (part.startsWith("\\x")) out.push(parseInt(part.slice(2), 16));
    else if (part.startsWith("\\")) out.push(named[part[1]!]!);
    else out.push(...encoder.encode(part));
  }
  return new Uint8Array(out);
}
