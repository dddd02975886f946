import { assertEquals, assertRejects } from "@std/assert";
import { SecretFolder } from "../../lib/decoys/secret_store.ts";
import { tempFolder } from "../support/temp_folder.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("SecretFolder keeps secrets in files that only their owner reads", async () => {
  using temp = tempFolder();
  const path = `${temp.path}/data/decoys`;
  const store = new SecretFolder(path);
  assertEquals(await store.read("ssh_host_rsa_key"), undefined);
  await store.write("ssh_host_rsa_key", bytes("first"));
  await store.write("ssh_host_rsa_key", bytes("second"));
  assertEquals(await store.read("ssh_host_rsa_key"), bytes("second"));
  assertEquals(Deno.statSync(path).mode! & 0o777, 0o700);
  assertEquals(Deno.statSync(store.pathOf("ssh_host_rsa_key")).mode! & 0o777, 0o600);
  assertEquals([...Deno.readDirSync(path)].map(({ name }) => name), ["ssh_host_rsa_key"]);
  assertEquals(await new SecretFolder(path).read("ssh_host_rsa_key"), bytes("second"));
});

Deno.test("SecretFolder replaces what a hard end left half written", async () => {
  using temp = tempFolder();
  Deno.writeTextFileSync(`${temp.path}/.a.new`, "hal", { mode: 0o644 });
  const store = new SecretFolder(temp.path);
  await store.write("a", bytes("whole"));
  assertEquals(await store.read("a"), bytes("whole"));
  assertEquals(Deno.statSync(store.pathOf("a")).mode! & 0o777, 0o600);
});

Deno.test("SecretFolder writes one secret in the order that was asked for", async () => {
  using temp = tempFolder();
  const store = new SecretFolder(temp.path);
  const writes = Array.from({ length: 20 }, (_, i) => store.write("a", bytes(`write ${i}`)));
  assertEquals(await store.read("a"), bytes("write 19"));
  await Promise.all(writes);
});

Deno.test("SecretFolder refuses names that lead elsewhere, and sizes over 64 KiB", async () => {
  using temp = tempFolder();
  const store = new SecretFolder(`${temp.path}/decoys`);
  for (const name of ["", ".", "..", ".a", "../secret", "a/b", "A", "a\n", "a".repeat(65)]) {
    await assertRejects(() => store.read(name), RangeError, "Cannot use secret");
    await assertRejects(() => store.write(name, bytes("x")), RangeError, "Cannot use secret");
  }
  await store.write("a".repeat(64), new Uint8Array(65_536));
  await assertRejects(
    () => store.write("a", new Uint8Array(65_537)),
    RangeError,
    "must have at most 65536",
  );
  Deno.writeFileSync(store.pathOf("b"), new Uint8Array(65_537));
  await assertRejects(() => store.read("b"), RangeError, "it has 65537 bytes");
});

Deno.test("SecretFolder writes nothing after close(), which waits for what is being written", async () => {
  using temp = tempFolder();
  const store = new SecretFolder(temp.path);
  const writing = store.write("a", bytes("in time"));
  await store.close();
  assertEquals(Deno.readTextFileSync(store.pathOf("a")), "in time");
  await writing;
  await assertRejects(() => store.write("a", bytes("late")), Error, "the sensor stops");
  assertEquals(await store.read("a"), bytes("in time"));
});
