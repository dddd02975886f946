/**
 * Starts a genuine daemon, in the foreground, for one test, and ends it.
 *
 * The packages are put under `.ci/cache/genuine/PACKAGE` by `.ci/genuine.sh`, or are installed.
 * @module
 */
import type { Address } from "./client.ts";

const ROOT = new URL("../../", import.meta.url);
/** How long a daemon may take to listen, in ms. */
const START_MS = 20_000;
/** How long a daemon may take to end after SIGTERM, in ms. */
const STOP_MS = 5_000;

/** A genuine product. */
export interface Genuine {
  /** Product and version, such as `vsftpd 3.0.3`. */
  readonly name: string;
  /** Debian packages that `.ci/genuine.sh` brings. */
  readonly packages: readonly string[];
  /**
   * Starts it on 127.0.0.1.
   * @param place a free port, and an empty folder for its configuration.
   * @returns when it listens.
   */
  start(place: { port: number; workDir: string }): Promise<GenuineProcess>;
}

/** A daemon that runs. */
export interface GenuineProcess {
  readonly address: Address;
  /** Ends it; sessions that it forked end with their connection. */
  stop(): Promise<void>;
}

/**
 * Path of a file in a package that was unpacked.
 * @param name the package.
 * @param path within it, such as `usr/sbin/vsftpd`.
 * @throws when it is not there: the test must fail, not pass over it.
 */
export function unpacked(name: string, path: string): string {
  const full = new URL(`.ci/cache/genuine/${name}/${path}`, ROOT).pathname;
  try {
    Deno.statSync(full);
  } catch (cause) {
    throw new Error(`Cannot use ${full}: it is not there, run .ci/genuine.sh first`, { cause });
  }
  return full;
}

/**
 * Starts a daemon and waits until it accepts connections.
 * @param command path and arguments; it must stay in the foreground.
 * @param address where it will listen.
 * @param options `env` besides PATH, `cwd`.
 * @throws when it ends or does not listen in time; the message has what it printed.
 */
export async function startDaemon(
  command: readonly [string, ...string[]],
  address: Address,
  options: { env?: Record<string, string>; cwd?: string } = {},
): Promise<GenuineProcess> {
  const [path, ...args] = command;
  const child = new Deno.Command(path, {
    args,
    clearEnv: true,
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8", ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let isOver = false;
  const status = child.status.finally(() => isOver = true);
  const printed = child.stderr.text();
  const stop = async () => {
    if (!isOver) child.kill("SIGTERM");
    const timer = setTimeout(() => isOver || child.kill("SIGKILL"), STOP_MS);
    await status;
    clearTimeout(timer);
    await printed;
  };
  const deadline = performance.now() + START_MS;
  while (!await isListening(address)) {
    if (isOver) throw new Error(`Cannot start ${path}: it ended, saying ${await printed}`);
    if (performance.now() > deadline) {
      await stop();
      throw new Error(`Cannot start ${path}: no answer on port ${address.port} in ${START_MS} ms`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { address, stop };
}

/** A port that nobody uses at the moment. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** An empty folder for one test, which root's daemons may enter; removed by the caller. */
export async function makeWorkDir(): Promise<string> {
  const parent = new URL(".ci/cache/differential/", ROOT).pathname;
  await Deno.mkdir(parent, { recursive: true });
  const dir = await Deno.makeTempDir({ dir: parent });
  await Deno.chmod(dir, 0o755);
  return dir;
}

async function isListening(address: Address): Promise<boolean> {
  try {
    (await Deno.connect(address)).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}
