/**
 * Packets of the MySQL protocol, read in the portions in which the server reads them.
 *
 * ```text
 * 0..2 length u24 LE, 3 sequence number, 4.. payload
 * ```
 * @module
 */
import { Buffer } from "node:buffer";
import { outgoing } from "../../net/latin1.ts";
import { shortLived } from "../../net/slab.ts";
import type { Session } from "../decoy.ts";

const HEAD_BYTES = 4;
/** How much of a packet is kept: more than any that a client has reason to send, in bytes. */
const MAX_KEPT_BYTES = 65_536;
/** How much is read at a time, in bytes. */
const READ_BYTES = 16_384;
/** What is read of a packet that is out of order, in bytes, and how long it is waited for. */
const MAX_REST_BYTES = 1024;
const REST_MS = 20;
const NOTHING = new Uint8Array(0);

/** A packet that came, or why there is none. */
export type Received =
  | { readonly kind: "packet"; readonly payload: Uint8Array; readonly length: number }
  | { readonly kind: "disorder"; readonly head: Uint8Array }
  | { readonly kind: "end" };

/** Both directions of one connection, with their common sequence number. */
export class Packets {
  readonly #session: Session;
  readonly #readMs: number;
  #sequence = 0;
  #offset = 0;

  /**
   * @param session read by nobody else.
   * @param readMs longest wait for the next bytes, in ms.
   */
  constructor(session: Session, readMs: number) {
    this.#session = session;
    this.#readMs = readMs;
  }

  /** How many bytes were read so far. */
  get offset(): number {
    return this.#offset;
  }

  /**
   * Sends a packet.
   * @param payload less than 16 MiB.
   */
  async send(payload: Uint8Array): Promise<void> {
    const { length } = payload;
    const bytes = shortLived(HEAD_BYTES + length);
    bytes[0] = length;
    bytes[1] = length >> 8;
    bytes[2] = length >> 16;
    bytes[3] = this.#sequence++;
    bytes.set(payload, HEAD_BYTES);
    await this.#session.write(bytes);
  }

  /**
   * Reads a packet. Of one that is out of order only the head is taken.
   * @returns of a long packet only the beginning, with its length.
   */
  async receive(): Promise<Received> {
    const head = await this.#take(HEAD_BYTES);
    if (head === null) return { kind: "end" };
    if (head[3] !== (this.#sequence & 0xff)) return { kind: "disorder", head };
    this.#sequence++;
    const length = head[0]! | (head[1]! << 8) | (head[2]! << 16);
    const payload = await this.#take(Math.min(length, MAX_KEPT_BYTES));
    if (payload === null || !await this.#skip(length - payload.length)) return { kind: "end" };
    return { kind: "packet", payload, length };
  }

  /**
   * What came with a packet that is not read: the server leaves it, we want to know it.
   * @param head of the packet.
   */
  async rest(head: Uint8Array): Promise<Uint8Array> {
    const isEmpty = head[0] === 0 && head[1] === 0 && head[2] === 0;
    if (isEmpty || !await this.#session.arrival(REST_MS)) return head;
    const rest = await this.#session.readAtMost(MAX_REST_BYTES) ?? NOTHING;
    return Uint8Array.of(...head, ...rest);
  }

  async #take(count: number): Promise<Uint8Array | null> {
    if (count === 0) return NOTHING;
    // Most packets come whole: what the first read brings is used as it is.
    let bytes: Uint8Array | undefined;
    let at = 0;
    while (at < count) {
      this.#session.expireAfter(this.#readMs, NOTHING);
      const part = await this.#session.readAtMost(Math.min(count - at, READ_BYTES));
      if (part === null) return null;
      this.#offset += part.length;
      if (part.length === count) return part;
      bytes ??= new Uint8Array(count);
      bytes.set(part, at);
      at += part.length;
    }
    return bytes!;
  }

  async #skip(count: number): Promise<boolean> {
    for (let left = count; left > 0;) {
      this.#session.expireAfter(this.#readMs, NOTHING);
      // Whoever sends megabytes is read by way of one buffer, up to where the packet may end.
      const part = left > MAX_KEPT_BYTES
        ? await this.#session.read()
        : await this.#session.readAtMost(Math.min(left, READ_BYTES));
      if (part === null) return false;
      left -= part.length;
      this.#offset += part.length;
    }
    return true;
  }
}

/** What a refusal says. */
export interface Refusal {
  readonly code: number;
  /** SQLSTATE. */
  readonly state: string;
  /** One character a byte. */
  readonly text: string;
}

/**
 * Payload of an error packet.
 * @param refusal what it says.
 * @param hasState whether the client knows SQLSTATE, as all since MySQL 4.1 do.
 */
export function errorPayload({ code, state, text }: Refusal, hasState: boolean): Uint8Array {
  const head = String.fromCharCode(0xff, code & 0xff, code >> 8);
  return outgoing(head + (hasState ? `#${state}` : "") + text);
}

/**
 * Payload of an AuthSwitchRequest.
 * @param plugin that the client shall use.
 * @param data what the plugin is given; a NUL is put behind it if it has any.
 */
export function switchPayload(plugin: string, data: Uint8Array = NOTHING): Uint8Array {
  const end = data.length > 0 ? Buffer.alloc(1) : NOTHING;
  return Buffer.concat([Buffer.from(`\xfe${plugin}\0`, "latin1"), data, end]);
}
