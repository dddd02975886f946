import { assert, assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import { createCipheriv } from "node:crypto";
import { Buffer } from "node:buffer";
import { v } from "../../lib/config/schema.ts";
import { vnc } from "../../lib/decoys/vnc.ts";
import { Blacklist } from "../../lib/decoys/vnc/blacklist.ts";
import { Guesser } from "../../lib/decoys/vnc/guesser.ts";
import { parseVersion, spokenMinor } from "../../lib/decoys/vnc/version.ts";
import { COMMON_PASSWORDS } from "../../lib/decoys/vnc/words.ts";
import { latin1Bytes } from "../../lib/net/latin1.ts";
import { readAll, startTestHost, type TestHost } from "../support/host.ts";
import { startTestTls, testRelay } from "../support/test_tls.ts";
import { assertTranscript, makeDecoy } from "../support/transcript.ts";
import { maskChallenge } from "../support/vnc_mask.ts";

const DIR = new URL("./transcripts/vnc/", import.meta.url);
const V8 = "RFB 003.008\n";

/** Options of the decoy that plays a transcript. */
const TRANSCRIPTS: Record<string, Record<string, unknown>> = {
  login_3_3: {},
  login_3_7: {},
  login_3_8: {},
  login_vencrypt: {},
  plain: { security_types: ["Plain"] },
  plain_too_long: { security_types: ["Plain"] },
  vencrypt_version: {},
  vencrypt_type: {},
  no_tls: {},
  no_type: { security_types: ["X509Vnc"] },
  realvnc_bypass: {},
  other_version: {},
  http: {},
  pipelined: {},
  half_answer: {},
  away: {},
  anonymous_tls: {},
  anonymous_tls_end: {},
  silence: {},
};
/** What is left unread and told, or waits for the challenge, hangs on segments. */
const WHOLE = new Set(["http", "pipelined", "no_tls"]);

for (const [name, options] of Object.entries(TRANSCRIPTS)) {
  Deno.test(`vnc plays TigerVNC 1.12: ${name}`, async (t) => {
    const file = new URL(`${name}.txt`, DIR);
    // A blacklist of its own for each segmentation is not needed: two connections are far from five.
    const decoy = await makeDecoy(vnc, options);
    await assertTranscript(
      t,
      decoy,
      file,
      WHOLE.has(name) ? ["whole"] : ["whole", "bytes"],
      maskChallenge,
    );
  });
}

Deno.test("vnc has a transcript for each file, and no other", () => {
  const files = [...Deno.readDirSync(DIR)].map((entry) => entry.name.replace(".txt", ""));
  assertEquals(files.sort(), Object.keys(TRANSCRIPTS).sort());
});

/** What a client with a password answers, by OpenSSL: triple DES with three times the same key. */
function answer(challenge: Uint8Array, password: string): Uint8Array {
  const key = Buffer.alloc(8);
  key.set(latin1Bytes(password).subarray(0, 8));
  for (const [i, byte] of key.entries()) {
    key[i] = parseInt([...byte.toString(2).padStart(8, "0")].reverse().join(""), 2);
  }
  return Buffer.concat([0, 8].map((half) => {
    const cipher = createCipheriv("des-ede3-cbc", Buffer.concat([key, key, key]), Buffer.alloc(8));
    cipher.setAutoPadding(false);
    const encrypted = cipher.update(challenge.subarray(half, half + 8));
    return Buffer.concat([encrypted, cipher.final()]);
  }));
}

async function readExactly(conn: Deno.Conn, count: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(count);
  for (let at = 0; at < count;) {
    const got = await conn.read(bytes.subarray(at));
    assert(got !== null, `the end after ${at} of ${count} bytes`);
    at += got;
  }
  return bytes;
}

/** Says something and reads so many bytes. */
async function ask(conn: Deno.Conn, text: string | Uint8Array, count: number) {
  await conn.write(typeof text === "string" ? latin1Bytes(text) : text);
  return await readExactly(conn, count);
}

/** Logs in by VNC authentication; gives what the server said last. */
async function login(host: TestHost, password: string): Promise<string> {
  using conn = await host.connect();
  await readExactly(conn, 12);
  await ask(conn, V8, 3);
  const challenge = await ask(conn, "\x02", 16);
  await conn.write(answer(challenge, password));
  return new TextDecoder("latin1").decode(await readAll(conn));
}

Deno.test("vnc reports a known password, in one event with the line for john", async () => {
  await using host = startTestHost(await makeDecoy(vnc));
  assertEquals(
    await login(host, "letmein"),
    "\0\0\0\x01\0\0\0\x16Authentication failure",
  );
  const [close] = await host.waitFor("connection-closed");
  assertEquals(close.duckblind.session.credentials, 1);
  const [event, ...others] = await host.waitFor("credential-attempt");
  assertEquals(others, []);
  const { method, password, hash, hashcat_mode } = event.duckblind.credential;
  assertEquals([method, password, hashcat_mode], ["vnc-des", "letmein", undefined]);
  const [, challenge, response] = /^\$vnc\$\*([0-9A-F]{32})\*([0-9A-F]{32})$/.exec(hash)!;
  const expected = Buffer.from(answer(Buffer.from(challenge!, "hex"), "letmein"));
  assertEquals(response, expected.toString("hex").toUpperCase());
});

Deno.test("vnc reports a password of the operator's list, and none that nobody knows", async () => {
  const words = Array.from({ length: 5000 }, (_, i) => `word${i}`);
  await using host = startTestHost(
    await makeDecoy(vnc, { words: [...words.slice(1), "Umlaut\xe4"] }),
  );
  for (const password of ["word4999", "", "Xu8#kk2q", "Umlaut\xc3\xa4"]) {
    await login(host, password);
  }
  const events = await host.waitFor("credential-attempt", 4);
  assertEquals(
    events.map((event) => event.duckblind.credential.password),
    ["word4999", "", undefined, "Umlaut\xe4"],
  );
});

Deno.test("vnc has another challenge for each connection", async () => {
  await using host = startTestHost(await makeDecoy(vnc));
  const challenges: Uint8Array[] = [];
  for (let i = 0; i < 2; i++) {
    using conn = await host.connect();
    await readExactly(conn, 12);
    challenges.push((await ask(conn, "RFB 003.003\n", 20)).subarray(4));
  }
  assertNotEquals(challenges[0], challenges[1]);
});

Deno.test("vnc takes a VNC password and a user's password inside of TLS", async () => {
  await using relay = await testRelay();
  const decoy = await makeDecoy(vnc, {
    security_types: ["X509Vnc", "X509Plain"],
    system_pause_min_ms: 0,
    system_pause_max_ms: 0,
  });
  await using host = startTestHost(decoy, { tls: relay });
  const open = async (type: string) => {
    const conn = await host.connect();
    await readExactly(conn, 12);
    assertEquals(await ask(conn, V8, 2), Uint8Array.of(1, 19));
    await ask(conn, "\x13", 2);
    assertEquals(await ask(conn, "\0\x02", 10), latin1Bytes("\0\x02\0\0\x01\x05\0\0\x01\x06"));
    assertEquals(await ask(conn, type, 1), Uint8Array.of(1));
    return await startTestTls(conn);
  };
  {
    using tls = await open("\0\0\x01\x05");
    await tls.write(answer(await readExactly(tls, 16), "password"));
    assertMatch(new TextDecoder().decode(await readAll(tls)), /Authentication failure$/);
  }
  {
    using tls = await open("\0\0\x01\x06");
    await tls.write(latin1Bytes("\0\0\0\x04\0\0\0\x07rootsecret\xff"));
    assertMatch(new TextDecoder().decode(await readAll(tls)), /invalid password or username$/);
  }
  const events = await host.waitFor("credential-attempt", 2);
  assertEquals(
    events.map((event) => [
      event.user?.name,
      event.duckblind.credential.method,
      event.duckblind.credential.password,
    ]),
    [["", "vnc-des", "password"], ["root", "password", "secret\\xff"]],
  );
  const hellos = await host.waitFor("tls-client-hello", 2);
  assertEquals(hellos.map((event) => event.tls.established), [true, true]);
});

Deno.test("vnc refuses a source at its sixth connection, and says so in an event", async () => {
  await using host = startTestHost(await makeDecoy(vnc));
  for (let i = 0; i < 5; i++) {
    using conn = await host.connect();
    assertEquals(await readExactly(conn, 12), latin1Bytes(V8));
  }
  using conn = await host.connect();
  assertEquals(
    await readAll(conn),
    latin1Bytes("RFB 003.003\n\0\0\0\0\0\0\0\x1aToo many security failures"),
  );
  const [event] = await host.waitFor("limit-hit");
  assertEquals(event.duckblind.limit.name, "vnc_blacklist");
});

Deno.test("Blacklist lets one connection in after each refusal, which doubles", () => {
  const blacklist = new Blacklist(3, 10);
  const isBlocked = (second: number) => blacklist.isBlocked("a", second * 1000);
  assertEquals([1000, 1000, 1000, 1000].map(isBlocked), [false, false, false, true]);
  assertEquals([1009, 1010, 1011].map(isBlocked), [true, false, true]);
  assertEquals([1029, 1030, 1069, 1070, 1071].map(isBlocked), [true, false, true, false, true]);
  assertEquals(blacklist.isBlocked("b", 1_071_000), false);
});

Deno.test("Blacklist forgets the source that was seen longest ago, and holds 4096", () => {
  const blacklist = new Blacklist(1, 10);
  for (let i = 0; i < 5000; i++) blacklist.isBlocked(`source ${i}`, 0);
  assertEquals(blacklist.size, 4096);
  assert(!blacklist.isBlocked("source 0", 0));
  assert(blacklist.isBlocked("source 4999", 0));
});

Deno.test("Guesser tries one answer at a time, bounded in all and by source", async () => {
  const steps: (() => void)[] = [];
  const words = Array.from({ length: 2000 }, (_, i) => `x${i}`);
  const guesser = new Guesser(words, () => new Promise((resolve) => steps.push(resolve)));
  const challenge = new Uint8Array(16);
  const of = (password: string) => ({ challenge, response: answer(challenge, password) });
  const first = guesser.guess(of("nobody#1"), "a");
  const mine = Array.from({ length: 20 }, () => guesser.guess(of("x1"), "a"));
  const others = Array.from({ length: 300 }, (_, i) => guesser.guess(of("x2"), `b${i}`));
  for (const { hurry } of others.slice(0, 10)) hurry();
  let isOver = false;
  const all = Promise.all([first, ...mine, ...others].map(({ found }) => found))
    .finally(() => isOver = true);
  while (!isOver) {
    assert(steps.length <= 1, "one at a time");
    steps.shift()?.();
    await new Promise((resolve) => setTimeout(resolve));
  }
  const found = (await all).map((bytes) => bytes && new TextDecoder().decode(bytes));
  assertEquals(found[0], undefined);
  assertEquals(found.slice(1, 21), [...Array(16).fill("x1"), ...Array(4).fill(undefined)]);
  assertEquals(found.slice(21), [
    ...Array(10).fill(undefined),
    ...Array(230).fill("x2"),
    ...Array(60).fill(undefined),
  ]);
});

Deno.test("Guesser knows some hundreds of passwords, each once and cut to eight bytes", () => {
  const guesser = new Guesser(["password", "password1234", "own"], () => Promise.resolve());
  assertEquals(guesser.size, COMMON_PASSWORDS.length + 2);
  assert(COMMON_PASSWORDS.length > 300 && COMMON_PASSWORDS.length < 1000);
});

Deno.test("parseVersion() reads what sscanf reads", () => {
  const read = (line: string) => {
    const version = parseVersion(latin1Bytes(line));
    return version === undefined ? undefined : [version.major, version.minor];
  };
  assertEquals(read(V8), [3, 8]);
  assertEquals(read("RFB   3. 889"), [3, 889]);
  assertEquals(read("RFB -3.+0812"), [-3, 8]);
  assertEquals(read("RFB 0003.008"), undefined);
  assertEquals(read("RFB 3\0.00812"), undefined);
  assertEquals([-1, 0, 3, 6, 7, 8, 889].map(spokenMinor), [3, 3, 3, 3, 7, 8, 8]);
});

Deno.test("vnc needs the sensor's TLS when a type of its options has a certificate", () => {
  const options = (types?: string[]) =>
    v.parse(vnc.options, types === undefined ? {} : { security_types: types });
  assertEquals(vnc.startsTls?.(options()), false);
  assertEquals(vnc.startsTls?.(options(["X509Plain"])), true);
  assertEquals(vnc.startsTls?.(options(["VncAuth", "Plain"])), false);
});

Deno.test("vnc refuses options that cannot be", () => {
  for (
    const options of [
      { product: "realvnc" },
      { security_types: [] },
      { security_types: ["None"] },
      { security_types: ["VncAuth", "VncAuth"] },
      { words: ["x".repeat(65)] },
      { words: Array(5001).fill("x") },
      { blacklist_threshold: 0 },
      { system_pause_min_ms: 10, system_pause_max_ms: 9 },
      { x: 1 },
    ]
  ) {
    assertThrows(() => v.parse(vnc.options, options), v.ValiError);
  }
});
