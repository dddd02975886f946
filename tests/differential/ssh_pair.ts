/**
 * A genuine SSH server and the decoy that plays it, with the same host keys: the decoy reads them from
 * the files of the genuine one.
 * @module
 */
import { ssh } from "../../lib/decoys/ssh.ts";
import { makeDecoy } from "../support/transcript.ts";
import { type ServedDecoy, serveDecoy } from "./harness.ts";
import type { Address } from "./client.ts";
import { freePort, type Genuine, makeWorkDir } from "./process.ts";

/** Who is compared. */
export interface SshPair {
  readonly genuine: Genuine;
  /** Options of the decoy. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Names of the genuine server's host keys in its folder. */
  readonly hostKeys: readonly string[];
}

/** Both, as they run. */
export interface RunningPair {
  readonly genuine: Address;
  readonly ours: Address;
  readonly decoy: ServedDecoy;
  /** A folder for the test. */
  readonly workDir: string;
}

/** Types of host keys that the servers have. */
export const HOST_KEY_TYPES = ["rsa", "ecdsa", "ed25519"];
/** Names of sshd's host keys. */
export const OPENSSH_KEYS = HOST_KEY_TYPES.map((type) => `ssh_host_${type}_key`);
/** Names of Dropbear's host keys. */
export const DROPBEAR_KEYS = HOST_KEY_TYPES.map((type) => `dropbear_${type}_host_key`);

/**
 * Runs both for as long as a test takes.
 * @param pair who.
 * @param test gets their addresses.
 */
export async function withPair(
  { genuine, options, hostKeys }: SshPair,
  test: (running: RunningPair) => Promise<void>,
): Promise<void> {
  const workDir = await makeWorkDir();
  try {
    const running = await genuine.start({ port: freePort(), workDir });
    try {
      const keys = hostKeys.map((name) => `${workDir}/${name}`);
      await using decoy = serveDecoy(
        await makeDecoy(ssh, { ...options, host_keys: keys, max_startups: "1000" }),
      );
      await test({ genuine: running.address, ours: decoy.address, decoy, workDir });
    } finally {
      await running.stop();
    }
  } finally {
    await Deno.remove(workDir, { recursive: true });
  }
}
