/**
 * The line by which a sensor joins a collector: `enroll` prints it there, `join` reads it here.
 *
 * It holds the collector's authority itself, so that the sensor never has to fetch a certificate from
 * somebody whom it cannot tell from the collector yet, and the token goes to nobody else.
 *
 * ```text
 * duckblind1-<base64url of the fields, then the first 8 bytes of their SHA-256>
 * field: length u16 BE, then the bytes; address, server name, name, token, DER of the authority
 * ```
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { CommandError } from "../errors.ts";
import { parseHostPort } from "../net/address.ts";
import { certificateInfo } from "../net/certificate_info.ts";
import { isTokenName } from "./credentials.ts";

/** What a sensor needs to join a collector. */
export interface Enrolment {
  /** `host:port` of the collector's encrypted service. */
  readonly address: string;
  /** Name that its certificate must have. */
  readonly serverName: string;
  /** Name of the sensor. */
  readonly name: string;
  readonly token: string;
  /** The collector's authority, PEM. */
  readonly ca: string;
}

/** Begins a line of the form that this version knows. */
const MARK = "duckblind1-";
/** Bytes of the checksum. */
const CHECK_BYTES = 8;
/** Longest line read, in characters: an authority with a key of RSA 8192 makes less than half of it. */
const MAX_LENGTH = 8192;

/**
 * Formats the line.
 * @param enrolment what it says.
 */
export function formatEnrolment(enrolment: Enrolment): string {
  const { address, serverName, name, token, ca } = enrolment;
  const parts = [...[address, serverName, name, token].map((text) => Buffer.from(text)), toDer(ca)];
  const fields = Buffer.concat(parts.flatMap((part) => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(part.length);
    return [length, part];
  }));
  return MARK + Buffer.concat([fields, checksum(fields)]).toString("base64url");
}

/**
 * Reads a line.
 * @param text as it was pasted: white space, which terminals put where they break a line, is left out.
 * @throws {CommandError} when it is none, is cut or changed, or says what cannot be.
 */
export function parseEnrolment(text: string): Enrolment {
  const line = text.replaceAll(/\s/g, "");
  const version = /^duckblind(\d+)-/.exec(line)?.[0];
  if (version !== undefined && version !== MARK) {
    throw refuse("it is of another version; use the same version of the program on both ends");
  }
  const isForm = line.startsWith(MARK) && /^[A-Za-z0-9_-]+$/.test(line);
  if (!isForm || line.length > MAX_LENGTH) {
    throw refuse(`it must begin with ${MARK} and have letters, digits, dashes and underscores`);
  }
  const bytes = fromBase64(line.slice(MARK.length));
  const fields = bytes.subarray(0, Math.max(0, bytes.length - CHECK_BYTES));
  if (!checksum(fields).equals(bytes.subarray(fields.length))) {
    throw refuse("it is cut or changed: copy it again as a whole");
  }
  const [address, serverName, name, token, der, ...rest] = readFields(fields);
  if (der === undefined || rest.length > 0) throw refuse("fields are missing");
  const enrolment = {
    address: String(address),
    serverName: String(serverName),
    name: String(name),
    token: String(token),
    ca: toPem(der),
  };
  check(enrolment);
  return enrolment;
}

/** Whoever made the line may have made it up: its texts go into files and onto the screen. */
function check({ address, serverName, name, token, ca }: Enrolment): void {
  if (!((parseHostPort(address)?.port ?? 0) > 0)) throw refuse("its address is no host:port");
  if (!/^[A-Za-z0-9.:-]{1,253}$/.test(serverName)) throw refuse("its server name is none");
  if (!isTokenName(name) || !/^[A-Za-z0-9_-]{16,128}$/.test(token)) {
    throw refuse("its name or token is none");
  }
  try {
    certificateInfo(ca);
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error));
  }
}

function readFields(bytes: Uint8Array): Buffer[] {
  const fields: Buffer[] = [];
  const buffer = Buffer.from(bytes);
  for (let at = 0; at + 2 <= buffer.length;) {
    const end = at + 2 + buffer.readUInt16BE(at);
    if (end > buffer.length) throw refuse("a field is cut");
    fields.push(buffer.subarray(at + 2, end));
    at = end;
  }
  return fields;
}

function fromBase64(text: string): Buffer {
  try {
    return Buffer.from(text, "base64url");
  } catch {
    return Buffer.alloc(0); // a length that cannot be, which Deno 2.4 does not round down
  }
}

function checksum(fields: Uint8Array): Buffer {
  const hash = createHash("sha256").update(MARK).update(fields).digest();
  return Buffer.from(hash.subarray(0, CHECK_BYTES));
}

function toDer(pem: string): Buffer {
  const base64 = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/
    .exec(pem)?.[1];
  if (base64 === undefined) throw new CommandError("Cannot enroll: the authority is no PEM");
  return Buffer.from(base64.replaceAll(/\s/g, ""), "base64");
}

function toPem(der: Uint8Array): string {
  const lines = Buffer.from(der).toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

function refuse(what: string): CommandError {
  return new CommandError(`Cannot use this line: ${what}`);
}
