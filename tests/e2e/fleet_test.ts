/** A sensor that joins a collector: enrolled by one line, both ended hard under load, nothing missing. */
import { DatabaseSync } from "node:sqlite";
import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertMatch,
  assertRejects,
} from "@std/assert";
import { makeBacklog } from "./support/backlog.ts";
import { report } from "./support/machine.ts";
import { Operator } from "./support/operator.ts";
import { Peer } from "./support/peer.ts";
import { Program, type RunningSensor } from "./support/program.ts";
import { usage } from "./support/usage.ts";
import type { WireEvent } from "./support/wire_event.ts";

/** How often the collector and the sensor are killed in turns. */
const ROUNDS = 20;
/** Longest wait for a backlog, in ms. */
const DRAIN_MS = 60_000;
/** Events of a backlog whose speed is measured, and what both ends must be able to do in a second. */
const BACKLOG = 40_000;
const LEAST_PER_S = 5000;
/** Most memory that a collector may take meanwhile, in MiB. */
const MOST_GROWN_MB = 128;

const COLLECTOR = `sensor: {id: hub}
service:
  inner: "127.0.0.1:@inner"
  listen: ["127.0.0.1:@service"]
  failure_pause_ms: 0
decoys: []
sinks:
  - {kind: file, path: data/all.jsonl, types: [http-request]}
`;

const SENSOR = `sensor: {id: edge-7}
service:
  inner: "127.0.0.1:@inner"
  listen: ["127.0.0.1:@service"]
decoys:
  - {kind: http, product: nginx-1.22.1, site: nas, listen: ["127.0.0.1:@http"]}
`;

/** Both ends, joined. */
interface Fleet extends AsyncDisposable {
  readonly collector: Program;
  readonly sensor: Program;
  /** The line that made it. */
  readonly line: string;
}

/** Enrols a sensor at a collector that runs, and lets it join by what it is told there. */
async function joinUp(): Promise<Fleet> {
  const collector = await Program.source(COLLECTOR);
  const folders: AsyncDisposable[] = [collector];
  try {
    await using _hub = await collector.startSensor();
    const address = `127.0.0.1:${collector.ports.service}`;
    const enrolled = await collector.run(["enroll", "edge-7", "--address", address]);
    assertEquals(enrolled.code, 0, enrolled.stderr);
    const line = enrolled.stdout.trim();
    // A sensor that has no right to dial yet is told what to put into its config...
    const first = await Program.source(SENSOR + "sinks: [{kind: console}]\n");
    folders.push(first);
    const told = await first.run(["join", line]);
    assertEquals(told.code, 0, told.stderr);
    assertMatch(told.stderr, /Not tried out: this program has no right to dial/);
    assertMatch(told.stdout, /^sinks:\n {2}- kind: duckblind\n/);
    // ... and with that, and the rights that follow from it, the same line tries it out.
    const sensor = await Program.source(SENSOR + told.stdout);
    folders.push(sensor);
    const joined = await sensor.run(["join", "-", "--write"], { stdin: line + "\n" });
    assertEquals(joined.code, 0, joined.stderr);
    assertMatch(joined.stderr, /The collector knows the token/);
    assertMatch(joined.stderr, /has the entry already/);
    return { collector, sensor, line, [Symbol.asyncDispose]: () => remove(folders) };
  } catch (error) {
    await remove(folders);
    throw error;
  }
}

async function remove(folders: readonly AsyncDisposable[]): Promise<void> {
  for (const folder of folders) await folder[Symbol.asyncDispose]();
}

/** An event as a collector keeps it. */
type Collected = WireEvent & {
  readonly observer: { readonly name: string };
  readonly event: { readonly ingested?: string };
};

/** What `SENSORS` says of the one sensor. */
interface SensorState {
  readonly name: string;
  readonly state: string;
  readonly events: number;
  readonly position: number;
  readonly lag: number;
  readonly missing: number;
  readonly refused: number;
}

async function stateOf(hub: RunningSensor): Promise<SensorState | undefined> {
  using operator = await hub.operator();
  const [line] = await operator.list("SENSORS");
  return line === undefined ? undefined : JSON.parse(line);
}

