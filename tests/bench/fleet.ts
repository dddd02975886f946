/**
 * What a fleet costs: the memory of a sensor while a million events wait for a destination that is not
 * there, how fast they are caught up once it is, and the memory of both ends meanwhile. Straight to a
 * collector, and by Debian's nats-server where it is installed:
 *
 * `TMPDIR=/tmp deno run --allow-net=127.0.0.1 --allow-read --allow-write=/tmp --allow-run --allow-env
 * tests/bench/fleet.ts`
 *
 * Linux only; takes some minutes, and 2 GB of disk.
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { Journal } from "../../lib/journal/journal.ts";
import { Emitter } from "../../lib/events/emitter.ts";
import { NatsServer } from "../e2e/support/nats_server.ts";
import { Program, type RunningSensor } from "../e2e/support/program.ts";
import { usage } from "../e2e/support/usage.ts";
import { TEST_SENSOR, testScope } from "../support/events.ts";
import { has } from "./processes.ts";

/** Events that wait. */
const BACKLOG = 1_000_000;
/** How many of them are waited for, once the destination is there: the rest goes the same way. */
const CAUGHT_UP = 300_000;
/** After which time memory is measured first, and how long events wait then, in ms. */
const SETTLED_MS = 3000;
const WAITING_MS = 20_000;
/** Pause between two looks at memory while events are caught up, in ms. */
const LOOK_EVERY_MS = 250;
/** Longest wait for `CAUGHT_UP` events, in ms. */
const DRAIN_MS = 300_000;
const MIB = 1_048_576;
/** As the executable runs: tasks/compile.ts. */
const LEAN = ["env", "DENO_V8_FLAGS=--max-semi-space-size=1"];

/** What was found of one way to a collector; memory is resident, in bytes. */
export interface FleetRow {
  readonly name: string;
  /** Of the sensor: after its start, and what it was at most and in the end while events waited. */
  readonly startRss: number;
  readonly mostWaitingRss: number;
  readonly waitedRss: number;
  /** Events caught up in a second. */
  readonly perSecond: number;
  /** CPU time of sensor and collector together an event, in µs. */
  readonly cpuMicros: number;
  /** At most, while events were caught up; and of the collector before. */
  readonly mostSensorRss: number;
  readonly collectorRss: number;
  readonly mostCollectorRss: number;
}

/** A way from the sensor to a collector. */
interface Way extends AsyncDisposable {
  readonly collector: Program;
  readonly sensor: Program;
  /** Name of the sensor's sink. */
  readonly sink: string;
  /** Makes what is between them reachable. */
  open(): Promise<void>;
}

const COLLECTOR = `
sensor: {id: hub}
service: {listen: ["127.0.0.1:@service"], inner: "127.0.0.1:@inner"}
decoys: []
sinks: []
`;
const SENSOR = `
sensor: {id: edge-7}
service: {listen: ["127.0.0.1:@service"], inner: "127.0.0.1:@inner"}
decoys:
  - {kind: http, product: nginx-1.22.1, site: nas, listen: ["127.0.0.1:@http"]}
`;

/**
 * Measures every way that this machine has.
 * @param say takes a line of what was found.
 * @returns a row for each.
 */
export async function measureFleet(say: (line: string) => void): Promise<FleetRow[]> {
  const ways: [string, () => Promise<Way>][] = [["duckblind", byService]];
  if (await has("nats-server")) ways.push(["nats", byNats]);
  else say("The fleet by NATS is not measured: nats-server is not installed");
  const rows: FleetRow[] = [];
  for (const [name, make] of ways) {
    await using way = await make();
    const row = await measure(name, way);
    rows.push(row);
    for (const line of describe(row)) say(line);
  }
  return rows;
}

async function measure(name: string, way: Way): Promise<FleetRow> {
  fillJournal(`${way.sensor.folder}/data`, way.sink);
  await using edge = await way.sensor.startSensor({ wrap: LEAN });
  await sleep(SETTLED_MS);
  const sensor = new Memory(edge);
  const startRss = await sensor.look();
  for (const from = performance.now(); performance.now() - from < WAITING_MS;) {
    await sleep(LOOK_EVERY_MS);
    await sensor.look();
  }
  const waitedRss = await sensor.look();
  const mostWaitingRss = sensor.most;

  await way.open();
  await using hub = await way.collector.startSensor({ wrap: LEAN });
  using operator = await hub.operator();
  const collector = new Memory(hub);
  const collectorRss = await collector.look();
  const arrived = async () => (await operator.status()).journal.last_sequence as number;
  const cpu = async () =>
    (await usage(edge.process.pid)).cpuSeconds + (await usage(hub.process.pid)).cpuSeconds;
  // Until the sensor tries again is no part of it.
  const endAt = performance.now() + DRAIN_MS;
  let count = 0;
  const look = async (pauseMs: number) => {
    await sleep(pauseMs);
    count = await arrived();
    if (performance.now() > endAt) throw new Error(`${name}: only ${count} events have arrived`);
  };
  while (count < 1000) await look(20);
  const [from, began, cpuBefore] = [count, performance.now(), await cpu()];
  while (count - from < CAUGHT_UP) {
    await look(LOOK_EVERY_MS);
    await Promise.all([sensor.look(), collector.look()]);
  }
  const seconds = (performance.now() - began) / 1000;
  const cpuMicros = Math.round((await cpu() - cpuBefore) * 1e6 / (count - from));
  return {
    name,
    ...{ startRss, mostWaitingRss, waitedRss, cpuMicros, collectorRss },
    perSecond: Math.round((count - from) / seconds),
    mostSensorRss: sensor.most,
    mostCollectorRss: collector.most,
  };
}

