import { assert, assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { constants, createHash, publicEncrypt } from "node:crypto";
import { v } from "../../lib/config/schema.ts";
import { findAccount } from "../../lib/decoys/mysql/accounts.ts";
import { mysql } from "../../lib/decoys/mysql.ts";
import { startTestHost } from "../support/host.ts";
import { MysqlPeer } from "../support/mysql_peer.ts";
import { handshake, packet, PROOF } from "../support/mysql_messages.ts";
import { assertTranscript, makeDecoy, play } from "../support/transcript.ts";

const DIR = new URL("./transcripts/mysql/", import.meta.url);

/** Options of the decoy that plays a transcript. */
const TRANSCRIPTS: Record<string, Record<string, unknown>> = {
  mariadb_login: {},
  mariadb_switch: {},
  mariadb_switch_refused: {},
  mariadb_no_password: {},
  mariadb_socket: {},
  mariadb_clear: { "clear_password": true },
  mariadb_clear_empty: { "clear_password": true },
  mariadb_clear_old: { "clear_password": true },
  mariadb_clear_refused: { "clear_password": true },
  mariadb_clear_unasked: {},
  mariadb_odd: {},
  mariadb_old: {},
  mariadb_old_scramble: { "accounts": ["root"] },
  mariadb_query: {},
  mariadb_http: {},
  mariadb_tls: {},
  mariadb_second_disorder: {},
  mariadb_silence: {},
  mariadb_no_account: { "accounts": [] },
  mysql8_native: { "product": "mysql-8.0", "ssl": false },
  mysql8_caching: { "product": "mysql-8.0", "ssl": false },
  mysql8_caching_garbage: { "product": "mysql-8.0", "ssl": false },
  mysql8_no_password: { "product": "mysql-8.0", "ssl": false },
  mysql8_clear: { "product": "mysql-8.0", "ssl": false, "clear_password": true },
};
/** What is told of packets that are not read hangs on the segments they came in. */
const WHOLE = new Set(["mariadb_query", "mariadb_http"]);

for (const [name, options] of Object.entries(TRANSCRIPTS)) {
  Deno.test(`mysql plays: ${name}`, async (t) => {
    const file = new URL(`${name}.txt`, DIR);
    const decoy = () => makeDecoy(mysql, options); // thread ids rise
    await assertTranscript(t, await decoy(), file, ["whole"]);
    if (!WHOLE.has(name)) await assertTranscript(t, await decoy(), file, ["bytes"]);
  });
}

Deno.test("mysql has a transcript for each file, and no other", () => {
  const files = [...Deno.readDirSync(DIR)].map((entry) => entry.name.replace(".txt", ""));
  assertEquals(files.sort(), Object.keys(TRANSCRIPTS).sort());
});

/** A digest of texts and bytes. */
function digest(name: string, ...parts: (string | Uint8Array)[]): Buffer {
  const hash = createHash(name);
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function xor(a: Uint8Array, b: Uint8Array): string {
  return Buffer.from(a.map((byte, i) => byte ^ b[i % b.length]!)).toString("latin1");
}

/** mysql_native_password. */
function native(password: string, salt: Uint8Array): string {
  const once = digest("sha1", password);
  return xor(once, digest("sha1", salt, digest("sha1", once)));
}

/** caching_sha2_password. */
function caching(password: string, salt: Uint8Array): string {
  const once = digest("sha256", password);
  return xor(once, digest("sha256", digest("sha256", once), salt));
}

Deno.test("mysql reports a native login as a line for hashcat 11200", async () => {
  await using host = startTestHost(await makeDecoy(mysql));
  using peer = await MysqlPeer.connect(host.port);
  const { salt } = await peer.greeting();
  await peer.send(packet(1, handshake({ user: "app", proof: native("hashcat", salt) })));
  assertMatch(await peer.receive(), /^.{3}#28000Access denied .*\(using password: YES\)$/s);
  const [event] = await host.waitFor("credential-attempt");
  const { method, hash, hashcat_mode } = event.duckblind.credential;
  assertEquals([method, hashcat_mode], ["mysql-native", 11_200]);
  const [, saltHex, proofHex] = /^\$mysqlna\$([0-9a-f]{40})\*([0-9a-f]{40})$/.exec(hash)!;
  assertEquals(Buffer.from(saltHex!, "hex"), Buffer.from(salt));
  // What hashcat does for a guess.
  const stored = digest("sha1", digest("sha1", "hashcat"));
  const guess = xor(
    digest("sha1", "hashcat"),
    digest("sha1", Buffer.from(saltHex!, "hex"), stored),
  );
  assertEquals(Buffer.from(guess, "latin1").toString("hex"), proofHex);
});

Deno.test("mysql as MySQL 8 gets the password of a client that asks for its RSA key", async () => {
  await using host = startTestHost(
    await makeDecoy(mysql, { product: "mysql-8.0", ssl: false, accounts: ["app"] }),
  );
  const keys: string[] = [];
  for (const [user, password] of [["app", "hunter 2"], ["app", "p\xff\\\\"]] as const) {
    using peer = await MysqlPeer.connect(host.port);
    const { salt } = await peer.greeting();
    const proof = caching(password, salt);
    await peer.send(packet(1, handshake({ user, proof, plugin: "caching_sha2_password" })));
    assertEquals(await peer.receive(), "\x01\x04");
    await peer.send(packet(3, "\x02"));
    const answer = await peer.receive();
    assertEquals(answer[0], "\x01");
    keys.push(answer.slice(1));
    const masked = xor(Buffer.from(password + "\0", "latin1"), salt);
    const encrypted = publicEncrypt(
      { key: answer.slice(1), padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha1" },
      Buffer.from(masked, "latin1"),
    );
    await peer.send(packet(5, encrypted.toString("latin1")));
    assertMatch(await peer.receive(), /^.{3}#28000.*YES\)$/s);
  }
  const events = await host.waitFor("credential-attempt", 2);
  assertEquals(
    events.map(({ duckblind }) => duckblind.credential.password),
    ["hunter 2", "p\\xff\\\\\\\\"],
  );
  assertEquals(keys[0], keys[1]);
  assertMatch(keys[0]!, /^-----BEGIN PUBLIC KEY-----\n/);
  assertMatch(events[0]!.duckblind.credential.hash, /^\$mysql-sha2\$[0-9a-f]{40}\*[0-9a-f]{64}$/);
});

Deno.test("mysql has thread ids that rise, and another salt for each connection", async () => {
  await using host = startTestHost(await makeDecoy(mysql));
  const greetings = [];
  for (let i = 0; i < 3; i++) {
    using peer = await MysqlPeer.connect(host.port);
    greetings.push(await peer.greeting());
  }
  const [a, b, c] = greetings;
  assertEquals([b!.threadId - a!.threadId, c!.threadId - b!.threadId], [1, 1]);
  assertNotEquals(a!.salt, b!.salt);
  for (const { salt } of greetings) assert(salt.every((byte) => byte >= 33 && byte <= 126));
});

Deno.test("mysql takes a stranger for the same account at each try", () => {
  const accountOf = (name: string, isLocal = true) =>
    findAccount(new TextEncoder().encode(name), { remote: ["app"], isLocal });
  assertEquals(accountOf("root"), { account: "socket", isStranger: false });
  assertEquals(accountOf("app"), { account: "native", isStranger: false });
  assertEquals(accountOf("root", false).isStranger, true);
  assertEquals(accountOf("admin"), accountOf("admin"));
  assertEquals(accountOf("admin "), accountOf("ADMIN")); // as the collation has it
  const kinds = new Set(Array.from({ length: 40 }, (_, i) => accountOf(`user${i}`).account));
  assertEquals([...kinds].sort(), ["locked", "native", "socket"]);
});

Deno.test("mysql keeps only the beginning of a long packet, and answers its end", async () => {
  const decoy = await makeDecoy(mysql);
  const long = handshake({ user: "u".repeat(300_000), proof: PROOF });
  const { lines, events } = await play(decoy, [Buffer.from(packet(1, long), "latin1")]);
  assertMatch(lines.find((line) => line.includes("08S01"))!, /Bad handshake/);
  assertEquals(events.map(({ id }) => id), ["protocol.error"]);
});

Deno.test("mysql refuses options that cannot be", () => {
  for (
    const options of [
      { product: "mysql-5" },
      { version: "8.0 x" },
      { accounts: [""] },
      { ssl: "yes" },
      { read_timeout_ms: 1 },
      { pause_min_ms: 2, pause_max_ms: 1 },
      { x: 1 },
    ]
  ) assertThrows(() => v.parse(mysql.options, options), v.ValiError);
});
