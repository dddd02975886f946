/**
 * Files of sinks: secrets, where an option refers to, and certificates, read when they are needed.
 * @module
 */
import { isSecretReference } from "../config/schema.ts";
import { SinkError } from "../errors.ts";

/** Longest secret, in bytes: a NATS credentials file has less than one KiB. */
const MAX_SECRET_BYTES = 65_536;

/**
 * Reads what a reference refers to.
 * @param text `env:NAME`, `file:PATH`, or the value itself.
 * @returns the secret; a file's without the line ends behind it.
 * @throws {SinkError} naming the reference, never the secret.
 */
export async function resolveSecret(text: string): Promise<string> {
  if (!isSecretReference(text)) return text;
  const [scheme, place] = [text.slice(0, text.indexOf(":")), text.slice(text.indexOf(":") + 1)];
  try {
    const value = scheme === "env" ? Deno.env.get(place) : await readBounded(place);
    if (value !== undefined && value !== "") return value;
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new SinkError(`Cannot read secret ${text}: ${detail}`, true, { cause: error });
  }
  throw new SinkError(`Cannot read secret ${text}: it is empty or not there`, true);
}

/**
 * Reads a file of certificates; when a connection is made, so that it can be renewed.
 * @param path of a file in PEM.
 * @param key by which the config names it.
 * @throws {SinkError} naming the file.
 */
export async function readPem(path: string, key: "ca" | "cert" = "ca"): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new SinkError(`Cannot read ${key} ${JSON.stringify(path)}: ${detail}`, true, {
      cause: error,
    });
  }
}

/**
 * The references in a sink's options, wherever they stand.
 * @param options as the config has them.
 * @returns each reference once.
 */
export function findSecrets(options: unknown): string[] {
  if (typeof options === "string") return isSecretReference(options) ? [options] : [];
  if (typeof options !== "object" || options === null) return [];
  return [...new Set(Object.values(options).flatMap(findSecrets))];
}

async function readBounded(path: string): Promise<string> {
  const { size } = await Deno.stat(path);
  if (size > MAX_SECRET_BYTES) {
    throw new Error(`it has ${size} bytes, must have at most ${MAX_SECRET_BYTES}`);
  }
  return (await Deno.readTextFile(path)).replace(/[\r\n]+$/, "");
}
