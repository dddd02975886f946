/**
 * A session without a host, for tests of what reads and writes one: wide limits, a clock that a test
 * turns, and all events kept.
 * @module
 */
import type { Endpoint } from "../../lib/decoys/decoy.ts";
import { LiveSession, type SessionOwner } from "../../lib/decoys/session.ts";
import { MemoryStream } from "./memory_stream.ts";

const LIMITS = {
  ...{ idleMs: 1e9, lifetimeMs: 1e9, firstBytes: 256 },
  ...{ maxBytesIn: 1e9, maxBytesOut: 1e9 },
};
const PEER: Endpoint = { ip: "203.0.113.7", port: 40000 };
const LOCAL: Endpoint = { ip: "192.0.2.1", port: 22 };

/** A session, and what a test does with it. */
export interface MemorySession {
  readonly session: LiveSession;
  readonly stream: MemoryStream;
  /** Wall clock of the session; a test sets it. */
  readonly clock: { nowMs: number };
  /** Pauses so far, in ms: each is over at once. */
  readonly pauses: number[];
  // deno-lint-ignore no-explicit-any -- tests look at whatever part they are about
  readonly events: { id: string; data: any }[];
}

/**
 * Makes a session on a stream in memory.
 * @param changes what its owner does otherwise.
 */
export function memorySession(changes: Partial<SessionOwner> = {}): MemorySession {
  const stream = new MemoryStream();
  const events: MemorySession["events"] = [];
  const pauses: number[] = [];
  const clock = { nowMs: 0 };
  const owner: SessionOwner = {
    limits: LIMITS,
    now: () => clock.nowMs,
    elapsed: () => 0,
    random: () => 0,
    schedule: (callback, ms) => {
      pauses.push(ms);
      queueMicrotask(callback);
      return () => {};
    },
    record: (_session, id, data) => events.push({ id, data }),
    ...changes,
  };
  const identity = { id: "01TEST", peer: PEER, local: LOCAL };
  return { session: new LiveSession(stream, owner, identity), stream, clock, pauses, events };
}
