/**
 * The benchmark: side by side in one run, on loopback. Prints a table, writes `bench.json`.
 *
 * Rates depend on the machine; the ratios to the bare loop are what matters, and the server's own CPU
 * time an action, which a busy load generator does not change. Needs a C compiler for the generator
 * and `openssl` for certificates; SSH is measured where OpenSSL's headers are installed (libssl-dev),
 * and Twisted is compared where python3-twisted is.
 * @module
 */
import { usage } from "../e2e/support/usage.ts";
import { DIALOGUES } from "./dialogues.ts";
import { measureFleet } from "./fleet.ts";
import { has, run, type Server, startServer } from "./processes.ts";
import { measureSinks } from "./sinks.ts";

const PORTS = {
  bare: 14600,
  tcp: 14601,
  telnet: 14602,
  ftp: 14603,
  http: 14604,
  service: 14605,
  ssh: 14608,
  sshPause: 14609,
  dialogues: 14620,
  tls: 14610,
  tlsInner: 14611,
  bareTls: 14612,
  https: 14613,
  sinks: 14700,
};
const TWISTED = { banner: 14606, tls: 14607 };
const ROUNDS = 3;
/** As in tasks/compile.ts. */
const V8_FLAGS = "--v8-flags=--max-semi-space-size=1";
const here = new URL(".", import.meta.url).pathname;
const root = new URL("../../", import.meta.url).pathname;
const folder = Deno.makeTempDirSync({ prefix: "duckblind-bench-" });
const deno = Deno.execPath();

/** One row of the result. */
interface Row {
  readonly name: string;
  /** Actions in a second: the best of the rounds. */
  readonly perSecond: number;
  /** CPU time of the server an action, in µs: the least of the rounds. */
  readonly cpuMicros: number;
}

const CONFIG = `
sensor: {log_level: error}
limits: {sessions: 20000, sessions_per_decoy: 20000, sessions_per_source: 20000}
service:
  listen: ["127.0.0.1:${PORTS.service}"]
  max_sessions: 1000
  max_sessions_per_source: 1000
sinks: []
tls: {inner: "127.0.0.1:${PORTS.tlsInner}"}
decoys:
  - {kind: tcp, name: tls, tls: true, banner: "hello\\\\r\\\\n", listen: ["127.0.0.1:${PORTS.tls}"]}
  - {kind: tcp, banner: "hello\\\\r\\\\n", listen: ["127.0.0.1:${PORTS.tcp}"]}
  - kind: telnet
    listen: ["127.0.0.1:${PORTS.telnet}"]
    pause_min_ms: 0
    pause_max_ms: 0
    startup_ms: 0
  - {kind: ftp, listen: ["127.0.0.1:${PORTS.ftp}"], pause_min_ms: 0, pause_max_ms: 0}
  - {kind: http, listen: ["127.0.0.1:${PORTS.http}"]}
  - {kind: https, listen: ["127.0.0.1:${PORTS.https}"]}
${
  DIALOGUES.map(({ kind, options }, i) =>
    `  - {kind: ${kind}, listen: ["127.0.0.1:${PORTS.dialogues + i}"]${options && `, ${options}`}}`
  ).join("\n")
}
  - {kind: ssh, listen: ["127.0.0.1:${PORTS.ssh}"], fail_delay_ms: 0, max_startups: "20000"}
  - kind: ssh
    name: ssh-pause
    listen: ["127.0.0.1:${PORTS.sshPause}"]
    fail_delay_ms: 60000
    max_startups: "20000"
`;

/** What stock OpenSSH clients ask for, and what most others do. */
const SSH_KEXES = ["curve25519-sha256", "sntrup761x25519-sha512@openssh.com"];

const load = `${folder}/load`;
const sshLoad = `${folder}/ssh_load`;
const rows: Row[] = [];
const say = (line: string) => Deno.stdout.writeSync(new TextEncoder().encode(line + "\n"));

