/**
 * Commands of the binary protocol.
 * @module
 */
import { latin1Bytes } from "../../net/latin1.ts";
import { answer, type Outcome, report, type Request, sayError, Status } from "./binary_packets.ts";
import { binaryStats } from "./binary_stats.ts";
import type { Connection } from "./connection.ts";
import { addDelta } from "./delta.ts";
import { classOf, itemBytes, MAX_ITEM_BYTES } from "./slabs.ts";
import type { Item, StoreMode } from "./store.ts";
import { readValue, swallow } from "./values.ts";

const STORE_MODES: Readonly<Record<number, StoreMode>> = {
  0x01: "set",
  0x02: "add",
  0x03: "replace",
  0x0e: "append",
  0x0f: "prepend",
};
/** A counter with this time to live is not made when it is not there. */
const NOT_MADE = 0xffff_ffff;

/**
 * Answers a request.
 * @param connection whose it is.
 * @param request whose value is still to come.
 * @param valueBytes its length.
 */
export async function runBinary(
  connection: Connection,
  request: Request,
  valueBytes: number,
): Promise<Outcome> {
  const { key, extras, opcode } = request;
  const isEmpty = key === "" && extras.length === 0 && valueBytes === 0;
  const isKeyAlone = key !== "" && extras.length === 0 && valueBytes === 0;
  switch (opcode) {
    case 0x00: // GET
    case 0x0c: // GETK
      return isKeyAlone ? fetchItem(connection, request) : "malformed";
    case 0x01: // SET
    case 0x02: // ADD
    case 0x03: // REPLACE
      if (extras.length !== 8 || key === "") return "malformed";
      return await update(connection, request, valueBytes);
    case 0x04: // DELETE
      return isKeyAlone ? remove(connection, request) : "malformed";
    case 0x05: // INCREMENT
    case 0x06: // DECREMENT
      if (key === "" || extras.length !== 20 || valueBytes > 0) return "malformed";
      return arithmetic(connection, request);
    case 0x07: // QUIT
      return isEmpty ? "bye" : "malformed";
    case 0x08: // FLUSH
      if (key !== "" || valueBytes > 0 || ![0, 4].includes(extras.length)) return "malformed";
      connection.store.flush(extras.length === 4 ? viewOf(extras).getUint32(0) : 0);
      return done(connection, request);
    case 0x0a: // NOOP
      if (!isEmpty) return "malformed";
      done(connection, request);
      await connection.flush();
      return "next";
    case 0x0b: // VERSION
      if (!isEmpty) return "malformed";
      answer(connection, request, { value: "1.6.18" });
      report(connection, request);
      return "next";
    case 0x0e: // APPEND
    case 0x0f: // PREPEND
      if (key === "" || extras.length > 0) return "malformed";
      return await update(connection, request, valueBytes);
    case 0x10: // STAT
      if (extras.length > 0) return "malformed";
      binaryStats(connection, request);
      return await swallow(connection, { key, count: valueBytes }) ? "next" : "close";
    case 0x1c: // TOUCH
    case 0x1d: // GAT
    case 0x23: // GATK
      return extras.length === 4 && key !== "" ? fetchItem(connection, request) : "malformed";
  }
  return "unknown";
}

/** Says that all is well, unless the client wants silence. */
function done(connection: Connection, request: Request, cas = 0n): Outcome {
  if (!request.isQuiet) answer(connection, request, { cas });
  report(connection, request);
  return "next";
}

function fetchItem(connection: Connection, request: Request): Outcome {
  const { opcode, key, extras, isQuiet } = request;
  const { store } = connection;
  const isTouch = extras.length === 4;
  const withKey = opcode === 0x0c || opcode === 0x23;
  const item = store.find(key);
  const hits = item === undefined ? "misses" : "hits";
  store.countPrefix(key, "get", ...(item === undefined ? [] : ["hit" as const]));
  if (isTouch) store.counters["cmd_touch"]!++;
  if (isTouch) store.counters[`touch_${hits}`]!++;
  if (opcode !== 0x1c) store.counters["cmd_get"]!++;
  if (opcode !== 0x1c) store.counters[`get_${hits}`]!++;
  if (item === undefined) {
    report(connection, request, Status.missing);
    if (isQuiet) return "next";
    const name = withKey ? { key } : { value: "Not found" };
    answer(connection, request, { status: Status.missing, ...name });
    return "next";
  }
  if (isTouch) item.exptime = store.realTime(viewOf(extras).getUint32(0));
  store.countSlab(item.slab, isTouch ? "touch_hits" : "get_hits");
  const flags = new Uint8Array(4);
  viewOf(flags).setUint32(0, item.flags);
  answer(connection, request, {
    extras: flags,
    cas: item.cas,
    ...(withKey ? { key } : {}),
    ...(opcode === 0x1c ? {} : { value: item.value }),
  });
  report(connection, request);
  return "next";
}

