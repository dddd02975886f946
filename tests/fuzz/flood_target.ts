/**
 * Peers that never stop: megabytes of a line, head or body that does not end. What a decoy holds of
 * them while it is connected stays small.
 * @module
 */
import { setImmediate } from "node:timers";
import type { Decoy } from "../../lib/decoys/decoy.ts";
import { LiveSession, type SessionOwner } from "../../lib/decoys/session.ts";
import { LimitError, ProtocolError } from "../../lib/errors.ts";
import { isDisconnect } from "../../lib/net/stream.ts";
import { TRANSCRIPT_NOW_MS, wireBytes } from "../support/transcript.ts";
import { checkEvent, ENDPOINTS, fuzzScope } from "./event_checks.ts";
import { usedMs } from "./used_time.ts";
import { FuzzStream } from "./fuzz_stream.ts";
import { type Case, check, join, type Outcome, type Seed, type Target } from "./target.ts";
import { Random } from "./random.ts";
import { VirtualClock } from "./virtual_clock.ts";

/** How much a flooding peer sends, in bytes. */
const FLOOD_BYTES = 8 * 1_048_576;
/** How much is sent before anything is measured, in bytes. */
const WARM_BYTES = 262_144;
/** Largest segment, in bytes. */
const SEGMENT_BYTES = 65_536;
/** Most that a session may hold, in bytes: the engine's own share alone differs by two megabytes. */
const MAX_HELD_BYTES = 3 * 1_048_576;
/** Longest time given to a flood, in ms of this process. */
const FLOOD_MS = 2500;
/** Least that must be taken in a second, in bytes: else a slow line keeps the whole thread busy. */
const MIN_BYTES_PER_S = 65_536;

/** How floods begin and what they go on with. */
const FLOODS: readonly (readonly [start: string, unit: string])[] = [
  ["", "A"],
  ["", "\\n"],
  ["", "\\r"],
  ["", "\\0"],
  ["", "\\xff"],
  ["", "\\x12"],
  ["", "A\\x12"],
  ["", "\\t\\x7f"],
  ["", "x\\r\\n"],
  ["USER ", "\\\\"],
  ["\\xff\\xfa\\x18\\0", "x"],
  ["\\xff\\xfa\\x27\\0\\0", "\\0a\\x01b"],
  ["", "\\xff\\xfb\\x18\\xff\\xfd\\x01"],
  ["", "\\xff\\xf6"],
  ["GET /", "a"],
  ["GET / HTTP/1.1\\r\\nHost: a\\r\\n", "X: y\\r\\n"],
  ["GET / HTTP/1.1\\r\\nHost: a\\r\\n", " folded\\r\\n"],
  ["", "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"],
  ["POST / HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 9999999999\\r\\n\\r\\n", "a=b&"],
  ["POST / HTTP/1.1\\r\\nHost: a\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n", "1\\r\\na\\r\\n"],
  ["POST / HTTP/1.1\\r\\nHost: a\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n1;", "x"],
  ["POST / HTTP/1.1\\r\\nHost: a\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n", "A: b\\r\\n"],
  [
    "POST / HTTP/1.1\\r\\nHost: a\\r\\nContent-Type: multipart/form-data; boundary=x\\r\\n" +
    "Content-Length: 9999999999\\r\\n\\r\\n--x\\r\\n",
    "\\r\\n--x\\r",
  ],
  [
    "POST / HTTP/1.1\\r\\nHost: a\\r\\nContent-Type: multipart/form-data; boundary=x\\r\\n" +
    "Content-Length: 9999999999\\r\\n\\r\\n",
    "--x\\r\\nContent-Disposition: form-data; name=a; filename=b\\r\\n\\r\\nc\\r\\n",
  ],
  ["\\xfe\\xff\\xff\\x01", "x"],
  ["\\x40\\0\\0\\x01\\x0a\\x82\\x08\\0", "\\0"],
  ["\\0\\0\\0\\x10\\0\\x03\\0\\0user\\0x\\0\\0p\\0\\0\\xff\\xff", "x"],
  ["SSH-2.0-x", "A"],
  ["SSH-2.0-x\\r\\n", "\\0\\0\\0\\x0c\\x0a\\x02\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0"],
  ["SSH-2.0-x\\r\\n", "\\0\\0\\0\\x0c\\x0a\\x05\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0"],
  ["SSH-2.0-x\\r\\n", "\\0\\0\\0\\x0c\\x06\\xc0\\0\\0\\0\\x01x\\0\\0\\0\\0\\0"],
  ["SSH-2.0-x\\r\\n\\0\\x03\\xff\\xfc\\x04\\x02", "\\0"],
];

