import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import { v } from "../../lib/config/schema.ts";
import { httpProxy } from "../../lib/decoys/http_proxy.ts";
import { findNtlm, makeChallenge, readAnswer } from "../../lib/decoys/http_proxy/ntlm.ts";
import { parseProxyUrl } from "../../lib/decoys/http_proxy/url.ts";
import { readAll, startTestHost } from "../support/host.ts";
import { assertTranscript, makeDecoy, play } from "../support/transcript.ts";

const DIR = new URL("./transcripts/http-proxy/", import.meta.url);
const encoder = new TextEncoder();

/** Options of the decoy that plays a transcript. */
const TRANSCRIPTS: Record<string, Record<string, unknown>> = {
  get: {},
  connect: {},
  post: {},
  origin_form: {},
  manager: {},
  senseless: {},
  bad_field: {},
  expect: {},
  preemptive: {},
  basic_login: { auth: "basic" },
  silence: {},
  end_in_body: {},
};

for (const [name, options] of Object.entries(TRANSCRIPTS)) {
  Deno.test(`http-proxy plays Squid 5.7: ${name}`, async (t) => {
    await assertTranscript(t, await makeDecoy(httpProxy, options), new URL(`${name}.txt`, DIR));
  });
}

Deno.test("http-proxy has a transcript for each file, and no other", () => {
  const files = [...Deno.readDirSync(DIR)].map((entry) => entry.name.replace(".txt", ""));
  assertEquals(files.sort(), Object.keys(TRANSCRIPTS).sort());
});

Deno.test("http-proxy tells a password over a socket, once", async () => {
  await using host = startTestHost(await makeDecoy(httpProxy, { auth: "basic", realm: "Office" }));
  using conn = await Deno.connect({ hostname: "127.0.0.1", port: host.port });
  const login = btoa("bob:builder");
  await conn.write(
    encoder.encode(`CONNECT db:443 HTTP/1.0\r\nProxy-Authorization: Basic ${login}\r\n\r\n`),
  );
  const reply = new TextDecoder().decode(await readAll(conn));
  assertMatch(reply, /^HTTP\/1\.1 407 .*\r\nProxy-Authenticate: Basic realm="Office"\r\n/s);
  assert(reply.includes(`X-Cache-Lookup: NONE from srv:${host.port}\r\n`), reply);
  const [attempt, ...more] = await host.waitFor("credential-attempt");
  assertEquals(more, []);
  assertEquals([attempt.user.name, attempt.duckblind.credential.password], ["bob", "builder"]);
  const [request] = await host.waitFor("http-request");
  assertEquals([request.url.original, request.http.response.status_code], ["db:443", 407]);
});

/** NT hash of "hunter 2": MD4 of its UTF-16LE form. */
const NT_HASH = Buffer.from("ea7d82748a28077650d010e2ca41f9eb", "hex");

/** Type 3 of a client that knows the password (MS-NLMP §3.3.2). */
function answerNtlm(challenge: Buffer, blob: Buffer): Buffer {
  const md5 = (key: Uint8Array, data: Uint8Array) => createHmac("md5", key).update(data).digest();
  const key = md5(NT_HASH, Buffer.from("ALICECORP", "utf16le"));
  const proof = md5(key, Buffer.concat([challenge, blob]));
  const nt = Buffer.concat([proof, blob]);
  const parts = [Buffer.alloc(24), nt]
    .concat(["CORP", "alice", "WS1"].map((text) => Buffer.from(text, "utf16le")));
  const head = Buffer.alloc(64);
  head.write("NTLMSSP\0", "latin1");
  head.writeUInt32LE(3, 8);
  let offset = 64;
  for (const [i, part] of parts.entries()) {
    head.writeUInt16LE(part.length, 12 + 8 * i);
    head.writeUInt32LE(offset, 16 + 8 * i);
    offset += part.length;
  }
  head.writeUInt32LE(offset, 56);
  head.writeUInt32LE(1, 60);
  return Buffer.concat([head, ...parts]);
}

