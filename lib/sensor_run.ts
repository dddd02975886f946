/**
 * Runs a sensor in the foreground: table, signals, exit code.
 * @module
 */
import type { Config } from "./config/config.ts";
import type { ListenerReport } from "./net/bind.ts";
import { flushLog, logger, startLog } from "./log.ts";
import { Sensor } from "./sensor.ts";
import { VERSION } from "./version.ts";

const log = logger("sensor");

/** How long the last diagnostics may take at the end, in ms. */
const LOG_DEADLINE_MS = 500;

/** What the command line gives. */
export interface RunOptions {
  /** The config's file; absent for the one that is compiled in. */
  readonly configPath?: string;
  /**
   * Reads the config again, at SIGHUP.
   * @throws {ConfigError} when it cannot be used.
   */
  loadConfig(): Promise<Config>;
  /** Writes a line for the operator. */
  out(line: string): void;
  /** Whether lines may be coloured. */
  readonly color: boolean;
}

/**
 * Runs a sensor until SIGINT or SIGTERM.
 * @param config what to run.
 * @param options what the command line gives.
 * @returns 0 after a stop by signal; 1 when none of the decoys' addresses could be opened, or when a
 * second signal cut the stop short.
 */
export async function runSensor(config: Config, options: RunOptions): Promise<0 | 1> {
  startLog(config.sensor.log_level);
  const signals = new Signals();
  try {
    const sensor = await Sensor.start(config);
    if (config.decoys.length > 0 && sensor.openListeners === 0) {
      for (const line of describeListeners(sensor)) options.out(line);
      log.error("None of the decoys' addresses could be opened");
      await sensor.stop("no address");
      return 1;
    }
    for (const line of describeSensor(sensor, config, options)) options.out(line);
    sensor.startSinks();
    for (;;) {
      const signal = await signals.next();
      if (signal === "SIGHUP") {
        await reload(sensor, options);
        continue;
      }
      log.info("Stopping on {signal}", { signal });
      const stopped = sensor.stop(signal).then(() => true);
      if (await Promise.race([stopped, signals.end().then(() => false)])) return 0;
      log.warn("Stopping at once, on a second signal");
      sensor.journal.flush();
      return 1;
    }
  } finally {
    signals.close();
    await flushLog(LOG_DEADLINE_MS);
  }
}

/** The signals that a sensor heeds, one after another. */
class Signals {
  static readonly #NAMES = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  readonly #waiting: Deno.Signal[] = [];
  readonly #listeners: (() => void)[] = [];
  #wake: (() => void) | undefined;

  constructor() {
    for (const name of Signals.#NAMES) {
      const listener = () => {
        this.#waiting.push(name);
        this.#wake?.();
      };
      Deno.addSignalListener(name, listener);
      this.#listeners.push(() => Deno.removeSignalListener(name, listener));
    }
  }

  /** Waits for the next signal. One to stop goes first, and many to reload are one. */
  async next(): Promise<Deno.Signal> {
    while (this.#waiting.length === 0) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const stop = this.#waiting.findIndex((signal) => signal !== "SIGHUP");
    if (stop >= 0) return this.#waiting.splice(stop, 1)[0]!;
    this.#waiting.length = 0;
    return "SIGHUP";
  }

  /** Waits for the next signal to stop. */
  async end(): Promise<void> {
    while (await this.next() === "SIGHUP");
  }

  /** Heeds signals no more. */
  close(): void {
    for (const remove of this.#listeners) remove();
  }
}

/** Goes over to what the config's file says now; a broken one is refused. */
async function reload(sensor: Sensor, options: RunOptions): Promise<void> {
  const source = options.configPath ?? "the config that is compiled in";
  try {
    const config = await options.loadConfig();
    await sensor.reload(config);
    startLog(config.sensor.log_level);
    log.info("Reloaded {source}", { source });
  } catch (error) {
    log.error("Cannot reload {source}, the old config goes on: {detail}", {
      source,
      detail: error instanceof Error ? error.message : String(error),
    });
  }
}

/** The table and what to do next. */
function describeSensor(sensor: Sensor, config: Config, options: RunOptions): string[] {
  const strong = (text: string) => options.color ? `\x1b[1m${text}\x1b[0m` : text;
  const program = Deno.build.standalone ? "./duckblind" : "deno task duckblind";
  const flags = options.configPath === undefined ? "" : ` -c ${options.configPath}`;
  const lines = [
    strong(`Duckblind ${VERSION}, sensor ${config.sensor.id || Deno.hostname()}`),
    "",
    ...describeListeners(sensor),
    "",
  ];
  if (sensor.service !== undefined) {
    const port = sensor.service.addresses[0]?.port ?? config.service.listen[0]?.port;
    lines.push(
      `Watch:    ${strong(`${program} watch${flags}`)}`,
      `By hand:  openssl s_client -quiet -connect localhost:${port} -CAfile ${config.service.ca}`,
    );
  }
  if (sensor.firstToken !== undefined) {
    const { name, token, path } = sensor.firstToken;
    lines.push(
      `Token:    AUTH ${name} ${strong(token)}`,
      `          shown this once; commands on this host find it in ${path}`,
    );
  }
  return [...lines, ""];
}

/** One row an address. */
function describeListeners(sensor: Sensor): string[] {
  const rows: [string, string, string][] = [["DECOY", "ADDRESS", "STATE"]];
  const add = (name: string, listeners: readonly ListenerReport[]) => {
    for (const { address, state, detail } of listeners) {
      rows.push([name, address, detail === undefined ? state : `${state}: ${detail}`]);
    }
  };
  for (const { name, kind, listeners } of sensor.decoys()) {
    add(name === kind ? name : `${name} (${kind})`, listeners);
  }
  add("encrypted service", sensor.service?.listeners() ?? []);
  const widths = [0, 1].map((i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map(([name, address, state]) =>
    `${name.padEnd(widths[0]!)}  ${address.padEnd(widths[1]!)}  ${state}`
  );
}
