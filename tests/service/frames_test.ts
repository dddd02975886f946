import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { LimitError } from "../../lib/errors.ts";
import { ByteReader } from "../../lib/net/byte_reader.ts";
import {
  EVENTS_OPTIONS,
  formatError,
  formatListStart,
  MAX_LINE_BYTES,
  parseListStart,
  parseReply,
  parseRequest,
  parseSelection,
  RequestError,
  TAIL_OPTIONS,
} from "../../lib/service/frames.ts";
import { MemoryStream } from "../support/memory_stream.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** What a server reads of a client's bytes, cut as told. */
async function readRequests(data: Uint8Array, segmentBytes: number) {
  const stream = new MemoryStream();
  for (let at = 0; at < data.length; at += segmentBytes) {
    stream.send(data.subarray(at, at + segmentBytes));
  }
  stream.end();
  const reader = new ByteReader(stream);
  const requests = [];
  for (
    let line = await reader.line(MAX_LINE_BYTES);
    line;
    line = await reader.line(MAX_LINE_BYTES)
  ) {
    requests.push(parseRequest(line));
  }
  return requests;
}

Deno.test("parseRequest() reads the same requests whole, byte by byte and in one piece", async () => {
  const data = bytes("auth op  t0ken\r\nPING\n\r\nEVENTS limit=5 since=3\r\n\xff\u202e x\r\n");
  const expected = [
    { verb: "AUTH", words: ["op", "t0ken"] },
    { verb: "PING", words: [] },
    { verb: "", words: [] },
    { verb: "EVENTS", words: ["limit=5", "since=3"] },
    { verb: "Ÿ\\XE2\\X80\\XAE", words: ["x"] },
  ];
  for (const segmentBytes of [1, 3, data.length]) {
    assertEquals(await readRequests(data, segmentBytes), expected);
  }
});

Deno.test("a line of MAX_LINE_BYTES is read, a longer one is a LimitError", async () => {
  const longest = new Uint8Array(MAX_LINE_BYTES).fill(0x61);
  longest[MAX_LINE_BYTES - 1] = 0x0a;
  const [request] = await readRequests(longest, 8192);
  assertEquals(request?.verb.length, MAX_LINE_BYTES - 1);
  const tooLong = new Uint8Array(MAX_LINE_BYTES + 1).fill(0x61);
  const error = await readRequests(tooLong, 8192).catch((error) => error);
  assertInstanceOf(error, LimitError);
});

Deno.test("parseRequest() makes printable words of any bytes", () => {
  let seed = 7;
  const random = () => (seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff) / 0x7fffffff;
  for (let i = 0; i < 500; i++) {
    const garbage = Uint8Array.from({ length: 1 + random() * 60 }, () => random() * 256);
    const { verb, words } = parseRequest(garbage);
    for (const word of [verb, ...words]) {
      assert(!/[\p{Cc}\s]/u.test(word), JSON.stringify(word));
      try {
        parseSelection([word], EVENTS_OPTIONS);
      } catch (error) {
        assertInstanceOf(error, RequestError);
      }
    }
  }
});

Deno.test("parseSelection() reads every option", () => {
  assertEquals(
    parseSelection(
      [
        "since=12",
        "limit=10000",
        "type=command,payload",
        "decoy=ftp,web-2",
        "source=2001:DB8:0::1",
        "session=01JDZZZZZZZZZZZZZZZZZZZZZZ",
        "min_severity=50",
        "from=2026-11-21T12:00:00+01:00",
        "to=2026-11-21T12:00:00.5Z",
      ],
      EVENTS_OPTIONS,
    ),
    {
      since: 12,
      limit: 10_000,
      filter: {
        actions: ["command", "payload"],
        decoys: ["ftp", "web-2"],
        source: "2001:db8::1",
        session: "01JDZZZZZZZZZZZZZZZZZZZZZZ",
        minSeverity: 50,
        fromMs: Date.UTC(2026, 10, 21, 11),
        toMs: Date.UTC(2026, 10, 21, 12, 0, 0, 500),
      },
    },
  );
  assertEquals(
    parseSelection(["source=::ffff:192.0.2.1"], TAIL_OPTIONS).filter.source,
    "192.0.2.1",
  );
  assertEquals(parseSelection(["heartbeat=15"], TAIL_OPTIONS).heartbeatMs, 15_000);
});

Deno.test("parseSelection() says what would be right", () => {
  for (
    const [words, message] of [
      [["limit=0"], 'limit is "0", must be a whole number from 1 to 10000'],
      [["limit=10001"], 'limit is "10001", must be a whole number from 1 to 10000'],
      [["since=-1"], 'since is "-1"'],
      [["type=nonsense"], 'type is "nonsense", must be of connection-opened'],
      [["source=example"], "must be an IP address"],
      [["from=yesterday"], "must be a time such as"],
      [["from=2026-13-41T00:00:00Z"], "must be a time such as"],
      [["heartbeat=1"], '"heartbeat=1" is no option, must be since='],
      [["limit"], '"limit" is no option'],
      [["limit=1", "limit=2"], "limit= stands twice"],
      [["__proto__=1"], "is no option"],
    ] as const
  ) {
    const error = assertThrows(() => parseSelection(words, EVENTS_OPTIONS), RequestError);
    assertStringIncludes(error.message, message);
    assertEquals(error.code, "bad-request");
  }
});

Deno.test("answers are read as they are written", () => {
  assertEquals(parseReply("+OK Bye"), { isOk: true, text: "Bye" });
  assertEquals(parseReply("+OK"), { isOk: true, text: "" });
  assertEquals(parseReply(formatError("unknown", "No such request").trimEnd()), {
    isOk: false,
    code: "unknown",
    text: "No such request",
  });
  assertEquals(parseReply("HTTP/1.1 400 Bad Request"), undefined);
  const start = (count: number, next?: number) => {
    const reply = parseReply(formatListStart(count, next).trimEnd());
    return reply?.isOk ? parseListStart(reply.text) : undefined;
  };
  assertEquals(start(3), { count: 3 });
  assertEquals(start(0, 4711), { count: 0, next: 4711 });
  assertEquals(parseListStart("Bye"), undefined);
});