Deno.test("http-proxy reports NTLMv2 as a line by which a password can be tried", async () => {
  await using host = startTestHost(await makeDecoy(httpProxy, { auth: "ntlm" }));
  using conn = await Deno.connect({ hostname: "127.0.0.1", port: host.port });
  const ask = async (message: Buffer, more = "") => {
    const login = `NTLM ${message.toString("base64")}`;
    await conn.write(
      encoder.encode(`HEAD http://x/ HTTP/1.1\r\n${more}Proxy-Authorization: ${login}\r\n\r\n`),
    );
  };
  const buffer = new Uint8Array(8192);
  await ask(Buffer.from("NTLMSSP\0\x01\0\0\0\x07\x82\x08\0", "latin1"));
  const reply = Buffer.from(buffer.subarray(0, (await conn.read(buffer))!)).toString("latin1");
  const [, token] = /\r\nProxy-Authenticate: NTLM (\S+)\r\n/.exec(reply)!;
  const found = findNtlm(Buffer.from(token!, "base64"))!;
  assertEquals(found.type, 2);
  const challenge = found.message.subarray(24, 32);
  const infoAt = found.message.readUInt32LE(44);
  const info = found.message.subarray(infoAt, infoAt + found.message.readUInt16LE(40));
  const blob = Buffer.concat([Buffer.from("0101000000000000", "hex"), Buffer.alloc(20), info]);
  await ask(answerNtlm(challenge, blob), "Connection: close\r\n");
  await readAll(conn);

  const [attempt, ...more] = await host.waitFor("credential-attempt");
  assertEquals(more, []);
  const { method, hash, hashcat_mode } = attempt.duckblind.credential;
  assertEquals([attempt.user.name, method, hashcat_mode], ["alice", "ntlmv2", 5600]);
  const [user, , domain, asked, proof, rest] = hash!.split(":");
  const key = createHmac("md5", NT_HASH).update(
    Buffer.from(user!.toUpperCase() + domain!, "utf16le"),
  ).digest();
  const computed = createHmac("md5", key).update(Buffer.from(asked! + rest!, "hex")).digest("hex");
  assertEquals(computed, proof);
});

Deno.test("readAnswer() tells NTLMv1 and nobody apart, and bounds what points outside", () => {
  const challenge = new Uint8Array(8).fill(0x11);
  const message = Buffer.alloc(64);
  message.write("NTLMSSP\0\x03", "latin1");
  assertEquals(readAnswer(message, challenge).method, "none");
  message.writeUInt16LE(24, 20);
  message.writeUInt32LE(0xffff_fff0, 24);
  assertEquals(readAnswer(message, challenge).method, "none");
  message.writeUInt32LE(0, 24);
  const { method, hash, hashcatMode } = readAnswer(message, challenge);
  assertEquals([method, hashcatMode], ["ntlmv1", 5500]);
  assertMatch(hash!, /^::::[0-9a-f]{48}:1111111111111111$/);
  const fresh = makeChallenge(challenge, { hostname: "srv.example.com", nowMs: 0 });
  assertEquals(fresh.subarray(24, 32).toString("hex"), "1111111111111111");
});

Deno.test("http-proxy reports a Digest as a line for hashcat, and knows its own nonces", async () => {
  const decoy = await makeDecoy(httpProxy, { auth: "digest" });
  const request = (nonce: string) =>
    encoder.encode(
      'HEAD http://x/ HTTP/1.1\r\nProxy-Authorization: Digest username="bob", realm="r", ' +
        `nonce="${nonce}", uri="http://x/", qop=auth, nc=00000001, cnonce="c", ` +
        `response="${"0".repeat(32)}"\r\n\r\n`,
    );
  const foreign = await play(decoy, [request("n")]);
  const [, ours] = /nonce="([0-9a-f]{32})", qop="auth", stale=true/.exec(foreign.lines.join(""))!;
  const { lines, events } = await play(decoy, [request(ours!)]);
  assertMatch(lines.join(""), /stale=false/);
  assertEquals(events[0], {
    id: "auth.attempt",
    data: {
      method: "digest",
      username: "bob",
      hash: `$sip$***bob*r*HEAD**http://x/**${ours}*c*00000001*auth*MD5*${"0".repeat(32)}`,
      hashcatMode: 11_400,
    },
  });
});

