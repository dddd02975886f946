/**
 * The binary protocol: packets, and the login by SASL that the server may ask for before all else.
 *
 * Request: 0 magic 80, 1 opcode, 2..3 key length, 4 length of extras, 5 data type, 6..7 partition,
 * 8..11 body length, 12..15 opaque, 16..23 id for compare-and-swap; then extras, key, value. An
 * answer is the same with magic 81 and a status at 6..7. All numbers are big-endian.
 * @module
 */
import { latin1 } from "../../net/latin1.ts";
import { runBinary } from "./binary_commands.ts";
import { answer, type Request, sayError, Status } from "./binary_packets.ts";
import { SASL_OPCODES, saslAuth } from "./binary_sasl.ts";
import type { Connection } from "./connection.ts";
import { swallow } from "./values.ts";

const HEADER_BYTES = 24;
const MAGIC = 0x80;
/** What may be asked for before the login: VERSION and SASL. */
const OPEN = new Set([0x0b, ...SASL_OPCODES]);
/** Opcodes that say nothing when all went well, and what they are otherwise. */
const QUIET: Readonly<Record<number, number>> = {
  0x09: 0x00,
  0x0d: 0x0c,
  0x11: 0x01,
  0x12: 0x02,
  0x13: 0x03,
  0x14: 0x04,
  0x15: 0x05,
  0x16: 0x06,
  0x17: 0x07,
  0x18: 0x08,
  0x19: 0x0e,
  0x1a: 0x0f,
  0x1e: 0x1d,
  0x24: 0x23,
};
const MAX_KEY_BYTES = 250;

/** Talks until the end. */
export async function talkBinary(connection: Connection): Promise<void> {
  for (;;) {
    const request = await readRequest(connection);
    if (request === undefined) return;
    const after = await dispatch(connection, request);
    if (after === "quit") return await connection.flush();
    if (after === "close") return;
    await connection.flushMuch();
  }
}

/** Header, extras and key of a packet; the value is still to come. */
async function readRequest(connection: Connection): Promise<Request | undefined> {
  for (;;) {
    const { unread } = connection;
    if (unread.length >= HEADER_BYTES) {
      if (unread[0] !== MAGIC) {
        connection.nonsense("a packet of the binary protocol");
        return undefined;
      }
      const view = new DataView(unread.buffer, unread.byteOffset, HEADER_BYTES);
      const [keyBytes, extraBytes] = [view.getUint16(2), view.getUint8(4)];
      const length = HEADER_BYTES + keyBytes + extraBytes;
      if (unread.length >= length) {
        const extras = unread.slice(HEADER_BYTES, HEADER_BYTES + extraBytes);
        const key = latin1(unread.subarray(HEADER_BYTES + extraBytes, length));
        const sent = view.getUint8(1);
        const opcode = QUIET[sent] ?? sent;
        connection.consume(length);
        return {
          ...{ sent, opcode, extras, key, isQuiet: opcode !== sent },
          bodyBytes: view.getUint32(8),
          opaque: view.getUint32(12),
          cas: view.getBigUint64(16),
        };
      }
    }
    if (!await connection.fill()) return undefined;
  }
}

async function dispatch(
  connection: Connection,
  request: Request,
): Promise<"next" | "quit" | "close"> {
  const { key, extras, bodyBytes, sent } = request;
  if (key.length + extras.length > bodyBytes) {
    sayError(connection, request, Status.unknownCommand);
    return "quit";
  }
  if (connection.server.settings.auth === "sasl" && !OPEN.has(sent)) {
    sayError(connection, request, Status.authError);
    return "quit";
  }
  if (key.length > MAX_KEY_BYTES) {
    sayError(connection, request, Status.invalid);
    return "quit";
  }
  const valueBytes = bodyBytes - key.length - extras.length;
  const outcome = SASL_OPCODES.includes(sent)
    ? await saslAuth(connection, request, valueBytes)
    : await runBinary(connection, request, valueBytes);
  switch (outcome) {
    case "unknown":
      sayError(connection, request, Status.unknownCommand);
      // The server forgets that it has read the key and the extras.
      return await swallow(connection, { key, count: bodyBytes }) ? "next" : "close";
    case "malformed":
      sayError(connection, request, Status.invalid);
      return "quit";
    case "bye":
      if (!request.isQuiet) answer(connection, request, {});
      return "quit";
  }
  return outcome;
}
