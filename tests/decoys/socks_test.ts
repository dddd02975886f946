import { assert, assertEquals, assertThrows } from "@std/assert";
import { v } from "../../lib/config/schema.ts";
import { socks } from "../../lib/decoys/socks.ts";
import { lookUp } from "../../lib/decoys/socks/names.ts";
import { readAll, startTestHost } from "../support/host.ts";
import { assertTranscript, makeDecoy, play } from "../support/transcript.ts";

const DIR = new URL("./transcripts/socks/", import.meta.url);
const NONE = { auth: "none" };

/** Options of the decoy that plays a transcript. */
const TRANSCRIPTS: Record<string, Record<string, unknown>> = {
  login: {},
  odd_login: {},
  empty_login: {},
  no_method: {},
  nmap: {},
  http: {},
  silence: {},
  socks4: {},
  socks4a: {},
  none_connect: NONE,
  none_ipv6: NONE,
  none_unknown: NONE,
  none_bind: NONE,
  none_udp: NONE,
  none_socks4: NONE,
  none_bad_command: NONE,
  both_login: { auth: "both" },
};

for (const [name, options] of Object.entries(TRANSCRIPTS)) {
  Deno.test(`socks plays Dante 1.4.2: ${name}`, async (t) => {
    await assertTranscript(t, await makeDecoy(socks, options), new URL(`${name}.txt`, DIR));
  });
}

Deno.test("socks has a transcript for each file, and no other", () => {
  const files = [...Deno.readDirSync(DIR)].map((entry) => entry.name.replace(".txt", ""));
  assertEquals(files.sort(), Object.keys(TRANSCRIPTS).sort());
});

Deno.test("socks fails connections as it is told, naming its own end of them", async () => {
  for (const [connects, code] of [["refused", 5], ["unreachable", 4], ["failing", 1]] as const) {
    await using host = startTestHost(await makeDecoy(socks, { auth: "none", connects }));
    using conn = await Deno.connect({ hostname: "127.0.0.1", port: host.port });
    await conn.write(new Uint8Array([5, 1, 0, 5, 1, 0, 1, 192, 0, 2, 7, 0, 25]));
    const answer = await readAll(conn);
    assertEquals([...answer.subarray(0, 10)], [5, 0, 5, code, 0, 1, 127, 0, 0, 1]);
    assertEquals(answer.length, 12);
    assert(answer[10]! * 256 + answer[11]! >= 32_768);
    const [event, ...more] = await host.waitFor("command");
    assertEquals(more, []);
    assertEquals(event.process.command_line, "CONNECT 192.0.2.7:25");
    assertEquals(event.duckblind.command.reply_code, String(code));
  }
});

Deno.test("socks tells a password over a socket, once", async () => {
  await using host = startTestHost(await makeDecoy(socks));
  using conn = await Deno.connect({ hostname: "127.0.0.1", port: host.port });
  await conn.write(new TextEncoder().encode("\x05\x01\x02\x01\x04root\x06toor 1"));
  assertEquals([...await readAll(conn)], [5, 2, 1, 1]);
  const [event, ...more] = await host.waitFor("credential-attempt");
  assertEquals(more, []);
  const { method, password } = event.duckblind.credential;
  assertEquals([event.user.name, method, password], ["root", "password", "toor 1"]);
});

Deno.test("socks gives a look-up the time that it is told to take, and none to addresses", async () => {
  const decoy = await makeDecoy(socks, { ...NONE, lookup_min_ms: 7, lookup_max_ms: 8 });
  const pausesFor = async (name: string) => {
    const request = `\x05\x01\x00\x05\x01\x00\x03${String.fromCharCode(name.length)}${name}\x00P`;
    const { lines } = await play(decoy, [new TextEncoder().encode(request)]);
    return lines.filter((line) => line.startsWith("~"));
  };
  assertEquals(await pausesFor("example.com"), ["~ 7..8"]);
  assertEquals(await pausesFor("nothere"), ["~ 7..8"]);
  for (const name of ["127.1", "localhost", ""]) assertEquals(await pausesFor(name), []);
});

Deno.test("socks bounds what SOCKS 4 sends without an end", async () => {
  const flood = new Uint8Array(2000).fill(0x75);
  flood.set([4, 1, 0, 80, 1, 2, 3, 4]);
  const { lines, events } = await play(await makeDecoy(socks), [flood]);
  assertEquals(events.map(({ id }) => id), ["protocol.error"]);
  assertEquals(lines.at(-1), "= abrupt");
});

Deno.test("lookUp() reads addresses as inet_aton does, and knows what no resolver knows", () => {
  const address = (name: string) => {
    const lookup = lookUp(name);
    return lookup.kind === "address" ? lookup.bytes.join(".") : lookup.kind;
  };
  assertEquals(
    ["1.2.3.4", "1.2.3", "1.2", "300", "0x7f.1", "0177.0.0.1", "LocalHost"].map(address),
    ["1.2.3.4", "1.2.0.3", "1.0.0.2", "0.0.1.44", "127.0.0.1", "127.0.0.1", "127.0.0.1"],
  );
  for (const name of ["example.com", "a.b.xn--p1ai", "_dmarc.example.org.", "EXAMPLE.NET"]) {
    assertEquals(address(name), "found");
  }
  for (
    const name of [
      "",
      ".",
      "db",
      "x.invalid",
      "a..com",
      "-a.com",
      "1.2.3.4.5",
      "08.1.1.1",
      "256.1.1.1",
    ]
      .concat("4294967296", `${"a".repeat(64)}.com`, `${"a.".repeat(130)}com`, "a b.com", "x.c")
  ) assertEquals(address(name), "unknown", name);
});

Deno.test("socks refuses options that cannot be", () => {
  for (
    const options of [
      { product: "ss5" },
      { auth: "gssapi" },
      { connects: "relayed" },
      { lookup_min_ms: 2, lookup_max_ms: 1 },
      { negotiate_timeout_ms: 0 },
    ]
  ) assertThrows(() => v.parse(socks.options, options), v.ValiError);
});
