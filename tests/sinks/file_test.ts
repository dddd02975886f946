import { assert, assertEquals, assertRejects } from "@std/assert";
import { v } from "../../lib/config/schema.ts";
import { SinkError } from "../../lib/errors.ts";
import type { SensorEvent } from "../../lib/events/emitter.ts";
import { fileSink } from "../../lib/sinks/file.ts";
import type { Sink } from "../../lib/sinks/sink.ts";
import { assertConforms } from "../support/conformance.ts";
import { Journal } from "../../lib/journal/journal.ts";
import { allEvents, testEmitter, testScope } from "../support/events.ts";
import { batchOf, TEST_CONTEXT } from "../support/sinks.ts";
import { tempFolder } from "../support/temp_folder.ts";

/** Events, as a journal gives them. */
function makeEvents(folder: string, count: number): SensorEvent[] {
  const journal = new Journal(`${folder}/journal.db`);
  const emitter = testEmitter(journal);
  for (let i = 0; i < count; i++) emitter.emit(testScope(), "session.open", {});
  const events = allEvents(journal);
  journal.close();
  return events;
}

/** Writes as the delivery does. */
async function put(sink: Sink, events: readonly SensorEvent[]): Promise<void> {
  await sink.write(batchOf(events), AbortSignal.timeout(10_000));
}

function open(path: string, options: Record<string, unknown> = {}) {
  return fileSink.open(v.parse(fileSink.options, { path, ...options }), TEST_CONTEXT);
}

Deno.test("file sink appends lines that conform, readable for its owner only", async () => {
  using folder = tempFolder();
  const path = `${folder.path}/events.jsonl`;
  const events = makeEvents(folder.path, 5);
  for (let run = 0; run < 2; run++) {
    await using sink = await open(path);
    await put(sink, events.slice(0, 2));
    await put(sink, events.slice(2));
  }
  const lines = Deno.readTextFileSync(path).trimEnd().split("\n");
  assertEquals(lines.length, 10);
  for (const line of lines) assertConforms(line);
  assertEquals(Deno.statSync(path).mode! & 0o777, 0o600);
});

Deno.test("file sink rotates by size, keeps so many files, and splits no line", async () => {
  using folder = tempFolder();
  const path = `${folder.path}/events.jsonl`;
  const events = makeEvents(folder.path, 2000);
  await using sink = await open(path, { max_mb: 1, max_files: 3 });
  for (let round = 0; round < 3; round++) {
    for (let at = 0; at < events.length; at += 250) await put(sink, events.slice(at, at + 250));
  }
  const names = [...Deno.readDirSync(folder.path)].map(({ name }) => name)
    .filter((name) => name.startsWith("events")).sort();
  assertEquals(names, ["events.jsonl", "events.jsonl.1", "events.jsonl.2"]);
  const kept = ["events.jsonl.2", "events.jsonl.1", "events.jsonl"].flatMap((name) => {
    const text = Deno.readTextFileSync(`${folder.path}/${name}`);
    assert(text.length <= 1_048_576);
    return text.trimEnd().split("\n").map((line) => JSON.parse(line).event.sequence as number);
  });
  assertEquals(kept.at(-1), 2000);
  for (const [i, sequence] of kept.entries()) {
    if (i > 0) assertEquals(sequence, kept[i - 1]! % 2000 + 1);
  }
});

Deno.test("file sink opens its file anew after somebody else moved it", async () => {
  using folder = tempFolder();
  const path = `${folder.path}/events.jsonl`;
  const events = makeEvents(folder.path, 2);
  await using sink = await open(path);
  await put(sink, events.slice(0, 1));
  Deno.renameSync(path, `${path}.moved`);
  await sink.reopen!();
  await put(sink, events.slice(1));
  assertEquals(Deno.readTextFileSync(path).trimEnd(), events[1]!.json);
});

Deno.test("file sink says what it could not do, and may be tried again", async () => {
  using folder = tempFolder();
  const path = `${folder.path}/missing/events.jsonl`;
  const events = makeEvents(folder.path, 1);
  await using sink = await open(path);
  const error = await assertRejects(() => put(sink, events), SinkError, "missing/events.jsonl");
  assertEquals(error.retryable, true);
  Deno.mkdirSync(`${folder.path}/missing`);
  await put(sink, events);
  assertEquals(Deno.readTextFileSync(path).trimEnd(), events[0]!.json);
});

Deno.test("file sink ends half a line that a hard end left behind", async () => {
  using folder = tempFolder();
  const path = `${folder.path}/events.jsonl`;
  const events = makeEvents(folder.path, 2);
  Deno.writeTextFileSync(path, events[0]!.json + '\n{"@timest');
  await using sink = await open(path);
  await put(sink, events.slice(1));
  assertEquals(Deno.readTextFileSync(path).split("\n"), [
    events[0]!.json,
    '{"@timest',
    events[1]!.json,
    "",
  ]);
});

Deno.test("file sink leaves no half a line and no line twice when a write fails midway", async () => {
  using folder = tempFolder();
  const path = `${folder.path}/events.jsonl`;
  const events = makeEvents(folder.path, 3);
  await using sink = await open(path);
  await put(sink, events.slice(0, 1));
  const write = Deno.FsFile.prototype.write;
  let calls = 0;
  Deno.FsFile.prototype.write = function (data: Uint8Array) {
    if (++calls > 1) throw new Error("No space left on device (os error 28)");
    return write.call(this, data.subarray(0, 100));
  };
  try {
    await assertRejects(() => put(sink, events.slice(1)), SinkError, "No space left");
  } finally {
    Deno.FsFile.prototype.write = write;
  }
  assertEquals(Deno.readTextFileSync(path), events[0]!.json + "\n");
  await put(sink, events.slice(1));
  assertEquals(Deno.readTextFileSync(path), events.map(({ json }) => json + "\n").join(""));
});

Deno.test("file sink is opened anew between two writes, never in one", async () => {
  using folder = tempFolder();
  const path = `${folder.path}/events.jsonl`;
  const events = makeEvents(folder.path, 1000);
  await using sink = await open(path);
  const all: Promise<void>[] = [];
  for (let at = 0; at < events.length; at += 50) {
    all.push(put(sink, events.slice(at, at + 50)), sink.reopen!());
  }
  await Promise.all(all);
  assertEquals(Deno.readTextFileSync(path), events.map(({ json }) => json + "\n").join(""));
});

Deno.test("file sink writes lines of other forms, each on a line of its own", async () => {
  using folder = tempFolder();
  const events = makeEvents(folder.path, 3);
  for (const [format, begin] of [["cef", "CEF:0|Duckblind|"], ["opencanary", '{"dst_host":']]) {
    const path = `${folder.path}/events.${format}`;
    await using sink = await open(path, { format });
    await put(sink, events);
    const lines = Deno.readTextFileSync(path).split("\n");
    assertEquals([lines.length, lines[3]], [4, ""]);
    assert(lines.slice(0, 3).every((line) => line.startsWith(begin!)), lines[0]);
  }
});
