import { assertEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { readVersionLine, VersionLineEnd } from "../../../lib/decoys/ssh/identification.ts";
import { DROPBEAR } from "../../../lib/decoys/ssh/products/dropbear.ts";
import { OPENSSH_DEBIAN_12 } from "../../../lib/decoys/ssh/products/openssh.ts";
import { memorySession } from "../../support/memory_session.ts";

const latin1 = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));

/** Reads a line of what comes in such segments; `left` is what was not taken from the system. */
async function read(segments: readonly string[], product = OPENSSH_DEBIAN_12) {
  const { session, stream } = memorySession();
  for (const segment of segments) stream.send(latin1(segment));
  stream.end();
  const line = await readVersionLine(session, product.lineRules());
  const text = Buffer.from(line.bytes).toString("latin1");
  const { bytesIn } = session;
  let rest = "";
  for (let part = await session.read(); part !== null; part = await session.read()) {
    rest += Buffer.from(part).toString("latin1");
  }
  const verdict = product.judgeLine(text, line.isRefused);
  return { text, taken: line.taken, isRefused: line.isRefused, bytesIn, rest, verdict };
}

const INVALID = { text: "Invalid SSH identification string." };
const DIFFERS = { text: "Protocol major versions differ." };

Deno.test("readVersionLine() reads the same in segments of every size, and loses nothing", async () => {
  const whole = "SSH-2.0-Go 1\r\n\0\0\0\x0cnext";
  for (const product of [OPENSSH_DEBIAN_12, DROPBEAR]) {
    for (const size of [1, 2, 4, 7, 8, 9, 14, 100]) {
      const segments = Array.from(
        { length: Math.ceil(whole.length / size) },
        (_, i) => whole.slice(i * size, (i + 1) * size),
      );
      const { text, taken, rest, verdict } = await read(segments, product);
      assertEquals([text, taken, rest, verdict], ["SSH-2.0-Go 1", 14, "\0\0\0\x0cnext", undefined]);
    }
  }
});

Deno.test("OpenSSH judges version lines as in the recordings", async () => {
  const cases: Record<string, unknown> = {
    "SSH-2.0-x\n": undefined,
    "SSH-2.0-OpenSSH \r\n": undefined,
    "SSH-2.2-x\r\n": undefined,
    "SSH-1.99-x\r\n": undefined,
    "SSH-1.5-x\r\n": DIFFERS,
    "SSH-3.0-HACKNET\r\n": DIFFERS,
    "SSH-1337-OpenSSH_9.0\r\n": INVALID,
    "SSH-2.0-\r\n": INVALID,
    "SSH-2.0\r\n": INVALID,
    "ssh-2.0-x\r\n": INVALID,
    "HELP\r\n": INVALID,
    "\r\n": INVALID,
    "SSH-2.0-x\rSSH-2.0-y\r\n": INVALID,
    "SSH-2.0-a\0b\r\n": INVALID,
    "SSH- +2. -0-x\r\n": undefined,
    "SSH-4294967298.0-x\r\n": undefined, // %d keeps 32 bits
    "SSH-2.0-SSH_Version_Mapper_1\r\n": "silence",
    "SSH-2.0-Probe-x\r\n": "silence",
  };
  for (const [line, expected] of Object.entries(cases)) {
    assertEquals((await read([line])).verdict, expected, line);
  }
});

Deno.test("OpenSSH takes 8192 bytes of a line and no more", async () => {
  const line = "SSH-2.0-" + "A".repeat(8184);
  assertEquals((await read([line + "\r\n"])).verdict, undefined);
  const longer = await read([line + "A\r\n"]);
  assertEquals([longer.isRefused, longer.verdict], [true, INVALID]);
});

Deno.test("Dropbear judges version lines as in the recordings", async () => {
  const cases: Record<string, unknown> = {
    "SSH-2.0-x\r\n": undefined,
    "SSH-2.9\n": undefined,
    "SSH-1.99-x\n": undefined,
    "SSH-1.5-x\r\n": "silence",
    "SSH-1337-OpenSSH_9.0\r\n": "silence",
    "GET / HTTP/1.0\r\n": "silence",
    "\n": "silence",
    "SSH-\x002.0-x\n": "silence",
    "S\rSH-2.0-x\r\n": undefined,
  };
  for (const [line, expected] of Object.entries(cases)) {
    assertEquals((await read([line], DROPBEAR)).verdict, expected, JSON.stringify(line));
  }
  const long = await read(["SSH-2.0-" + "x".repeat(300) + "\n"], DROPBEAR);
  assertEquals([long.text.length, long.taken, long.rest.length], [255, 255, 54]);
});

Deno.test("readVersionLine() leaves behind a refused line what is there, so that the system answers RST", async () => {
  const cases: [line: string, left: number][] = [
    ["\n\n\n\n\n\n\n\n", 7],
    ["GET / HTTP/1.0\r\n\r\n", 2],
    ["\0\0\0\0", 3],
    ["HELP\r\n", 0],
    ["SSH-1.5-x\r\nmore", 4],
    ["SSH-1337-x\r\nmore", 4],
    ["SSH-2.0-a\0more", 4],
  ];
  for (const [line, left] of cases) {
    const { taken, rest } = await read([line]);
    assertEquals([taken, rest.length], [line.length - left, left], JSON.stringify(line));
  }
  // Of what begins in no usual way nothing more is taken from the system than the line itself.
  for (const line of ["GET / HTTP/1.0\r\n", "SSH-1.5-x\r\n", "SSH-9999-Invalid\r\n", "\n"]) {
    assertEquals((await read([line + "behind it"])).bytesIn, Math.max(line.length, 4), line);
  }
});

Deno.test("readVersionLine() tells the end of a peer within its line", async () => {
  for (const start of ["", "S", "SSH-2.0-", "SSH-2.0-Go 1\r", "GET /"]) {
    await assertRejects(() => read(start === "" ? [] : [start]), VersionLineEnd);
  }
});
