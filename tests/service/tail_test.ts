import { assert, assertEquals, assertRejects } from "@std/assert";
import { Emitter } from "../../lib/events/emitter.ts";
import { Journal } from "../../lib/journal/journal.ts";
import type { Selection } from "../../lib/service/frames.ts";
import { type LiveReader, tail } from "../../lib/service/tail.ts";

/** A journal of its own, what is sent of it, and the end of the feed. */
function start(options: { send?: (text: string) => Promise<void> } = {}) {
  const dir = Deno.makeTempDirSync({ prefix: "tail-" });
  const journal = new Journal(`${dir}/journal.db`);
  const emitter = new Emitter(journal, { name: "s", version: "0", secrets: "plain", salt: "" });
  const lines: string[] = [];
  const end = Promise.withResolvers<void>();
  let watched: (() => void) | undefined;
  return {
    journal,
    lines,
    [Symbol.dispose]() {
      journal.close();
      Deno.removeSync(dir, { recursive: true });
    },
    end: () => end.resolve(),
    fail: (error: Error) => end.reject(error),
    emit: (count: number) => {
      for (let i = 0; i < count; i++) {
        emitter.emit({ provider: i % 2 ? "ftp" : "web", kind: "tcp" }, "command", {
          verb: "x",
          argument: "",
        });
      }
    },
    sequences: () =>
      lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line).event.sequence),
    /** Resolves when so many lines were sent. */
    until: (count: number) =>
      new Promise<void>((resolve) => {
        watched = () => lines.length >= count && resolve();
        watched();
      }),
    run: (selection: Partial<Selection>, reader: LiveReader = journal) =>
      tail(reader, { filter: {}, ...selection }, {
        ended: end.promise,
        send: options.send ?? (async (text) => {
          await Promise.resolve();
          lines.push(...text.trimEnd().split("\r\n"));
          watched?.();
        }),
      }),
  };
}

Deno.test("tail() replays and goes on live, without gap or double, while events are written", async () => {
  using t = start();
  t.emit(1000);
  t.journal.flush();
  const running = t.run({ since: 100 });
  for (let i = 0; i < 40; i++) {
    t.emit(50);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await t.until(1 + 2900);
  t.end();
  await running;
  assertEquals(t.sequences(), Array.from({ length: 2900 }, (_, i) => 101 + i));
  assertEquals([t.lines[0], t.lines.at(-1)], ["+OK tail since=100", "."]);
});

Deno.test("tail() begins with what is new when no cursor is given, and filters", async () => {
  using t = start();
  t.emit(10);
  t.journal.flush();
  const running = t.run({ filter: { decoys: ["ftp"] } });
  await t.until(1);
  t.emit(4);
  await t.until(3);
  t.end();
  await running;
  assertEquals(t.lines[0], "+OK tail since=10");
  assertEquals(t.sequences(), [12, 14]);
});

Deno.test("tail() reads no further than a slow reader takes", async () => {
  const sent: string[] = [];
  const gate = Promise.withResolvers<void>();
  using t = start({
    send: async (text) => {
      sent.push(text);
      if (sent.length === 2) await gate.promise;
    },
  });
  t.emit(5000);
  t.journal.flush();
  let reads = 0;
  const reader: LiveReader = {
    get readableSequence() {
      return t.journal.readableSequence;
    },
    get lastSequence() {
      return t.journal.lastSequence;
    },
    read: (after, filter, limit) => {
      reads++;
      return t.journal.read(after, filter, limit);
    },
    onAdvance: (listener) => t.journal.onAdvance(listener),
  };
  const running = t.run({ since: 0 }, reader);
  for (let i = 0; i < 20; i++) {
    t.emit(100);
    t.journal.flush();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  assertEquals(reads, 1);
  t.end();
  gate.resolve();
  await running;
});

Deno.test("tail() passes over what retention has removed", async () => {
  using t = start();
  t.emit(3000); // more than the journal also has in memory
  t.journal.flush();
  t.journal.withDatabase((db) => db.exec("DELETE FROM events WHERE sequence <= 1500"));
  const running = t.run({ since: 5 });
  await t.until(1501);
  t.end();
  await running;
  assertEquals(t.sequences(), Array.from({ length: 1500 }, (_, i) => 1501 + i));
});

Deno.test("tail() begins at the start when the cursor is of another journal", async () => {
  using t = start();
  t.emit(3);
  t.journal.flush();
  const running = t.run({ since: 900 });
  await t.until(4);
  t.end();
  await running;
  assertEquals(t.sequences(), [1, 2, 3]);
});

Deno.test("tail() gives a sign of life, with a cursor that passed what the filter left out", async () => {
  using t = start();
  const running = t.run({ since: 0, filter: { decoys: ["none"] }, heartbeatMs: 5 });
  t.emit(7);
  t.journal.flush();
  await t.until(3);
  t.end();
  await running;
  assert(t.lines.slice(1, -1).every((line) => /^# [07]$/.test(line)), t.lines.join("\n"));
  assertEquals(t.lines.at(-2), "# 7");
});

Deno.test("tail() ends when the peer is gone, and takes its listener away", async () => {
  using t = start({ send: () => Promise.reject(new Deno.errors.ConnectionReset("gone")) });
  let listeners = 0;
  const reader: LiveReader = {
    readableSequence: 0,
    lastSequence: 0,
    read: (after) => ({ events: [], scannedTo: after }),
    onAdvance: () => {
      listeners++;
      return () => listeners--;
    },
  };
  await assertRejects(() => t.run({}, reader), Deno.errors.ConnectionReset);
  assertEquals(listeners, 0);
  t.fail(new Deno.errors.ConnectionReset("gone"));
});
