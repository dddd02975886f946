/**
 * Community ID, version 1: one name for a connection in the tools of all vendors.
 * @module
 */
import { Buffer } from "node:buffer";
import { parseIp } from "../net/address.ts";
import type { Endpoint } from "./event.ts";
import { sha1Short } from "./sha1.ts";

/** IP protocol number of TCP. */
const TCP = 6;

/**
 * Names a TCP connection.
 * @param a one end.
 * @param b the other end; the order does not matter.
 * @returns `1:` and base64, with seed 0.
 */
export function communityId(a: Endpoint, b: Endpoint): string {
  const left = parseIp(a.ip) ?? new Uint8Array(4);
  const right = localBytes(b.ip);
  const order = compare(left, right) || a.port - b.port;
  const low = order <= 0 ? left : right;
  const high = order <= 0 ? right : left;
  const lowPort = order <= 0 ? a.port : b.port;
  const highPort = order <= 0 ? b.port : a.port;
  const input = new Uint8Array(2 + low.length + high.length + 6);
  const view = new DataView(input.buffer);
  input.set(low, 2);
  input.set(high, 2 + low.length);
  view.setUint8(2 + low.length + high.length, TCP);
  view.setUint16(input.length - 4, lowPort);
  view.setUint16(input.length - 2, highPort);
  return "1:" + Buffer.from(sha1Short(input).buffer).toString("base64");
}

/** Our own end, mostly: an address that was parsed last need not be parsed again. */
let lastIp = "";
let lastBytes: Uint8Array = new Uint8Array(4);

function localBytes(ip: string): Uint8Array {
  if (ip !== lastIp) {
    lastIp = ip;
    lastBytes = parseIp(ip) ?? new Uint8Array(4);
  }
  return lastBytes;
}

function compare(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return a.length - b.length;
}
