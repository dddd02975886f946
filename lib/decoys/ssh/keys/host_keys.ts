/**
 * The host keys of a sensor: RSA with 3072 bits, ECDSA with P-256 and Ed25519, as Debian's
 * openssh-server makes them at installation, kept for good; or those of a real host.
 *
 * An RSA key takes seconds to make: it is made in the background, and only who needs it waits.
 * @module
 */
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import type { SecretStore } from "../../decoy.ts";
import { decodeNumber } from "./big_number.ts";
import { type HostKey, makeHostKey, RSA_ALGORITHMS } from "./host_key.ts";
import {
  KeyFileError,
  makeEcdsaKey,
  makeEd25519Key,
  makeRsaKey,
  type PrivateKey,
} from "./private_key.ts";
import { formatPrivateKey, readPrivateKey } from "./private_key_format.ts";

/** The keys that a server signs with. */
export interface HostKeys {
  /** Names of all host key algorithms that there is a key for, or will be; in no order. */
  readonly algorithms: ReadonlySet<string>;
  /**
   * The key for an algorithm; waits for one that is still being made.
   * @param algorithm such as `rsa-sha2-512`.
   * @returns `undefined` when there is none.
   */
  forAlgorithm(algorithm: string): Promise<HostKey | undefined>;
  /** Resolves when nothing is being made any more. Never rejects. */
  readonly ready: Promise<void>;
}

/** A file of a real host's key. */
export interface HostKeyFile {
  /** Where it is, for messages. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** What keys are made of. */
export interface HostKeyOptions {
  /** Where the sensor's keys are kept. */
  readonly store: SecretStore;
  /** For the comment in the files: `root@srv`. */
  readonly hostname: string;
  /** Keys to use in place of the sensor's. */
  readonly imported?: readonly HostKeyFile[] | undefined;
}

/** Debian's size: the default of ssh-keygen. */
const RSA_BITS = 3072;
const REMOVE = "remove it to have a new one made, and hosts that know the old one will notice";

/** One set for each sensor; forgotten when it could not be made, so that a reload tries again. */
const sets = new WeakMap<SecretStore, Promise<HostKeys>>();

/**
 * Loads a sensor's host keys, and makes those that are not there.
 * @returns when all but RSA is there.
 * @throws when a key is damaged, of no use or cannot be kept; the message names the file.
 */
export async function loadHostKeys(options: HostKeyOptions): Promise<HostKeys> {
  if (options.imported !== undefined) return importHostKeys(options.imported);
  const { store } = options;
  let set = sets.get(store);
  if (set === undefined) {
    set = loadOwn(options);
    sets.set(store, set);
  }
  try {
    return await set;
  } catch (error) {
    if (sets.get(store) === set) sets.delete(store);
    throw error;
  }
}

function importHostKeys(files: readonly HostKeyFile[]): HostKeys {
  const keys = new Map<string, Promise<HostKey>>();
  for (const { path, bytes } of files) {
    const key = makeHostKey(readKey(bytes, path));
    for (const algorithm of key.algorithms) {
      if (keys.has(algorithm)) {
        throw new Error(`Cannot use host key ${JSON.stringify(path)}: another is of its type too`);
      }
      keys.set(algorithm, Promise.resolve(key));
    }
  }
  return makeSet(keys);
}

async function loadOwn({ store, hostname }: HostKeyOptions): Promise<HostKeys> {
  const comment = `root@${hostname}`;
  const load = async (name: string): Promise<HostKey | undefined> => {
    const bytes = await store.read(name);
    return bytes && makeHostKey(readKey(bytes, store.pathOf(name), REMOVE));
  };
  const keep = async (name: string, key: PrivateKey): Promise<HostKey> => {
    await store.write(name, formatPrivateKey(key, comment));
    return makeHostKey(key);
  };
  const rsaName = "ssh_host_rsa_key";
  const kept = await load(rsaName);
  const ecdsa = await load("ssh_host_ecdsa_key") ??
    await keep("ssh_host_ecdsa_key", makeEcdsaKey("nistp256", randomScalar()));
  const ed25519 = await load("ssh_host_ed25519_key") ??
    await keep("ssh_host_ed25519_key", makeEd25519Key(randomBytes(32)));
  const rsa = kept !== undefined ? Promise.resolve(kept) : generateRsa().then(async (key) => {
    try {
      return await keep(rsaName, key);
    } catch {
      // The store has told; the key serves as long as the sensor runs, and the next makes another.
      return makeHostKey(key);
    }
  });
  return makeSet(
    new Map([
      ...RSA_ALGORITHMS.map((name) => [name, rsa] as const),
      [ecdsa.type, Promise.resolve(ecdsa)],
      [ed25519.type, Promise.resolve(ed25519)],
    ]),
  );
}

function makeSet(keys: ReadonlyMap<string, Promise<HostKey>>): HostKeys {
  return {
    algorithms: new Set(keys.keys()),
    forAlgorithm: async (algorithm) => await keys.get(algorithm),
    ready: Promise.allSettled(keys.values()).then(() => {}),
  };
}

function readKey(bytes: Uint8Array, path: string, remedy?: string): PrivateKey {
  try {
    return readPrivateKey(bytes);
  } catch (error) {
    if (!(error instanceof KeyFileError)) throw error;
    const end = remedy === undefined ? "" : `; ${remedy}`;
    throw new Error(`Cannot use host key ${JSON.stringify(path)}: ${error.message}${end}`, {
      cause: error,
    });
  }
}

/** A private number of P-256: all but 2^-32 of what 32 bytes can hold are. */
function randomScalar(): Uint8Array {
  for (;;) {
    const scalar = randomBytes(32);
    // The order begins with ffffffff 00000000, FIPS 186-4 §D.1.2.3: what begins with less is below it.
    if (scalar.readUInt32BE(0) < 0xffffffff && scalar.some((byte) => byte !== 0)) return scalar;
  }
}

/** By WebCrypto, off the thread that serves sessions. */
async function generateRsa(): Promise<PrivateKey> {
  const pair = await crypto.subtle.generateKey(
    {
      name: "RSASSA-PKCS1-v1_5",
      modulusLength: RSA_BITS,
      publicExponent: Uint8Array.of(1, 0, 1),
      hash: "SHA-256",
    },
    true,
    ["sign", "verify"],
  );
  const jwk = await crypto.subtle.exportKey("jwk", pair.privateKey);
  const number = (text: string | undefined) => decodeNumber(Buffer.from(text!, "base64url"));
  return makeRsaKey({
    n: number(jwk.n),
    e: number(jwk.e),
    d: number(jwk.d),
    p: number(jwk.p),
    q: number(jwk.q),
  });
}
