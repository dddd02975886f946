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
      const type = /^ssh_host_(.+)_key$/.exec(name)?.[1];
      return kept === undefined && type !== undefined ? readTestKey(type) : kept;
    },
  };
}

/**
 * Puts the same host keys into a sensor's data folder, before it starts.
 * @param data the folder; made if need be.
 */
export function putHostKeys(data: string): void {
  const folder = `${data}/decoys`;
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const type of ["rsa", "ecdsa", "ed25519"]) {
    Deno.writeFileSync(`${folder}/ssh_host_${type}_key`, readTestKey(type), { mode: 0o600 });
  }
}

function readTestKey(type: string): Uint8Array {
  return Deno.readFileSync(new URL(`${type}.key`, KEYS));
}
