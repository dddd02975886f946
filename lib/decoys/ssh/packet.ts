/**
 * The binary packet protocol (RFC 4253 §6): packets to and from the peer, in clear or protected.
 *
 * What is wrong with a packet is judged here; what the peer hears of it is the product's.
 * @module
 */
import { randomBytes } from "node:crypto";
import { LimitError } from "../../errors.ts";
import type { Session } from "../decoy.ts";
import type { Opener, Sealer } from "./cipher/packet_cipher.ts";

/** Padding that RFC 4253 §6 asks for at least, in bytes. */
const MIN_PADDING_BYTES = 4;
/** Packets above this size are rare before a login, and counted together. */
const BIG_PACKET_BYTES = 65_536;

/** What can be wrong with a packet. */
export type PacketFault =
  | "length" // `packet_length` is out of the product's range
  | "alignment" // it is no multiple of the block
  | "mac"
  | "padding" // less than the least padding
  | "overlong padding" // more padding than packet
  | "empty"; // no payload

/** What a report says in place of each. */
const EXPECTED: Readonly<Record<PacketFault, string>> = {
  "length": "an SSH packet of an allowed length",
  "alignment": "an SSH packet of whole blocks",
  "mac": "an SSH packet with a right MAC",
  "padding": "an SSH packet with 4 bytes of padding or more",
  "overlong padding": "an SSH packet with no more padding than it is long",
  "empty": "an SSH packet with a payload",
};

/** A packet that makes no sense. */
export class PacketError extends Error {
  override readonly name = "PacketError";
  readonly fault: PacketFault;
  /** The value that was wrong: a length, or 0. */
  readonly value: number;

  /**
   * @param fault what is wrong.
   * @param value the wrong length, if it is one.
   */
  constructor(fault: PacketFault, value = 0) {
    super(EXPECTED[fault]);
    this.fault = fault;
    this.value = value;
  }
}

/** A packet that came. */
export interface Packet {
  /** Message number: the payload's first byte. */
  readonly type: number;
  /** The whole payload, message number included. */
  readonly payload: Uint8Array;
  /** Its sequence number. */
  readonly sequence: number;
  /** Where it began in what the peer sent, from 0. */
  readonly offset: number;
}

/** What a product lets pass. */
export interface PacketRules {
  /** Least and greatest `packet_length`, in bytes. */
  readonly minLength: number;
  readonly maxLength: number;
  /** Greatest payload, in bytes. */
  readonly maxPayload: number;
  /** Whether the greatest length is that of the whole packet with its tag. */
  readonly limitsWhole: boolean;
  /** Least size of a packet that is sent, its length field and no tag included, in bytes. */
  readonly minSentBytes: number;
  /** Whether padding is random also while nothing is encrypted, or zeros then. */
  readonly isClearPaddingRandom: boolean;
  /** Whether the padding of what came must have the least length. */
  readonly checksPadding: boolean;
}

/** Bytes that large packets of all sessions of a decoy may take at a time. */
export class PacketBudget {
  #left: number;
  readonly #max: number;

  /** @param maxBytes in all. */
  constructor(maxBytes: number) {
    this.#left = this.#max = maxBytes;
  }

  /**
   * Takes bytes for a packet.
   * @throws {LimitError} when there are not so many left.
   */
  take(bytes: number): void {
    if (bytes > this.#left) throw new LimitError("ssh_packet_bytes", this.#max);
    this.#left -= bytes;
  }

  /** Gives bytes back. */
  give(bytes: number): void {
    this.#left += bytes;
  }
}

/** Both directions of a connection, as packets. */
export class PacketLayer {
  readonly #session: Session;
  readonly #rules: PacketRules;
  readonly #budget: PacketBudget;
  #sealer: Sealer;
  #isSealed = false;
  #opener: Opener;
  #sendSequence = 0;
  #receiveSequence = 0;
  #offset = 0;
  #outgoing: Uint8Array[] = [];

  /**
   * @param session behind the version lines.
   * @param rules the product's.
   * @param start ciphers before the first keys, and the budget.
   */
  constructor(
    session: Session,
    rules: PacketRules,
    start: { sealer: Sealer; opener: Opener; budget: PacketBudget },
  ) {
    this.#session = session;
    this.#rules = rules;
    this.#sealer = start.sealer;
    this.#opener = start.opener;
    this.#budget = start.budget;
  }

  /** Where the next packet begins in what the peer sent, from 0. */
  get offset(): number {
    return this.#offset;
  }

