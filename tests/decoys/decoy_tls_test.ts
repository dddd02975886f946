import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { DecoyTls, type DecoyTlsOptions } from "../../lib/decoys/decoy_tls.ts";
import { CommandError } from "../../lib/errors.ts";
import { emptyStore, type MemoryStore } from "../support/memory_store.ts";
import { makeKeys, startTestTls } from "../support/test_tls.ts";
import { tempFolder } from "../support/temp_folder.ts";

function makeTls(store: MemoryStore, options: Partial<DecoyTlsOptions> = {}): DecoyTls {
  return new DecoyTls({
    address: { hostname: "127.0.0.1", port: 0 },
    cert: "",
    key: "",
    hostname: "localhost",
    store,
    seed: new Uint8Array(32).fill(0x80),
    ...options,
  });
}

/** Shakes hands with a client that believes this certificate alone. */
async function shakeHands(tls: DecoyTls, ca: string): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  const [peer, ours] = await Promise.all([Deno.connect({ hostname, port }), listener.accept()]);
  const stream = await tls.wrap(ours, new Uint8Array(0));
  const [client] = await Promise.all([startTestTls(peer, { ca }), stream.handshake()]);
  client.close();
  stream.close();
  await stream.closed;
}

const text = (store: MemoryStore, name: string) =>
  new TextDecoder().decode(store.secrets.get(name) ?? assert(false, `no ${name}`)!);

Deno.test("DecoyTls makes a certificate once, as ssl-cert would have, and keeps it", async () => {
  const store = emptyStore();
  const first = makeTls(store);
  assertEquals(store.secrets.size, 0, "nothing before somebody needs it");
  await first.prepare();
  await first.close();
  assertEquals([...store.secrets.keys()].sort(), ["tls.key", "tls.pem"]);
  const cert = text(store, "tls.pem");
  const again = makeTls(store, { hostname: "another" });
  await shakeHands(again, cert);
  await again.close();
  assertEquals(text(store, "tls.pem"), cert);
  assertMatch(text(store, "tls.key"), /^-----BEGIN PRIVATE KEY-----\n/);
  const other = emptyStore();
  const stranger = makeTls(other);
  await stranger.prepare();
  await stranger.close();
  assertNotEquals(text(other, "tls.pem"), cert);
});

Deno.test("DecoyTls shows the operator's own certificate, and keeps none", async () => {
  using temp = tempFolder();
  const { cert, key, ca } = await makeKeys();
  const paths = { cert: `${temp.path}/cert.pem`, key: `${temp.path}/key.pem` };
  await Deno.writeTextFile(paths.cert, cert);
  await Deno.writeTextFile(paths.key, key);
  const store = emptyStore();
  const tls = makeTls(store, paths);
  await tls.prepare();
  await shakeHands(tls, ca);
  await tls.close();
  assertEquals(store.secrets.size, 0);
});

Deno.test("DecoyTls cannot be prepared with a certificate that cannot be read or used", async () => {
  using temp = tempFolder();
  const paths = { cert: `${temp.path}/cert.pem`, key: `${temp.path}/key.pem` };
  const missing = makeTls(emptyStore(), paths);
  await assertRejects(() => missing.prepare(), CommandError, "Cannot use certificate");
  await missing.close();
  await Deno.writeTextFile(paths.cert, "x");
  await Deno.writeTextFile(paths.key, "y");
  const odd = makeTls(emptyStore(), paths);
  await assertRejects(() => odd.prepare());
  await odd.close();
});
