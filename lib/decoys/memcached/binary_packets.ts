/**
 * Packets of the binary protocol: a request as it was read, and answers.
 * @module
 */
import { escapeOctets, latin1Bytes } from "../../net/latin1.ts";
import type { Connection } from "./connection.ts";

const HEADER_BYTES = 24;
const RESPONSE_MAGIC = 0x81;

/** A request without its value. */
export interface Request {
  /** Opcode as it came, and as it is without its wish for silence. */
  readonly sent: number;
  readonly opcode: number;
  readonly isQuiet: boolean;
  readonly extras: Uint8Array;
  /** From `latin1`. */
  readonly key: string;
  readonly bodyBytes: number;
  readonly opaque: number;
  readonly cas: bigint;
}

/** What came of a request. */
export type Outcome = "next" | "close" | "unknown" | "malformed" | "bye";

/** Status of an answer: protocol_binary.h. */
export const Status = {
  missing: 0x01,
  exists: 0x02,
  tooLarge: 0x03,
  invalid: 0x04,
  notStored: 0x05,
  badDelta: 0x06,
  authError: 0x20,
  authContinue: 0x21,
  unknownCommand: 0x81,
  noMemory: 0x82,
} as const;

const TEXTS: Readonly<Record<number, string>> = {
  [Status.missing]: "Not found",
  [Status.exists]: "Data exists for key.",
  [Status.tooLarge]: "Too large.",
  [Status.invalid]: "Invalid arguments",
  [Status.notStored]: "Not stored.",
  [Status.badDelta]: "Non-numeric server-side value for incr or decr",
  [Status.authError]: "Auth failure.",
  [Status.unknownCommand]: "Unknown command",
  [Status.noMemory]: "Out of memory",
};

/** Names of opcodes, for reports. */
const NAMES = ("GET SET ADD REPLACE DELETE INCREMENT DECREMENT QUIT FLUSH GETQ NOOP VERSION GETK " +
  "GETKQ APPEND PREPEND STAT SETQ ADDQ REPLACEQ DELETEQ INCREMENTQ DECREMENTQ QUITQ FLUSHQ " +
  "APPENDQ PREPENDQ VERBOSITY TOUCH GAT GATQ . SASL_LIST_MECHS SASL_AUTH SASL_STEP GATK GATKQ")
  .split(" ");
/** Opcodes that change what is stored. */
const CHANGING = new Set([0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x08, 0x0e, 0x0f, 0x1c]);

/** What an answer holds besides what it takes from its request. */
export interface Answer {
  readonly status?: number;
  readonly extras?: Uint8Array;
  readonly key?: string;
  readonly value?: Uint8Array | string;
  readonly cas?: bigint;
}

/**
 * Adds an answer to what is to be sent.
 * @param connection whose it is.
 * @param request that is answered.
 * @param answer an empty one says that all is well.
 */
export function answer(connection: Connection, request: Request, answer: Answer): void {
  const { status = 0, extras = new Uint8Array(0), key = "", cas = 0n } = answer;
  const value = typeof answer.value === "string" ? latin1Bytes(answer.value) : answer.value;
  const packet = new Uint8Array(HEADER_BYTES + extras.length + key.length);
  const view = new DataView(packet.buffer);
  packet[0] = RESPONSE_MAGIC;
  packet[1] = request.sent;
  view.setUint16(2, key.length);
  packet[4] = extras.length;
  view.setUint16(6, status);
  view.setUint32(8, extras.length + key.length + (value?.length ?? 0));
  view.setUint32(12, request.opaque);
  view.setBigUint64(16, cas);
  packet.set(extras, HEADER_BYTES);
  packet.set(latin1Bytes(key), HEADER_BYTES + extras.length);
  connection.send(packet);
  if (value !== undefined && value.length > 0) connection.send(value);
}

/**
 * Answers with an error and its text, and reports the request.
 * @param connection whose it is.
 * @param request that failed.
 * @param status of `Status`.
 */
export function sayError(connection: Connection, request: Request, status: number): void {
  answer(connection, request, { status, value: TEXTS[status]! });
  report(connection, request, status);
}

/**
 * Reports a request.
 * @param status that it was answered with.
 */
export function report(connection: Connection, request: Request, status = 0): void {
  const { opcode, sent, key, extras } = request;
  const numbers = [...extras].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  connection.command({
    verb: NAMES[sent] ?? `0x${sent.toString(16).padStart(2, "0")}`,
    argument: [key, numbers].filter((part) => part !== "").join(" "),
    reply: escapeOctets(`0x${status.toString(16).padStart(4, "0")}`),
    changes: CHANGING.has(opcode),
  });
}
