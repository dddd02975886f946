/**
 * The sensor's folder: the journal, the tokens and a secret that makes what decoys show stable.
 * @module
 */
import { createHash } from "node:crypto";

/** Bytes of the sensor's secret. */
const SECRET_BYTES = 32;

/** Paths in the folder, and what is made of the secret. */
export interface DataFolder {
  readonly journal: string;
  readonly tokens: string;
  readonly operatorToken: string;
  /** The file of the secret: always there, and small. */
  readonly secretPath: string;
  /**
   * 32 bytes that are the same at every start, and that nobody else can tell.
   * @param label what they are for.
   */
  seed(label: string): Uint8Array;
}

/**
 * Makes the folder (0700) and the secret in it (0600) if they are not there.
 * @param path of the folder.
 * @throws when it cannot be made, or the secret is damaged.
 */
export function openDataFolder(path: string): DataFolder {
  Deno.mkdirSync(path, { recursive: true, mode: 0o700 });
  const secretPath = `${path}/secret`;
  const secret = readSecret(secretPath) ?? makeSecret(secretPath);
  return {
    ...dataPaths(path),
    seed: (label) =>
      new Uint8Array(createHash("sha256").update(secret).update("\0" + label).digest()),
  };
}

/**
 * The paths in a data folder, without touching it.
 * @param path of the folder.
 */
export function dataPaths(path: string): Omit<DataFolder, "seed"> {
  return {
    journal: `${path}/journal.db`,
    tokens: `${path}/tokens.json`,
    operatorToken: `${path}/operator.token`,
    secretPath: `${path}/secret`,
  };
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
    throw new Error(
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
