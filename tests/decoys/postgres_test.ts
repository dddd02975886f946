import { assert, assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import { createHash } from "node:crypto";
import { v } from "../../lib/config/schema.ts";
import { postgres } from "../../lib/decoys/postgres.ts";
import { readAll, startTestHost } from "../support/host.ts";
import { message, packet, passwordMessage, startup } from "../support/postgres_messages.ts";
import { finalOf, isPasswordOf, ScramPeer } from "../support/scram_peer.ts";
import { assertTranscript, makeDecoy, play, type Segmentation } from "../support/transcript.ts";

const DIR = new URL("./transcripts/postgres/", import.meta.url);

/** Options of the decoy that plays a transcript. */
const TRANSCRIPTS: Record<string, Record<string, unknown>> = {
  login: { auth: "password" },
  odd_password: { auth: "password" },
  empty_password: { auth: "password" },
  not_a_password: { auth: "password" },
  unterminated_password: { auth: "password" },
  password_for_sasl: {},
  sasl_refused: {},
  sasl_bytes: {},
  sasl_too_long: {},
  query: {},
  negotiation: {},
  old_protocol: {},
  nmap: {},
  no_user: {},
  replication: {},
  layout: {},
  cancel: {},
  http: {},
  kerberos: {},
  kerberos_too_long: {},
  silence: {},
  refused_host: { refuse_host: true },
};
/** What of their input is left unread, and is told, hangs on the segments it came in. */
const WHOLE = new Set(["not_a_password", "query", "http", "nmap"]);

for (const [name, options] of Object.entries(TRANSCRIPTS)) {
  Deno.test(`postgres plays PostgreSQL 15: ${name}`, async (t) => {
    const segmentations: Segmentation[] = WHOLE.has(name) ? ["whole"] : ["whole", "bytes"];
    const file = new URL(`${name}.txt`, DIR);
    await assertTranscript(
      t,
      await makeDecoy(postgres, { ssl: false, ...options }),
      file,
      segmentations,
    );
  });
}

Deno.test("postgres has a transcript for each file, and no other", () => {
  const files = [...Deno.readDirSync(DIR)].map((entry) => entry.name.replace(".txt", ""));
  assertEquals(files.sort(), Object.keys(TRANSCRIPTS).sort());
});

Deno.test("postgres reports a SCRAM login as a line by which a password can be tried", async () => {
  await using host = startTestHost(await makeDecoy(postgres));
  const peer = new ScramPeer({ hostname: "127.0.0.1", port: host.port }, "postgres");
  assertMatch(await peer.finish(finalOf("hunter 2")), /C28P01/);
  const [event] = await host.waitFor("credential-attempt");
  const { method, hash, hashcat_mode, service } = event.duckblind.credential;
  assertEquals([event.user.name, method, service], ["postgres", "scram-sha-256", "postgres"]);
  assertEquals(hashcat_mode, undefined);
  assert(isPasswordOf(hash, "hunter 2"));
  assert(!isPasswordOf(hash, "hunter 3"));
});

Deno.test("postgres has the same salt for a user at each try, and another for each other user", async () => {
  await using host = startTestHost(await makeDecoy(postgres));
  const address = { hostname: "127.0.0.1", port: host.port };
  const salts: string[] = [];
  for (const user of ["a", "a", "b"]) {
    await new ScramPeer(address, user).finish((_, challenge) => {
      salts.push(/s=([^,]+)/.exec(challenge)![1]!);
      return "";
    });
  }
  assertEquals(salts[0], salts[1]);
  assertNotEquals(salts[0], salts[2]);
});

/** Logs in by MD5, as a client does; gives the event. */
async function md5Login(user: string, password: string) {
  await using host = startTestHost(await makeDecoy(postgres, { auth: "md5" }));
  using conn = await host.connect();
  const latin1 = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
  const md5 = (...parts: (string | Uint8Array)[]) => {
    const hash = createHash("md5");
    for (const part of parts) hash.update(typeof part === "string" ? latin1(part) : part);
    return hash.digest("hex");
  };
  await conn.write(latin1(startup({ user })));
  const challenge = new Uint8Array(13);
  for (let at = 0; at < 13;) at += await conn.read(challenge.subarray(at)) ?? 13;
  const salt = challenge.subarray(9);
  await conn.write(latin1(passwordMessage("md5" + md5(md5(password, user), salt))));
  assertMatch(new TextDecoder("latin1").decode(await readAll(conn)), /C28P01/);
  const [event] = await host.waitFor("credential-attempt");
  return { ...event.duckblind.credential, salt, md5 };
}

Deno.test("postgres reports an MD5 login as a line for hashcat 11100", async () => {
  const { method, hash, hashcat_mode, salt, md5 } = await md5Login("postgres", "hashcat");
  assertEquals([method, hashcat_mode], ["postgres-md5", 11_100]);
  const [, user, saltHex, digest] = /^\$postgres\$([^*]*)\*([0-9a-f]{8})\*([0-9a-f]{32})$/
    .exec(hash)!;
  assertEquals(user, "postgres");
  assertEquals(
    saltHex,
    [...salt].map((byte: number) => byte.toString(16).padStart(2, "0")).join(""),
  );
  assertEquals(digest, md5(md5("hashcat", "postgres"), salt));
});

Deno.test("postgres gives no hashcat mode to an MD5 login whose name a line cannot hold", async () => {
  const { hash, hashcat_mode } = await md5Login("a*\xff", "x");
  assertEquals(hashcat_mode, undefined);
  assertMatch(hash, /^\$postgres\$\$HEX\[612aff\]\*[0-9a-f]{8}\*[0-9a-f]{32}$/);
});

Deno.test("postgres lets a login take as long again as what came before it", async () => {
  const decoy = await makeDecoy(postgres, { login_timeout_ms: 1000 });
  await using host = startTestHost(decoy, { limits: { idleMs: 600_000 } });
  using conn = await host.connect();
  await conn.write(Uint8Array.from(startup({ user: "a" }), (c) => c.charCodeAt(0)));
  assertEquals((await readAll(conn)).length, 24);
  const [close] = await host.waitFor("connection-closed");
  assertEquals(close.event.reason ?? close.duckblind.session.reason, "idle");
});

Deno.test("postgres takes startup packets and passwords up to their limits, and no more", async () => {
  const bytes = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
  const decoy = await makeDecoy(postgres, { auth: "password" });
  const large = startup({ user: "a", x: "y".repeat(10_004 - 19) });
  assertEquals(large.length, 10_004);
  const password = passwordMessage("z".repeat(65_530));
  const { events } = await play(decoy, [bytes(large), bytes(password)]);
  assertEquals(events.map(({ id }) => id), ["command", "auth.attempt"]);
  const over = await play(decoy, [bytes(startup({ user: "a", x: "y".repeat(10_005 - 19) }))]);
  assertEquals(over.events.map(({ id }) => id), ["protocol.error"]);
  const long = await play(decoy, [
    bytes(startup({ user: "a" })),
    bytes(message("p", "z".repeat(65_532))),
  ]);
  assertEquals(long.events.map(({ id }) => id), ["command", "protocol.error"]);
});

Deno.test("postgres tells at most a part of what it leaves unread", async () => {
  const decoy = await makeDecoy(postgres);
  const { events } = await play(decoy, [
    Uint8Array.from(packet(9 << 16) + "x".repeat(8000), (c) => c.charCodeAt(0)),
  ]);
  const { firstBytes } = events.at(-1)!.data as { firstBytes: Uint8Array };
  assert(firstBytes.length <= 1024, `${firstBytes.length} bytes`);
});

Deno.test("postgres refuses options that cannot be", () => {
  for (
    const options of [{ product: "postgresql-9" }, { auth: "trust" }, { login_timeout_ms: 0 }, {
      x: 1,
    }]
  ) {
    assertThrows(() => v.parse(postgres.options, options), v.ValiError);
  }
});
