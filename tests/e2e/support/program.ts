/**
 * The program under test: from source with the permissions that it asks for, or the executable.
 *
 * From source a config may be any; its flags are what `duckblind permissions -c FILE` prints, never
 * all. The executable has the rights of the config that is compiled in, and its ports: it is copied
 * alone into an empty folder, and gets no environment.
 * @module
 */
import { defaultConfig } from "../../../lib/config/default.ts";
import { takePorts } from "./machine.ts";
import { Operator, type ServiceAddress } from "./operator.ts";
import { type Finished, Running, runToEnd, type StartOptions } from "./process.ts";
import type { WireEvent } from "./wire_event.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;
/** The default config's decoys by name with their ports, and the encrypted service. */
const DEFAULT_PORTS = {
  ssh: 2222,
  ftp: 2121,
  telnet: 2323,
  http: 8080,
  router: 8081,
  jetdirect: 9100,
  service: 9443,
};

/** Further ports that a test's config may use; the default config does not. */
const FURTHER = {
  ...{ proftpd: 0, inetutils: 0, inner: 0 },
  ...{ mariadb: 0, clearmaria: 0, mysql8: 0, pgscram: 0, pgmd5: 0, pgclear: 0, databasetls: 0 },
  ...{ redisopen: 0, redislocked: 0 },
  // Longer names first: they begin with the shorter ones.
  ...{ smtps: 0, smtp: 0, submission: 0, pop3s: 0, pop3: 0, imaps: 0, imap: 0, mailtls: 0 },
  ...{ cacheopen: 0, cachesasl: 0, cachefile: 0, brokershut: 0, brokeropen: 0, brokertls: 0 },
  ...{ brokerinner: 0 },
  ...{ vncopen: 0, vncstock: 0 },
  ...{ danteopen: 0, danteshut: 0, squidshut: 0, squidbasic: 0, squidntlm: 0, gitdaemon: 0 },
};

/** Ports by the name of the decoy. */
export type Ports = Record<keyof typeof DEFAULT_PORTS | keyof typeof FURTHER, number>;

/** Where the executable lies; `undefined` when only the source is to be tested. */
export const EXECUTABLE = Deno.env.get("DUCKBLIND_BIN") || undefined;

/** One way to start the program, in a folder of its own. */
export class Program implements AsyncDisposable {
  readonly folder: string;
  readonly ports: Ports;
  /** File name of the config in the folder; `undefined` for the one that is compiled in. */
  readonly configFile: string | undefined;
  readonly #command: readonly string[];
  readonly #flags: readonly string[];
  readonly #isExecutable: boolean;

  private constructor(
    folder: string,
    parts: {
      ports: Ports;
      configFile: string | undefined;
      command: readonly string[];
      flags: readonly string[];
      isExecutable?: boolean;
    },
  ) {
    this.folder = folder;
    this.ports = parts.ports;
    this.configFile = parts.configFile;
    this.#command = parts.command;
    this.#flags = parts.flags;
    this.#isExecutable = parts.isExecutable ?? false;
  }

  /**
   * The program from source with a config.
   * @param config its YAML, in which `@service` stands for a port of the encrypted service, and so on
   * for the names of `Ports`; by default the program's own config, on free ports.
   */
  static async source(config = defaultConfig("tryout")): Promise<Program> {
    const names = Object.keys({ ...DEFAULT_PORTS, ...FURTHER }) as (keyof Ports)[];
    const free = takePorts(names.length);
    const ports = Object.fromEntries(names.map((name, i) => [name, free[i]!])) as Ports;
    const folder = await Deno.makeTempDir({ prefix: "duckblind-e2e-" });
    const configFile = "duckblind.yaml";
    await Deno.writeTextFile(`${folder}/${configFile}`, fillPorts(config, ports));
    const command = ["run", "--quiet", "--cached-only", `--config=${ROOT}deno.json`];
    const bootstrap = [`--allow-read=${configFile}`, "--allow-env=NO_COLOR", "--no-prompt"];
    const { code, stdout, stderr } = await runToEnd(
      Deno.execPath(),
      [...command, ...bootstrap, `${ROOT}main.ts`, "permissions", "-c", configFile],
      { cwd: folder },
    );
    if (code !== 0) throw new Error(`Cannot find permissions: ${stderr}`);
    const flags = stdout.trim().split("\n").map((flag) => flag.replace(/^'(.*)'$/, "$1"));
    return new Program(folder, {
      ports,
      configFile,
      command: [Deno.execPath(), ...command],
      flags,
    });
  }

  /**
   * The executable, copied alone into an empty folder.
   * @param config its YAML, with addresses of the default config only: it has the right to no others.
   */
  static async executable(config?: string): Promise<Program> {
    const folder = await Deno.makeTempDir({ prefix: "duckblind-e2e-" });
    await Deno.copyFile(EXECUTABLE!, `${folder}/duckblind`);
    const configFile = config === undefined ? undefined : "duckblind.yaml";
    if (configFile !== undefined) await Deno.writeTextFile(`${folder}/${configFile}`, config!);
    const command = [`${folder}/duckblind`];
    const ports = { ...DEFAULT_PORTS, ...FURTHER };
    return new Program(folder, { ports, configFile, command, flags: [], isExecutable: true });
  }

  /** Whether this is the compiled executable. */
  get isExecutable(): boolean {
    return this.#isExecutable;
  }

