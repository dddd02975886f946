/**
 * Connecting to a peer that the operator named, in clear or with TLS, within a deadline.
 *
 * For sinks only: decoys have no right to dial, and no use for it.
 * @module
 */
import type { HostPort } from "./address.ts";

/** How to connect. */
export interface DialOptions {
  /** Ends the wait. */
  readonly signal: AbortSignal;
  /** Speaks TLS from the first byte on. */
  readonly tls?: DialTls;
}

/** What TLS needs. */
export interface DialTls {
  /** PEM of authorities to trust besides those that everybody trusts. */
  readonly ca?: string;
  /** Our certificate chain and key in PEM, where the peer wants to know who we are. */
  readonly cert?: string;
  readonly key?: string;
}

/**
 * Connects.
 * @param address where to.
 * @param options deadline and TLS.
 * @throws the signal's reason, or why there is no connection.
 */
export async function dial(address: HostPort, options: DialOptions): Promise<Deno.Conn> {
  const { signal, tls } = options;
  signal.throwIfAborted();
  const pending: Promise<Deno.Conn> = tls === undefined
    ? Deno.connect(address)
    : connectTls(address, tls, signal);
  return await orAbort(pending, signal);
}

/**
 * Begins TLS on an open connection (STARTTLS), which is used up by it.
 * @param connection in clear.
 * @param hostname that the peer's certificate must have.
 * @param options deadline and TLS.
 * @throws the signal's reason, or why the handshake failed; the connection is closed then.
 */
export async function beginTls(
  connection: Deno.TcpConn,
  hostname: string,
  options: { readonly signal: AbortSignal; readonly tls: DialTls },
): Promise<Deno.TlsConn> {
  const { signal, tls } = options;
  const secure = await Deno.startTls(connection, {
    hostname,
    ...(tls.ca === undefined ? {} : { caCerts: [tls.ca] }),
  });
  return await orAbort(handshake(secure, signal), signal);
}

async function connectTls(
  address: HostPort,
  tls: DialTls,
  signal: AbortSignal,
): Promise<Deno.TlsConn> {
  const connection = await Deno.connectTls({
    ...address,
    ...(tls.ca === undefined ? {} : { caCerts: [tls.ca] }),
    ...(tls.cert === undefined || tls.key === undefined ? {} : { cert: tls.cert, key: tls.key }),
  });
  return await handshake(connection, signal);
}

/** Completes a handshake; one that fails, or is too late, closes the connection. */
async function handshake(connection: Deno.TlsConn, signal: AbortSignal): Promise<Deno.TlsConn> {
  const close = () => closeQuietly(connection);
  signal.addEventListener("abort", close, { once: true });
  try {
    await connection.handshake();
    return connection;
  } catch (error) {
    close();
    throw error;
  } finally {
    signal.removeEventListener("abort", close);
  }
}

/** Waits for a connection, but not beyond the signal; one that comes later is closed. */
async function orAbort<Conn extends Deno.Conn>(
  pending: Promise<Conn>,
  signal: AbortSignal,
): Promise<Conn> {
  let onAbort = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([pending, aborted]);
  } catch (error) {
    if (signal.aborted) {
      // Not waited for: the system may take minutes to give a connection up.
      pending.then(closeQuietly, () => {});
      throw signal.reason;
    }
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}
