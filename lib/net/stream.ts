/**
 * The part of a connection that a session needs, so that tests can stand in for a socket.
 * @module
 */

/** A connection's two directions. `Deno.Conn` is one. */
export interface Stream {
  /**
   * Reads what has arrived.
   * @param buffer filled from its start.
   * @returns how many bytes, or `null` at the peer's end.
   */
  read(buffer: Uint8Array): Promise<number | null>;
  /**
   * Writes at least one byte of `data`.
   * @returns how many bytes the system took.
   */
  write(data: Uint8Array): Promise<number>;
  /** Ends our side: the peer reads an end of file. */
  closeWrite(): Promise<void>;
  /** Closes both sides; a second call throws. */
  close(): void;
}

/**
 * Writes all of `data`.
 * @param stream where to.
 * @param data of any length; the system may take it in parts.
 */
export async function writeAll(stream: Stream, data: Uint8Array): Promise<void> {
  let sent = await stream.write(data);
  while (sent < data.length) sent += await stream.write(data.subarray(sent));
}

/** The classes by which Deno says that a peer is gone, or that we closed under a pending call. */
const DISCONNECTS = [
  Deno.errors.BadResource,
  Deno.errors.BrokenPipe,
  Deno.errors.ConnectionAborted,
  Deno.errors.ConnectionReset,
  Deno.errors.Interrupted,
  Deno.errors.NotConnected,
  Deno.errors.TimedOut,
  Deno.errors.UnexpectedEof,
];

/**
 * The same where Deno has no class: EPIPE, ECONNABORTED, ECONNRESET, ENOTCONN, ETIMEDOUT, and what a
 * router or a host on the way to a vanished peer says by ICMP, which the system hands on when its own
 * patience ends: ENONET, EPROTO, ENOPROTOOPT, EOPNOTSUPP, ENETDOWN, ENETUNREACH, ECONNREFUSED,
 * EHOSTDOWN, EHOSTUNREACH.
 */
const DISCONNECT_CODES = /os error (?:32|103|104|107|110|64|71|92|95|100|101|111|112|113)\)/;

/**
 * Whether an error says no more than that the peer vanished or we closed: the one list of these.
 * @param error what was thrown.
 */
export function isDisconnect(error: unknown): boolean {
  return DISCONNECTS.some((kind) => error instanceof kind) ||
    (error instanceof Error && DISCONNECT_CODES.test(error.message));
}
