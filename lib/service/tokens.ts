/**
 * Who may log in to the encrypted service: names, roles and the hashes of their tokens.
 *
 * One JSON file, 0600, replaced by rename, so a reader sees the old or the new one whole. A running
 * server reads it again when it has changed. A token is 256 random bits in base64url; only its
 * SHA-256 is stored, which for a secret of that size needs neither salt nor stretching.
 * @module
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";
import { CommandError } from "../errors.ts";
import { logger } from "../log.ts";
import { type Credentials, isTokenName, parseCredentials } from "./credentials.ts";

export { type Credentials, isTokenName };

const log = logger("service");

/** Random bytes of a token. */
const TOKEN_BYTES = 32;
/** Most tokens in a file. */
const MAX_TOKENS = 1000;
/** Longest token file read, in bytes: well above `MAX_TOKENS` entries. */
const MAX_FILE_BYTES = 1_048_576;
/** What the token of an unknown name is compared with; the hash of nothing anybody has. */
const NOBODY = randomBytes(32).toString("hex");

/** What a token's holder may do: ask everything, or only add events of the sensor of that name. */
export const ROLES = ["operator", "sensor"] as const;

/** One of `ROLES`. */
export type Role = typeof ROLES[number];

/** A name that may log in. */
export interface TokenInfo {
  readonly name: string;
  readonly role: Role;
  /** RFC 3339. */
  readonly created: string;
}

/** A name with the hash of its token. */
export interface TokenRecord extends TokenInfo {
  /** Hex SHA-256 of the token's text. */
  readonly sha256: string;
}

/** The names that may log in. */
export class TokenStore {
  readonly path: string;
  #records: ReadonlyMap<string, TokenRecord> = new Map();
  #stamp = "";

  /** @param path of the file; it is made when the first token is added. */
  constructor(path: string) {
    this.path = path;
  }

  /**
   * Makes a token.
   * @param name who will use it.
   * @param role what it allows.
   * @returns the token: shown to the operator once, stored nowhere.
   * @throws {CommandError} when the name cannot be used, or the file cannot be read or written.
   */
  async add(name: string, role: Role): Promise<string> {
    if (!isTokenName(name)) {
      throw new CommandError(
        `Cannot add token: the name is ${JSON.stringify(name)}, ` +
          "must be 1 to 64 letters, digits, dots, dashes, underscores",
      );
    }
    const token = randomBytes(TOKEN_BYTES).toString("base64url");
    await this.#change((records) => {
      if (records.has(name)) {
        throw new CommandError(`Cannot add token: there is one named ${name}; revoke it first`);
      }
      if (records.size >= MAX_TOKENS) {
        throw new CommandError(`Cannot add token: there are ${MAX_TOKENS}, the maximum`);
      }
      const created = new Date().toISOString();
      records.set(name, { name, role, created, sha256: sha256(token) });
    });
    return token;
  }

  /**
   * Takes a token back. Sessions of its holder end within seconds.
   * @returns whether there was one of that name.
   * @throws {CommandError} when the file cannot be read or written.
   */
  async revoke(name: string): Promise<boolean> {
    let wasThere = false;
    await this.#change((records) => {
      wasThere = records.delete(name);
    });
    return wasThere;
  }

  /**
   * Everyone who may log in, by name.
   * @throws {CommandError} when the file cannot be read.
   */
  async list(): Promise<TokenInfo[]> {
    const records = [...(await this.#load()).values()];
    return records.map(({ name, role, created }) => ({ name, role, created }))
      .sort((a, b) => a.name < b.name ? -1 : 1);
  }

  /**
   * Checks a login, in a time that does not depend on what is wrong with it.
   * @returns the record; `undefined` when name or token is wrong.
   */
  async verify(name: string, token: string): Promise<TokenRecord | undefined> {
    await this.#refresh();
    const record = this.#records.get(name);
    const expected = Buffer.from(record?.sha256 ?? NOBODY, "hex");
    const isEqual = timingSafeEqual(Buffer.from(sha256(token), "hex"), expected);
    return isEqual ? record : undefined;
  }

  /**
   * Whether a token that was good at login has not been taken back since.
   * @param record what `verify` returned.
   */
  async isGood(record: TokenRecord): Promise<boolean> {
    await this.#refresh();
    return this.#records.get(record.name)?.sha256 === record.sha256;
  }

  /** Reads the file again if it is another one than last time. */
  async #refresh(): Promise<void> {
    const stamp = await fileStamp(this.path);
    if (stamp === this.#stamp) return;
    try {
      this.#records = await this.#load();
    } catch (error) {
      // Whoever is logged in stays; a damaged file must not lock the operator out at once.
      log.error("{error}; logins go by what it held before", { error });
    }
    this.#stamp = stamp;
  }

  async #load(): Promise<Map<string, TokenRecord>> {
    let text: string;
    try {
      const { size } = await Deno.stat(this.path);
      if (size > MAX_FILE_BYTES) throw new Error(`it has ${size} bytes`);
      text = await Deno.readTextFile(this.path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return new Map();
      throw new CommandError(`Cannot read tokens ${JSON.stringify(this.path)}: ${said(error)}`, {
        cause: error,
      });
    }
    return new Map(parseRecords(text, this.path).map((record) => [record.name, record]));
  }

  /** Changes the file while no other program does. */
  async #change(change: (records: Map<string, TokenRecord>) => void): Promise<void> {
    try {
      using lock = await Deno.open(`${this.path}.lock`, { create: true, write: true, mode: 0o600 });
      await lock.lock(true);
      const records = await this.#load();
      change(records);
      const text = JSON.stringify({ tokens: [...records.values()] }, null, 2) + "\n";
      await replacePrivateFile(this.path, text);
    } catch (error) {
      if (error instanceof CommandError) throw error;
      throw new CommandError(`Cannot write tokens ${JSON.stringify(this.path)}: ${said(error)}`, {
        cause: error,
      });
    }
  }
}

