/**
 * What a sink costs the decoys: the same failed logins without a sink, with a healthy one of several
 * kinds, and with one that hangs. Side by side, in turns, on loopback.
 * @module
 */
import { run, startServer, usage } from "./processes.ts";

/** A load, and how often it is put on each sensor. */
const CONNECTIONS = 6000;
const PARALLEL = 32;
const ROUNDS = 4;
const LOGIN = ["<220", ">USER root\\r\\n", "<331", ">PASS secret\\r\\n", "<530"];

/** A sensor with some sink. */
export interface SinkCase {
  readonly name: string;
  /** The entry of the config; empty for none. */
  readonly sink: string;
}

/** One row of the result. */
export interface SinkRow {
  readonly name: string;
  /** Logins in a second: the best of the rounds. */
  readonly perSecond: number;
  /** CPU time of the sensor a login, delivery included, in µs: the least of the rounds. */
  readonly cpuMicros: number;
}

/** What the benchmark is given. */
export interface SinkBench {
  /** Path of the load generator. */
  readonly load: string;
  /** An empty folder. */
  readonly folder: string;
  /** First of the ports that it may use, two for each case. */
  readonly port: number;
  /** The command line of a sensor with a config. */
  command(config: string, path: string): Promise<readonly string[]>;
}

/**
 * A receiver that takes everything, or says nothing at all.
 * @param hangs whether it never answers.
 */
export function startReceiver(hangs: boolean): AsyncDisposable & { readonly port: number } {
  const never = new Promise<Response>(() => {});
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      if (hangs) return await never;
      await request.arrayBuffer();
      return new Response("ok");
    },
  );
  return {
    port: server.addr.port,
    [Symbol.asyncDispose]: async () => {
      await Promise.race([server.shutdown(), new Promise((done) => setTimeout(done, 500))]);
    },
  };
}

/**
 * Measures each case.
 * @param cases the first is what the others are compared with.
 * @param bench where, and with what.
 */
export async function benchSinks(cases: readonly SinkCase[], bench: SinkBench): Promise<SinkRow[]> {
  const rows = cases.map(({ name }) => ({ name, perSecond: 0, cpuMicros: Infinity }));
  await using stack = new AsyncDisposableStack();
  const sensors = [];
  for (const [i, { sink }] of cases.entries()) {
    const port = bench.port + 2 * i;
    const folder = `${bench.folder}/sink-${i}`;
    Deno.mkdirSync(folder);
    const config = `
sensor: {log_level: fatal, data: ${folder}/data}
limits: {sessions_per_source: 20000}
service: {enabled: false}
tls: {inner: "127.0.0.1:${port + 1}"}
decoys:
  - {kind: ftp, listen: ["127.0.0.1:${port}"], pause_min_ms: 0, pause_max_ms: 0}
sinks: [${sink}]
`;
    const command = await bench.command(config, `${folder}/duckblind.yaml`);
    sensors.push({
      port,
      server: stack.use(await startServer(command, { port, cwd: folder })),
    });
  }
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [i, { port, server }] of sensors.entries()) {
      const before = await usage(server.pid);
      const args = [port, CONNECTIONS, PARALLEL, 1].map(String);
      const [done, failed, seconds] = (await run([bench.load, ...args, ...LOGIN])).split(" ")
        .map(Number) as number[];
      if (failed! > 0) throw new Error(`${rows[i]!.name}: ${failed} connections failed`);
      // What is still being delivered belongs to it.
      await new Promise((resolve) => setTimeout(resolve, 1500));
      const after = await usage(server.pid);
      if (round === 0) continue;
      const row = rows[i]!;
      row.perSecond = Math.max(row.perSecond, Math.round(done! / seconds!));
      const cpuMicros = (after.cpuSeconds - before.cpuSeconds) * 1e6 / done!;
      row.cpuMicros = Math.min(row.cpuMicros, Math.round(cpuMicros));
    }
  }
  return rows;
}
