/**
 * What one client did, as often as is sensible.
 * @module
 */
import { sha256Hex } from "../../net/digest.ts";
import { escapeBytes } from "../../net/escape.ts";
import { EventQuota, type Session } from "../decoy.ts";

const encoder = new TextEncoder();

/** Reports. */
export class Reporter {
  readonly #session: Session;
  readonly #captureBytes: number;
  readonly #quota: EventQuota;

  /**
   * @param session whose events these are.
   * @param captureBytes how much of a message is kept.
   */
  constructor(session: Session, captureBytes: number) {
    this.#session = session;
    this.#quota = new EventQuota(session);
    this.#captureBytes = captureBytes;
  }

  /**
   * A packet that asks for something.
   * @param argument is escaped already.
   * @param reply reason code of the answer, if there is one.
   */
  command(verb: string, argument: string, reply?: number, changes = false): void {
    if (!this.#quota.take()) return;
    const code = reply === undefined ? {} : { reply: `0x${reply.toString(16).padStart(2, "0")}` };
    this.#session.emit("command", {
      verb,
      argument,
      ...code,
      ...(changes ? { changes: true } : {}),
    });
  }

  /** A name and a password. */
  attempt(username: Uint8Array | undefined, password: Uint8Array | undefined): void {
    if ((username === undefined && password === undefined) || !this.#quota.take()) return;
    this.#session.emit("auth.attempt", {
      method: "password",
      username: escapeBytes(username ?? new Uint8Array(0)),
      ...(password === undefined ? {} : { secret: escapeBytes(password) }),
    });
  }

  /**
   * A message.
   * @param more what of it was not kept, if it is a large one.
   */
  payload(topic: string, bytes: Uint8Array, more?: { size: number; sha256: string }): void {
    if ((more === undefined && bytes.length === 0) || !this.#quota.take()) return;
    this.#session.emit("payload", {
      name: quote(topic),
      bytes: bytes.slice(0, this.#captureBytes),
      size: more?.size ?? bytes.length,
      sha256: more?.sha256 ?? sha256Hex(bytes),
    });
  }

  /** What ends the connection. */
  nonsense(expected: string, firstBytes: Uint8Array, offset: number): void {
    if (!this.#quota.take()) return;
    this.#session.emit("protocol.error", {
      offset,
      expected,
      firstBytes: firstBytes.slice(0, 256),
    });
  }
}

/** A peer's text for a report. */
export function quote(text: string): string {
  return escapeBytes(encoder.encode(text));
}
