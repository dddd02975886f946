/** `kill -9` in the middle of work: what was answered is in the journal, and all goes on after it. */
import { assertEquals, assertLess } from "@std/assert";
import { defaultConfig } from "../../lib/config/default.ts";
import { report } from "./support/machine.ts";
import { Peer } from "./support/peer.ts";
import { Program, waysToStart } from "./support/program.ts";
import type { WireEvent } from "./support/wire_event.ts";

/** Connections that ask at the same time. */
const CLIENTS = 8;
/** Answers after which the sensor is killed. */
const ANSWERS = 2500;

/** Asks for one page after the other until the connection breaks; notes each that was answered. */
async function ask(port: number, client: number, answered: Set<string>): Promise<void> {
  using peer = await Peer.connect(port);
  try {
    for (let i = 0;; i++) {
      const target = `/load-${client}-${i}`;
      await peer.send(`HEAD ${target} HTTP/1.1\r\nHost: nas\r\n\r\n`);
      await peer.until("\r\n\r\n");
      answered.add(target);
    }
  } catch (error) {
    if (!peer.isEnded) throw error; // not the end that the kill brings
  }
}

/** Loads a sensor, kills it, and returns what was answered before. */
async function loadAndKill(program: Program): Promise<Set<string>> {
  await using sensor = await program.startSensor();
  const answered = new Set<string>();
  const clients = Array.from(
    { length: CLIENTS },
    (_, i) => ask(program.ports.http, i, answered),
  );
  const busy = Promise.all(clients);
  while (answered.size < ANSWERS) {
    await Promise.race([busy, new Promise((resolve) => setTimeout(resolve, 5))]);
  }
  sensor.process.signal("SIGKILL");
  await busy;
  assertEquals((await sensor.process.exit()).signal, "SIGKILL");
  return answered;
}

for (const { way, open } of waysToStart()) {
  Deno.test(`kill -9 under load loses nothing that was answered (${way})`, async () => {
    await using program = await open();
    const answered = await loadAndKill(program);
    const before = await program.journal();
    const targets = before.events.map(({ url }) => url?.original).filter((url) =>
      url !== undefined
    );
    const known = new Set(targets);
    assertEquals(
      [...answered].filter((target) => !known.has(target)),
      [],
      "answered, but not in the journal",
    );
    assertEquals(known.size, targets.length, "none twice");
    report(`${answered.size} answered, ${known.size} in the journal`);

    await using sensor = await program.startSensor();
    using operator = await sensor.operator();
    assertEquals((await operator.status()).journal.first_sequence, 1);
    using peer = await Peer.connect(program.ports.http);
    await peer.send("HEAD /after HTTP/1.1\r\nHost: nas\r\n\r\n");
    await peer.until("\r\n\r\n");
    await operator.tail(0);
    await operator.event(({ url }) => url?.original === "/after");
    assertEquals((await sensor.stop()).code, 0);
    const { events, lines } = await program.journal();
    assertEquals(lines.slice(0, before.lines.length), before.lines, "what was there stays");
    assertEquals(events.map(({ event }) => event.sequence), events.map((_, i) => i + 1));
    assertEquals(new Set(events.map(({ event }) => event.id)).size, events.length);
  });
}

Deno.test("After kill -9 the file sink goes on where it was: every event at least once", async () => {
  const sinks = "sinks:\n  - {kind: file, path: data/events.jsonl}\n";
  const config = defaultConfig("tryout").replace(/\nsinks:[^]*$/, "\n" + sinks);
  await using program = await Program.source(config);
  await loadAndKill(program);
  await using sensor = await program.startSensor();
  assertEquals((await sensor.stop()).code, 0);
  const { events } = await program.journal();
  const text = await Deno.readTextFile(`${program.folder}/data/events.jsonl`);
  const delivered = new Map<number, string>();
  let torn = 0;
  for (const line of text.split("\n").slice(0, -1)) {
    const event = tryParse(line);
    if (event === undefined) {
      torn++;
      continue;
    }
    const { sequence, id } = event.event;
    assertEquals(delivered.get(sequence) ?? id, id, `two events have the number ${sequence}`);
    delivered.set(sequence, id);
  }
  assertLess(torn, 2, "only the line that was being written may be torn");
  for (const { event } of events) assertEquals(delivered.get(event.sequence), event.id);
  assertEquals(delivered.size, events.length);
});

function tryParse(line: string): WireEvent | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // cut off by the kill
  }
}
