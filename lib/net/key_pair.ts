/**
 * A certificate and its key, as files.
 * @module
 */
import { CommandError } from "../errors.ts";
import type { KeyPair } from "./tls_relay.ts";

export type { KeyPair };

/** Where they are. */
export interface KeyPairPaths {
  readonly cert: string;
  readonly key: string;
}

/**
 * Reads certificate and key.
 * @param paths where they are.
 * @throws {CommandError} when one cannot be read.
 */
export async function readKeyPair({ cert, key }: KeyPairPaths): Promise<KeyPair> {
  try {
    return { cert: await Deno.readTextFile(cert), key: await Deno.readTextFile(key) };
  } catch (error) {
    throw certificateError({ cert, key }, error);
  }
}

/**
 * Says which files are meant.
 * @param paths where they are.
 * @param cause what is wrong with them.
 */
export function certificateError({ cert, key }: KeyPairPaths, cause: unknown): CommandError {
  if (cause instanceof CommandError) return cause;
  const said = cause instanceof Error ? cause.message : String(cause);
  return new CommandError(
    `Cannot use certificate ${JSON.stringify(cert)} with key ${JSON.stringify(key)}: ${said}`,
    { cause },
  );
}
