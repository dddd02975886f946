import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { CommandError } from "../../lib/errors.ts";
import { readTokenFile, TokenStore, writeOperatorToken } from "../../lib/service/tokens.ts";

async function withDir(use: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "tokens-" });
  try {
    await use(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("TokenStore knows whom it gave a token, in another process too", () =>
  withDir(async (dir) => {
    const store = new TokenStore(`${dir}/tokens.json`);
    const server = new TokenStore(`${dir}/tokens.json`);
    assertEquals(await server.verify("op", "anything"), undefined);
    const token = await store.add("op", "operator");
    assertMatch(token, /^[A-Za-z0-9_-]{43}$/);
    const record = await server.verify("op", token);
    assertEquals(record?.role, "operator");
    assertEquals(await server.verify("op", token + "x"), undefined);
    assertEquals(await server.verify("o", token), undefined);
    assertEquals(await server.verify("__proto__", token), undefined);
    assert(await server.isGood(record!));
    assert(await store.revoke("op"));
    assertEquals(await store.revoke("op"), false);
    assertEquals(await server.isGood(record!), false);
    assertEquals(await server.verify("op", token), undefined);
    // A new token of the same name does not make the old one good again.
    await store.add("op", "operator");
    assertEquals(await server.isGood(record!), false);
  }));

Deno.test("TokenStore keeps hashes only, in a file that is its owner's", () =>
  withDir(async (dir) => {
    const path = `${dir}/tokens.json`;
    const store = new TokenStore(path);
    const token = await store.add("op", "operator");
    await store.add("edge", "sensor");
    const text = await Deno.readTextFile(path);
    assert(!text.includes(token) && !text.includes(token.slice(-4) + '"'));
    assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
    assertEquals((await store.list()).map(({ name, role }) => [name, role]), [
      ["edge", "sensor"],
      ["op", "operator"],
    ]);
    assertEquals([...Deno.readDirSync(dir)].map(({ name }) => name).sort(), [
      "tokens.json",
      "tokens.json.lock",
    ]);
  }));

Deno.test("TokenStore loses nothing when many are added at once", () =>
  withDir(async (dir) => {
    const path = `${dir}/tokens.json`;
    const names = Array.from({ length: 8 }, (_, i) => `n${i}`);
    await Promise.all(names.map((name) => new TokenStore(path).add(name, "sensor")));
    assertEquals((await new TokenStore(path).list()).map(({ name }) => name), names);
  }));

Deno.test("TokenStore refuses bad names, names taken, and damaged files", () =>
  withDir(async (dir) => {
    const path = `${dir}/tokens.json`;
    const store = new TokenStore(path);
    await assertRejects(() => store.add("a b", "operator"), CommandError, "must be 1 to 64");
    await store.add("op", "operator");
    await assertRejects(() => store.add("op", "operator"), CommandError, "revoke it first");
    const token = await store.add("op2", "operator");
    const record = await store.verify("op2", token);
    await Deno.writeTextFile(path, '{"tokens":[{"name":"x"}]}');
    await assertRejects(() => store.list(), CommandError, "must hold a list");
    await assertRejects(() => store.add("more", "operator"), CommandError, "must hold a list");
    // A running server goes on by what the file held before.
    assert(await store.isGood(record!));
  }));

Deno.test("readTokenFile() reads what writeOperatorToken() wrote, and says what is wrong", () =>
  withDir(async (dir) => {
    const path = `${dir}/operator.token`;
    await writeOperatorToken(path, "op", "0123456789abcdef0123");
    assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
    assertEquals(await readTokenFile(path), { name: "op", token: "0123456789abcdef0123" });
    await Deno.writeTextFile(path, "only-a-token\n");
    await assertRejects(() => readTokenFile(path), CommandError, "one line with name and token");
    await assertRejects(() => readTokenFile(`${dir}/none`), CommandError, "Cannot read token file");
  }));
