/**
 * The cryptography of the test client, by `node:crypto` alone and so independent of the decoy's: two
 * key exchanges (RFC 8731, RFC 8268), aes128-ctr (RFC 4344 §4) and hmac-sha2-256 (RFC 6668).
 * @module
 */
import { Buffer } from "node:buffer";
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  getDiffieHellman,
} from "node:crypto";
import { WireReader, WireWriter } from "../../lib/decoys/ssh/wire.ts";

/** A key exchange that the client can do. */
export type KexName = "curve25519-sha256" | "diffie-hellman-group14-sha256";

/** What the exchange hash is made of besides the exchange's own values. */
export interface Transcript {
  readonly clientVersion: string;
  readonly serverVersion: string;
  readonly clientKexinit: Uint8Array;
  readonly serverKexinit: Uint8Array;
}

/** What came of an exchange. */
export interface Secrets {
  /** The shared secret as an mpint with its length. */
  readonly secret: Uint8Array;
  readonly exchangeHash: Uint8Array;
}

/** The client's side of one exchange. */
export interface Exchange {
  /** SSH_MSG_KEX_ECDH_INIT or SSH_MSG_KEXDH_INIT. */
  readonly init: Uint8Array;
  /** @param reply payload of the server's message 31. */
  finish(reply: Uint8Array, transcript: Transcript): Secrets;
}

const SPKI_X25519 = Buffer.from("302a300506032b656e032100", "hex");

/** Begins an exchange. */
export function startExchange(name: KexName): Exchange {
  return name === "curve25519-sha256" ? curve25519() : group14();
}

function curve25519(): Exchange {
  const { publicKey, privateKey } = generateKeyPairSync("x25519");
  const own = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
  return {
    init: new WireWriter().u8(30).string(own).bytes().slice(),
    finish(reply, transcript) {
      const fields = new WireReader(reply, 1);
      const [hostKey, theirs] = [fields.string(), fields.string()];
      const key = Buffer.concat([SPKI_X25519, theirs]);
      const peer = createPublicKey({ key, type: "spki", format: "der" });
      const shared = diffieHellman({ privateKey, publicKey: peer });
      const secret = mpint(shared);
      const values = new WireWriter().string(own).string(theirs).bytes();
      return { secret, exchangeHash: hash(transcript, { hostKey, values, secret }) };
    },
  };
}

function group14(): Exchange {
  const group = getDiffieHellman("modp14");
  const own = mpint(Buffer.from(group.generateKeys()));
  return {
    init: new WireWriter().u8(30).raw(own).bytes().slice(),
    finish(reply, transcript) {
      const fields = new WireReader(reply, 1);
      const [hostKey, theirs] = [fields.string(), fields.string()];
      const secret = mpint(Buffer.from(group.computeSecret(Buffer.from(theirs))));
      const values = new WireWriter().raw(own).string(theirs).bytes();
      return { secret, exchangeHash: hash(transcript, { hostKey, values, secret }) };
    },
  };
}

function mpint(value: Uint8Array): Uint8Array {
  return new WireWriter().mpint(value).bytes().slice();
}

function hash(
  { clientVersion, serverVersion, clientKexinit, serverKexinit }: Transcript,
  parts: { hostKey: Uint8Array; values: Uint8Array; secret: Uint8Array },
): Uint8Array {
  const versions = [clientVersion, serverVersion].map((text) => Buffer.from(text, "latin1"));
  const data = new WireWriter()
    .string(versions[0]!).string(versions[1]!)
    .string(clientKexinit).string(serverKexinit)
    .string(parts.hostKey).raw(parts.values).raw(parts.secret);
  return createHash("sha256").update(data.bytes()).digest();
}

/** Keys of one direction. */
export interface DirectionKeys {
  readonly iv: Uint8Array;
  readonly key: Uint8Array;
  readonly macKey: Uint8Array;
}

/**
 * Derives the keys of one direction: RFC 4253 §7.2.
 * @param letters of IV, key and MAC key: `ACE` from the client, `BDF` from the server.
 */
export function deriveKeys(
  { secret, exchangeHash }: Secrets,
  { sessionId, letters }: { sessionId: Uint8Array; letters: "ACE" | "BDF" },
): DirectionKeys {
  const derive = (letter: string) =>
    createHash("sha256").update(secret).update(exchangeHash).update(letter).update(sessionId)
      .digest();
  const [iv, key, macKey] = [...letters].map(derive);
  return { iv: iv!.subarray(0, 16), key: key!.subarray(0, 16), macKey: macKey! };
}

/** MAC of a packet in clear, in bytes. */
export const MAC_BYTES = 32;
/** Block of the cipher, in bytes. */
export const BLOCK_BYTES = 16;

/** Encrypts what goes out. */
export class Encryption {
  readonly #cipher;
  readonly #macKey;

  constructor({ iv, key, macKey }: DirectionKeys) {
    this.#cipher = createCipheriv("aes-128-ctr", key, iv);
    this.#macKey = macKey;
  }

  /** The packet encrypted, and its MAC. */
  seal(packet: Uint8Array, sequence: number): Uint8Array {
    const mac = macOf(this.#macKey, { packet, sequence });
    return Buffer.concat([this.#cipher.update(packet), mac]);
  }

  /** Lets go of the cipher. */
  end(): void {
    this.#cipher.final();
  }
}

/** Decrypts what comes in. */
export class Decryption {
  readonly #decipher;
  readonly #macKey;
  #head: Uint8Array | undefined;

  constructor({ iv, key, macKey }: DirectionKeys) {
    this.#decipher = createDecipheriv("aes-128-ctr", key, iv);
    this.#macKey = macKey;
  }

  /**
   * Opens the packet that stands first.
   * @param sealed what came; nothing happens to it.
   * @returns the packet in clear and how many bytes it took; `undefined` while it is not whole.
   */
  open(sealed: Uint8Array, sequence: number): { packet: Uint8Array; taken: number } | undefined {
    if (sealed.length < BLOCK_BYTES) return undefined;
    this.#head ??= this.#decipher.update(sealed.subarray(0, BLOCK_BYTES));
    const end = new WireReader(this.#head).u32() + 4;
    if (sealed.length < end + MAC_BYTES) return undefined;
    const rest = this.#decipher.update(sealed.subarray(BLOCK_BYTES, end));
    const packet = Buffer.concat([this.#head, rest]);
    this.#head = undefined;
    const mac = macOf(this.#macKey, { packet, sequence });
    if (!mac.equals(sealed.subarray(end, end + MAC_BYTES))) {
      throw new Error(`The server's packet ${sequence} has a wrong MAC`);
    }
    return { packet, taken: end + MAC_BYTES };
  }

  /** Lets go of the cipher. */
  end(): void {
    this.#decipher.final();
  }
}

function macOf(
  macKey: Uint8Array,
  { packet, sequence }: { packet: Uint8Array; sequence: number },
) {
  const number = new WireWriter(4).u32(sequence).bytes();
  return createHmac("sha256", macKey).update(number).update(packet).digest();
}
