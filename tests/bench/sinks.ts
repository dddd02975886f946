/**
 * What a sink costs the decoys: the same failed logins without a sink, with a healthy one of several
 * kinds, and with one that hangs. Side by side, in turns, on loopback.
 * @module
 */
import { parseEnrolment } from "../../lib/service/enrolment.ts";
import { NatsServer } from "../e2e/support/nats_server.ts";
import { Program } from "../e2e/support/program.ts";
import { usage } from "../e2e/support/usage.ts";
import { has, run, type Server, startServer } from "./processes.ts";

/** Name of the sensors. */
const SENSOR = "edge-7";
const COLLECTOR = `
sensor: {id: hub}
service: {listen: ["127.0.0.1:@service"], inner: "127.0.0.1:@inner"}
decoys: []
sinks: []
`;

/** A load, and how often it is put on each sensor in turns: before it counts, and after. */
const CONNECTIONS = 10_000;
const PARALLEL = 32;
const WARM_UP_ROUNDS = 1;
const ROUNDS = 6;
const LOGIN = ["<220", ">USER root\\r\\n", "<331", ">PASS secret\\r\\n", "<530"];
/**
 * What a load leaves to deliver belongs to it: it is over when a sensor takes at most so much CPU time,
 * in s, for so long, in ms; and how long that may take.
 */
const IDLE_CPU_S = 0.02;
const IDLE_MS = 400;
const DELIVERED_WITHIN_MS = 60_000;

/** A sensor with some sink. */
interface SinkCase {
  readonly name: string;
  /** The entry of the config. */
  readonly sink: string;
}

/** One row of the result. */
export interface SinkRow {
  readonly name: string;
  /** Logins in a second: the best of the rounds. */
  readonly perSecond: number;
  /** CPU time of the sensor a login, delivery included, in µs: the least of the rounds. */
  readonly cpuMicros: number;
  /** The rate, over that without a sink at the same time: the median. */
  readonly ratio: number;
  /** CPU time without a sink, over this: what is left of the rate where no receiver runs beside it. */
  readonly cpuRatio: number;
}

/** What the benchmark is given. */
export interface SinkBench {
  /** Path of the load generator. */
  readonly load: string;
  /** An empty folder. */
  readonly folder: string;
  /** First of the ports that it may use, four for each case. */
  readonly port: number;
  /** Writes a config to a file; returns the command line of a sensor with it. */
  command(config: string, path: string): Promise<readonly string[]>;
}

/**
 * Measures sensors without a sink, with healthy ones, and with one that hangs.
 * @param bench where, and with what.
 * @param say takes a line of what was found, or not.
 * @returns a row for each; the first is without a sink.
 */
export async function measureSinks(
  bench: SinkBench,
  say: (line: string) => void,
): Promise<SinkRow[]> {
  await using stack = new AsyncDisposableStack();
  const receiver = stack.use(startReceiver(false));
  const silent = stack.use(startReceiver(true));
  const webhook = (port: number) =>
    `{kind: webhook, events_per_call: 500, batch_events: 500, url: "http://127.0.0.1:${port}/"}`;
  const cases: SinkCase[] = [
    { name: "file", sink: `{kind: file, path: ${bench.folder}/events.jsonl}` },
    { name: "webhook", sink: webhook(receiver.port) },
    { name: "webhook that hangs", sink: webhook(silent.port) },
  ];
  const collector = stack.use(await startCollector());
  cases.push({ name: "duckblind", sink: collector.sink });
  if (await has("nats-server")) {
    const server = stack.use(await NatsServer.make());
    await server.start();
    const sink = `{kind: nats, servers: ["${server.address}"], create_stream: true}`;
    cases.push({ name: "nats", sink });
  } else say("Sink nats is not measured: nats-server is not installed");
  const rows = await measureCases(cases, bench);
  for (const { name, perSecond, cpuMicros, ratio, cpuRatio } of rows) {
    const what = `(i) ftp failed login with ${name === "none" ? "no sink" : `sink: ${name}`}`;
    const figures = `${String(perSecond).padStart(8)}/s ${cpuMicros} us CPU`;
    say(`${what.padEnd(58)} ${figures}, ${ratio} of the rate, ${cpuRatio} by CPU time`);
  }
  return rows;
}