async function update(
  connection: Connection,
  request: Request,
  valueBytes: number,
): Promise<Outcome> {
  const { key, extras, opcode, cas } = request;
  const { store, server } = connection;
  const asked = STORE_MODES[opcode]!;
  const [flags, exptime] = extras.length === 8
    ? [viewOf(extras).getUint32(0), viewOf(extras).getUint32(4)]
    : [0, 0];
  store.countPrefix(key, "set");
  const isTooLarge = itemBytes(key.length, valueBytes, flags) > MAX_ITEM_BYTES;
  if (isTooLarge || !server.hasRoomFor(valueBytes)) {
    sayError(connection, request, isTooLarge ? Status.tooLarge : Status.noMemory);
    const old = asked === "set" ? store.peek(key) : undefined;
    if (old !== undefined) store.unlink(old);
    return await swallow(connection, { key, count: valueBytes }) ? "next" : "close";
  }
  const arrived = await readValue(connection, valueBytes, 0);
  if (arrived === undefined) return "close";
  connection.payload(key, arrived.value);
  store.countSet(classOf(itemBytes(key.length, valueBytes, flags)));
  const mode = cas !== 0n && extras.length === 8 ? "cas" : asked;
  const fresh = { value: arrived.value, flags, exptime: store.realTime(exptime), cas };
  const { result, item } = store.store(mode, key, fresh);
  if (result === "STORED") {
    return done(connection, request, item!.cas);
  }
  const status = result === "EXISTS" || mode === "add"
    ? Status.exists
    : result === "NOT_FOUND" || mode === "replace"
    ? Status.missing
    : Status.notStored;
  sayError(connection, request, status);
  return "next";
}

function remove(connection: Connection, request: Request): Outcome {
  const { store } = connection;
  const item = store.peek(request.key);
  store.countPrefix(request.key, "del");
  store.counters[item === undefined ? "delete_misses" : "delete_hits"]!++;
  if (item === undefined || (request.cas !== 0n && request.cas !== item.cas)) {
    sayError(connection, request, item === undefined ? Status.missing : Status.exists);
    return "next";
  }
  store.countSlab(item.slab, "delete_hits");
  store.unlink(item);
  return done(connection, request);
}

function arithmetic(connection: Connection, request: Request): Outcome {
  const { key, extras, cas, opcode, isQuiet } = request;
  const { store } = connection;
  const view = viewOf(extras);
  const [delta, initial, exptime] = [
    view.getBigUint64(0),
    view.getBigUint64(8),
    view.getUint32(16),
  ];
  const result = addDelta(store, key, { delta, isIncrement: opcode === 0x05, cas });
  if (result.kind === "not-numeric" || result.kind === "changed") {
    const status = result.kind === "changed" ? Status.exists : Status.badDelta;
    sayError(connection, request, status);
    return "next";
  }
  if (result.kind === "missing" && exptime === NOT_MADE) {
    sayError(connection, request, Status.missing);
    return "next";
  }
  let [item, value] = [undefined as Item | undefined, initial];
  if (result.kind === "done") [item, value] = [result.item, result.value];
  else {
    const expires = store.realTime(exptime);
    item = store.link(key, { value: latin1Bytes(String(initial)), flags: 0, exptime: expires });
  }
  const number = new Uint8Array(8);
  viewOf(number).setBigUint64(0, value);
  if (!isQuiet) answer(connection, request, { value: number, cas: item!.cas });
  report(connection, request);
  return "next";
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
