/**
 * SASL over the binary protocol: PLAIN alone is offered, and nobody is let in.
 * @module
 */
import { latin1 } from "../../net/latin1.ts";
import { answer, type Outcome, report, type Request, sayError, Status } from "./binary_packets.ts";
import type { Connection } from "./connection.ts";
import { itemBytes, LARGEST_CHUNK, MAX_ITEM_BYTES } from "./slabs.ts";
import { readValue, swallow } from "./values.ts";

const LIST = 0x20;
const AUTH = 0x21;
const STEP = 0x22;
/** Opcodes of SASL. */
export const SASL_OPCODES: readonly number[] = [LIST, AUTH, STEP];
/** Longest name of a mechanism, in bytes. */
const MAX_MECHANISM_BYTES = 32;

/**
 * Answers a request of SASL.
 * @param connection whose server may know no SASL at all.
 * @param request one of `SASL_OPCODES`.
 * @param valueBytes length of what is still to come.
 */
export async function saslAuth(
  connection: Connection,
  request: Request,
  valueBytes: number,
): Promise<Outcome> {
  const { key, extras, opcode, bodyBytes } = request;
  const isList = opcode === LIST;
  const isWellFormed = extras.length === 0 && (isList ? bodyBytes === 0 : key.length > 0);
  if (!isWellFormed) return "malformed";
  if (connection.server.settings.auth !== "sasl") {
    sayError(connection, request, Status.unknownCommand);
    if (valueBytes > 0) await readCredential(connection, request, valueBytes);
    return "next";
  }
  if (isList) {
    answer(connection, request, { value: "PLAIN" });
    report(connection, request);
    return "next";
  }
  if (key.length > MAX_MECHANISM_BYTES) {
    sayError(connection, request, Status.invalid);
    return await swallow(connection, { key, count: valueBytes }) ? "next" : "close";
  }
  const bytes = itemBytes(key.length, valueBytes, 0);
  const hasRoom = connection.server.hasRoomFor(valueBytes) && bytes <= MAX_ITEM_BYTES;
  if (!hasRoom) {
    sayError(connection, request, Status.noMemory);
    return await swallow(connection, { key, count: valueBytes }) ? "next" : "close";
  }
  if (!await readCredential(connection, request, valueBytes)) return "close";
  if (bytes > LARGEST_CHUNK) {
    sayError(connection, request, Status.noMemory);
  } else if (opcode === AUTH && key === "PLAIN" && valueBytes === 0) {
    answer(connection, request, { status: Status.authContinue });
    report(connection, request, Status.authContinue);
  } else sayError(connection, request, Status.authError);
  return "next";
}

/** Reads what came with the request, and reports the name and the password in it. */
async function readCredential(
  connection: Connection,
  { key, opcode }: Request,
  valueBytes: number,
): Promise<boolean> {
  if (valueBytes > MAX_ITEM_BYTES) {
    return await swallow(connection, { key, count: valueBytes });
  }
  const arrived = await readValue(connection, valueBytes, 0);
  if (arrived === undefined) return false;
  if (valueBytes === 0) return true;
  const parts = latin1(arrived.value).split("\0");
  const isPlain = key === "PLAIN" && (opcode === AUTH || opcode === STEP) && parts.length >= 3;
  if (!isPlain) {
    connection.payload(key, arrived.value);
    return true;
  }
  const [authorization, username, ...secret] = parts;
  connection.attempt("plain", username || authorization!, secret.join("\0"));
  return true;
}
