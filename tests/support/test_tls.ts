/**
 * TLS for tests: a certificate that is made once a process, and both ends of a connection with it.
 * @module
 */
import {
  createAuthority,
  createServerCertificate,
  type IssuedCertificate,
} from "../../lib/net/certificate_authority.ts";
import { TlsRelay } from "../../lib/net/tls_relay.ts";

/** A server's certificate and key, and who signed it; all in PEM. */
export interface TestKeys extends IssuedCertificate {
  readonly ca: string;
}

let keys: Promise<TestKeys> | undefined;

/** The certificate of `localhost` and 127.0.0.1 for this process. */
export function testKeys(): Promise<TestKeys> {
  return keys ??= makeKeys();
}

/** Makes one more. */
export async function makeKeys(): Promise<TestKeys> {
  const nowMs = Date.now() - 86_400_000;
  const authority = await createAuthority("Test CA", nowMs);
  const names = [{ name: "localhost", isIp: false }, { name: "127.0.0.1", isIp: true }];
  return { ...await createServerCertificate(authority, names, nowMs), ca: authority.cert };
}

/** A relay as decoys have it, with that certificate. */
export async function testRelay(): Promise<TlsRelay & AsyncDisposable> {
  const { cert, key } = await testKeys();
  const address = { hostname: "127.0.0.1", port: 0 };
  const relay = new TlsRelay({ address, label: "test", cert, key });
  return Object.assign(relay, { [Symbol.asyncDispose]: () => relay.close() });
}

/**
 * Shakes hands as a client that knows who signed.
 * @param conn in clear; nobody may read it.
 * @param options more of what Deno takes, and another authority.
 */
export async function startTestTls(
  conn: Deno.TcpConn,
  options: { ca?: string; alpnProtocols?: string[] } = {},
): Promise<Deno.TlsConn> {
  const { ca = (await testKeys()).ca, ...rest } = options;
  const tls = await Deno.startTls(conn, { hostname: "localhost", caCerts: [ca], ...rest });
  try {
    await tls.handshake();
  } catch (error) {
    tls.close();
    throw error;
  }
  return tls;
}