  /** Writes another config, with ports filled in as at the start. */
  async writeConfig(config: string): Promise<void> {
    await Deno.writeTextFile(`${this.folder}/${this.configFile}`, fillPorts(config, this.ports));
  }

  /**
   * Runs a command to its end.
   * @param args such as `["status", "--json"]`; the config is added unless `withConfig` is false.
   * @param options how it is started.
   */
  run(
    args: readonly string[],
    options: StartOptions & { withConfig?: boolean } = {},
  ): Promise<Finished> {
    const [program, ...rest] = this.#commandLine(args, options.withConfig ?? true);
    return runToEnd(program, rest, { ...this.#place(), ...options });
  }

  /** Starts a command that goes on, such as `watch`. */
  start(args: readonly string[]): Running {
    const [program, ...rest] = this.#commandLine(args, true);
    return new Running(program, rest, this.#place());
  }

  /**
   * Starts a sensor and waits until it is ready.
   * @param options `wrap`: a command line in front, such as `strace -f`; it must end by starting the
   * program in its own place.
   */
  async startSensor(options: { wrap?: readonly string[] } = {}): Promise<RunningSensor> {
    const [program, ...rest] = [...options.wrap ?? [], ...this.#commandLine([], true)];
    const startedAt = performance.now();
    const sensor = new RunningSensor(this, new Running(program!, rest, this.#place()));
    try {
      await sensor.process.stdout.find(/^By hand:/);
      sensor.readyMs = performance.now() - startedAt;
      return sensor;
    } catch (error) {
      await sensor[Symbol.asyncDispose]();
      throw new Error(`The sensor did not start: ${sensor.process.stderr.text}`, { cause: error });
    }
  }

  /** Every event of the journal's file, read without asking a sensor. */
  async journal(): Promise<{ events: WireEvent[]; lines: string[] }> {
    const args = ["events", "--journal", "data/journal.db", "--all", "--json"];
    const { code, stdout, stderr } = await this.run(args, { withConfig: false });
    if (code !== 0) throw new Error(`Cannot read the journal: ${stderr}`);
    const lines = stdout.split("\n").filter((line) => line !== "");
    return { lines, events: lines.map((line) => JSON.parse(line)) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }

  #place(): StartOptions {
    return { cwd: this.folder, clearEnv: this.#isExecutable };
  }

  #commandLine(args: readonly string[], withConfig: boolean): [string, ...string[]] {
    const config = withConfig && this.configFile !== undefined ? ["-c", this.configFile] : [];
    const main = this.#isExecutable ? [] : [...this.#flags, `${ROOT}main.ts`];
    return [...this.#command, ...main, ...args, ...config] as [string, ...string[]];
  }
}

/** A sensor that runs. Leaving its block kills it if it still does. */
export class RunningSensor implements AsyncDisposable {
  readonly process: Running;
  readonly #program: Program;
  /** From its start until its addresses were open, in ms. */
  readyMs = NaN;

  /**
   * @param program that was started.
   * @param process its process.
   */
  constructor(program: Program, process: Running) {
    this.#program = program;
    this.process = process;
  }

  /** The lines of events on standard output: what follows the table. */
  get consoleLines(): string[] {
    return this.process.stdout.all.filter((line) => /^\d\d:\d\d:\d\d\.\d{3} /.test(line));
  }

  /** Where the encrypted service is, and what opens it: from the files that the sensor made. */
  async service(): Promise<ServiceAddress> {
    const { folder, ports } = this.#program;
    const [ca, token] = await Promise.all([
      Deno.readTextFile(`${folder}/certs/ca.pem`),
      Deno.readTextFile(`${folder}/data/operator.token`),
    ]);
    const [name, secret] = token.trim().split(" ");
    return { port: ports.service, ca, name: name!, token: secret! };
  }

  /** Logs in to the encrypted service. */
  async operator(): Promise<Operator> {
    return await Operator.login(await this.service());
  }

  /**
   * Stops it by a signal.
   * @returns how it ended.
   */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<Deno.CommandStatus> {
    this.process.signal(signal);
    return await this.process.exit();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.process[Symbol.asyncDispose]();
  }
}

/**
 * The ways to start the program that are to be tested.
 * @param config its YAML, with addresses of the default config only; by default that config.
 * @returns a name for the test, and how; the executable only when `DUCKBLIND_BIN` names one.
 */
export function waysToStart(config?: string): { way: string; open(): Promise<Program> }[] {
  const source = { way: "from source", open: () => Program.source(config) };
  if (EXECUTABLE === undefined) return [source];
  return [source, { way: "executable", open: () => Program.executable(config) }];
}

/** Puts ports where the config names them: `@ftp`, or the port of the default config. */
function fillPorts(config: string, ports: Ports): string {
  // The default config leaves this one to its default, of which a machine has one.
  let text = config.replace(/^service:\n(?!\s+inner)/m, 'service:\n  inner: "127.0.0.1:@inner"\n');
  for (const [name, port] of Object.entries(ports)) {
    text = text.replaceAll(`@${name}`, String(port));
  }
  for (const [name, port] of Object.entries(DEFAULT_PORTS)) {
    text = text.replaceAll(`:${port}"`, `:${ports[name as keyof typeof DEFAULT_PORTS]}"`);
  }
  return text;
}
