import { Parser } from "@nats-io/nats-core/internal";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { LimitError, ProtocolError } from "../../lib/errors.ts";
import { FrameGuard, MAX_LINE_BYTES, MAX_PAYLOAD_BYTES, parseInfo } from "../../lib/nats/frames.ts";

const encode = (text: string) => new TextEncoder().encode(text);

const INFO = 'INFO {"version":"2.9.10","max_payload":1048576,"headers":true} \r\n';
/** Everything a server says, as nats-server 2.9 says it: two spaces where there is no reply. */
const TALK = INFO +
  "PING\r\nPONG\r\n+OK\r\n-ERR 'Authorization Violation'\r\n" +
  "MSG _INBOX.a.b 1  5\r\nhel\r\n\r\n" +
  "MSG duckblind.a.b 2 $JS.ACK.x 0\r\n\r\n" +
  "HMSG _INBOX.a.b 1  16 16\r\nNATS/1.0 503\r\n\r\n\r\n" +
  "HMSG a 1 reply 16 18\r\nNATS/1.0 503\r\n\r\n{}\r\n" +
  "MSG   $JS.a  000000001   r.1   2\r\n{}\r\n" + "MSG \u00e9 1 2\r\n{}\r\n" + INFO;

Deno.test("FrameGuard lets a server's talk through, whole and in pieces of any size", () => {
  const bytes = encode(TALK);
  for (const size of [bytes.length, 1, 2, 3, 7, 64]) {
    const guard = new FrameGuard();
    for (let at = 0; at < bytes.length; at += size) guard.push(bytes.subarray(at, at + size));
  }
});

Deno.test("FrameGuard refuses what is no operation, and says where", () => {
  const cases: [text: string, offset: number][] = [
    ["HTTP/1.1 400 Bad Request\r\n", 0],
    ["PING\r\nBAD\r\n", 6],
    ["PING\n", 0],
    ["MSG a 1\r\n", 0],
    ["MSG a x 5\r\n", 0],
    ["MSG a 1 -5\r\n", 0],
    ["MSG a 1 99999999999999999999\r\n", 0],
    ["HMSG a 1 9 8\r\n", 0],
    ["MSG a 1 5 \r\n", 0],
    ["MSG a 1 \r\n", 0],
    ["MSG  1 5\r\n", 0],
    ["MSG a 1 r 5 5\r\n", 0],
    ["MSG a 1 r x\r\n", 0],
    ["MSG a\t1 5\r\n", 0],
    ["MSGa 1 5 5\r\n", 0],
    ["MSG a 1234567890 5\r\n", 0],
    ["MSG a 1 1234567890\r\n", 0],
    ["MSG a 1 5\n", 0],
    ["HMSG a 1 x 8\r\n", 0],
    ["HMSG a 1 8\r\n", 0],
    ["HMSG a 1 r 7 8 8\r\n", 0],
    ["HMSG a x 7 8\r\n", 0],
    ["MSG a 1 2\r\nabc\r\n", 13],
  ];
  for (const [text, offset] of cases) {
    for (const size of [text.length, 1]) {
      const guard = new FrameGuard();
      const error = assertThrows(() => {
        const bytes = encode(text);
        for (let at = 0; at < bytes.length; at += size) guard.push(bytes.subarray(at, at + size));
      }, ProtocolError);
      // In single bytes a line is judged when its last one is there.
      if (size > 1) assertEquals(error.offset, offset, text);
    }
  }
});

Deno.test("FrameGuard refuses a greeting in the middle that the library would choke on", () => {
  for (
    const info of ["INFO nonsense\r\n", "INFO {}\r\n", 'INFO {"version":"x","max_payload":1}\r\n']
  ) {
    assertThrows(() => new FrameGuard().push(encode(info)), ProtocolError);
  }
});

Deno.test("FrameGuard bounds a line and a payload at their edges", () => {
  const line = (length: number) => encode("-ERR " + "x".repeat(length - 7) + "\r\n");
  new FrameGuard().push(line(MAX_LINE_BYTES));
  assertThrows(() => new FrameGuard().push(line(MAX_LINE_BYTES + 1)), LimitError);
  const guard = new FrameGuard();
  assertThrows(() => {
    for (let i = 0; i <= MAX_LINE_BYTES / 1024; i++) guard.push(encode("x".repeat(1024)));
  }, LimitError);
  new FrameGuard().push(encode(`MSG a 1 ${MAX_PAYLOAD_BYTES}\r\n`));
  assertThrows(
    () => new FrameGuard().push(encode(`MSG a 1 ${MAX_PAYLOAD_BYTES + 1}\r\n`)),
    LimitError,
  );
});

Deno.test("parseInfo() reads what is used, and wants each of its type", () => {
  assertEquals(parseInfo(encode(INFO)), {
    version: "2.9.10",
    max_payload: 1_048_576,
    headers: true,
    tls_required: false,
    tls_available: false,
  });
  const info = { version: "2.9.10", max_payload: 1024 };
  for (const wrong of [{ version: 2 }, { max_payload: "1" }, { max_payload: 0 }, { nonce: 5 }]) {
    const line = encode(`INFO ${JSON.stringify({ ...info, ...wrong })}\r\n`);
    assertThrows(() => parseInfo(line), ProtocolError);
  }
});

Deno.test("FrameGuard ends on whatever comes, by its own errors, and alike in all pieces", () => {
  // A generator of our own: a failure can be had again.
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  const verdictOf = (bytes: Uint8Array, size: number): string => {
    const guard = new FrameGuard();
    try {
      for (let at = 0; at < bytes.length; at += size) guard.push(bytes.subarray(at, at + size));
      return "fine";
    } catch (error) {
      if (error instanceof ProtocolError || error instanceof LimitError) return error.name;
      throw error;
    }
  };
  const counts: Record<string, number> = {};
  for (let round = 0; round < 3000; round++) {
    const bytes = encode(TALK);
    for (let n = random(3); n >= 0; n--) bytes[random(bytes.length)] = random(256);
    const verdict = verdictOf(bytes, bytes.length);
    counts[verdict] = (counts[verdict] ?? 0) + 1;
    assertEquals(verdictOf(bytes, 1 + random(40)), verdict, `round ${round}`);
    // What is let through makes sense to the library too.
    if (verdict === "fine") new Parser({ push: () => {} }).parse(bytes);
  }
  assert(counts.fine! > 100 && counts.ProtocolError! > 100, JSON.stringify(counts));
});