/** Another Duckblind that collects, and the entry of a sensor's config by which it is reached. */
async function startCollector(): Promise<AsyncDisposable & { readonly sink: string }> {
  const stack = new AsyncDisposableStack();
  const collector = stack.use(await Program.source(COLLECTOR));
  stack.use(await collector.startSensor());
  const address = `127.0.0.1:${collector.ports.service}`;
  const enrolled = await collector.run(["enroll", SENSOR, "--address", address]);
  if (enrolled.code !== 0) throw new Error(`Cannot enroll: ${enrolled.stderr}`);
  const { name, token } = parseEnrolment(enrolled.stdout.trim());
  const path = `${collector.folder}/${SENSOR}.token`;
  await Deno.writeTextFile(path, `${name} ${token}\n`);
  const ca = `${collector.folder}/certs/ca.pem`;
  return {
    sink: `{kind: duckblind, address: "${address}", ca: ${ca}, token: "file:${path}"}`,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** A receiver over HTTP that takes everything, or says nothing at all. */
function startReceiver(hangs: boolean): AsyncDisposable & { readonly port: number } {
  const never = new Promise<Response>(() => {});
  const ending = new AbortController();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, signal: ending.signal, onListen() {} },
    async (request) => {
      if (hangs) return await never;
      await request.arrayBuffer();
      return new Response("ok");
    },
  );
  return {
    port: server.addr.port,
    [Symbol.asyncDispose]: async () => {
      ending.abort(); // a shutdown would wait for what hangs
      await server.finished;
    },
  };
}

/** A sensor that is put under load. */
interface Loaded {
  readonly port: number;
  readonly server: Server;
}

/** Puts the load on each case's sensor, and on one of the same age without a sink. */
async function measureCases(cases: readonly SinkCase[], bench: SinkBench): Promise<SinkRow[]> {
  const rows: SinkRow[] = [];
  const alone: Figures[] = [];
  for (const [i, { name, sink }] of cases.entries()) {
    await using stack = new AsyncDisposableStack();
    const without = stack.use(await startSensor("", bench, 2 * i));
    const withSink = stack.use(await startSensor(sink, bench, 2 * i + 1));
    const pairs: { without: Figures; withSink: Figures }[] = [];
    for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
      // One right after the other, each first as often: the machine's pace changes within a minute.
      const first = round % 2 === 0 ? await measure(without, bench.load) : undefined;
      const figures = await measure(withSink, bench.load);
      const pair = { without: first ?? await measure(without, bench.load), withSink: figures };
      if (round >= WARM_UP_ROUNDS) pairs.push(pair);
    }
    alone.push(...pairs.map((pair) => pair.without));
    rows.push({
      name,
      ...best(pairs.map((pair) => pair.withSink)),
      ratio: median(pairs.map((pair) => pair.withSink.perSecond / pair.without.perSecond)),
      cpuRatio: median(pairs.map((pair) => pair.without.cpuMicros / pair.withSink.cpuMicros)),
    });
  }
  return [{ name: "none", ...best(alone), ratio: 1, cpuRatio: 1 }, ...rows];
}

async function startSensor(
  sink: string,
  bench: SinkBench,
  place: number,
): Promise<Loaded & AsyncDisposable> {
  const port = bench.port + 2 * place;
  const folder = `${bench.folder}/sink-${place}`;
  Deno.mkdirSync(folder);
  const config = `
sensor: {id: ${SENSOR}, log_level: fatal, data: ${folder}/data}
limits: {sessions_per_source: 20000}
service: {enabled: false}
tls: {inner: "127.0.0.1:${port + 1}"}
decoys:
  - {kind: ftp, listen: ["127.0.0.1:${port}"], pause_min_ms: 0, pause_max_ms: 0}
sinks: [${sink}]
`;
  const command = await bench.command(config, `${folder}/duckblind.yaml`);
  const server = await startServer(command, { port, cwd: folder });
  return { port, server, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

async function measure({ port, server }: Loaded, load: string): Promise<Figures> {
  const before = await usage(server.pid);
  const args = [port, CONNECTIONS, PARALLEL, 1].map(String);
  const [done, failed, seconds] = (await run([load, ...args, ...LOGIN])).split(" ")
    .map(Number) as number[];
  if (failed! > 0) throw new Error(`${failed} connections to port ${port} failed`);
  const cpuSeconds = await untilIdle(server.pid) - before.cpuSeconds;
  return { perSecond: done! / seconds!, cpuMicros: cpuSeconds * 1e6 / done! };
}

function best(figures: readonly Figures[]): Figures {
  return {
    perSecond: Math.round(Math.max(...figures.map(({ perSecond }) => perSecond))),
    cpuMicros: Math.round(Math.min(...figures.map(({ cpuMicros }) => cpuMicros))),
  };
}

/** Waits until a process has nothing to do; returns the CPU time that it has taken, in s. */
async function untilIdle(pid: number): Promise<number> {
  const endAt = performance.now() + DELIVERED_WITHIN_MS;
  for (let last = (await usage(pid)).cpuSeconds;;) {
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    const { cpuSeconds } = await usage(pid);
    if (cpuSeconds - last <= IDLE_CPU_S) return cpuSeconds;
    if (performance.now() > endAt) throw new Error("A sensor is still at work a minute later");
    last = cpuSeconds;
  }
}

/** What one load was answered with. */
type Figures = Pick<SinkRow, "perSecond" | "cpuMicros">;

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Number(sorted[sorted.length >> 1]!.toFixed(2));
}
