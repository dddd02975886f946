import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { loadHostKeys } from "../../../../lib/decoys/ssh/keys/host_keys.ts";
import { readPrivateKey } from "../../../../lib/decoys/ssh/keys/private_key_format.ts";
import { parsePublicKey } from "../../../../lib/decoys/ssh/keys/public_key.ts";
import { SecretFolder } from "../../../../lib/decoys/secret_store.ts";
import { emptyStore } from "../../../support/memory_store.ts";
import { tempFolder } from "../../../support/temp_folder.ts";
import { readFixture, readPublic } from "./fixtures.ts";

const NAMES = ["ssh_host_ecdsa_key", "ssh_host_ed25519_key", "ssh_host_rsa_key"];
const ALGORITHMS = [
  "rsa-sha2-512",
  "rsa-sha2-256",
  "ssh-rsa",
  "ecdsa-sha2-nistp256",
  "ssh-ed25519",
];
const hostname = "srv";

/** A store with keys that are there already. */
function keptStore() {
  return emptyStore({
    ssh_host_rsa_key: readFixture("rsa.key"),
    ssh_host_ecdsa_key: readFixture("ecdsa.key"),
    ssh_host_ed25519_key: readFixture("ed25519.key"),
  });
}

Deno.test("loadHostKeys() makes the three keys of Debian once, RSA in the background", async () => {
  using temp = tempFolder();
  const store = new SecretFolder(temp.path);
  const keys = await loadHostKeys({ store, hostname });
  assertEquals([...keys.algorithms].sort(), ALGORITHMS.toSorted());
  const begun = await Promise.all(NAMES.map((name) => store.read(name)));
  assertEquals(begun.map((bytes) => bytes !== undefined), [true, true, false]);
  const [rsa, ed25519] = await Promise.all([
    keys.forAlgorithm("rsa-sha2-512"),
    keys.forAlgorithm("ssh-ed25519"),
  ]);
  await keys.ready;
  assertEquals(parsePublicKey(rsa!.blob)!.bits, 3072);
  assertStrictEquals(await keys.forAlgorithm("ssh-rsa"), rsa);
  for (const name of NAMES) {
    assertEquals(Deno.statSync(store.pathOf(name)).mode! & 0o777, 0o600, name);
    readPrivateKey((await store.read(name))!);
  }
  const again = await loadHostKeys({ store: new SecretFolder(temp.path), hostname });
  assertEquals((await again.forAlgorithm("ssh-rsa"))!.blob, rsa!.blob);
  assertEquals((await again.forAlgorithm("ssh-ed25519"))!.blob, ed25519!.blob);
});

Deno.test("loadHostKeys() gives all decoys of a sensor the same set, a reload too", async () => {
  const store = keptStore();
  const [first, second] = await Promise.all([
    loadHostKeys({ store, hostname }),
    loadHostKeys({ store, hostname }),
  ]);
  assertStrictEquals(first, second);
  assertStrictEquals(await loadHostKeys({ store, hostname: "other" }), first);
  assertEquals((await first.forAlgorithm("rsa-sha2-256"))!.blob, readPublic("rsa"));
});

Deno.test("loadHostKeys() makes anew only what is not there", async () => {
  const store = keptStore();
  store.secrets.delete("ssh_host_ecdsa_key");
  const keys = await loadHostKeys({ store, hostname });
  assertEquals((await keys.forAlgorithm("ssh-ed25519"))!.blob, readPublic("ed25519"));
  const made = (await keys.forAlgorithm("ecdsa-sha2-nistp256"))!;
  assert(store.secrets.has("ssh_host_ecdsa_key"));
  const again = await loadHostKeys({
    store: emptyStore(Object.fromEntries(store.secrets)),
    hostname,
  });
  assertEquals((await again.forAlgorithm("ecdsa-sha2-nistp256"))!.blob, made.blob);
});

Deno.test("loadHostKeys() names a damaged key and the remedy, and takes the mended one", async () => {
  const store = keptStore();
  store.secrets.set("ssh_host_rsa_key", new TextEncoder().encode("-----BEGIN OPENSSH PRIV"));
  const error = await assertRejects(() => loadHostKeys({ store, hostname }));
  assertEquals(
    error.message,
    'Cannot use host key "data/decoys/ssh_host_rsa_key": it is damaged, or no private key of SSH; ' +
      "remove it to have a new one made, and hosts that know the old one will notice",
  );
  store.secrets.set("ssh_host_rsa_key", readFixture("rsa.key"));
  assert((await loadHostKeys({ store, hostname })).algorithms.has("ssh-rsa"));
});

Deno.test("loadHostKeys() uses an RSA key that cannot be kept, as when the sensor stops", async () => {
  const store = keptStore();
  store.secrets.delete("ssh_host_rsa_key");
  const write = () => Promise.reject(new Error("the sensor stops"));
  const keys = await loadHostKeys({ store: { ...store, write }, hostname });
  await keys.ready;
  assertEquals(parsePublicKey((await keys.forAlgorithm("ssh-rsa"))!.blob)!.bits, 3072);
  assertEquals(store.secrets.has("ssh_host_rsa_key"), false);
});

Deno.test("loadHostKeys() takes a real host's keys, and has no others", async () => {
  const store = emptyStore();
  const imported = ["ed25519.key", "rsa_pem.key"].map((path) => ({
    path,
    bytes: readFixture(path),
  }));
  const keys = await loadHostKeys({ store, hostname, imported });
  assertEquals((await keys.forAlgorithm("rsa-sha2-256"))!.blob, readPublic("rsa_pem"));
  assertEquals((await keys.forAlgorithm("ssh-ed25519"))!.blob, readPublic("ed25519"));
  assertEquals(await keys.forAlgorithm("ecdsa-sha2-nistp256"), undefined);
  assertEquals(keys.algorithms.has("ecdsa-sha2-nistp256"), false);
  assertEquals(store.secrets.size, 0);
});

Deno.test("loadHostKeys() names the imported file that it cannot use", async () => {
  const load = (...paths: string[]) =>
    loadHostKeys({
      store: emptyStore(),
      hostname,
      imported: paths.map((path) => ({ path, bytes: readFixture(path) })),
    });
  await assertRejects(
    () => load("rsa.key", "encrypted.key"),
    Error,
    'Cannot use host key "encrypted.key": it is encrypted with a passphrase, remove it with ' +
      "ssh-keygen -p",
  );
  await assertRejects(() => load("rsa.key", "rsa_pem.key"), Error, "another is of its type too");
});
