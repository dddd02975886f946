import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { RelayError, TlsRelay, type TlsStream } from "../../lib/net/tls_relay.ts";
import { readAll } from "../support/host.ts";
import { makeKeys, startTestTls, testKeys, testRelay } from "../support/test_tls.ts";

const encoder = new TextEncoder();
const NOTHING = new Uint8Array(0);

/** Both ends of a connection on the loopback. */
async function connected(): Promise<[peer: Deno.TcpConn, ours: Deno.TcpConn]> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  return await Promise.all([Deno.connect({ hostname, port }), listener.accept()]);
}

/** A connection with TLS in it: the client's end, and the relay's. */
async function secured(
  relay: TlsRelay,
  options: { ca?: string } = {},
): Promise<{ client: Deno.TlsConn; server: TlsStream }> {
  const [peer, ours] = await connected();
  const server = await relay.wrap(ours, NOTHING);
  const [client] = await Promise.all([startTestTls(peer, options), server.handshake()]);
  return { client, server };
}

async function readSome(stream: { read(buffer: Uint8Array): Promise<number | null> }) {
  const buffer = new Uint8Array(1024);
  const count = await stream.read(buffer);
  return count === null ? null : new TextDecoder().decode(buffer.subarray(0, count));
}

Deno.test("TlsRelay puts TLS into a connection, both ways, up to an orderly end", async () => {
  await using relay = await testRelay();
  const { client, server } = await secured(relay);
  await client.write(encoder.encode("ping"));
  assertEquals(await readSome(server), "ping");
  await server.write(encoder.encode("pong"));
  assertEquals(await readSome(client), "pong");
  const large = new Uint8Array(300_000).map((_, i) => i);
  const [received] = await Promise.all([
    readAll(client),
    (async () => {
      for (let at = 0; at < large.length;) at += await server.write(large.subarray(at));
      await server.closeWrite();
    })(),
  ]);
  assertEquals(received, large);
  client.close();
  assertEquals(await readSome(server), null);
  server.close();
  server.close(); // twice is fine
  await server.closed;
});

// That nothing stays open is seen by the test runner.
Deno.test("TlsRelay closes all of a connection, however it ends", async () => {
  await using relay = await testRelay();
  for (const end of ["client", "server", "before", "silence"] as const) {
    const [peer, ours] = await connected();
    const stream = await relay.wrap(ours, NOTHING);
    const handshake = stream.handshake().then(() => true, () => false);
    if (end === "client" || end === "server") {
      const tls = await startTestTls(peer);
      assert(await handshake);
      if (end === "client") {
        tls.close();
        assertEquals(await readSome(stream).catch(() => null), null);
        stream.close();
      } else {
        stream.close();
        await readAll(tls);
        tls.close();
      }
    } else {
      // A peer that goes, or that is let go, in the middle of the handshake.
      if (end === "before") peer.close();
      else stream.close();
      assertEquals(await handshake, false, end);
      stream.close();
      if (end === "silence") peer.close();
    }
    await stream.closed;
  }
});

Deno.test("TlsRelay lets nobody in by its own door", async () => {
  const { cert, key } = await testKeys();
  using free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = free.addr;
  free.close();
  const address = { hostname: "127.0.0.1", port };
  const relay = new TlsRelay({ address, label: "test", cert, key });
  try {
    // The runtime closes such a connection when its handshake is over, and says nothing inside of it.
    using stranger = await startTestTls(await Deno.connect(address));
    assertEquals(await readSome(stranger), null);
    // Also while somebody of us is dialling.
    const [peer, ours] = await connected();
    const [stream, other] = await Promise.all([
      relay.wrap(ours, NOTHING),
      Deno.connect(address),
    ]);
    using alien = await startTestTls(other);
    assertEquals(await readSome(alien), null);
    const [client] = await Promise.all([startTestTls(peer), stream.handshake()]);
    client.close();
    stream.close();
    await stream.closed;
  } finally {
    await relay.close();
  }
});

Deno.test("TlsRelay changes its certificate: old connections go on, new ones have it", async () => {
  await using relay = await testRelay();
  const old = await secured(relay);
  const { ca, cert, key } = await makeKeys();
  await relay.replaceKeys({ cert, key });
  const fresh = await secured(relay, { ca });
  const [peer, ours] = await connected();
  const deceived = await relay.wrap(ours, NOTHING);
  const handshake = assertRejects(() => deceived.handshake());
  await assertRejects(() => startTestTls(peer), Deno.errors.InvalidData);
  await handshake;
  deceived.close();
  await deceived.closed;
  for (const { client, server } of [old, fresh]) {
    await client.write(encoder.encode("x"));
    assertEquals(await readSome(server), "x");
    client.close();
    server.close();
    await server.closed;
  }
});

Deno.test("TlsRelay keeps its certificate when a new one cannot be used", async () => {
  await using relay = await testRelay();
  await assertRejects(() => relay.replaceKeys({ cert: "x", key: "y" }));
  const { client, server } = await secured(relay);
  client.close();
  server.close();
  await server.closed;
  const address = { hostname: "127.0.0.1", port: 0 };
  assertThrows(() => new TlsRelay({ address, label: "test", cert: "x", key: "y" }));
});

Deno.test("TlsRelay says what the trouble is when its address is taken", async () => {
  using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = other.addr;
  const { cert, key } = await testKeys();
  const relay = new TlsRelay({
    address: { hostname: "127.0.0.1", port },
    label: "tls.inner",
    cert,
    key,
  });
  assertMatch(relay.trouble, new RegExp(`^tls\\.inner 127\\.0\\.0\\.1:${port}: `));
  const [peer, ours] = await connected();
  const error = await assertRejects(() => relay.wrap(ours, NOTHING), RelayError);
  assertEquals(error.message, relay.trouble);
  peer.close();
  ours.close();
  await relay.close();
});