/**
 * A target that floods a decoy.
 * @param kind of the decoy.
 * @param decoy who is flooded.
 * @param options the product, for the target's name, and its largest read buffer.
 */
export function floodTarget(
  kind: string,
  decoy: Decoy,
  { name, maxBufferBytes = SEGMENT_BYTES }: { name: string; maxBufferBytes?: number },
): Target {
  const seeds: Seed[] = FLOODS.map(([start, unit]) => ({
    name: `${start}(${unit})`,
    messages: [wireBytes(start), wireBytes(unit)],
  }));
  let isWarm = false;
  return {
    name: `flood/${name}`,
    seeds,
    maxBytes: 2048,
    run: async (input) => {
      // What the engine compiles and keeps the first time is no session's.
      if (!isWarm) await flood(kind, decoy, input, { isMeasured: false, maxBufferBytes });
      isWarm = true;
      return await flood(kind, decoy, input, { isMeasured: true, maxBufferBytes });
    },
  };
}

/** The last message of a case again and again, behind the others. */
async function flood(
  kind: string,
  decoy: Decoy,
  { messages, choices }: Case,
  { isMeasured, maxBufferBytes }: { isMeasured: boolean; maxBufferBytes: number },
): Promise<Outcome> {
  const start = join(messages.slice(0, -1));
  const unit = messages.at(-1) ?? new Uint8Array([0x41]);
  const segmentBytes = new Random(choices).pick([SEGMENT_BYTES, SEGMENT_BYTES, 1460]);
  const segment = repeat(unit.length > 0 ? unit : new Uint8Array([0]), segmentBytes);
  const stream = new FuzzStream(Infinity);
  const clock = new VirtualClock();
  const scope = fuzzScope(kind);
  let events = 0;
  const owner: SessionOwner = {
    limits: {
      ...{ idleMs: 300_000, lifetimeMs: 3_600_000, firstBytes: 256 },
      ...{ maxBytesIn: 16_777_216, maxBytesOut: 67_108_864 },
    },
    now: () => TRANSCRIPT_NOW_MS + clock.now,
    elapsed: () => clock.now,
    random: () => 0,
    schedule: (callback, ms) => clock.schedule(callback, ms),
    record: (_session, id, data) => {
      if (events++ % 512 < 4) checkEvent(scope, { id, data }, { isSample: true });
    },
  };
  const session = new LiveSession(stream, owner, { id: scope.sessionId!, ...ENDPOINTS });
  const before = heldBytes();
  const startMs = usedMs();
  let isOver = false;
  let failure: unknown;
  const over = decoy.serve(session).catch((error) => {
    const isFine = error instanceof ProtocolError || error instanceof LimitError ||
      isDisconnect(error);
    if (!isFine) failure = error;
  }).finally(() => isOver = true);
  let sent = 0;
  while (sent < (isMeasured ? FLOOD_BYTES : WARM_BYTES)) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (isOver) break;
    if (stream.isWaiting) {
      const next = sent === 0 && start.length > 0 ? start : segment;
      stream.send(next);
      sent += next.length;
    } else if (clock.waiting > 0) clock.advance();
    stream.kept.length = 0;
    if (usedMs() - startMs > FLOOD_MS) break;
  }
  const ms = usedMs() - startMs;
  const isFast = ms < FLOOD_MS || sent / ms * 1000 >= MIN_BYTES_PER_S;
  check(isFast, "a flood is taken quickly", () => `${sent} bytes in ${Math.round(ms)} ms`);
  const held = heldBytes() - before;
  check(
    !isMeasured || isOver || held < MAX_HELD_BYTES,
    "little is held of a flood",
    () => `${held} bytes`,
  );
  const { largestBuffer, written } = stream;
  check(largestBuffer <= maxBufferBytes, "buffer is bounded", () => `${largestBuffer} bytes`);
  session.abort("stop");
  await over;
  if (failure !== undefined) throw failure;
  return { input: sent, output: written, events };
}

function repeat(unit: Uint8Array, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => unit[i % unit.length]!);
}

/** What is held in memory, if it can be told: with `--expose-gc`. */
function heldBytes(): number {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) return 0;
  gc();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}
