/**
 * Requests of SOCKS 4, 4a and 5.
 *
 * ```text
 * 4:  0 version  1 command  2..3 port  4..7 IPv4  8.. user id NUL [host name NUL where IPv4 is 0.0.0.x]
 * 5:  0 version  1 command  2 reserved  3 kind of address  4.. address  2 port
 * ```
 * The version has been read before. Numbers are in network order.
 * @module
 */
import type { Input } from "./input.ts";

/** Commands by their number; the last is SOCKS 5's, but Dante reads it in SOCKS 4 too. */
export const COMMANDS = ["", "CONNECT", "BIND", "UDP ASSOCIATE"] as const;
/** Most bytes of SOCKS 4's user id: what Dante's buffer leaves for it. */
const MAX_USER_ID_BYTES = 1382;
/** Most bytes of a host name that it keeps: `MAXHOSTNAMELEN` and the NUL. */
const MAX_HOST_BYTES = 255;

/** Where a peer wants to go. */
export interface Request {
  readonly version: 4 | 5;
  /** Index of `COMMANDS`. */
  readonly command: number;
  readonly port: number;
  readonly target: Target;
  /** The user id of SOCKS 4. */
  readonly userId?: Uint8Array;
}

/** An address, or a name that Dante would look up. */
export interface Target {
  readonly kind: "ipv4" | "ipv6" | "name";
  /** The address in its bytes, or the name as it came. */
  readonly bytes: Uint8Array;
  /** The four bytes that stood before the name: 0.0.0.x of SOCKS 4a. */
  readonly placeholder?: Uint8Array;
}

/**
 * Reads a request of SOCKS 4 or 4a behind its version.
 * @returns the request, or what the last byte should have been.
 */
export async function readRequest4(input: Input): Promise<Request | string> {
  const command = await input.byte();
  if (COMMANDS[command] === undefined || command === 0) return "a command";
  const port = portOf(await input.take(2));
  const bytes = await input.take(4);
  const userId = await input.text(MAX_USER_ID_BYTES);
  if (userId === undefined) return `the end of a user id of ${MAX_USER_ID_BYTES} bytes at most`;
  const common = { version: 4, command, port, userId } as const;
  const isName = bytes[0] === 0 && bytes[1] === 0 && bytes[2] === 0 && bytes[3] !== 0;
  if (!isName) return { ...common, target: { kind: "ipv4", bytes } };
  const name = await input.text(MAX_HOST_BYTES);
  if (name === undefined) return "the end of a host name of 255 bytes at most";
  return { ...common, target: { kind: "name", bytes: name, placeholder: bytes } };
}

/**
 * Reads a request of SOCKS 5 behind its version.
 * @returns the request, or what the last byte should have been.
 */
export async function readRequest5(input: Input): Promise<Request | string> {
  const command = await input.byte();
  if (COMMANDS[command] === undefined || command === 0) return "a command";
  await input.byte(); // reserved; whatever it is
  const target = await readTarget(input);
  if (target === undefined) return "address type 1, 3 or 4";
  return { version: 5, command, target, port: portOf(await input.take(2)) };
}

async function readTarget(input: Input): Promise<Target | undefined> {
  switch (await input.byte()) {
    case 1:
      return { kind: "ipv4", bytes: await input.take(4) };
    case 3:
      return { kind: "name", bytes: await input.take(await input.byte()) };
    case 4:
      return { kind: "ipv6", bytes: await input.take(16) };
  }
  return undefined;
}

function portOf(bytes: Uint8Array): number {
  return bytes[0]! * 256 + bytes[1]!;
}
