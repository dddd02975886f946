/**
 * Hashes of what peers send, while it arrives.
 * @module
 */
import { createHash } from "node:crypto";

/**
 * Hashes bytes at hand.
 * @param bytes of any length.
 * @returns hex SHA-256, 64 characters.
 */
export function sha256Hex(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Keeps the first bytes of a flow and the hash and length of all of it. */
export class Capture {
  #hash: ReturnType<typeof createHash> | undefined;
  readonly #maxBytes: number;
  readonly #parts: Uint8Array[] = [];
  #kept = 0;
  #size = 0;

  /** @param maxBytes how many bytes are kept, at most. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Length of the whole flow so far, in bytes. */
  get size(): number {
    return this.#size;
  }

  /**
   * Takes the next bytes.
   * @param bytes copied as far as they are kept.
   */
  add(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    // Most requests have no body: what hashes it is made when there is something to hash.
    this.#hash ??= createHash("sha256");
    this.#hash.update(bytes);
    this.#size += bytes.length;
    const room = this.#maxBytes - this.#kept;
    if (room <= 0) return;
    const part = bytes.slice(0, room);
    this.#parts.push(part);
    this.#kept += part.length;
  }

  /** The bytes kept, in one piece. */
  bytes(): Uint8Array {
    const all = new Uint8Array(this.#kept);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  /** Hex SHA-256 of the whole flow so far; more may be added after. */
  sha256(): string {
    return (this.#hash?.copy() ?? createHash("sha256")).digest("hex");
  }
}
