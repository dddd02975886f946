/**
 * Holds one conversation with a decoy: fast, on a clock of its own, and never for ever.
 * @module
 */
import { setImmediate } from "node:timers";
import type { Decoy } from "../../lib/decoys/decoy.ts";
import { LiveSession, type SessionLimits, type SessionOwner } from "../../lib/decoys/session.ts";
import { LimitError, ProtocolError } from "../../lib/errors.ts";
import { isDisconnect } from "../../lib/net/stream.ts";
import { formatData, TRANSCRIPT_NOW_MS } from "../support/transcript.ts";
import { checkEvent, ENDPOINTS, fuzzScope } from "./event_checks.ts";
import { FuzzStream } from "./fuzz_stream.ts";
import { latin1 } from "./mutate.ts";
import { check, Finding } from "./target.ts";
import { VirtualClock } from "./virtual_clock.ts";

/** The host's own limits, as the config has them. */
const LIMITS: SessionLimits = {
  idleMs: 300_000,
  lifetimeMs: 3_600_000,
  maxBytesIn: 16_777_216,
  maxBytesOut: 67_108_864,
  firstBytes: 256,
};
/** Largest read buffer that a session may have: two full ones and a product's longest line. */
const MAX_BUFFER_BYTES = 65_536;
/** How long a decoy may be busy with something that is no read, no timer and no write, in ms. */
const MAX_BUSY_MS = 1000;

/** Events of a session that are all held against the schema; of the others, some are. */
const FULLY_CHECKED = 16;

/** How a peer goes. */
export type Ending = "eof" | "reset" | "stall";

/** A client: what it sends and how. */
export interface Client {
  /** In order; each is sent when the decoy waits for input. */
  readonly segments: readonly Uint8Array[];
  /** Silence before a segment, in ms; by its index. */
  readonly silenceMs: (index: number) => number;
  readonly ending: Ending;
  /** How much the system takes of one write, in bytes. */
  readonly mostPerWrite: number;
  /** For the lengths of pauses, from 0 up to 1. */
  readonly random: () => number;
  /**
   * Makes the bytes of a segment when it is sent, where they hang on what the decoy said.
   * @param index of the segment.
   * @param said everything that the decoy has sent: grows.
   */
  readonly wrap?: (index: number, said: readonly Uint8Array[]) => Uint8Array;
  /** Largest read buffer, in bytes, where it is not that of a line. */
  readonly maxBufferBytes?: number;
}

/** What came of a conversation. */
export interface Report {
  readonly output: number;
  readonly events: readonly string[];
  readonly eventBytes: number;
  /** Bytes that the session took. */
  readonly input: number;
  readonly requests: number;
  /** Everything that was sent, up to 1 MiB, in one character a byte. */
  readonly said: string;
}

/** Counts what a decoy does, so that doing nothing for ever is seen. */
class CountedSession extends LiveSession {
  calls = 0;
  maxCalls = Infinity;
  finding: Finding | undefined;

  count(): void {
    if (++this.calls <= this.maxCalls) return;
    throw this.fail(new Finding("it ends", `${this.calls} calls of its session`));
  }

  fail(finding: Finding): Finding {
    this.finding ??= finding;
    return this.finding;
  }

  override read(): Promise<Uint8Array | null> {
    this.count();
    return super.read();
  }

  override arrival(withinMs?: number): Promise<boolean> {
    this.count();
    return super.arrival(withinMs);
  }

  override write(data: Uint8Array): Promise<void> {
    this.count();
    return super.write(data);
  }

  override pause(minMs: number, maxMs?: number): Promise<void> {
    this.count();
    return super.pause(minMs, maxMs);
  }
}

/**
 * Holds a conversation up to its end and checks what must hold of any.
 * @param decoy who answers.
 * @param kind its kind, for events.
 * @param client who asks.
 * @throws {Finding} when something does not hold.
 */