/** Resident memory of a program, and the most that it was. */
class Memory {
  readonly #pid: number;
  most = 0;

  constructor({ process }: RunningSensor) {
    this.#pid = process.pid;
  }

  async look(): Promise<number> {
    const { rss } = await usage(this.#pid);
    this.most = Math.max(this.most, rss);
    return rss;
  }
}

/** Straight to the collector's encrypted service, which is not there at first. */
async function byService(): Promise<Way> {
  const stack = new AsyncDisposableStack();
  const collector = stack.use(await Program.source(COLLECTOR));
  const address = `127.0.0.1:${collector.ports.service}`;
  await using hub = await collector.startSensor(); // makes certificates and the operator's token
  const line = await succeed(collector, ["enroll", "edge-7", "--address", address]);
  await using other = await Program.source(SENSOR + "sinks: []\n");
  const entry = await succeed(other, ["join", line.trim()]);
  const sensor = stack.use(await Program.source(SENSOR + entry));
  await succeed(sensor, ["join", "-", "--write"], line);
  await hub.stop();
  return {
    ...{ collector, sensor, sink: "collector" },
    open: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** By a stream that the collector reads; its server is not there at first. */
async function byNats(): Promise<Way> {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await NatsServer.make());
  const place = `kind: nats, servers: ["${server.address}"]`;
  const collector = stack.use(await Program.source(`${COLLECTOR}collect: [{${place}}]\n`));
  const options = "name: stream, create_stream: true, stream_max_mb: 8192";
  const sensor = stack.use(await Program.source(`${SENSOR}sinks: [{${place}, ${options}}]\n`));
  return {
    ...{ collector, sensor, sink: "stream" },
    open: () => server.start(),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function succeed(program: Program, args: string[], stdin = ""): Promise<string> {
  const { code, stdout, stderr } = await program.run(args, { stdin });
  if (code !== 0) throw new Error(`duckblind ${args[0]} failed: ${stderr}`);
  return stdout;
}

/** Makes a journal of a million events, which are one with other numbers and ids. */
function fillJournal(folder: string, sink: string): void {
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = `${folder}/journal.db`;
  const journal = new Journal(path);
  const emitter = new Emitter(journal, { ...TEST_SENSOR, name: "edge-7", version: "0.1.0" });
  const data = { method: "password", username: "root", secret: "hunter2" } as const;
  emitter.emit(testScope(), "auth.attempt", data);
  journal.flush();
  journal.setCursor(sink, { sequence: 0, state: "" });
  // Sources are counted up to here.
  journal.setCursor("#sources", { sequence: BACKLOG, state: "" });
  journal.close();
  using db = new DatabaseSync(path);
  const { json } = db.prepare("SELECT json FROM events").get() as { json: string };
  const { id } = JSON.parse(json).event as { id: string };
  db.exec("PRAGMA synchronous = OFF");
  db.prepare(`
    WITH RECURSIVE number (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM number WHERE n < ?)
    INSERT INTO events (sequence, time_ms, action, decoy, source, session, severity, json)
    SELECT n, time_ms, action, decoy, source, session, severity, replace(
      replace(json, ?, substr(?, 1, 18) || printf('%08d', n)), '"sequence":1,', '"sequence":' || n || ','
    ) FROM number, events WHERE sequence = 1`).run(BACKLOG, id, id);
  const last = db.prepare("SELECT json FROM events WHERE sequence = ?").get(BACKLOG);
  if (JSON.parse((last as { json: string }).json).event.sequence !== BACKLOG) {
    throw new Error("Cannot make a backlog: events have no number where it was looked for");
  }
}

/** What was found, in words. */
function describe(row: FleetRow): string[] {
  const mib = (bytes: number) => `${(bytes / MIB).toFixed(1)} MiB`;
  const { startRss, mostWaitingRss, waitedRss } = row;
  return [
    `${row.name}: a sensor with ${BACKLOG} events that wait: ${mib(startRss)} resident, ` +
    `${mib(waitedRss)} after ${WAITING_MS / 1000} s, ${mib(mostWaitingRss)} at most`,
    `${row.name}: ${row.perSecond} events/s caught up, ${row.cpuMicros} us CPU of both ends; at most ` +
    `${mib(row.mostSensorRss)} resident of the sensor, ${mib(row.mostCollectorRss)} of the ` +
    `collector (${mib(row.collectorRss)} before)`,
  ];
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

if (import.meta.main) {
  await measureFleet((line) => Deno.stdout.writeSync(new TextEncoder().encode(line + "\n")));
}
