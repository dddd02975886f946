/**
 * TLS without a certificate, as VNC viewers speak it: ECDH_anon with AES in CBC mode, TLS 1.2.
 *
 * TLS libraries have no such suites any more, for good reason: nobody knows whom they talk to. Viewers
 * that follow TigerVNC's defaults offer nothing else, so this is how their passwords come. Sources:
 * RFC 5246, RFC 8422 §2.5 (ECDH_anon), RFC 7366, RFC 7627; the order of everything is GnuTLS's.
 * ```text
 * C ClientHello   S ServerHello, ServerKeyExchange, ServerHelloDone
 * C ClientKeyExchange, ChangeCipherSpec, Finished   S ChangeCipherSpec, Finished
 * ```
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import type { ClientHello } from "../../net/client_hello.ts";
import { type Agreement, chooseGroup, makeAgreement } from "./anonymous_curves.ts";
import { masterSecret, recordKeys, verifyData } from "./anonymous_keys.ts";
import {
  ALERT,
  APPLICATION_DATA,
  CHANGE_CIPHER_SPEC,
  clearRecord,
  HANDSHAKE,
  HEAD_BYTES,
  MAX_BODY_BYTES,
  RecordCipher,
} from "./anonymous_records.ts";
import type { Input, Source } from "./input.ts";

/** Suites by number, with the length of their key in bytes: ECDH_anon with AES in CBC mode and SHA. */
const KEY_BYTES = new Map([[0xc018, 16], [0xc019, 32]]);
const TLS_1_2 = 0x0303;
const ENCRYPT_THEN_MAC = 22;
const EXTENDED_MASTER_SECRET = 23;
const RECORD_SIZE_LIMIT = 28;
const RENEGOTIATION_INFO = 0xff01;
/** What a ServerHello's random ends with where TLS 1.3 was possible: RFC 8446 §4.1.3. */
const DOWNGRADE = Buffer.from("DOWNGRD\x01", "latin1");
const CLIENT_HELLO_RANDOM_AT = 6;
const RANDOM_BYTES = 32;
const CLIENT_KEY_EXCHANGE = 16;
const FINISHED = 20;
const CLOSE_NOTIFY = Uint8Array.of(1, 0);

/**
 * The suite that is spoken with a client: its own first choice.
 * @param hello what it offers.
 * @returns `undefined` when there is none, or something else is missing.
 */
export function chooseSuite(hello: ClientHello): number | undefined {
  const { supportedVersions: versions, supportedGroups: groups, extensions } = hello;
  const speaks12 = versions.length > 0
    ? versions.includes(TLS_1_2)
    : hello.legacyVersion >= TLS_1_2;
  const isPossible = speaks12 && hello.malformed === undefined && hello.records === 1 &&
    !hello.isSslv2 && chooseGroup(groups) !== undefined && extensions.includes(ENCRYPT_THEN_MAC);
  return isPossible ? hello.cipherSuites.find((suite) => KEY_BYTES.has(suite)) : undefined;
}

/** A server's side of a connection, once it is encrypted. */
export class AnonymousTls implements Source {
  readonly #input: Input;
  readonly #send: (data: Uint8Array) => Promise<void>;
  readonly #messages = createHash("sha256");
  #reading: RecordCipher | undefined;
  #writing: RecordCipher | undefined;
  #pending: Uint8Array = new Uint8Array(0);

  /**
   * @param input of the connection, with the ClientHello in it.
   * @param send sends bytes as they are.
   */
  constructor(input: Input, send: (data: Uint8Array) => Promise<void>) {
    this.#input = input;
    this.#send = send;
  }

