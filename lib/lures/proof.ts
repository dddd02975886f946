/**
 * Whether a password gives what a peer proved that it knows one with: the lines that guessing tools
 * read, as decoys write them.
 *
 * RFC 2195 (CRAM-MD5), RFC 7616 (Digest), RFC 7677 (SCRAM-SHA-256), and the logins of MySQL and
 * PostgreSQL. What is not among them, such as NTLM and VNC, is nobody's proof here.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";

type Text = string | Uint8Array;

/** A password that is looked for. */
export interface Sought {
  readonly username: string;
  readonly password: string;
}

/** By how a line begins. */
const CHECKS:
  readonly (readonly [start: string, check: (rest: string, password: string) => boolean])[] = [
    ["$mysqlna$", isMysqlNative],
    ["$mysql-sha2$", isMysqlSha2],
    ["$postgres$", isPostgresMd5],
    ["$cram_md5$", isCramMd5],
    ["$sip$*", isDigest],
  ];

const SCRAM = "$scram-sha-256$";
/** Most rounds that are tried; what our decoys ask for. */
const MAX_ROUNDS = 4096;

/**
 * Whether it is.
 * @param line what was captured.
 * @param sought the password; for SCRAM, which costs milliseconds, only of the user who logs in.
 * @param username who logs in.
 */
export function isProofOf(line: string, sought: Sought, username: string): boolean {
  if (line.startsWith(SCRAM)) {
    return username === sought.username && isScram(line.slice(SCRAM.length), sought.password);
  }
  const found = CHECKS.find(([start]) => line.startsWith(start));
  return found !== undefined && found[1](line.slice(found[0].length), sought.password);
}

function digest(algorithm: "md5" | "sha1" | "sha256", ...parts: Text[]): Buffer {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return hash.digest();
}

const md5 = (...parts: Text[]) => digest("md5", ...parts).toString("hex");
const bytesOf = (hex: string | undefined) => Buffer.from(hex ?? "", "hex");
const xor = (a: Uint8Array, b: Uint8Array) => Buffer.from(a.map((byte, i) => byte ^ b[i]!));

function isMysqlNative(rest: string, password: string): boolean {
  const [salt, answer] = rest.split("*").map(bytesOf);
  const once = digest("sha1", password);
  return xor(once, digest("sha1", salt!, digest("sha1", once))).equals(answer ?? salt!);
}

function isMysqlSha2(rest: string, password: string): boolean {
  const [salt, answer] = rest.split("*").map(bytesOf);
  const once = digest("sha256", password);
  const twice = digest("sha256", digest("sha256", once), salt!);
  return xor(once, twice).equals(answer ?? salt!);
}

function isPostgresMd5(rest: string, password: string): boolean {
  const [name = "", salt, answer] = rest.split("*");
  const written = /^\$HEX\[([0-9a-f]*)\]$/.exec(name)?.[1];
  const user = written === undefined ? Buffer.from(name, "latin1") : bytesOf(written);
  return md5(md5(password, user), bytesOf(salt)) === answer;
}

function isCramMd5(rest: string, password: string): boolean {
  const [challenge = "", response = ""] = rest.split("$").map((part) =>
    Buffer.from(part, "base64")
  );
  const text = response.toString("latin1");
  const answer = createHmac("md5", password).update(challenge).digest("hex");
  return text.slice(text.lastIndexOf(" ") + 1).toLowerCase() === answer;
}

function isDigest(rest: string, password: string): boolean {
  const words = rest.split("*").map((word) => Buffer.from(word, "latin1"));
  const [, , user, realm, method, , uri, , nonce, cnonce, count, qop, , answer] = words;
  if (answer === undefined) return false;
  const join = (...parts: Text[]) =>
    md5(...parts.flatMap((part, i) => i === 0 ? [part] : [":", part]));
  const first = join(user!, realm!, password);
  const second = join(method!, uri!);
  const expected = qop!.length === 0
    ? join(first, nonce!, second)
    : join(first, nonce!, count!, cnonce!, qop!, second);
  return expected === answer.toString("latin1");
}

function isScram(rest: string, password: string): boolean {
  const [rounds, salt = "", authenticated = "", proof = ""] = rest.split("$");
  if (!(Number(rounds) >= 1 && Number(rounds) <= MAX_ROUNDS)) return false;
  const salted = pbkdf2Sync(password, Buffer.from(salt, "base64"), Number(rounds), 32, "sha256");
  const clientKey = createHmac("sha256", salted).update("Client Key").digest();
  const signature = createHmac("sha256", digest("sha256", clientKey))
    .update(Buffer.from(authenticated, "base64")).digest();
  return xor(clientKey, signature).equals(Buffer.from(proof, "base64"));
}
