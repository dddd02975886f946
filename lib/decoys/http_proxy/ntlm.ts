/**
 * NTLM as a server sees it ([MS-NLMP] §2.2.1): the challenge, and what is in the answer.
 *
 * ```text
 * 0..7 "NTLMSSP" NUL, 8..11 type, then pairs of length u16, room u16, offset u32, all little-endian:
 * type 2: target name at 12, 20..23 flags, 24..31 challenge, target info at 40, version at 48
 * type 3: LM answer at 12, NT answer at 20, domain at 28, user at 36, host at 44, 60..63 flags
 * ```
 * @module
 */
import { Buffer } from "node:buffer";
import { escapeBytes, escapeText } from "../../net/escape.ts";

/** What begins every message. */
const SIGNATURE = Buffer.from("NTLMSSP\0", "latin1");
const UNICODE = 0x1;
/** What Samba's ntlm_auth agrees to when Windows asks. */
const FLAGS = 0xa2898205;
/** Windows 6.1 build 0 revision 15, as Samba says. */
const VERSION = Buffer.from([6, 1, 0, 0, 0, 0, 0, 15]);
/** 100 ns from 1601 to 1970. */
const EPOCH_TICKS = 116_444_736_000_000_000n;

/** What a client answered. */
export interface NtlmAnswer {
  readonly method: "none" | "ntlmv1" | "ntlmv2";
  readonly username: string;
  readonly domain: string;
  readonly clientHost: string;
  /** A line for hashcat. */
  readonly hash?: string;
  readonly hashcatMode?: number;
}

/**
 * Finds a message, also within SPNEGO.
 * @param bytes what a client sent.
 * @returns its type and bytes; `undefined` when there is none.
 */
export function findNtlm(bytes: Uint8Array): { type: number; message: Buffer } | undefined {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const at = all.indexOf(SIGNATURE);
  if (at < 0 || all.length < at + 12) return undefined;
  return { type: all.readUInt32LE(at + 8), message: all.subarray(at) };
}

/**
 * Makes a challenge, type 2.
 * @param challenge 8 bytes.
 * @param server `hostname` and `nowMs`, which clients mix into their answer.
 */
export function makeChallenge(
  challenge: Uint8Array,
  server: { hostname: string; nowMs: number },
): Buffer {
  const [computer = "", ...labels] = server.hostname.split(".");
  const netbios = computer.toUpperCase().slice(0, 15);
  const name = Buffer.from(netbios, "utf16le");
  const time = Buffer.alloc(8);
  time.writeBigUInt64LE(EPOCH_TICKS + BigInt(Math.floor(server.nowMs)) * 10_000n);
  const info = Buffer.concat([
    pair(2, name),
    pair(1, name),
    pair(4, Buffer.from(labels.join("."), "utf16le")),
    pair(3, Buffer.from(server.hostname, "utf16le")),
    pair(7, time),
    pair(0, Buffer.alloc(0)),
  ]);
  const head = Buffer.alloc(56);
  SIGNATURE.copy(head);
  head.writeUInt32LE(2, 8);
  place(head, 12, name.length, 56);
  head.writeUInt32LE(FLAGS, 20);
  head.set(challenge, 24);
  place(head, 40, info.length, 56 + name.length);
  VERSION.copy(head, 48);
  return Buffer.concat([head, name, info]);
}

/**
 * Reads an answer, type 3.
 * @param message as it came; fields that point outside of it are empty.
 * @param challenge the one that was asked.
 */
export function readAnswer(message: Buffer, challenge: Uint8Array): NtlmAnswer {
  const isUnicode = message.length < 64 || (message.readUInt32LE(60) & UNICODE) !== 0;
  const text = (at: number) => {
    const bytes = field(message, at);
    if (!isUnicode) return escapeBytes(bytes);
    return escapeText(Buffer.from(bytes).toString("utf16le"));
  };
  const [domain, username, clientHost] = [text(28), text(36), text(44)];
  const lm = hex(field(message, 12));
  const nt = hex(field(message, 20));
  const asked = hex(challenge);
  const common = { username, domain, clientHost };
  if (nt.length > 48) {
    const hash = `${username}::${domain}:${asked}:${nt.slice(0, 32)}:${nt.slice(32)}`;
    return { ...common, method: "ntlmv2", hash, hashcatMode: 5600 };
  }
  if (nt.length === 48) {
    const hash = `${username}::${domain}:${lm}:${nt}:${asked}`;
    return { ...common, method: "ntlmv1", hash, hashcatMode: 5500 };
  }
  return { ...common, method: "none" }; // nobody: an anonymous login
}

function pair(id: number, value: Uint8Array): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(id, 0);
  head.writeUInt16LE(value.length, 2);
  return Buffer.concat([head, value]);
}

function place(head: Buffer, at: number, length: number, offset: number): void {
  head.writeUInt16LE(length, at);
  head.writeUInt16LE(length, at + 2);
  head.writeUInt32LE(offset, at + 4);
}

function field(message: Buffer, at: number): Buffer {
  if (message.length < at + 8) return Buffer.alloc(0);
  const start = message.readUInt32LE(at + 4);
  const end = start + message.readUInt16LE(at);
  return end > message.length ? Buffer.alloc(0) : message.subarray(start, end);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