/** Waits until the collector has everything up to a sequence of the sensor. */
async function untilAt(hub: RunningSensor, position: number): Promise<SensorState> {
  for (const endAt = performance.now() + DRAIN_MS;;) {
    const state = await stateOf(hub);
    if (state !== undefined && state.position >= position) return state;
    assert(performance.now() < endAt, JSON.stringify(state));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function lastOf(edge: RunningSensor): Promise<number> {
  using operator = await edge.operator();
  return (await operator.status()).journal.last_sequence;
}

/** Asks a sensor's web server for pages, steadily, over all its restarts. */
class Visitors {
  /** The pages that were answered. */
  readonly answered = new Set<string>();
  readonly #port: number;
  readonly #over = new AbortController();
  readonly #done: Promise<unknown>;

  constructor(port: number) {
    this.#port = port;
    this.#done = Promise.all([0, 1, 2, 3].map((id) => this.#visit(id)));
  }

  async stop(): Promise<void> {
    this.#over.abort();
    await this.#done;
  }

  async #visit(id: number): Promise<void> {
    for (let n = 0; !this.#over.signal.aborted;) {
      try {
        using peer = await Peer.connect(this.#port);
        for (let i = 0; i < 500 && !this.#over.signal.aborted; i++) {
          const page = `/v-${id}-${n++}`;
          await peer.send(`HEAD ${page} HTTP/1.1\r\nHost: nas\r\n\r\n`);
          await peer.until("\r\n\r\n");
          this.answered.add(page);
          await new Promise((resolve) => setTimeout(resolve, 4));
        }
      } catch {
        // It was killed: it comes back.
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }
}

/** Checks that a collector has all of a sensor's events, each once, in order. */
function assertSame(own: readonly WireEvent[], all: readonly Collected[]): void {
  const there = all.filter(({ observer }) => observer.name === "edge-7");
  assertEquals(there.map(({ event }) => event.id), own.map(({ event }) => event.id));
  assert(there.every(({ event }) => event.ingested !== undefined));
  const bare = there.map(({ event: { ingested: _ingested, ...event }, ...rest }) => ({
    ...rest,
    event,
  }));
  assertEquals(JSON.stringify(bare.at(-1)!.event), JSON.stringify(own.at(-1)!.event));
}

Deno.test("Collector and sensor are killed in turns under load: nothing is missing, twice or out of order", async () => {
  await using fleet = await joinUp();
  const { collector, sensor } = fleet;
  let hub = await collector.startSensor();
  let edge = await sensor.startSensor();
  const visitors = new Visitors(sensor.ports.http);
  try {
    for (let round = 0; round < ROUNDS; round++) {
      await new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 500));
      for (const part of ["hub", "edge"] as const) {
        const running = part === "hub" ? hub : edge;
        running.process.signal("SIGKILL");
        await running.process.exit();
        await running[Symbol.asyncDispose]();
        if (part === "hub") hub = await collector.startSensor();
        else edge = await sensor.startSensor();
      }
    }
    await visitors.stop();
    const state = await untilAt(hub, await lastOf(edge));
    assertEquals([state.missing, state.refused, state.name], [0, 0, "edge-7"]);
    assertEquals((await edge.stop()).code, 0);
    assertEquals((await hub.stop()).code, 0);
  } finally {
    await visitors.stop();
    await edge[Symbol.asyncDispose]();
    await hub[Symbol.asyncDispose]();
  }
  const own = await sensor.journal();
  const all = await collector.journal();
  // The sensor's very last event, that it stops, may be on its way when it does.
  const sent = own.events.slice(0, all.events.filter((e) => isOf(e, "edge-7")).length);
  assertGreater(sent.length, own.events.length - 4);
  assertSame(sent, all.events as Collected[]);
  const pages = new Set(all.events.map(({ url }) => url?.original));
  const sure = [...visitors.answered];
  assertGreater(sure.length, 10 * ROUNDS);
  assertEquals(sure.filter((page) => !pages.has(page)), []);
  // The collector's own sinks have what its sensor saw.
  const text = await Deno.readTextFile(`${collector.folder}/data/all.jsonl`);
  const filed = new Set(text.match(/"original":"[^"]+"/g)?.map((part) => part.slice(12, -1)));
  assertEquals(sure.filter((page) => !filed.has(page)).length, 0);
  const { code, stdout } = await collector.run(
    ["events", "--journal", "data/journal.db", "--all", "--sensor", "edge-7", "--json"],
    { withConfig: false },
  );
  assertEquals([code, stdout.split("\n").length - 1], [0, sent.length]);
  report(`${2 * ROUNDS} kills, ${own.events.length} events, ${sure.length} answered pages checked`);
});

function isOf(event: WireEvent, name: string): boolean {
  return (event as Collected).observer.name === name;
}

Deno.test("A backlog is caught up, sensor and collector taking turns", async () => {
  await using fleet = await joinUp();
  const { collector, sensor } = fleet;
  makeBacklog(sensor.folder, "collector", BACKLOG);
  await using hub = await collector.startSensor();
  using operator = await hub.operator();
  const rss = async () => (await operator.status()).memory.rss as number;
  const before = await rss();
  const hubBefore = await usage(hub.process.pid);
  await using edge = await sensor.startSensor();
  const edgeBefore = await usage(edge.process.pid);
  let most = 0;
  const began = performance.now();
  for (let position = 0; position < BACKLOG;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const [line] = await operator.list("SENSORS");
    position = line === undefined ? 0 : (JSON.parse(line) as SensorState).position ?? 0;
    most = Math.max(most, await rss());
    assert(performance.now() - began < DRAIN_MS, `only ${position} within a minute`);
  }
  const perS = Math.round(BACKLOG / ((performance.now() - began) / 1000));
  // The machine may be busy with other things: what counts is the work that it takes both together.
  const takenSeconds = (await usage(hub.process.pid)).cpuSeconds - hubBefore.cpuSeconds +
    (await usage(edge.process.pid)).cpuSeconds - edgeBefore.cpuSeconds;
  const couldPerS = Math.round(BACKLOG / takenSeconds);
  const grownMb = Math.round((most - before) / 1_048_576);
  report(
    `${BACKLOG} events at ${perS} a second here and now, ${couldPerS} on an idle machine; ` +
      `the collector's memory grew by ${grownMb} MiB`,
  );
  assertGreater(couldPerS, LEAST_PER_S);
  assertLess(grownMb, MOST_GROWN_MB);
  assertEquals((await edge.stop()).code, 0);
  assertEquals((await hub.stop()).code, 0);
  const { events } = await collector.journal();
  const own = (await sensor.journal()).events.slice(0, BACKLOG);
  assertSame(own, (events as Collected[]).filter((e) => isOf(e, "edge-7")).slice(0, BACKLOG));
});

Deno.test("What a collector lost with its journal's end comes again; a stolen token does no more than it may", async () => {
  await using fleet = await joinUp();
  const { collector, sensor, line } = fleet;
  {
    await using hub = await collector.startSensor();
    await using edge = await sensor.startSensor();
    using peer = await Peer.connect(sensor.ports.http);
    for (let i = 0; i < 200; i++) {
      await peer.send(`HEAD /page-${i} HTTP/1.1\r\nHost: nas\r\n\r\n`);
      await peer.until("\r\n\r\n");
    }
    await untilAt(hub, 200);
    hub.process.signal("SIGKILL");
    await hub.process.exit();
    // As after a power cut: the end of its journal, events and position together, is gone.
    const db = new DatabaseSync(`${collector.folder}/data/journal.db`);
    db.exec(`DELETE FROM events
      WHERE sensor <> '' AND json_extract(json, '$.event.sequence') > 50`);
    db.exec("UPDATE sensors SET position = 50");
    db.close();
    await using again = await collector.startSensor();
    await peer.send("HEAD /last HTTP/1.1\r\nHost: nas\r\n\r\n");
    await peer.until("\r\n\r\n");
    await untilAt(again, await lastOf(edge));
    const { stderr } = again.process;
    assertMatch(stderr.text, /Sensor "?edge-7"? goes on after \d+, but 50 is where it was/);
    // Whoever has the token can add events in its name, and nothing else.
    const service = await again.service();
    const [name, token] = (await Deno.readTextFile(`${sensor.folder}/data/collector.token`))
      .trim().split(" ");
    assertEquals(line.includes(token!), false, "not readable over a shoulder");
    using thief = await Operator.login({ ...service, name: name!, token: token! });
    for (const request of ["EVENTS", "STATUS", "TAIL", "SOURCES", "SENSORS"]) {
      await assertRejects(() => thief.list(request), Error, "-ERR forbidden");
    }
    const [event] = (await sensor.journal()).lines;
    const forged = event!.replace('"name":"edge-7"', '"name":"edge-8"') + "\n";
    await thief.send(`PUBLISH version=1 count=1 bytes=${forged.length}\n${forged}`.slice(0, -1));
    assertMatch(
      await thief.lines.find(/^\+OK \d+ stored/),
      /stored=0 known=0 refused=0:field-observer.name$/,
    );
    // Taken back, it ends the session that uses it, and the sensor says what is wrong.
    assertEquals((await collector.run(["token", "revoke", "edge-7"])).code, 0);
    using operator = await edge.operator();
    await operator.tail(0);
    const failing = await operator.event(({ event }) => event.action === "sink-failing");
    assertMatch(failing.message, /taken back|was taken back|token is wrong/);
    assertEquals((await edge.stop()).code, 0);
    assertEquals((await again.stop()).code, 0);
  }
  const { events } = await collector.journal();
  const pages = events.filter((e) => isOf(e, "edge-7")).map(({ url }) => url?.original)
    .filter((page) => page !== undefined);
  const wanted = [...Array.from({ length: 200 }, (_, i) => `/page-${i}`), "/last"];
  assertEquals(pages.length, wanted.length);
  assertEquals(new Set(pages), new Set(wanted));
});
