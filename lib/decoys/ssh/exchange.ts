/**
 * The messages of one key exchange, seen from the server (RFC 4253 §8, RFC 5656 §4, RFC 4419 §3).
 * @module
 */
import { exchangeHash, type ExchangeResult, type ExchangeTranscript } from "./key_exchange.ts";
import { dhMethod } from "./kex/dh.ts";
import { numberToBytes } from "./kex/dh_groups.ts";
import { chooseGroup, type GroupRequest } from "./kex/group_exchange.ts";
import { type KexMethod, KexValueError, type Turn } from "./kex/method.ts";
import {
  GROUP_EXCHANGE,
  GROUP_EXCHANGE_HASH,
  loadMethod,
  type MethodOptions,
} from "./kex/methods.ts";
import type { Moduli } from "./kex/moduli.ts";
import type { Agreement } from "./kex_init.ts";
import type { HostKey } from "./keys/host_key.ts";
import { MESSAGE } from "./messages.ts";
import { WireError, WireReader, WireWriter } from "./wire.ts";

/** Longest number of a client, in bytes: what OpenSSH has room for. */
const MAX_NUMBER_BYTES = 2048;

/** What an exchange is made with. */
export interface ExchangeParts {
  readonly agreement: Agreement;
  readonly transcript: ExchangeTranscript;
  readonly hostKey: HostKey;
  /** Loads the groups for group exchange. */
  moduli(): Promise<Moduli>;
  readonly turn: Turn;
  readonly methodOptions: MethodOptions;
}

/** What a message of the exchange led to. */
export interface ExchangeStep {
  readonly reply: Uint8Array;
  /** Present when the exchange is over. */
  readonly result?: Omit<ExchangeResult, "sessionId">;
}

/** One key exchange. */
export class KeyExchange {
  readonly agreement: Agreement;
  readonly #parts: ExchangeParts;
  #method: KexMethod | undefined;
  /** What of a group exchange is hashed in front of the public values. */
  #prefix: Uint8Array = new Uint8Array(0);
  #expected: readonly number[];

  private constructor(parts: ExchangeParts, method: KexMethod | undefined) {
    this.agreement = parts.agreement;
    this.#parts = parts;
    this.#method = method;
    this.#expected = [method === undefined ? MESSAGE.GEX_REQUEST : MESSAGE.KEX_INIT];
  }

  /** Begins the exchange that was agreed on. */
  static async start(parts: ExchangeParts): Promise<KeyExchange> {
    const { agreement: { kex }, methodOptions } = parts;
    if (kex === GROUP_EXCHANGE) return new KeyExchange(parts, undefined);
    return new KeyExchange(parts, await loadMethod(kex, methodOptions));
  }

  /** Message numbers that come next. */
  get expected(): readonly number[] {
    return this.#expected;
  }

  /**
   * Takes the next message.
   * @param payload with the message number, one of `expected`.
   * @throws {KexValueError} when its value makes no sense.
   * @throws {WireError} when it is cut short.
   */
  async take(payload: Uint8Array): Promise<ExchangeStep> {
    if (this.#method === undefined) return await this.#chooseGroup(payload);
    return await this.#respond(this.#method, payload);
  }

  /** GEX_REQUEST: a group that fits, or the end. */
  async #chooseGroup(payload: Uint8Array): Promise<ExchangeStep> {
    const reader = new WireReader(payload, 1);
    const [min, n, max] = [reader.u32(), reader.u32(), reader.u32()];
    const request: GroupRequest = { min, n, max };
    reader.end();
    const group = chooseGroup(await this.#parts.moduli(), request);
    if (group === undefined) throw new KexValueError("a group of a size that there is");
    this.#method = dhMethod(group, GROUP_EXCHANGE_HASH);
    this.#expected = [MESSAGE.GEX_INIT];
    const p = numberToBytes(group.p, Math.ceil(group.bits / 8));
    const g = numberToBytes(group.g, 1);
    this.#prefix = new WireWriter(600).u32(request.min).u32(request.n).u32(request.max)
      .mpint(p).mpint(g).bytes().slice();
    return { reply: new WireWriter(600).u8(MESSAGE.GEX_GROUP).mpint(p).mpint(g).bytes() };
  }

  /** The client's public value: ours, and the proof that it is us. */
  async #respond(method: KexMethod, payload: Uint8Array): Promise<ExchangeStep> {
    const { transcript, hostKey, agreement, turn } = this.#parts;
    const reader = new WireReader(payload, 1);
    const clientPublic = method.values === "dh" ? readPositive(reader) : reader.string();
    reader.end();
    const { serverPublic, secret } = await method.respond(clientPublic, turn);
    const put = (writer: WireWriter, value: Uint8Array) =>
      method.values === "dh" ? writer.mpint(value) : writer.string(value);
    const fields = new WireWriter(600).raw(this.#prefix);
    put(put(fields, clientPublic), serverPublic);
    const hash = exchangeHash(method.hash, transcript, {
      hostKey: hostKey.blob,
      fields: fields.bytes(),
      secret,
    });
    const reply = new WireWriter(1024);
    const isGroup = this.#prefix.length > 0;
    reply.u8(isGroup ? MESSAGE.GEX_REPLY : MESSAGE.KEX_REPLY).string(hostKey.blob);
    put(reply, serverPublic).string(await hostKey.sign(agreement.hostKey, hash));
    this.#expected = [];
    return { reply: reply.bytes(), result: { hash: method.hash, secret, exchangeHash: hash } };
  }
}

/** An mpint that is not negative, as its bytes. */
function readPositive(reader: WireReader): Uint8Array {
  const bytes = reader.string();
  if (bytes.length > 0 && bytes[0]! >= 0x80) throw new WireError("a positive mpint", reader.offset);
  const start = bytes.findIndex((byte) => byte !== 0);
  const number = start < 0 ? bytes.subarray(bytes.length) : bytes.subarray(start);
  if (number.length > MAX_NUMBER_BYTES) throw new WireError("a shorter mpint", reader.offset);
  return number;
}
