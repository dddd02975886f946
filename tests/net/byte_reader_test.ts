import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { LimitError } from "../../lib/errors.ts";
import { ByteReader } from "../../lib/net/byte_reader.ts";
import { MemoryStream } from "../support/memory_stream.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A reader of a stream on which these segments have arrived; then the peer ends. */
function readerOf(...segments: string[]): ByteReader {
  const stream = new MemoryStream();
  for (const segment of segments) stream.send(encoder.encode(segment));
  stream.end();
  return new ByteReader(stream);
}

function text(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : decoder.decode(bytes);
}

/** Every line up to the end. */
async function allLines(reader: ByteReader, maxBytes = 64): Promise<string[]> {
  const lines: string[] = [];
  for (;;) {
    const line = await reader.line(maxBytes);
    if (line === null) return lines;
    lines.push(decoder.decode(line));
  }
}

Deno.test("read() gives what is there, then null", async () => {
  const reader = readerOf("one", "two");
  assertEquals(text(await reader.read()), "one");
  assertEquals(reader.ended, false);
  assertEquals(text(await reader.read()), "two");
  assertEquals(await reader.read(), null);
  assertEquals(await reader.read(), null);
  assertEquals(reader.ended, true);
});

Deno.test("line() joins a line split over chunks and splits a chunk of three lines", async () => {
  assertEquals(await allLines(readerOf("a", "b", "\nc\nd\n", "e\n")), ["ab", "c", "d", "e"]);
});

Deno.test("line() takes LF and CR LF, and leaves other CRs where they are", async () => {
  const reader = readerOf("a\r\nb\n\r\n\nc\rd\r", "\ne\r\r\n");
  assertEquals(await allLines(reader), ["a", "b", "", "", "c\rd", "e\r"]);
});

Deno.test("line() drops what comes after the last LF when the peer ends", async () => {
  assertEquals(await allLines(readerOf("a\nrest")), ["a"]);
});

Deno.test("line() accepts a line of exactly the maximum, its end included, and no more", async () => {
  assertEquals(text(await readerOf("abcd\n").line(5)), "abcd");
  const { limit, max } = await assertRejects(() => readerOf("abcde\n").line(5), LimitError);
  assertEquals([limit, max], ["line_bytes", 5]);
  await assertRejects(() => readerOf("abcde").line(5), LimitError);
  await assertRejects(() => readerOf("a", "b", "c", "d", "e").line(5), LimitError);
});

Deno.test("line() finds lines far longer than the first buffer", async () => {
  const long = "x".repeat(100_000);
  assertEquals(await allLines(readerOf(long + "\n", "y\n"), 200_000), [long, "y"]);
});

Deno.test("bytes() gives exactly so many, over chunks and within one", async () => {
  const reader = readerOf("abc", "defgh");
  assertEquals(text(await reader.bytes(4)), "abcd");
  assertEquals(text(await reader.bytes(0)), "");
  assertEquals(text(await reader.bytes(2)), "ef");
  assertEquals(text(await reader.read()), "gh");
});

Deno.test("bytes() gives a copy that later reads leave alone", async () => {
  const reader = readerOf("abcd", "wxyz");
  const first = await reader.bytes(2);
  await reader.bytes(2);
  await reader.bytes(4);
  assertEquals(text(first), "ab");
});

Deno.test("bytes() throws UnexpectedEof when the peer ends too early", async () => {
  await assertRejects(() => readerOf("abc").bytes(4), Deno.errors.UnexpectedEof, "after 3");
});

Deno.test("bytes() does not believe a length before the bytes have come", async () => {
  const stream = new MemoryStream();
  let offered = 0;
  const read = stream.read.bind(stream);
  stream.read = (buffer) => {
    offered = Math.max(offered, buffer.length);
    return read(buffer);
  };
  stream.send(encoder.encode("abc"));
  stream.end();
  await assertRejects(() => new ByteReader(stream).bytes(2 ** 31), Deno.errors.UnexpectedEof);
  assertEquals(offered < 100_000, true, `a buffer of ${offered} bytes`);
});

Deno.test("unread() puts the tail of a chunk back without copying, and anything else in front", async () => {
  const reader = readerOf("abcdef\n", "gh\n");
  const chunk = (await reader.read())!;
  reader.unread(chunk.subarray(3));
  assertEquals(reader.buffered, 4);
  assertEquals(text(await reader.line(64)), "def");
  reader.unread(encoder.encode("new\n"));
  assertEquals(await allLines(reader), ["new", "gh"]);
});

Deno.test("unread() puts another reader's bytes in front, though their buffers are neighbours", async () => {
  const flood = "x".repeat(256);
  for (let i = 0; i < 20; i++) {
    const left = readerOf(flood);
    const right = readerOf("right");
    const chunk = (await left.read())!;
    await right.arrival();
    right.unread(chunk);
    assertEquals(text(await right.read()), flood + "right");
  }
});

Deno.test("unread() of nothing changes nothing", async () => {
  const reader = readerOf("a\n");
  reader.unread(new Uint8Array());
  assertEquals(await allLines(reader), ["a"]);
});

Deno.test("arrival() waits for input and takes none of it", async () => {
  const stream = new MemoryStream();
  const reader = new ByteReader(stream);
  let arrived = false;
  const waiting = reader.arrival().then(() => arrived = true);
  await Promise.resolve();
  assertEquals(arrived, false);
  stream.send(encoder.encode("ab\n"));
  await waiting;
  assertEquals(reader.buffered, 3);
  await reader.arrival(); // what is there needs no waiting
  assertEquals(text(await reader.line(64)), "ab");
  stream.end();
  await reader.arrival(); // nor does the end
  assertEquals(await reader.read(), null);
});

