/**
 * Starting servers and running programs.
 * @module
 */

/** A server that was started. */
export interface Server extends AsyncDisposable {
  readonly pid: number;
  /** From start to readiness, in ms. */
  readonly readyMs: number;
}

/**
 * Starts a server and waits until it accepts connections.
 * @param command program and arguments.
 * @param options `port` that it opens; `cwd`.
 */
export async function startServer(
  command: readonly string[],
  options: { port: number; cwd?: string },
): Promise<Server> {
  const start = performance.now();
  const child = new Deno.Command(command[0]!, {
    args: command.slice(1),
    stdin: "null",
    stdout: "null",
    stderr: "null",
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  }).spawn();
  let hasEnded = false;
  const ended = child.status.then(() => hasEnded = true);
  for (;;) {
    if (hasEnded) throw new Error(`Cannot start ${command.join(" ")}: it ended at once`);
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port: options.port })).close();
      break;
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      if (performance.now() - start > 30_000) throw error;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
  return {
    pid: child.pid,
    readyMs: performance.now() - start,
    [Symbol.asyncDispose]: async () => {
      if (!hasEnded) child.kill("SIGKILL");
      await ended;
    },
  };
}

/**
 * Runs a program to its end.
 * @param command program and arguments.
 * @returns what it printed.
 * @throws when it fails.
 */
export async function run(command: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(command[0]!, {
    args: command.slice(1),
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  if (code !== 0) throw new Error(`${command.join(" ")} failed: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

/** Whether a program is there. */
export async function has(program: string, args: readonly string[] = ["--version"]) {
  try {
    return (await new Deno.Command(program, { args: [...args], stdout: "null", stderr: "null" })
      .output()).success;
  } catch {
    return false;
  }
}
