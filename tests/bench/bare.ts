/**
 * The yardstick: a bare accept, write, close loop.
 * @module
 */
const banner = new TextEncoder().encode("hello\r\n");
const listener = Deno.listen({ hostname: "127.0.0.1", port: Number(Deno.args[0]) });

async function serve(conn: Deno.Conn): Promise<void> {
  try {
    await conn.write(banner);
  } catch {
    // The peer is gone; there is nothing to say to it.
  } finally {
    conn.close();
  }
}

for await (const conn of listener) serve(conn);
