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

/** What is hashed, by its length: for IPv4 and IPv6. Used again, as making arrays costs more than hashing. */
const INPUTS = new Map([16, 40].map((length) => [length, new Uint8Array(length)]));
const digest = new Uint8Array(20);
const digestBuffer = Buffer.from(digest.buffer);

/**
 * Names a TCP connection.
 * @param a one end.
 * @param b the other end; the order does not matter.
 * @returns `1:` and base64, with seed 0.
 */
export function communityId(a: Endpoint, b: Endpoint): string {
  const left = lastPeer.bytesOf(a.ip);
  const right = lastLocal.bytesOf(b.ip);
  const order = compare(left, right) || a.port - b.port;
  const low = order <= 0 ? left : right;
  const high = order <= 0 ? right : left;
  const lowPort = order <= 0 ? a.port : b.port;
  const highPort = order <= 0 ? b.port : a.port;
  const length = 2 + low.length + high.length + 6;
  const input = INPUTS.get(length) ?? new Uint8Array(length);
  input.set(low, 2);
  input.set(high, 2 + low.length);
  input[length - 6] = TCP;
  input[length - 4] = lowPort >> 8;
  input[length - 3] = lowPort;
  input[length - 2] = highPort >> 8;
  input[length - 1] = highPort;
  sha1Short(input, digest);
  return "1:" + digestBuffer.toString("base64");
}

/** Remembers the address that was parsed last: it is often the next one, too. */
class LastAddress {
  #ip = "";
  #bytes: Uint8Array = new Uint8Array(4);

  bytesOf(ip: string): Uint8Array {
    if (ip !== this.#ip) {
      this.#ip = ip;
      this.#bytes = parseIp(ip) ?? new Uint8Array(4);
    }
    return this.#bytes;
  }
}

const lastPeer = new LastAddress();
const lastLocal = new LastAddress();

function compare(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return a.length - b.length;
}
