/**
 * The sensor's folder: the journal, the tokens and a secret that makes what decoys show stable.
 * @module
 */
import { createHash } from "node:crypto";
import { CommandError } from "./errors.ts";

/** Bytes of the sensor's secret. */
const SECRET_BYTES = 32;

/** How long another sensor's lock is waited for, as after a quick restart, in ms. */
const LOCK_WAIT_MS = 2000;

/** Paths in the folder, and what is made of the secret. Closing it lets another sensor have it. */
export interface DataFolder extends Disposable {
  readonly journal: string;
  readonly tokens: string;
  readonly operatorToken: string;
  /** The file of the secret: always there, and small. */
  readonly secretPath: string;
  /** The folder of what decoys keep; not there before one keeps something. */
  readonly decoySecrets: string;
  /**
   * 32 bytes that are the same at every start, and that nobody else can tell.
   * @param label what they are for.
   */
  seed(label: string): Uint8Array;
}

/**
 * Makes the folder (0700) and the secret in it (0600) if they are not there, and locks the folder: two
 * sensors that number their events in one journal would break it.
 * @param path of the folder.
 * @throws {CommandError} when another sensor has the folder, it cannot be made or written, or the secret
 * is damaged.
 */
export async function openDataFolder(path: string): Promise<DataFolder> {
  let lock: Deno.FsFile | undefined;
  let secret: string;
  try {
    Deno.mkdirSync(path, { recursive: true, mode: 0o700 });
    lock = await lockFile(path);
    const secretPath = `${path}/secret`;
    secret = readSecret(secretPath) ?? makeSecret(secretPath);
  } catch (error) {
    lock?.close();
    if (error instanceof CommandError) throw error;
    const detail = error instanceof Error ? error.message : String(error);
    throw new CommandError(`Cannot use data folder ${JSON.stringify(path)}: ${detail}`, {
      cause: error,
    });
  }
  return {
    ...dataPaths(path),
    [Symbol.dispose]: () => lock?.close(),
    seed: (label) =>
      new Uint8Array(createHash("sha256").update(secret).update("\0" + label).digest()),
  };
}

/**
 * The paths in a data folder, without touching it.
 * @param path of the folder.
 */
export function dataPaths(path: string): Omit<DataFolder, "seed" | typeof Symbol.dispose> {
  return {
    journal: `${path}/journal.db`,
    tokens: `${path}/tokens.json`,
    operatorToken: `${path}/operator.token`,
    secretPath: `${path}/secret`,
    decoySecrets: `${path}/decoys`,
  };
}

/** Takes the folder's lock; the system gives it back when the process ends, however it does. */
async function lockFile(path: string): Promise<Deno.FsFile> {
  const file = Deno.openSync(`${path}/lock`, { write: true, create: true, mode: 0o600 });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), LOCK_WAIT_MS);
  });
  const isLocked = await Promise.race([file.lock(true).then(() => true), late]);
  clearTimeout(timer);
  if (isLocked) return file;
  throw new CommandError(
    `Cannot use data folder ${JSON.stringify(path)}: another sensor runs on it, ` +
      "stop that one or name another folder in sensor.data",
  );
}

function readSecret(path: string): string | undefined {
  let text: string;
  try {
    text = Deno.readTextFileSync(path).trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  if (!/^[0-9a-f]{64}$/.test(text)) {
    throw new CommandError(
      `Cannot use ${JSON.stringify(path)}: it is damaged, must be 64 hex digits; ` +
        "remove it to have a new one made, and what decoys show will change",
    );
  }
  return text;
}

function makeSecret(path: string): string {
  const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  const text = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  Deno.writeTextFileSync(path, text + "\n", { createNew: true, mode: 0o600 });
  return text;
}