export async function converse(decoy: Decoy, kind: string, client: Client): Promise<Report> {
  const stream = new FuzzStream(client.mostPerWrite);
  const clock = new VirtualClock();
  const scope = fuzzScope(kind);
  const events: string[] = [];
  let eventBytes = 0;
  let requests = 0;
  const owner: SessionOwner = {
    limits: LIMITS,
    now: () => TRANSCRIPT_NOW_MS + clock.now,
    elapsed: () => clock.now,
    random: client.random,
    schedule: (callback, ms) => clock.schedule(callback, ms),
    record: (session, id, data) => {
      (session as CountedSession).count();
      try {
        const isSample = events.length < FULLY_CHECKED || events.length % 32 === 0;
        eventBytes += checkEvent(scope, { id, data }, { isSample });
      } catch (error) {
        throw (session as CountedSession).fail(asFinding(error));
      }
      if (id === "http.request") requests++;
      events.push(`${id} ${formatData(data)}`);
    },
  };
  const session = new CountedSession(stream, owner, { id: scope.sessionId!, ...ENDPOINTS });
  const sent = client.segments.reduce((sum, segment) => sum + segment.length, 0);
  session.maxCalls = 10_000 + 20 * sent;
  let isOver = false;
  const over = decoy.serve(session).catch((error) => {
    if (session.finding !== undefined) throw session.finding;
    if (error instanceof ProtocolError || error instanceof LimitError) return;
    if (!isDisconnect(error)) throw asFinding(error);
    const isExpected = client.ending !== "eof" || session.reason !== undefined ||
      error instanceof Deno.errors.UnexpectedEof;
    check(isExpected, "no disconnect while connected", () => String(error));
  }).finally(() => isOver = true);
  over.catch(() => {}); // thrown again below, after the loop
  await drive({ session, stream, clock, client, isOver: () => isOver });
  await over;
  if (session.finding !== undefined) throw session.finding;
  session.close();
  await turn();
  check(clock.waiting === 0, "no timer is left", () => `${clock.waiting} timers`);
  const { largestBuffer } = stream;
  const { maxBufferBytes = MAX_BUFFER_BYTES } = client;
  check(largestBuffer <= maxBufferBytes, "buffer is bounded", () => `${largestBuffer} bytes`);
  return {
    output: stream.written,
    events,
    eventBytes,
    input: session.bytesIn,
    requests,
    said: stream.kept.map(latin1).join(""),
  };
}

/** Lets things happen until the decoy is done: input when it waits for some, time when it must. */
async function drive({ session, stream, clock, client, isOver }: {
  session: CountedSession;
  stream: FuzzStream;
  clock: VirtualClock;
  client: Client;
  isOver: () => boolean;
}): Promise<void> {
  let next = 0;
  let dueAt = client.silenceMs(0);
  let hasEnded = false;
  let busySince: number | undefined;
  for (;;) {
    await turn();
    if (isOver()) return;
    const expiry = session.expiry();
    const mayDeliver = stream.isWaiting && !hasEnded;
    if (mayDeliver && dueAt <= clock.now) {
      busySince = undefined;
      const segment = client.segments[next];
      const bytes = segment && (client.wrap?.(next, stream.kept) ?? segment);
      dueAt = clock.now + client.silenceMs(++next);
      if (bytes !== undefined) stream.send(bytes);
      else {
        hasEnded = true;
        if (client.ending === "eof") stream.end();
        else if (client.ending === "reset") stream.fail(new Deno.errors.ConnectionReset("reset"));
        else dueAt = Infinity; // stays, and says nothing more
      }
      continue;
    }
    const segmentAt = mayDeliver ? dueAt : Infinity;
    const timerAt = clock.nextAt;
    const at = Math.min(segmentAt, timerAt, expiry.at);
    if (expiry.at <= at && (stream.isWaiting || timerAt < Infinity)) {
      // The host ends it: whatever the decoy waits for rejects.
      clock.now = Math.max(clock.now, expiry.at);
      session.expire(expiry.reason);
      hasEnded = true;
      busySince = undefined;
    } else if (timerAt <= segmentAt && timerAt < Infinity) {
      session.count();
      clock.advance();
      busySince = undefined;
    } else if (segmentAt < Infinity) {
      clock.now = Math.max(clock.now, segmentAt);
    } else {
      // It waits for neither peer nor time: files, a digest; or for ever.
      busySince ??= performance.now();
      check(
        performance.now() - busySince < MAX_BUSY_MS,
        "it ends",
        () => `it waits for nothing, ${hasEnded ? "after" : "before"} the end of the peer`,
      );
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

/** Lets everything run that can run without peer and time. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** What was thrown, as a finding. */
function asFinding(error: unknown): Finding {
  if (error instanceof Finding) return error;
  const text = error instanceof Error ? error.stack ?? error.message : String(error);
  const name = error instanceof Error ? error.name : typeof error;
  return new Finding(`throws only ProtocolError and LimitError, not ${name}`, text);
}