Deno.test("a reader waits in a small buffer again when a flood is over", async () => {
  const stream = new MemoryStream();
  const offered: number[] = [];
  const read = stream.read.bind(stream);
  stream.read = (buffer) => {
    offered.push(buffer.length);
    return read(buffer);
  };
  const reader = new ByteReader(stream);
  const flood = new Uint8Array(60_000).map((_, i) => i % 251);
  stream.send(flood);
  assertEquals(await reader.bytes(flood.length), flood);
  stream.send(encoder.encode("on"));
  assertEquals(text(await reader.read()), "on");
  stream.send(encoder.encode("off"));
  stream.end();
  assertEquals(text(await reader.read()), "off");
  assertEquals(await reader.read(), null);
  assertEquals(Math.max(...offered) >= 16_384, true, `buffers of ${offered} bytes`);
  assertEquals(offered.at(-1)! <= 2048, true, `buffers of ${offered} bytes`);
});

Deno.test("a read while arrival() waits shares the wait: one reader a connection", async () => {
  const stream = new MemoryStream();
  let reads = 0;
  const read = stream.read.bind(stream);
  stream.read = (buffer) => {
    reads++;
    return read(buffer);
  };
  const reader = new ByteReader(stream);
  const both = Promise.all([reader.arrival(), reader.line(64)]);
  stream.send(encoder.encode("ab\n"));
  assertEquals(text((await both)[1]), "ab");
  assertEquals(reads, 1);
});

Deno.test("bytes that arrive after unread() took another buffer come behind it", async () => {
  const stream = new MemoryStream();
  const reader = new ByteReader(stream);
  const arrival = reader.arrival();
  reader.unread(encoder.encode("first "));
  stream.send(encoder.encode("second\n"));
  await arrival;
  assertEquals(text(await reader.line(64)), "first second");
});

Deno.test("ByteReader tells each chunk once, as it arrives", async () => {
  const stream = new MemoryStream();
  const told: string[] = [];
  const reader = new ByteReader(stream, (bytes) => told.push(decoder.decode(bytes)));
  stream.send(encoder.encode("a\nb"));
  stream.send(encoder.encode("\n"));
  stream.end();
  assertEquals(await allLines(reader), ["a", "b"]);
  reader.unread(encoder.encode("again\n"));
  assertEquals(await allLines(reader), ["again"]);
  assertEquals(told, ["a\nb", "\n"]);
});

Deno.test("ByteReader passes on what its listener throws", async () => {
  const stream = new MemoryStream();
  stream.send(encoder.encode("abc"));
  const reader = new ByteReader(stream, () => {
    throw new LimitError("bytes_in", 2);
  });
  await assertRejects(() => reader.read(), LimitError);
});

Deno.test("ByteReader passes on that the connection was closed", async () => {
  const stream = new MemoryStream();
  const reader = new ByteReader(stream);
  const reading = reader.read();
  stream.close();
  await assertRejects(() => reading, Deno.errors.BadResource);
  assertThrows(() => stream.close(), Deno.errors.BadResource);
});

Deno.test("ByteReader reads the same in segments of every size", async () => {
  const input = "GET / HTTP/1.1\r\nHost: x\r\n\r\nbody";
  for (let size = 1; size <= input.length; size++) {
    const segments = input.match(new RegExp(`[^]{1,${size}}`, "g"))!;
    const reader = readerOf(...segments);
    assertEquals(text(await reader.line(64)), "GET / HTTP/1.1");
    assertEquals(text(await reader.line(64)), "Host: x");
    assertEquals(text(await reader.line(64)), "");
    assertEquals(text(await reader.bytes(4)), "body");
    assertEquals(await reader.read(), null);
  }
});

Deno.test("atMost() takes no more from the system than asked for", async () => {
  const stream = new MemoryStream();
  const sizes: number[] = [];
  const reader = new ByteReader({
    read: (buffer) => {
      sizes.push(buffer.length);
      return stream.read(buffer);
    },
    write: (data) => stream.write(data),
    closeWrite: () => stream.closeWrite(),
    close: () => stream.close(),
  }, (chunk) => told += decoder.decode(chunk));
  let told = "";
  stream.send(encoder.encode("SSH-2.0-x"));
  assertEquals(text(await reader.atMost(4)), "SSH-");
  assertEquals([told, sizes, reader.buffered], ["SSH-", [4], 0]);
  assertEquals(text(await reader.atMost(1)), "2");
  assertEquals(text(await reader.read()), ".0-x");
  stream.end();
  assertEquals(await reader.atMost(1), null);
  assertEquals([reader.ended, await reader.atMost(1)], [true, null]);
});

Deno.test("atMost() gives first what was unread, then what comes, as a copy", async () => {
  const reader = readerOf("abcdef", "gh");
  const chunk = (await reader.read())!;
  reader.unread(chunk.subarray(2));
  const first = await reader.atMost(3);
  assertEquals(text(first), "cde");
  assertEquals(text(await reader.atMost(100)), "f");
  assertEquals(text(await reader.atMost(100)), "gh");
  assertEquals(text(first), "cde");
});

Deno.test("atMost() waits for a read that arrival() began", async () => {
  const stream = new MemoryStream();
  const reader = new ByteReader(stream);
  const arrival = reader.arrival();
  const reading = reader.atMost(2);
  stream.send(encoder.encode("abc"));
  await arrival;
  assertEquals([text(await reading), text(await reader.atMost(2))], ["ab", "c"]);
});

Deno.test("atMost() gives a copy that the reads of others leave alone", async () => {
  const first = await readerOf("first").atMost(8192);
  const second = await readerOf("second").atMost(8192);
  assertEquals([text(first), text(second)], ["first", "second"]);
});