  /**
   * Shakes hands.
   * @param hello what is in the input.
   * @param suite from `chooseSuite`.
   * @returns whether both sides have the same keys now.
   */
  async accept(hello: ClientHello, suite: number): Promise<boolean> {
    const first = await this.#message();
    if (first === undefined) return false;
    const randoms = {
      client: first.subarray(CLIENT_HELLO_RANDOM_AT, CLIENT_HELLO_RANDOM_AT + RANDOM_BYTES),
      server: Buffer.concat([randomBytes(RANDOM_BYTES - DOWNGRADE.length), DOWNGRADE]),
    };
    const agreement = makeAgreement(chooseGroup(hello.supportedGroups)!);
    const { group, point } = agreement;
    await this.#say(
      serverHello(hello, suite, randoms.server),
      message(12, Buffer.concat([Buffer.of(3, 0, group, point.length), point])),
      message(14, new Uint8Array(0)),
    );
    const exchange = await this.#message();
    const premaster = exchange && computeSecret(agreement, exchange);
    if (premaster === undefined) return false;
    const isExtended = hello.extensions.includes(EXTENDED_MASTER_SECRET);
    const master = masterSecret(premaster, isExtended ? this.#hash() : undefined, randoms);
    const keys = recordKeys(master, randoms, KEY_BYTES.get(suite)!);
    const change = await this.#record();
    if (change?.type !== CHANGE_CIPHER_SPEC) return false;
    this.#reading = new RecordCipher(keys.client);
    const expected = message(FINISHED, verifyData(master, "client", this.#hash()));
    const finished = await this.#message();
    if (finished === undefined || !expected.equals(finished)) return false;
    const answer = message(FINISHED, verifyData(master, "server", this.#hash()));
    this.#writing = new RecordCipher(keys.server);
    await this.#send(Buffer.concat([
      clearRecord(CHANGE_CIPHER_SPEC, Uint8Array.of(1)),
      this.#writing.seal(HANDSHAKE, answer),
    ]));
    return true;
  }

  /** What the client says inside; `null` at its end, also when it makes no sense any more. */
  async readAtMost(count: number): Promise<Uint8Array | null> {
    while (this.#pending.length === 0) {
      const record = await this.#record();
      if (record?.type !== APPLICATION_DATA) return null;
      this.#pending = record.body;
    }
    const bytes = this.#pending.subarray(0, count);
    this.#pending = this.#pending.subarray(count);
    return bytes;
  }

  /** Puts bytes back. */
  unread(bytes: Uint8Array): void {
    this.#pending = Buffer.concat([bytes, this.#pending]);
  }

  /**
   * Says something inside.
   * @param data at most 2^14 bytes.
   */
  async write(data: Uint8Array): Promise<void> {
    await this.#send(this.#writing!.seal(APPLICATION_DATA, data));
  }

  /** Says that nothing more comes. */
  async end(): Promise<void> {
    await this.#send(this.#writing!.seal(ALERT, CLOSE_NOTIFY));
  }

  /** Sends messages in clear, each in a record of its own. */
  async #say(...messages: Buffer[]): Promise<void> {
    const records = messages.map((bytes) => {
      this.#messages.update(bytes);
      return clearRecord(HANDSHAKE, bytes);
    });
    await this.#send(Buffer.concat(records));
  }

  /** A message of the handshake that fills its record, as those of all known viewers do. */
  async #message(): Promise<Uint8Array | undefined> {
    const record = await this.#record();
    if (record?.type !== HANDSHAKE || record.body.length < 4) return undefined;
    const { body } = record;
    if (body.length !== 4 + (body[1]! << 16 | body[2]! << 8 | body[3]!)) return undefined;
    this.#messages.update(body);
    return body;
  }

  /** The next record, decrypted. */
  async #record(): Promise<{ type: number; body: Uint8Array } | undefined> {
    const head = await this.#input.take(HEAD_BYTES);
    if (head === null) return undefined;
    const length = head[3]! << 8 | head[4]!;
    if (length === 0 || length > MAX_BODY_BYTES) return undefined;
    const raw = await this.#input.take(length);
    if (raw === null) return undefined;
    const body = this.#reading === undefined ? raw : this.#reading.open(head[0]!, raw);
    return body && { type: head[0]!, body };
  }

  /** Of all messages so far. */
  #hash(): Uint8Array {
    return this.#messages.copy().digest();
  }
}

/** The secret that both sides have, unless the client's message or its point is none. */
function computeSecret({ agree }: Agreement, exchange: Uint8Array): Uint8Array | undefined {
  const point = exchange.subarray(5);
  const isExchange = exchange[0] === CLIENT_KEY_EXCHANGE && exchange[4] === point.length;
  return isExchange ? agree(point) : undefined;
}

function serverHello(hello: ClientHello, suite: number, random: Uint8Array): Buffer {
  const extension = (type: number, ...data: number[]) =>
    Buffer.of(type >> 8, type & 255, 0, data.length, ...data);
  const has = (type: number) => hello.extensions.includes(type);
  const extensions = Buffer.concat([
    ...(has(11) ? [extension(11, 1, 0)] : []),
    extension(ENCRYPT_THEN_MAC),
    ...(has(EXTENDED_MASTER_SECRET) ? [extension(EXTENDED_MASTER_SECRET)] : []),
    extension(RENEGOTIATION_INFO, 0),
    ...(has(RECORD_SIZE_LIMIT) ? [extension(RECORD_SIZE_LIMIT, 0x40, 0)] : []),
  ]);
  const session = randomBytes(RANDOM_BYTES);
  return message(
    2,
    Buffer.concat([
      ...[Buffer.of(3, 3), random, Buffer.of(session.length), session],
      Buffer.of(suite >> 8, suite & 255, 0, extensions.length >> 8, extensions.length & 255),
      extensions,
    ]),
  );
}

function message(type: number, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(type, 0, body.length >> 8, body.length & 255), body]);
}