/** Measures one load, several times. */
async function measure(
  name: string,
  server: Server,
  work: { actions: number; command: readonly string[] },
): Promise<Row> {
  let perSecond = 0;
  let cpuMicros = Infinity;
  for (let round = 0; round <= ROUNDS; round++) {
    const before = await usage(server.pid);
    const [done, failed, seconds] = (await run(work.command)).split(" ").map(Number) as number[];
    if (failed! > 0) throw new Error(`${name}: ${failed} connections failed`);
    const after = await usage(server.pid);
    // The first round warms up: the compiler has its share in it.
    if (round === 0) continue;
    const actions = work.actions * done!;
    perSecond = Math.max(perSecond, actions / seconds!);
    cpuMicros = Math.min(cpuMicros, (after.cpuSeconds - before.cpuSeconds) * 1e6 / actions);
  }
  const row = { name, perSecond: Math.round(perSecond), cpuMicros: Math.round(cpuMicros) };
  rows.push(row);
  say(`${name.padEnd(58)} ${String(row.perSecond).padStart(8)}/s ${row.cpuMicros} us CPU`);
  return row;
}

/** The load generator's arguments. */
function connections(
  port: number,
  count: number,
  { steps, parallel = 64, repeat = 1 }: {
    steps: readonly string[];
    parallel?: number;
    repeat?: number;
  },
): string[] {
  return [load, ...[port, count, parallel, repeat].map(String), ...steps];
}

/** The program's flags and config, as a user would start it from source. */
async function sensorCommand(config: string, path: string): Promise<string[]> {
  Deno.writeTextFileSync(path, config);
  const main = `${root}main.ts`;
  const common = ["--config", `${root}deno.json`];
  const flags = await run([deno, "run", ...common, "-R", "-S", main, "permissions", "-c", path]);
  const words = flags.trim().split(/\s+/).map((word) => word.replaceAll("'", ""));
  return [deno, "run", "--no-prompt", ...common, ...words, main, "run", "-c", path];
}

/** Its flags as the executable has them, whose own config holds too few connections to be measured. */
function asExecutable([program = "", run = "", ...rest]: readonly string[]): string[] {
  return [program, run, V8_FLAGS, ...rest];
}

/**
 * Memory with so many idle connections, and what one costs.
 * @param what they are.
 * @param steps how many connections.
 * @param command makes the command line that opens and holds them.
 */
