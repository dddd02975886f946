/**
 * The accept loop that never dies.
 * @module
 */

/** Pause after the system refused to accept (EMFILE, ENFILE, ENOBUFS, ...), in ms. */
const TROUBLE_PAUSE_MS = 50;
/** Failed accepts in a row that are taken for connections reset before we got them: no pause. */
const FREE_RETRIES = 3;

/** Told about accepts that failed. */
export type OnTrouble = (error: unknown, isFirstOfRun: boolean) => void;

/**
 * Hands every connection of a listener to a callback, until the listener is closed.
 *
 * A failed accept throws out of the iteration and leaves the listener usable: told, paused, iterated
 * again. Of a run of failures only the first is told as such.
 * @param listener of TCP or TLS; closing it ends the loop.
 * @param onConnection takes the connection; must not throw.
 * @param onTrouble told about each failed accept.
 */
export async function acceptLoop<C>(
  listener: AsyncIterable<C>,
  onConnection: (connection: C) => void,
  onTrouble: OnTrouble,
): Promise<void> {
  let failures = 0;
  for (;;) {
    try {
      for await (const connection of listener) {
        failures = 0;
        onConnection(connection);
      }
      return;
    } catch (error) {
      if (error instanceof Deno.errors.BadResource) return;
      onTrouble(error, failures === 0);
      if (++failures <= FREE_RETRIES && isPeerFault(error)) continue;
      await new Promise((resolve) => setTimeout(resolve, TROUBLE_PAUSE_MS));
    }
  }
}

/** Whether the peer took the connection back before it was accepted. */
function isPeerFault(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.ConnectionReset;
}

/**
 * What an operator can do about an address that cannot be bound.
 * @param error what `Deno.listen` threw.
 * @param port the port.
 * @returns a hint without final period; empty when there is none.
 */
export function bindHint(error: unknown, port: number): string {
  if (error instanceof Deno.errors.AddrInUse) {
    return `in use by another program: see ss -ltnp 'sport = :${port}'`;
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return port < 1024
      ? "ports below 1024 need CAP_NET_BIND_SERVICE or root"
      : "the system refuses this address";
  }
  if (error instanceof Deno.errors.NotCapable) {
    return "the program was started without the right to listen here: " +
      "duckblind permissions prints the flags";
  }
  if (error instanceof Deno.errors.AddrNotAvailable) return "this host has no such address";
  if (error instanceof Error && /os error 97\)/.test(error.message)) return "this host has no IPv6";
  return "";
}
