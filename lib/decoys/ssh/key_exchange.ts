/**
 * The exchange hash and what is derived from it (RFC 4253 §7.2 and §8, RFC 4419 §3, RFC 5656 §4).
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { Sealer } from "./cipher/packet_cipher.ts";
import type { Opener } from "./cipher/packet_cipher.ts";
import { keySizes, makeOpener, makeSealer } from "./cipher/ciphers.ts";
import type { KexHash } from "./kex/method.ts";
import type { Agreement } from "./kex_init.ts";
import { WireWriter } from "./wire.ts";

/** What both sides have said up to the exchange. */
export interface ExchangeTranscript {
  /** Version lines without their ends. */
  readonly clientLine: Uint8Array;
  readonly serverLine: Uint8Array;
  /** Payloads of the KEXINITs. */
  readonly clientKexInit: Uint8Array;
  readonly serverKexInit: Uint8Array;
}

/** What an exchange came to. */
export interface ExchangeResult {
  readonly hash: KexHash;
  /** K, with its length in front. */
  readonly secret: Uint8Array;
  /** H. */
  readonly exchangeHash: Uint8Array;
  /** H of the connection's first exchange. */
  readonly sessionId: Uint8Array;
}

/**
 * H, which the host key signs.
 * @param hash of the method.
 * @param transcript what was said before.
 * @param parts host key blob, the method's own fields as they are hashed, and K.
 */
export function exchangeHash(
  hash: KexHash,
  transcript: ExchangeTranscript,
  parts: { hostKey: Uint8Array; fields: Uint8Array; secret: Uint8Array },
): Uint8Array {
  const { clientLine, serverLine, clientKexInit, serverKexInit } = transcript;
  // Just large enough: what a connection throws away stays resident for a while.
  const said = clientLine.length + serverLine.length + clientKexInit.length + serverKexInit.length;
  const others = parts.hostKey.length + parts.fields.length + parts.secret.length;
  const writer = new WireWriter(said + others + 5 * 4);
  for (const bytes of [clientLine, serverLine, clientKexInit, serverKexInit, parts.hostKey]) {
    writer.string(bytes);
  }
  return digest(hash, writer.raw(parts.fields).raw(parts.secret).bytes());
}

/**
 * The ciphers for both directions, seen from the server.
 * @param agreement what was agreed on.
 * @param result of the exchange.
 */
export function makeKeys(
  agreement: Agreement,
  result: ExchangeResult,
): { opener: Opener; sealer: Sealer } {
  const keys = (choice: { cipher: string; mac: string }, letters: string) => {
    const { ivBytes, keyBytes, macKeyBytes } = keySizes(choice);
    return {
      iv: deriveKey(result, letters[0]!, ivBytes),
      key: deriveKey(result, letters[1]!, keyBytes),
      macKey: deriveKey(result, letters[2]!, macKeyBytes),
    };
  };
  const inwards = { cipher: agreement.cipherIn, mac: agreement.macIn };
  const outwards = { cipher: agreement.cipherOut, mac: agreement.macOut };
  return {
    opener: makeOpener(inwards, keys(inwards, "ACE")),
    sealer: makeSealer(outwards, keys(outwards, "BDF")),
  };
}

/**
 * Key material (RFC 4253 §7.2): HASH(K ‖ H ‖ letter ‖ session id), and as often as needed
 * HASH(K ‖ H ‖ all so far) behind it.
 */
function deriveKey(result: ExchangeResult, letter: string, length: number): Uint8Array {
  const { hash, secret, exchangeHash, sessionId } = result;
  if (length === 0) return new Uint8Array(0);
  const start = Buffer.concat([secret, exchangeHash]);
  let material = digest(hash, Buffer.concat([start, Buffer.from(letter), sessionId]));
  while (material.length < length) {
    material = Buffer.concat([material, digest(hash, Buffer.concat([start, material]))]);
  }
  return material.subarray(0, length);
}

function digest(hash: KexHash, bytes: Uint8Array): Uint8Array {
  return createHash(hash).update(bytes).digest();
}
