import { assertEquals } from "@std/assert";
import { SecretFolder } from "../../lib/decoys/secret_store.ts";
import { memoryStore, putHostKeys } from "./memory_store.ts";
import { tempFolder } from "./temp_folder.ts";

Deno.test("memoryStore() and putHostKeys() have the same host keys for tests", async () => {
  using temp = tempFolder();
  putHostKeys(temp.path);
  const folder = new SecretFolder(`${temp.path}/decoys`);
  for (const type of ["rsa", "ecdsa", "ed25519"]) {
    const name = `ssh_host_${type}_key`;
    assertEquals(await memoryStore().read(name), await folder.read(name));
  }
  assertEquals(await memoryStore().read("other"), undefined);
});
