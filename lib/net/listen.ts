/**
 * The accept loop that never dies.
 * @module
 */

/** Pause after the system refused to accept (EMFILE, ENFILE, ENOBUFS, ...), in ms. */
const TROUBLE_PAUSE_MS = 50;
/** Failed accepts in a row that are taken for connections reset before we got them: no pause. */
const FREE_RETRIES = 3;
/**
 * Connections taken before everything else has a turn. Accepting needs none as long as the queue holds
 * any, but the first read of a connection does: without a turn a burst of connections that are long
 * over would look like as many open ones. A timer is the turn that is meant: whatever comes sooner
 * comes before the system is asked what has arrived.
 */
const RUN_LENGTH = 32;

/** Pause between two failures that are news, in ms: they come and go while descriptors are short. */
const NEWS_EVERY_MS = 60_000;

/** Told about accepts that failed; what is news is worth a line in the log. */
export type OnTrouble = (error: unknown, isNews: boolean) => void;

/**
 * Hands every connection of a listener to a callback, until the listener is closed.
 *
 * A failed accept throws out of the iteration and leaves the listener usable: told, paused, iterated
 * again. Only the first in a minute is news, and a peer that took its connection back never is.
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
  let accepted = 0;
  let newsAt = -Infinity;
  for (;;) {
    try {
      for await (const connection of listener) {
        failures = 0;
        onConnection(connection);
        if (++accepted % RUN_LENGTH === 0) await new Promise((resolve) => setTimeout(resolve, 0));
      }
      return;
    } catch (error) {
      if (error instanceof Deno.errors.BadResource) return;
      const isNews = !isPeerFault(error) && performance.now() - newsAt >= NEWS_EVERY_MS;
      if (isNews) newsAt = performance.now();
      onTrouble(error, isNews);
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
