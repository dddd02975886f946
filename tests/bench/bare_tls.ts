/**
 * The least that a TLS server in Deno can do: accept, greet, close.
 *
 *     bare_tls.ts PORT CERT KEY
 * @module
 */
const [port, cert, key] = Deno.args as [string, string, string];
const hello = new TextEncoder().encode("hello\r\n");

async function greet(conn: Deno.TlsConn): Promise<void> {
  try {
    await conn.write(hello);
    // As the decoy: a peer's last bytes are taken, so that the greeting is not lost to a reset.
    await conn.closeWrite();
    while (await conn.read(new Uint8Array(1024)) !== null);
  } catch {
    // The client is gone: that is what the benchmark's clients do.
  } finally {
    conn.close();
  }
}

const listener = Deno.listenTls({
  hostname: "127.0.0.1",
  port: Number(port),
  cert: Deno.readTextFileSync(cert),
  key: Deno.readTextFileSync(key),
});
for await (const conn of listener) greet(conn);
