/**
 * How fast a backlog goes through Debian's nats-server: from a journal into a stream by sink `nats`, and
 * from the stream into another journal by a collector. Both ends in this process, one after the other:
 *
 * `TMPDIR=/tmp deno run --allow-net=127.0.0.1 --allow-read --allow-write=/tmp --allow-run --allow-env
 * tests/bench/nats.ts`
 *
 * The CPU time is this process's, as a busy machine does not change it much.
 * @module
 */
import { Collectors } from "../../lib/collect/collectors.ts";
import { parseConfig } from "../../lib/config/config.ts";
import { KNOWN_KINDS } from "../../lib/cli/load_config.ts";
import { Journal } from "../../lib/journal/journal.ts";
import { Outlets } from "../../lib/sinks/outlets.ts";
import { NatsServer } from "../e2e/support/nats_server.ts";
import { usage } from "../e2e/support/usage.ts";
import { TEST_SENSOR, testEmitter, testScope } from "../support/events.ts";

/** Events of the backlog. */
const BACKLOG = 40_000;
/** Longest wait for all of them, in ms. */
const WITHIN_MS = 120_000;
/** Events made between two commits, so that no journal drops any. */
const COMMIT_EVENTS = 2000;

/** A figure. */
export interface NatsRow {
  readonly name: string;
  readonly perSecond: number;
  /** CPU time an event, in µs. */
  readonly cpuMicros: number;
}

/**
 * Measures both ways.
 * @returns a row for each; needs `nats-server`.
 */
export async function measureNats(): Promise<NatsRow[]> {
  await using server = await NatsServer.make();
  await server.start();
  const folder = await Deno.makeTempDir({ prefix: "duckblind-bench-" });
  const journals = ["sensor", "collector"].map((name) => new Journal(`${folder}/${name}.db`));
  try {
    const [sensor, collector] = [journals[0]!, journals[1]!];
    fill(sensor);
    const place = `{kind: nats, servers: ["${server.address}"]`;
    const { sinks, collect } = parseConfig(
      `sinks: [${place}, create_stream: true}]\ncollect: [${place}}]`,
      KNOWN_KINDS,
    );
    const outlets = new Outlets(sensor, {
      sensor: () => TEST_SENSOR,
      onFailing: () => {},
      onRecovered: () => {},
    });
    const sent = await measure("nats: backlog published", () => {
      outlets.start(sinks, 0);
      return () => outlets.status()[0]!.cursor;
    });
    await outlets.stop();
    const collectors = new Collectors(collector, { sensor: () => "collector" });
    const taken = await measure("nats: backlog collected", () => {
      collectors.start(collect);
      return () => collectors.status()[0]!.received;
    });
    await collectors.stop();
    return [sent, taken];
  } finally {
    for (const journal of journals) journal.close();
    await Deno.remove(folder, { recursive: true });
  }
}

function fill(journal: Journal): void {
  const emitter = testEmitter(journal);
  for (let n = 0; n < BACKLOG; n++) {
    const data = { method: "plain", username: `user-${n}`, secret: "hunter2" } as const;
    emitter.emit(testScope(), "auth.attempt", data);
    if (n % COMMIT_EVENTS === 0) journal.flush();
  }
  journal.flush();
}

/** Measures from a start until a count is that of the backlog. */
async function measure(name: string, start: () => () => number): Promise<NatsRow> {
  const [from, before] = [performance.now(), await usage(Deno.pid)];
  const count = start();
  while (count() < BACKLOG) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (performance.now() - from > WITHIN_MS) throw new Error(`${name}: only ${count()} got there`);
  }
  const perSecond = Math.round(BACKLOG / (performance.now() - from) * 1000);
  const cpuSeconds = (await usage(Deno.pid)).cpuSeconds - before.cpuSeconds;
  return { name, perSecond, cpuMicros: Math.round(cpuSeconds * 1e6 / BACKLOG) };
}

if (import.meta.main) {
  for (const { name, perSecond, cpuMicros } of await measureNats()) {
    const line = `${name}: ${perSecond} events/s, ${cpuMicros} µs of CPU each\n`;
    Deno.stdout.writeSync(new TextEncoder().encode(line));
  }
}