async function measureIdle(
  server: Server,
  what: string,
  { steps, command }: { steps: readonly number[]; command(count: number): string[] },
) {
  const base = await usage(server.pid);
  const result: Record<string, number> = { idleRss: base.rss, idleAnonymous: base.anonymous };
  for (const count of steps) {
    const [program = "", ...args] = command(count);
    const child = new Deno.Command(program, {
      args,
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    const said = new TextDecoder().decode(value);
    if (!said.startsWith("held")) throw new Error(`Cannot hold ${count} connections: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const now = await usage(server.pid);
    const bytesEach = Math.round((now.rss - base.rss) / count);
    result[`rssWith${count}`] = now.rss;
    result[`bytesEachOf${count}`] = bytesEach;
    say(`${count} ${what}: ${mib(now.rss)} resident, ${bytesEach} bytes each`);
    await child.stdin.close();
    await reader.cancel();
    await child.status;
  }
  return result;
}

function mib(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`;
}

async function main(): Promise<void> {
  const compiler = await has("cc") ? "cc" : "gcc";
  await run([compiler, "-O2", "-o", load, `${here}load.c`]);
  const hasSsh = await buildSshLoad(compiler);
  const summary: Record<string, unknown> = {};
  {
    await using server = await startServer(
      [deno, "run", "--allow-net=127.0.0.1", `${here}bare.ts`, String(PORTS.bare)],
      { port: PORTS.bare },
    );
    const bare = connections(PORTS.bare, 15_000, { steps: ["<hello\\r\\n"] });
    await measure("(a) bare accept, banner, close", server, { actions: 1, command: bare });
  }
  const cert = `${folder}/certs/server.pem`;
  const key = `${folder}/certs/server.key`;
  const ca = `${folder}/certs/ca.pem`;
  const tls = (port: number, ...path: string[]) => [
    deno,
    "run",
    "--allow-run=openssl",
    `${here}tls_load.ts`,
    String(port),
    "3",
    "12",
    ca,
    ...path,
  ];
  const command = await sensorCommand(CONFIG, `${folder}/duckblind.yaml`);
  {
    await using server = await startServer(command, { port: PORTS.tcp, cwd: folder });
    const login = ["<220", ">USER root\\r\\n", "<331", ">PASS secret\\r\\n", "<530"];
    const get = [">GET / HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\n\\r\\n", "<</html>"];
    const hello = connections(PORTS.tcp, 15_000, { steps: ["<hello"] });
    const prompt = connections(PORTS.telnet, 8000, { steps: ["<login: "] });
    const one = connections(PORTS.http, 8000, { steps: get });
    const kept = connections(PORTS.http, 300, { steps: get, repeat: 100 });
    const loads: [string, number, string[]][] = [
      ["(b) tcp decoy, every event journalled", 1, hello],
      ["(c) telnet banner", 1, prompt],
      ["(d) ftp failed login, no pause", 1, connections(PORTS.ftp, 8000, { steps: login })],
      ["(e) http GET, one a connection", 1, one],
      ["(e) http GET, 100 a connection", 100, kept],
      ["(f) TLS handshake and greeting, encrypted service", 1, tls(PORTS.service)],
      ["(h) TLS handshake and banner, decoy, every event journalled", 1, tls(PORTS.tls)],
      ["(h) https handshake and GET, one a connection", 1, tls(PORTS.https, "/")],
    ];
    for (const kex of hasSsh ? SSH_KEXES : []) {
      const command = [sshLoad, String(PORTS.ssh), "1000", "16", kex, "failure"];
      loads.push([`(g) ssh failed login, ${kex.split("@")[0]}, no pause`, 1, command]);
    }
    for (const [i, { kind, ...how }] of DIALOGUES.entries()) {
      const pause = how.parallel === undefined ? "no pause" : `${how.parallel} at a time`;
      loads.push([
        `(h) ${kind} refusal, ${pause}`,
        1,
        connections(PORTS.dialogues + i, 4000, how),
      ]);
    }
    for (const [name, actions, command] of loads) await measure(name, server, { actions, command });
  }
  {
    // The yardstick of (h): the same certificate, as a decoy's RSA key costs more than the service's.
    const keys = [`${folder}/data/decoys/tls.pem`, `${folder}/data/decoys/tls.key`];
    const flags = ["--allow-net=127.0.0.1", `--allow-read=${folder}`];
    const port = PORTS.bareTls;
    await using server = await startServer(
      [deno, "run", ...flags, `${here}bare_tls.ts`, String(port), ...keys],
      { port },
    );
    await measure("(h) the same by Deno.listenTls, bare", server, {
      actions: 1,
      command: tls(port),
    });
  }
  const lean = asExecutable(command);
  const interpreter = await findTwisted();
  if (interpreter !== undefined) {
    const python = [interpreter, `${here}twisted_server.py`];
    {
      const port = TWISTED.banner;
      await using server = await startServer([...python, "banner", String(port)], { port });
      const command = connections(port, 15_000, { steps: ["<SSH-2.0"] });
      await measure("Twisted: SSH banner, close", server, { actions: 1, command });
    }
    {
      const port = TWISTED.tls;
      await using server = await startServer([...python, "tls", String(port), cert, key], { port });
      await measure("Twisted: TLS handshake and greeting", server, {
        actions: 1,
        command: tls(port),
      });
    }
  } else say("Twisted is not compared: python3-twisted or python3-openssl is not installed");
  {
    await using server = await startServer(lean, { port: PORTS.tcp, cwd: folder });
    const command = (count: number) => [load, String(PORTS.tcp), String(count), "0", "1", "<h"];
    summary.source = await measureIdle(server, "idle connections", {
      steps: [1000, 5000],
      command,
    });
  }
  {
    await using server = await startServer(lean, { port: PORTS.tls, cwd: folder });
    const flags = ["--allow-net=127.0.0.1", "--unsafely-ignore-certificate-errors"];
    const hold = [deno, "run", "--quiet", ...flags, `${here}tls_hold.ts`, String(PORTS.tls)];
    await run(["sh", "-c", `${hold.join(" ")} 3 < /dev/null`]);
    summary.tls = await measureIdle(server, "open TLS sessions", {
      steps: [1000],
      command: (count) => [...hold, String(count)],
    });
  }
  if (hasSsh) summary.ssh = await measureSshSessions(lean);
  summary.executable = await measureExecutable();
  summary.sinks = await measureSinks({
    ...{ load, folder, port: PORTS.sinks },
    command: async (config, path) => asExecutable(await sensorCommand(config, path)),
  }, say);
  summary.fleet = await measureFleet(say);
  report(summary);
}

/** Builds the load generator for SSH, if there is what it needs. */
async function buildSshLoad(compiler: string): Promise<boolean> {
  const args = ["-O2", "-o", sshLoad, `${here}ssh_load.c`, "-lcrypto"];
  const isBuilt = await has(compiler, args);
  if (!isBuilt) say("SSH is not measured: OpenSSL's headers are not installed (libssl-dev)");
  return isBuilt;
}

/** Memory of sessions that could log in, and of those whose password waits for its answer. */
async function measureSshSessions(command: readonly string[]): Promise<Record<string, unknown>> {
  const states = [["ready", PORTS.ssh], ["password", PORTS.sshPause]] as const;
  const result: Record<string, unknown> = {};
  for (const [state, port] of states) {
    // A journal of its own: that of all the loads before is large.
    const cwd = `${folder}/ssh-${state}`;
    Deno.mkdirSync(cwd);
    await using server = await startServer(command, { port: PORTS.ssh, cwd });
    const args = (
      count: number,
      parallel: number,
    ) => [sshLoad, String(port), String(count), String(parallel), SSH_KEXES[0]!];
    // What the first of all loads is no session's own.
    await run([...args(3, 3), "ready"]);
    result[state] = await measureIdle(server, `SSH sessions (${state})`, {
      steps: [1000],
      command: (count) => [...args(count, 32), state],
    });
  }
  return result;
}

/** A Python that has Twisted: Debian's may stand behind another one in PATH. */
async function findTwisted(): Promise<string | undefined> {
  for (const python of ["python3", "/usr/bin/python3"]) {
    if (await has(python, ["-c", "import twisted, OpenSSL"])) return python;
  }
  return undefined;
}

/** Size, start and memory of the executable, where there is one. */
async function measureExecutable(): Promise<Record<string, number> | string> {
  const path = Deno.env.get("DUCKBLIND_BIN") ?? `${root}dist/duckblind`;
  let size: number;
  try {
    size = Deno.statSync(path).size;
  } catch {
    say("No executable: run `deno task compile` first, or name one by DUCKBLIND_BIN");
    return "none";
  }
  const cwd = `${folder}/exe`;
  Deno.mkdirSync(cwd);
  Deno.copyFileSync(path, `${cwd}/duckblind`);
  const starts: number[] = [];
  let memory = { rss: 0, anonymous: 0 };
  // The first start makes certificates and is not counted.
  for (let start = 0; start < 6; start++) {
    await using server = await startServer([`${cwd}/duckblind`], { port: 2121, cwd });
    if (start > 0) starts.push(server.readyMs);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    memory = await usage(server.pid);
  }
  const readyMs = Math.round(starts.sort((a, b) => a - b)[2]!);
  say(
    `executable: ${mib(size)} on disk, ready in ${readyMs} ms (median of 5), ` +
      `idle ${mib(memory.rss)} resident of which ${mib(memory.anonymous)} anonymous`,
  );
  return { bytes: size, readyMs, idleRss: memory.rss, idleAnonymous: memory.anonymous };
}

/** The ratios that the issue aims at, and the file. */
function report(summary: Record<string, unknown>): void {
  const find = (start: string) => rows.find((row) => row.name.startsWith(start));
  const a = find("(a)")!;
  const ratios: Record<string, number> = {};
  for (const row of rows) ratios[row.name] = Number((row.perSecond / a.perSecond).toFixed(3));
  const [f, twisted] = [find("(f)"), find("Twisted: TLS")];
  if (f !== undefined && twisted !== undefined) {
    ratios["(f) over Twisted"] = Number((f.perSecond / twisted.perSecond).toFixed(3));
    ratios["(f) over Twisted, by CPU time"] = Number((twisted.cpuMicros / f.cpuMicros).toFixed(3));
  }
  say("\nratio to (a)");
  for (const [name, ratio] of Object.entries(ratios)) say(`${name.padEnd(58)} ${ratio}`);
  const result = { date: new Date().toISOString(), deno: Deno.version.deno, rows, ratios, summary };
  Deno.writeTextFileSync(`${root}bench.json`, JSON.stringify(result, null, 2) + "\n");
}

try {
  await main();
} finally {
  Deno.removeSync(folder, { recursive: true });
}
