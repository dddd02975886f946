/**
 * What decoys keep, in memory.
 * @module
 */
import type { SecretStore } from "../../lib/decoys/decoy.ts";

/** Host keys that ssh-keygen made for tests: making RSA keys takes seconds. */
const KEYS = new URL("../decoys/ssh/keys/fixtures/", import.meta.url);

/** A store that a test can look into. */
export interface MemoryStore extends SecretStore {
  readonly secrets: Map<string, Uint8Array>;
}

/**
 * Makes an empty store.
 * @param secrets what is in it.
 */
export function emptyStore(secrets: Record<string, Uint8Array> = {}): MemoryStore {
  const map = new Map(Object.entries(secrets));
  return {
    secrets: map,
    read: (name) => Promise.resolve(map.get(name)?.slice()),
    write: (name, bytes) => Promise.resolve(void map.set(name, bytes.slice())),
    pathOf: (name) => `data/decoys/${name}`,
  };
}

/** Makes a store that has the host keys of `tests/decoys/ssh/keys/fixtures`. */
export function memoryStore(): SecretStore {
  const store = emptyStore();
  return {
    ...store,
    async read(name) {
      const kept = await store.read(name);
      const fixture = /^ssh_host_(rsa|ecdsa|ed25519)_key$/.exec(name)?.[1];
      if (kept !== undefined || fixture === undefined) return kept;
      return await Deno.readFile(new URL(`${fixture}.key`, KEYS));
    },
  };
}
