import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { openDataFolder } from "../lib/data_folder.ts";
import { tempFolder } from "./support/temp_folder.ts";

Deno.test("openDataFolder() makes a folder and a secret that are their owner's only", async () => {
  using temp = tempFolder();
  const path = `${temp.path}/data`;
  let seed: Uint8Array;
  {
    using folder = await openDataFolder(path);
    seed = folder.seed("a");
    assertNotEquals(folder.seed("b"), seed);
    assertEquals(seed.length, 32);
    assertEquals(Deno.statSync(path).mode! & 0o777, 0o700);
    assertEquals(Deno.statSync(folder.secretPath).mode! & 0o777, 0o600);
  }
  using again = await openDataFolder(path);
  assertEquals(again.seed("a"), seed, "the same at every start");
});

Deno.test("openDataFolder() refuses a secret that is damaged", async () => {
  using temp = tempFolder();
  Deno.writeTextFileSync(`${temp.path}/secret`, "hello");
  await assertRejects(() => openDataFolder(temp.path), Error, "must be 64 hex digits");
});