  /**
   * Protects what is sent from now on with new keys.
   * @param resetSequence as strict key exchange asks for (OpenSSH PROTOCOL §1.10).
   */
  setSealer(sealer: Sealer, resetSequence: boolean): void {
    this.#sealer = sealer;
    this.#isSealed = true;
    if (resetSequence) this.#sendSequence = 0;
  }

  /**
   * Reads what comes from now on with new keys.
   * @param resetSequence as strict key exchange asks for.
   */
  setOpener(opener: Opener, resetSequence: boolean): void {
    this.#opener = opener;
    if (resetSequence) this.#receiveSequence = 0;
  }

  /**
   * Says where packets begin in what the peer sends.
   * @param offset bytes that its version line took.
   */
  startAt(offset: number): void {
    this.#offset = offset;
  }

  /** Makes a packet of a payload, to leave with the next `flush`. */
  queue(payload: Uint8Array): void {
    const { blockBytes, isLengthApart } = this.#sealer;
    const aligned = 1 + payload.length + (isLengthApart ? 0 : 4);
    let padding = blockBytes - aligned % blockBytes;
    if (padding < MIN_PADDING_BYTES) padding += blockBytes;
    if (aligned + padding < this.#rules.minSentBytes) padding += blockBytes;
    const length = 1 + payload.length + padding;
    const packet = new Uint8Array(4 + length);
    packet[0] = length >>> 24;
    packet[1] = length >>> 16;
    packet[2] = length >>> 8;
    packet[3] = length;
    packet[4] = padding;
    packet.set(payload, 5);
    if (this.#rules.isClearPaddingRandom || this.#isSealed) {
      packet.set(randomBytes(padding), 5 + payload.length);
    }
    this.#outgoing.push(this.#sealer.seal(packet, this.#sendSequence));
    this.#sendSequence = (this.#sendSequence + 1) >>> 0;
  }

  /** Sends bytes that are no packet in front of what is queued next. */
  queueRaw(bytes: Uint8Array): void {
    this.#outgoing.push(bytes);
  }

  /** Sends what is queued, as one. */
  async flush(): Promise<void> {
    const parts = this.#outgoing;
    if (parts.length === 0) return;
    this.#outgoing = [];
    await this.#session.write(parts.length === 1 ? parts[0]! : concat(parts));
  }

  /** Whether anything is queued. */
  get hasQueued(): boolean {
    return this.#outgoing.length > 0;
  }

  /**
   * Waits for a packet, after sending what is queued.
   * @throws {PacketError} when it makes no sense.
   * @throws {LimitError} when it is large, and so are too many others.
   */
  async next(): Promise<Packet> {
    await this.flush();
    const { minLength, maxLength, checksPadding } = this.#rules;
    const opener = this.#opener;
    const sequence = this.#receiveSequence;
    const head = await this.#session.bytes(opener.headBytes);
    const length = opener.openLength(head, sequence);
    const whole = this.#rules.limitsWhole ? 4 + length + opener.tagBytes : length;
    if (length < minLength || whole > maxLength) throw new PacketError("length", length);
    const aligned = opener.isLengthApart ? length : 4 + length;
    if (aligned % opener.blockBytes !== 0) throw new PacketError("alignment", length);
    const total = 4 + length + opener.tagBytes;
    const packet = opener.open(await this.#rest(head, total), sequence);
    if (packet === null) throw new PacketError("mac");
    const offset = this.#offset;
    this.#offset += total;
    this.#receiveSequence = (sequence + 1) >>> 0;
    const padding = packet[4]!;
    if (checksPadding && padding < MIN_PADDING_BYTES) throw new PacketError("padding", padding);
    if (padding > length - 1) throw new PacketError("overlong padding", padding);
    if (padding === length - 1) throw new PacketError("empty");
    const payload = packet.subarray(5, 4 + length - padding);
    if (payload.length > this.#rules.maxPayload) throw new PacketError("length", length);
    return { type: payload[0]!, payload, sequence, offset };
  }

  /** The whole packet whose first bytes are `head`. */
  async #rest(head: Uint8Array, total: number): Promise<Uint8Array> {
    if (total <= head.length) return head;
    const reserved = total > BIG_PACKET_BYTES ? total : 0;
    this.#budget.take(reserved);
    try {
      return concat([head, await this.#session.bytes(total - head.length)]);
    } finally {
      this.#budget.give(reserved);
    }
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
