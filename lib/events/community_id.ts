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
  const [left, right] = [ipBytes(a.ip), ipBytes(b.ip)];
  const order = compare(left, right) || a.port - b.port;
  const [low, high] = order <= 0 ? [left, right] : [right, left];
  const [lowPort, highPort] = order <= 0 ? [a.port, b.port] : [b.port, a.port];
  const input = new Uint8Array(2 + low.length + high.length + 6);
  const view = new DataView(input.buffer);
  input.set(low, 2);
  input.set(high, 2 + low.length);
  view.setUint8(2 + low.length + high.length, TCP);
  view.setUint16(input.length - 4, lowPort);
  view.setUint16(input.length - 2, highPort);
  return "1:" + Buffer.from(sha1Short(input).buffer).toString("base64");
}

function ipBytes(ip: string): Uint8Array {
  return parseIp(ip) ?? new Uint8Array(4);
}

function compare(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return a.length - b.length;
}