/**
 * Writes the file from which commands take name and token: one line `name token`, 0600.
 * @param path of the file.
 * @param name who logs in by it.
 * @param token the name's token.
 */
export async function writeOperatorToken(path: string, name: string, token: string): Promise<void> {
  await replacePrivateFile(path, `${name} ${token}\n`);
}

/**
 * Reads a file that `writeOperatorToken` or an operator wrote.
 * @param path of the file.
 * @throws {CommandError} when it cannot be read or holds no name and token.
 */
export async function readTokenFile(path: string): Promise<Credentials> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    throw new CommandError(`Cannot read token file ${JSON.stringify(path)}: ${said(error)}`, {
      cause: error,
    });
  }
  const credentials = parseCredentials(text);
  if (credentials === undefined) {
    throw new CommandError(
      `Cannot read token file ${JSON.stringify(path)}: it must hold one line with name and token`,
    );
  }
  return credentials;
}

/**
 * Puts a file, 0600, in the place of what is there, whole or not at all.
 * @param path of the file.
 * @param text what it holds.
 */
export async function replacePrivateFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    {
      using file = await Deno.open(temporary, { createNew: true, write: true, mode: 0o600 });
      const bytes = new TextEncoder().encode(text);
      for (let sent = 0; sent < bytes.length;) sent += await file.write(bytes.subarray(sent));
      await file.sync();
    }
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {}); // it may not exist; the first error is the news
    throw error;
  }
}

function parseRecords(text: string, path: string): TokenRecord[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new CommandError(`Cannot read tokens ${JSON.stringify(path)}: it is no JSON`, {
      cause: error,
    });
  }
  const tokens = (value as { tokens?: unknown } | null)?.tokens;
  if (!Array.isArray(tokens) || !tokens.every(isRecord)) {
    throw new CommandError(
      `Cannot read tokens ${JSON.stringify(path)}: ` +
        "it must hold a list of name, role, created, sha256",
    );
  }
  return tokens;
}

function isRecord(value: unknown): value is TokenRecord {
  const record = value as Partial<Record<keyof TokenRecord, unknown>> | null;
  return typeof record?.name === "string" && isTokenName(record.name) &&
    ROLES.some((role) => role === record.role) && typeof record.created === "string" &&
    typeof record.sha256 === "string" && /^[0-9a-f]{64}$/.test(record.sha256);
}

/** What tells one state of a file from another. */
async function fileStamp(path: string): Promise<string> {
  try {
    const { ino, size, mtime } = await Deno.stat(path);
    return `${ino} ${size} ${mtime?.getTime()}`;
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? "none" : `unreadable: ${said(error)}`;
  }
}

function sha256(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
