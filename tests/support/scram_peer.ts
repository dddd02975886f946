/**
 * A client of PostgreSQL that logs in by SCRAM-SHA-256 with any final message.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { escapeBytes } from "../../lib/net/escape.ts";
import { writeAll } from "../../lib/net/stream.ts";
import { message, saslInitial, startup } from "./postgres_messages.ts";
import { readAll } from "./host.ts";

const CLIENT_NONCE = "abcdefghijklmnop";

/** One login. */
export class ScramPeer {
  readonly #address: { hostname: string; port: number };
  readonly #user: string;

  /**
   * @param address of the server.
   * @param user logs in to the database of the same name.
   */
  constructor(address: { hostname: string; port: number }, user: string) {
    this.#address = address;
    this.#user = user;
  }

  /**
   * Logs in.
   * @param final makes the final message of the whole nonce and the challenge.
   * @returns what the server says to that, escaped.
   */
  async finish(final: (nonce: string, challenge: string) => string): Promise<string> {
    using conn = await Deno.connect(this.#address);
    const say = (text: string) => writeAll(conn, Buffer.from(text, "latin1"));
    await say(startup({ user: this.#user }));
    await readMessage(conn);
    await say(saslInitial(`n,,n=,r=${CLIENT_NONCE}`));
    const challenge = (await readMessage(conn)).subarray(9).toString("latin1");
    const nonce = /^r=(abcdefghijklmnop[^,]{24}),s=[^,]{24},i=4096$/.exec(challenge)![1]!;
    await say(message("p", final(nonce, challenge)));
    return escapeBytes(await readAll(conn));
  }
}

/**
 * The final message of a client that has a password: RFC 5802 §3.
 * @param password of ASCII.
 */
export function finalOf(password: string): (nonce: string, challenge: string) => string {
  return (nonce, challenge) => {
    const bare = `c=biws,r=${nonce}`;
    const text = `n=,r=${CLIENT_NONCE},${challenge},${bare}`;
    const salt = /,s=([^,]+)/.exec(challenge)![1]!;
    return `${bare},p=${proof(password, { salt, iterations: 4096, text }).toString("base64")}`;
  };
}

/**
 * Whether a password is the one of a line that the decoy reports.
 * @param line `$scram-sha-256$ITERATIONS$SALT$TEXT$PROOF`.
 * @param password to try.
 */
export function isPasswordOf(line: string, password: string): boolean {
  const [, name, iterations, salt, text, sent] = line.split("$");
  const guess = proof(password, {
    salt: salt!,
    iterations: Number(iterations),
    text: Buffer.from(text!, "base64"),
  });
  return name === "scram-sha-256" && guess.equals(Buffer.from(sent!, "base64"));
}

function proof(
  password: string,
  { salt, iterations, text }: { salt: string; iterations: number; text: string | Uint8Array },
): Buffer {
  const salted = pbkdf2Sync(password, Buffer.from(salt, "base64"), iterations, 32, "sha256");
  const clientKey = createHmac("sha256", salted).update("Client Key").digest();
  const storedKey = createHash("sha256").update(clientKey).digest();
  const signature = createHmac("sha256", storedKey).update(text).digest();
  return Buffer.from(clientKey.map((byte, i) => byte ^ signature[i]!));
}

/** One whole message. */
async function readMessage(conn: Deno.Conn): Promise<Buffer> {
  const bytes: number[] = [];
  const buffer = new Uint8Array(1);
  const length = () => bytes.length < 5 ? 5 : 1 + Buffer.from(bytes).readInt32BE(1);
  while (bytes.length < length()) {
    if (await conn.read(buffer) === null) throw new Error("The server ended within a message");
    bytes.push(buffer[0]!);
  }
  return Buffer.from(bytes);
}
