/**
 * The ciphers and MACs by their names on the wire, and how packets go before there are keys.
 * @module
 */
import { AES_CTR_IV_BYTES, openAesCtr, sealAesCtr } from "./aes_ctr.ts";
import { AES_GCM_IV_BYTES, openAesGcm, sealAesGcm } from "./aes_gcm.ts";
import {
  CHACHA20_POLY1305_KEY_BYTES,
  openChacha20Poly1305,
  sealChacha20Poly1305,
} from "./chacha20_poly1305.ts";
import { hmac, type Mac, umac } from "./mac.ts";
import type { Opener, Sealer } from "./packet_cipher.ts";
import { decodeUint32 } from "./uint32.ts";

/** A cipher. */
export interface CipherKind {
  readonly keyBytes: number;
  readonly ivBytes: number;
  readonly blockBytes: number;
  /** Whether it authenticates by itself: the MAC that was negotiated is then not used. */
  readonly isAead: boolean;
  readonly mode: "chacha20-poly1305" | "gcm" | "ctr";
}

/** A MAC. */
export interface MacKind {
  readonly keyBytes: number;
  readonly tagBytes: number;
  /** Whether it covers what is sent, not what is meant: OpenSSH's PROTOCOL §1.5. */
  readonly isEtm: boolean;
  /**
   * Makes it.
   * @param key as many bytes as `keyBytes` says.
   */
  create(key: Uint8Array): Mac;
}

/** What was negotiated for a direction. */
export interface CipherChoice {
  /** A name in `CIPHERS`. */
  readonly cipher: string;
  /** A name in `MACS`; anything when the cipher is an AEAD. */
  readonly mac: string;
}

/** How much of the key derivation (RFC 4253 §7.2) a direction takes, in bytes. */
export interface KeySizes {
  readonly ivBytes: number;
  readonly keyBytes: number;
  readonly macKeyBytes: number;
}

/** What the key derivation gave for a direction. */
export interface CipherKeys {
  readonly iv: Uint8Array;
  readonly key: Uint8Array;
  readonly macKey: Uint8Array;
}

const CHACHA20_POLY1305: CipherKind = {
  keyBytes: CHACHA20_POLY1305_KEY_BYTES,
  ivBytes: 0,
  blockBytes: 8,
  isAead: true,
  mode: "chacha20-poly1305",
};

/** All ciphers, by name. */
export const CIPHERS: Readonly<Record<string, CipherKind>> = {
  "chacha20-poly1305@openssh.com": CHACHA20_POLY1305,
  "aes128-ctr": aesCtr(16),
  "aes192-ctr": aesCtr(24),
  "aes256-ctr": aesCtr(32),
  "aes128-gcm@openssh.com": aesGcm(16),
  "aes256-gcm@openssh.com": aesGcm(32),
};

const HMAC_SHA1 = { keyBytes: 20, tagBytes: 20, create: (key: Uint8Array) => hmac("sha1", key) };
const HMAC_SHA256 = {
  keyBytes: 32,
  tagBytes: 32,
  create: (key: Uint8Array) => hmac("sha256", key),
};
const HMAC_SHA512 = {
  keyBytes: 64,
  tagBytes: 64,
  create: (key: Uint8Array) => hmac("sha512", key),
};
const UMAC_64 = { keyBytes: 16, tagBytes: 8, create: (key: Uint8Array) => umac(key, 8) };
const UMAC_128 = { keyBytes: 16, tagBytes: 16, create: (key: Uint8Array) => umac(key, 16) };

/** All MACs, by name. */
export const MACS: Readonly<Record<string, MacKind>> = {
  "umac-64-etm@openssh.com": { ...UMAC_64, isEtm: true },
  "umac-128-etm@openssh.com": { ...UMAC_128, isEtm: true },
  "hmac-sha2-256-etm@openssh.com": { ...HMAC_SHA256, isEtm: true },
  "hmac-sha2-512-etm@openssh.com": { ...HMAC_SHA512, isEtm: true },
  "hmac-sha1-etm@openssh.com": { ...HMAC_SHA1, isEtm: true },
  "umac-64@openssh.com": { ...UMAC_64, isEtm: false },
  "umac-128@openssh.com": { ...UMAC_128, isEtm: false },
  "hmac-sha2-256": { ...HMAC_SHA256, isEtm: false },
  "hmac-sha2-512": { ...HMAC_SHA512, isEtm: false },
  "hmac-sha1": { ...HMAC_SHA1, isEtm: false },
};

/** How packets go out before there are keys: in clear, without MAC. */
export const CLEAR_SEALER: Sealer = {
  blockBytes: 8,
  tagBytes: 0,
  isLengthApart: false,
  seal: (packet) => packet,
};

/**
 * How packets come in before there are keys.
 * @param headBytes how many bytes the genuine server waits for before it looks at the length: OpenSSH
 * wants a block, 8.
 */
export function clearOpener(headBytes = 8): Opener {
  return {
    blockBytes: 8,
    tagBytes: 0,
    isLengthApart: false,
    headBytes,
    openLength: decodeUint32,
    open: (sealed) => sealed,
  };
}

/**
 * How many bytes of keys a choice takes.
 * @throws {RangeError} when a name is not in the tables.
 */
export function keySizes(choice: CipherChoice): KeySizes {
  const { ivBytes, keyBytes, isAead } = cipherOf(choice);
  return { ivBytes, keyBytes, macKeyBytes: isAead ? 0 : macOf(choice).keyBytes };
}

/**
 * Protects what we send.
 * @param keys as long as `keySizes` says.
 * @throws {RangeError} when a name is not in the tables.
 */
export function makeSealer(choice: CipherChoice, keys: CipherKeys): Sealer {
  const { mode } = cipherOf(choice);
  if (mode === "chacha20-poly1305") return sealChacha20Poly1305(keys.key);
  if (mode === "gcm") return sealAesGcm(keys.key, keys.iv);
  const { create, isEtm } = macOf(choice);
  return sealAesCtr({ key: keys.key, iv: keys.iv, mac: create(keys.macKey), isEtm });
}

/**
 * Opens what arrives.
 * @param keys as long as `keySizes` says.
 * @throws {RangeError} when a name is not in the tables.
 */
export function makeOpener(choice: CipherChoice, keys: CipherKeys): Opener {
  const { mode } = cipherOf(choice);
  if (mode === "chacha20-poly1305") return openChacha20Poly1305(keys.key);
  if (mode === "gcm") return openAesGcm(keys.key, keys.iv);
  const { create, isEtm } = macOf(choice);
  return openAesCtr({ key: keys.key, iv: keys.iv, mac: create(keys.macKey), isEtm });
}

function cipherOf({ cipher }: CipherChoice): CipherKind {
  if (Object.hasOwn(CIPHERS, cipher)) return CIPHERS[cipher]!;
  throw new RangeError(`Cannot choose a cipher: there is none named "${cipher}"`);
}

function macOf({ mac }: CipherChoice): MacKind {
  if (Object.hasOwn(MACS, mac)) return MACS[mac]!;
  throw new RangeError(`Cannot choose a MAC: there is none named "${mac}"`);
}

function aesCtr(keyBytes: number): CipherKind {
  return { keyBytes, ivBytes: AES_CTR_IV_BYTES, blockBytes: 16, isAead: false, mode: "ctr" };
}

function aesGcm(keyBytes: number): CipherKind {
  return { keyBytes, ivBytes: AES_GCM_IV_BYTES, blockBytes: 16, isAead: true, mode: "gcm" };
}