Deno.test("http-proxy offers the logins of its option in order", async () => {
  for (
    const [auth, expected] of [
      ["digest", "Digest,Basic"],
      ["ntlm", "NTLM,Basic"],
      ["negotiate", "Negotiate,NTLM,Basic"],
    ]
  ) {
    const decoy = await makeDecoy(httpProxy, { auth });
    const { lines } = await play(decoy, [encoder.encode("HEAD http://x/ HTTP/1.1\r\n\r\n")]);
    const offers = [...lines.join("").matchAll(/Proxy-Authenticate: (\w+)/g)].map((match) =>
      match[1]
    );
    assertEquals(offers.join(), expected);
  }
});

Deno.test("http-proxy reports at most 1000 requests of a connection, and says that there were more", async () => {
  const decoy = await makeDecoy(httpProxy);
  const { events } = await play(decoy, [
    encoder.encode("HEAD http://x/ HTTP/1.1\r\n\r\n".repeat(1010)),
  ]);
  assertEquals(events.length, 1001);
  assertEquals(events.at(-1), { id: "limit.hit", data: { limit: "session_events", max: 1000 } });
});

Deno.test("http-proxy bounds heads", async () => {
  for (
    const [head, status] of [
      ["GET http://x/" + "a".repeat(70_000), "414 URI Too Long"],
      ["GET http://x/ HTTP/1.1\r\nA: " + "a".repeat(70_000), "431 Request Header Fields Too Large"],
    ] as const
  ) {
    const { lines, events } = await play(await makeDecoy(httpProxy), [encoder.encode(head)]);
    assert(lines.join("").includes(`HTTP/1.1 ${status}\\r\\n`));
    assertEquals(events.map(({ id }) => id), ["limit.hit"]);
    assertEquals(lines.at(-1), "= done");
  }
});

Deno.test("http-proxy reads heads of white space in time", async () => {
  const decoy = await makeDecoy(httpProxy, { auth: "digest" });
  const blank = " ".repeat(60_000);
  for (
    const head of [
      `GET ${blank}x`,
      `GET http://x/${blank}x HTTP/1.1`,
      `HEAD http://x/ HTTP/1.1\r\nA: a${blank}b`,
      `HEAD http://x/ HTTP/1.1\r\nProxy-Authorization: Digest ${"a".repeat(60_000)}`,
      `HEAD http://x/ HTTP/1.1\r\nProxy-Authorization: Digest a${blank}b`,
    ]
  ) {
    const started = performance.now();
    const { events } = await play(decoy, [encoder.encode(`${head}\r\n\r\n`)]);
    assertEquals(events.at(-1)!.id, "http.request");
    assert(performance.now() - started < 1000, head.slice(0, 60));
  }
});

Deno.test("parseProxyUrl() writes URLs as Squid's pages do", () => {
  const self = { hostname: "srv", port: 3128 };
  const shown = (text: string, method = "GET") => parseProxyUrl(text, method, self)?.shown;
  assertEquals(shown("HTTP://u:p@EXAMPLE.com:80/a?secret"), "http://example.com/a?");
  assertEquals(shown("example.com:443", "CONNECT"), "https://example.com/*");
  assertEquals(shown("/squid-internal-mgr/menu"), "http://srv:3128/squid-internal-mgr/menu");
  for (
    const text of ["/", "x", "http://", "ws://x/", "http://x:0/", "http://x/".padEnd(8192, "a")]
  ) {
    assertEquals(shown(text), undefined, text);
  }
});

Deno.test("http-proxy refuses options that cannot be", () => {
  for (
    const options of [
      { product: "squid-6" },
      { auth: "kerberos" },
      { realm: 'a"b' },
      { hostname: "a b" },
      { max_attempts: 1 },
    ]
  ) assertThrows(() => v.parse(httpProxy.options, options), v.ValiError);
});
