import { assert, assertEquals } from "@std/assert";
import {
  type ClientHello,
  ClientHelloReader,
  MAX_HELLO_BYTES,
  MAX_HELLO_RECORDS,
  type NotTls,
} from "../../lib/net/client_hello.ts";
import { clientHelloFixture, clientHelloFixtures } from "../support/client_hellos.ts";

const text = (value: string) => new TextEncoder().encode(value);

function join(...parts: (Uint8Array | number[])[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** A record with a payload. */
function record(payload: Uint8Array | number[], type = 22, version = 0x0301): Uint8Array {
  const { length } = payload;
  return join([type, version >> 8, version & 255, length >> 8, length & 255], payload);
}

/** Bytes after their length. */
function vector(lengthSize: number, ...parts: (Uint8Array | number[])[]): Uint8Array {
  const body = join(...parts);
  const length = [body.length >> 16, (body.length >> 8) & 255, body.length & 255];
  return join(length.slice(3 - lengthSize), body);
}

/** An extension. */
function extension(type: number, ...data: (Uint8Array | number[])[]): Uint8Array {
  return join([type >> 8, type & 255], vector(2, ...data));
}

/** A ClientHello message with these extensions and a single suite. */
function message(...extensions: Uint8Array[]): Uint8Array {
  const tail = extensions.length === 0 ? [] : vector(2, ...extensions);
  const start = join([3, 3], new Uint8Array(32), [0], vector(2, [0x13, 0x01]), [1, 0]);
  return join([1], vector(3, start, tail));
}

/** What a whole push gives, or else the end; byte by byte it must be the same. */
function read(bytes: Uint8Array): ClientHello | NotTls {
  const reader = new ClientHelloReader();
  const whole = reader.push(bytes) ?? reader.end();
  assertEquals(reader.bytes, bytes);
  const slow = new ClientHelloReader();
  let taken = 0;
  for (; taken < bytes.length && slow.result === undefined; taken++) {
    slow.push(bytes.subarray(taken, taken + 1));
  }
  assertEquals(slow.end(), whole);
  assertEquals(slow.bytes, bytes.subarray(0, taken));
  return whole;
}

function hello(bytes: Uint8Array): ClientHello {
  const found = read(bytes);
  assert(found.kind === "client-hello", JSON.stringify(found));
  return found;
}

function reason(bytes: Uint8Array | number[]): string {
  const found = read(join(bytes));
  assert(found.kind === "not-tls", JSON.stringify(found));
  return found.reason;
}

Deno.test("ClientHelloReader reads recorded clients, whole and byte by byte, and nothing is wrong", () => {
  const recordings = clientHelloFixtures();
  assert(recordings.length >= 10);
  for (const { name, bytes } of recordings) {
    const found = hello(bytes);
    assertEquals([name, found.malformed, found.isWhole], [name, undefined, true]);
    // Not a byte before the last one.
    assertEquals(new ClientHelloReader().push(bytes.subarray(0, -1)), undefined);
  }
});

Deno.test("ClientHelloReader tells all that a client offers", () => {
  const { bytes } = clientHelloFixture("curl");
  const found = hello(bytes);
  const { cipherSuites, extensions, supportedGroups, signatureAlgorithms, ...rest } = found;
  assertEquals(rest, {
    kind: "client-hello",
    recordVersion: 0x0301,
    isSslv2: false,
    legacyVersion: 0x0303,
    sessionIdBytes: 32,
    compressionMethods: [0],
    serverName: text("www.example.com"),
    alpn: [text("h2"), text("http/1.1")],
    supportedVersions: [0x0304, 0x0303, 0x0302, 0x0301],
    pointFormats: [0, 1, 2],
    hasGrease: false,
    records: 1,
    isWhole: true,
  });
  assertEquals(cipherSuites.slice(0, 3), [0x1302, 0x1303, 0x1301]);
  assertEquals(extensions.slice(0, 3), [0, 11, 10]);
  assertEquals(supportedGroups.slice(0, 2), [29, 23]);
  assertEquals(signatureAlgorithms.slice(0, 2), [0x0403, 0x0503]);
});

Deno.test("ClientHelloReader reads a hello in the form of SSL 2.0", () => {
  const { bytes } = clientHelloFixture("sslv2");
  const found = hello(bytes);
  assertEquals([found.isSslv2, found.recordVersion, found.legacyVersion], [true, 2, 0x0301]);
  assertEquals(found.cipherSuites, [0x010080, 0x030080, 0x060040, 0x2f, 0x35, 0x0a]);
  const half = hello(bytes.subarray(0, 20));
  assertEquals([half.malformed, half.isWhole], ["cut off", false]);
  assertEquals(half.cipherSuites, [0x010080, 0x030080, 0x060040]);
  const odd = join(bytes);
  odd[6]!--; // one byte less of cipher specs
  assertEquals(hello(odd).malformed, "odd length of cipher suites");
  assertEquals(hello(join([0x80, 9, 1, 0, 2], new Uint8Array(6))).malformed, "no cipher suites");
  assertEquals(reason([0x80, 9, 1, 0, 3, 0, 0]), "no-record");
  assertEquals(reason([0x80, 9, 1, 2, 0]), "no-record");
  assertEquals(reason([0x80, 9, 2]), "no-record");
  assertEquals(reason([0x80, 9, 1, 3]), "cut");
});

Deno.test("ClientHelloReader joins a hello spread over records, and takes empty ones", () => {
  const { bytes } = clientHelloFixture("openssl-tls1_3");
  const expected = hello(bytes);
  const payload = bytes.subarray(5);
  for (const size of [1, 3, 4, 100]) {
    const records: Uint8Array[] = [];
    for (let at = 0; at < payload.length; at += size) {
      records.push(record(payload.subarray(at, at + size)));
      if (at < 8) records.push(record([]));
    }
    assertEquals(hello(join(...records)), { ...expected, records: records.length });
  }
});

Deno.test("ClientHelloReader keeps what follows a hello, and takes nothing after that", () => {
  const { bytes } = clientHelloFixture("openssl-tls1_3");
  const reader = new ClientHelloReader();
  const sent = join(bytes, record([1, 2, 3], 23));
  const found = reader.push(sent);
  assertEquals(found?.kind, "client-hello");
  assertEquals(reader.push(text("more")), found);
  assertEquals([reader.bytes, reader.result, reader.end()], [sent, found, found]);
});

Deno.test("ClientHelloReader tells as early as possible that there is no TLS", () => {
  const first = (bytes: number[]) => {
    const reader = new ClientHelloReader();
    bytes.forEach((byte, i) => {
      assertEquals(reader.result, undefined, `at ${i}`);
      reader.push(new Uint8Array([byte]));
    });
    return reader.result;
  };
  assertEquals(first([...text("G")]), { kind: "not-tls", reason: "no-record" });
  assertEquals(first([22, 2]), { kind: "not-tls", reason: "no-record" });
  assertEquals(first([21, 3, 1, 0, 2]), { kind: "not-tls", reason: "other-record" });
  assertEquals(first([21, 4]), { kind: "not-tls", reason: "no-record" });
  assertEquals(first([0xff, 0xfb, 0x01, 0xff]), { kind: "not-tls", reason: "no-record" });
  assertEquals(first([22, 3, 1, 0, 1, 2]), { kind: "not-tls", reason: "other-message" });
});

Deno.test("ClientHelloReader says why bytes are no hello", () => {
  assertEquals(reason([]), "nothing");
  assertEquals(reason([22]), "cut");
  assertEquals(reason([22, 3, 1, 0, 100]), "cut");
  assertEquals(reason(text("GET / HTTP/1.1\r\n\r\n")), "no-record");
  assertEquals(reason(record([2, 40], 21)), "other-record");
  assertEquals(reason(record([2, 0, 0, 0])), "other-message");
  assertEquals(reason([22, 3, 1, 0x40, 1]), "too-much");
  assertEquals(reason(join(...Array(33).fill(record([])))), "too-much");
  assertEquals(reason(join(...Array(32).fill(record([])))), "cut");
});

Deno.test("ClientHelloReader gives what it could read when the end comes at any byte", () => {
  const { bytes } = clientHelloFixture("chromium");
  const whole = hello(bytes);
  for (let end = 6; end < bytes.length; end += 7) {
    const found = hello(bytes.subarray(0, end));
    assertEquals([found.isWhole, found.malformed], [false, "cut off"]);
    for (const list of ["cipherSuites", "extensions"] as const) {
      assertEquals(found[list], whole[list].slice(0, found[list].length));
    }
  }
});

Deno.test("ClientHelloReader says what is wrong with the records, and still tells the hello", () => {
  const whole = message(extension(0, vector(2, [0], vector(2, text("a.example")))));
  const [start, rest] = [whole.subarray(0, 50), whole.subarray(50)];
  const told = (...records: Uint8Array[]) => {
    const { malformed, cipherSuites, isWhole } = hello(join(record(start), ...records));
    assertEquals([cipherSuites, isWhole], [[0x1301], false]);
    return malformed;
  };
  assertEquals(told(record([1, 0], 21)), "another record in between");
  assertEquals(told(record(rest, 22, 0x0201)), "a record of another version");
  assertEquals(told(new Uint8Array([22, 3, 1, 0xff, 0xff])), "a record longer than 16384 bytes");
  assertEquals(told(...Array(33).fill(record([]))), "too many records");
  assertEquals(hello(join(record(start), record(rest, 22, 0x0303))).malformed, undefined);
});

Deno.test("ClientHelloReader takes 64 KiB of records, and not more", () => {
  const padding = (bytes: number) => extension(21, new Uint8Array(bytes));
  const records = (whole: Uint8Array) => {
    const parts: Uint8Array[] = [];
    for (let at = 0; at < whole.length; at += 16_384) {
      parts.push(record(whole.subarray(at, at + 16_384)));
    }
    return join(...parts);
  };
  const rest = MAX_HELLO_BYTES - records(message(padding(0))).length - 3 * 5;
  const largest = records(message(padding(rest)));
  assertEquals(largest.length, MAX_HELLO_BYTES);
  const reader = new ClientHelloReader();
  const found = reader.push(largest);
  assert(found?.kind === "client-hello");
  assertEquals([found.malformed, found.isWhole, found.records], [undefined, true, 4]);
  const larger = new ClientHelloReader();
  const bytes = records(message(padding(rest + 1)));
  assertEquals(larger.push(bytes.subarray(0, MAX_HELLO_BYTES - 1)), undefined);
  const cut = larger.push(bytes.subarray(MAX_HELLO_BYTES - 1));
  assert(cut?.kind === "client-hello");
  assertEquals(cut.malformed, "longer than 64 KiB with its records");
  assertEquals(cut.cipherSuites, [0x1301]);
  assertEquals(larger.bytes, bytes, "all of the last piece is kept");
});

Deno.test("ClientHelloReader does not wait for a message that is too long", () => {
  const whole = message();
  whole[1] = 1; // 65536 bytes more than there are
  const reader = new ClientHelloReader();
  const found = reader.push(record(whole));
  assert(found?.kind === "client-hello");
  assertEquals([found.malformed, found.cipherSuites], ["longer than 64 KiB", [0x1301]]);
});

Deno.test("ClientHelloReader takes as many records as it says", () => {
  const whole = message(extension(21, new Uint8Array(MAX_HELLO_RECORDS - 51)));
  const records = (payload: Uint8Array) =>
    join(...Array.from(payload, (_, i) => record(payload.subarray(i, i + 1))));
  const bytes = records(whole);
  assertEquals([whole.length, hello(bytes).malformed], [MAX_HELLO_RECORDS, undefined]);
  const more = records(message(extension(21, new Uint8Array(MAX_HELLO_RECORDS - 50))));
  assertEquals(hello(more).malformed, "too many records");
});

Deno.test("ClientHelloReader says what is wrong inside a hello, and reads on", () => {
  const groups = extension(10, vector(2, [0, 29]));
  const told = (...extensions: Uint8Array[]) => {
    const found = hello(record(message(...extensions, groups)));
    assertEquals([found.isWhole, found.supportedGroups], [true, [29]]);
    return found;
  };
  assertEquals(told().malformed, undefined);
  const name = (value: string) => extension(0, vector(2, [0], vector(2, text(value))));
  const twice = told(name("a"), name("b"));
  assertEquals([twice.malformed, twice.serverName], ["extension 0 twice", text("a")]);
  assertEquals(twice.extensions, [0, 0, 10]);
  assertEquals(told(extension(0)).malformed, "extension 0 makes no sense");
  assertEquals(told(name("")).serverName, undefined);
  const long = told(extension(0, [0, 9, 0, 0, 6], text("host")));
  assertEquals([long.malformed, long.serverName], ["extension 0 makes no sense", text("host")]);
  const odd = told(extension(13, vector(2, [4, 3, 5])));
  assertEquals([odd.malformed, odd.signatureAlgorithms], [
    "extension 13 makes no sense",
    [0x0403],
  ]);
  const names = told(extension(16, vector(2, vector(1, text("h2")), vector(1), [9, 0x78])));
  assertEquals([names.malformed, names.alpn], [
    "extension 16 makes no sense",
    [text("h2"), text(""), text("x")],
  ]);
  assertEquals(told(extension(16, vector(2))).malformed, "extension 16 makes no sense");
  assertEquals(
    told(extension(43, vector(1, [3, 4]), [0])).malformed,
    "extension 43 makes no sense",
  );
  assertEquals(told(extension(11, [])).malformed, "extension 11 makes no sense");
  // What is not looked into may hold anything.
  assertEquals(told(extension(0x1234, text("?"))).malformed, undefined);
});

Deno.test("ClientHelloReader says when lists of a hello are odd, missing or overrun", () => {
  const body = (...parts: (Uint8Array | number[])[]) =>
    hello(record(join([1], vector(3, [3, 3], new Uint8Array(32), ...parts))));
  assertEquals(body([0], vector(2), [1, 0]).malformed, "no cipher suites");
  assertEquals(body([0], vector(2, [1, 2, 3]), [1, 0]).malformed, "odd length of cipher suites");
  assertEquals(body([0], vector(2, [1, 2]), [0]).malformed, "no compression methods");
  const id = body(vector(1, new Uint8Array(33)), vector(2, [1, 2]), [1, 0]);
  assertEquals([id.malformed, id.sessionIdBytes], ["session id longer than 32 bytes", 33]);
  const overrun = body([0], [0, 9, 1, 2], []);
  assertEquals([overrun.malformed, overrun.cipherSuites], ["cut off", [0x0102]]);
  const after = body([0], vector(2, [1, 2]), [1, 0], vector(2), [7]);
  assertEquals([after.malformed, after.isWhole], ["bytes after the extensions", true]);
  const half = body([0], vector(2, [1, 2]), [1, 0], vector(2, extension(10), [0]));
  assertEquals([half.malformed, half.extensions], ["extensions cut off", [10]]);
  assertEquals(half.isWhole, false);
});
