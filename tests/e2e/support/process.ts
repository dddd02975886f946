/**
 * Programs as tests see them: started, listened to, ended by their id, and never waited for without a
 * deadline.
 * @module
 */

/** Longest wait for anything that should happen soon, in ms: a machine may be busy. */
export const SOON_MS = 20_000;
/** Most output kept of a program, in bytes. */
const MAX_OUTPUT_BYTES = 64 * 1_048_576;

/** How a program is started. */
export interface StartOptions {
  readonly cwd?: string;
  /** Variables beside those of the test; with `clearEnv`, the only ones. */
  readonly env?: Record<string, string>;
  readonly clearEnv?: boolean;
  /** Sent to its standard input, which is then ended; without it, the input is empty. */
  readonly stdin?: string | Uint8Array<ArrayBuffer>;
  /** Keeps its standard input open for `Running.type`. */
  readonly isTypedTo?: boolean;
  /** Longest time it may take, in ms. */
  readonly withinMs?: number;
}

/** What a program left behind. */
export interface Finished {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: Uint8Array;
}

/**
 * Gives a promise a deadline.
 * @param promise to wait for.
 * @param withinMs longest wait.
 * @param describe says what was waited for and how things stand.
 * @throws when it takes longer.
 */
export async function deadline<T>(
  promise: Promise<T>,
  withinMs: number,
  describe: () => string,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Nothing after ${withinMs} ms: ${describe()}`)),
      withinMs,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Lines that a program writes, kept, and awaited one by one. */
export class Lines {
  readonly all: string[] = [];
  #wake: (() => void)[] = [];
  #isOver = false;
  #rest = "";

  /** Everything written so far. */
  get text(): string {
    return this.all.map((line) => line + "\n").join("") + this.#rest;
  }

  /** Adds what was written. */
  add(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop()!;
    this.all.push(...lines);
    this.#notify();
  }

  /** Says that nothing more will be written. */
  end(): void {
    this.#isOver = true;
    this.#notify();
  }

  /**
   * Waits for a line; one that is there already counts.
   * @param test which one.
   * @param options `from`: the first line that counts; `withinMs`: longest wait.
   * @throws when it does not come.
   */
  async find(
    test: RegExp | ((line: string) => boolean),
    { from = 0, withinMs = SOON_MS }: { from?: number; withinMs?: number } = {},
  ): Promise<string> {
    const matches = typeof test === "function" ? test : (line: string) => test.test(line);
    let next = from;
    const search = async () => {
      for (;;) {
        for (; next < this.all.length; next++) {
          if (matches(this.all[next]!)) return this.all[next]!;
        }
        if (this.#isOver) throw new Error(`Ended before ${test} came: ${this.text.slice(-2000)}`);
        await new Promise<void>((resolve) => this.#wake.push(resolve));
      }
    };
    return await deadline(search(), withinMs, () => `waiting for ${test} in ${this.tail()}`);
  }

  /** The last lines, for messages of failed tests. */
  tail(): string {
    return JSON.stringify(this.all.slice(-12).map((line) => line.slice(0, 300)), null, 1);
  }

  #notify(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }
}

/** A program that runs beside the test, and may be typed to. Leaving its block ends it. */
export class Running implements AsyncDisposable {
  readonly pid: number;
  readonly stdout = new Lines();
  readonly stderr = new Lines();
  /** How it ended; resolves when its output is over as well. */
  readonly ended: Promise<Deno.CommandStatus>;
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #isOver = false;

  /**
   * @param program name or path.
   * @param args its arguments.
   * @param options how it is started.
   */
  constructor(program: string, args: readonly string[], options: StartOptions = {}) {
    this.#child = new Deno.Command(program, {
      args: [...args],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: options.env ?? {},
      clearEnv: options.clearEnv ?? false,
      stdin: options.isTypedTo ? "piped" : "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#stdin = options.isTypedTo ? this.#child.stdin.getWriter() : undefined;
    this.pid = this.#child.pid;
    const collected = Promise.all([
      collect(this.#child.stdout, this.stdout),
      collect(this.#child.stderr, this.stderr),
      this.#child.status.then(() => this.#isOver = true),
    ]);
    this.ended = collected.then(() => this.#child.status);
  }

  /** Types a line; only with `isTypedTo`. */
  async type(line: string): Promise<void> {
    await this.#stdin!.write(new TextEncoder().encode(line + "\n"));
  }

  /** Ends its standard input; only with `isTypedTo`. */
  async endInput(): Promise<void> {
    await this.#stdin!.close();
  }

  /** Sends a signal. */
  signal(name: Deno.Signal): void {
    this.#child.kill(name);
  }

  /**
   * Waits for its end.
   * @param withinMs longest wait.
   */
  async exit(withinMs = SOON_MS): Promise<Deno.CommandStatus> {
    return await deadline(this.ended, withinMs, () => `waiting for the end, ${this.stderr.tail()}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOver) this.#child.kill("SIGKILL");
    await this.ended;
    // A pipe whose reader is gone may refuse even to be closed.
    await this.#stdin?.abort().catch(() => {});
  }
}

async function collect(stream: ReadableStream<Uint8Array>, lines: Lines): Promise<void> {
  const decoder = new TextDecoder();
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes <= MAX_OUTPUT_BYTES) lines.add(decoder.decode(chunk, { stream: true }));
  }
  lines.end();
}

/**
 * Runs a program to its end.
 * @param program name or path.
 * @param args its arguments.
 * @param options how it is started, and how long it may take.
 * @throws when it takes longer; it is killed then.
 */
export async function runToEnd(
  program: string,
  args: readonly string[],
  options: StartOptions = {},
): Promise<Finished> {
  const child = new Deno.Command(program, {
    args: [...args],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: options.env ?? {},
    clearEnv: options.clearEnv ?? false,
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let isLate = false;
  const withinMs = options.withinMs ?? SOON_MS;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
  }, withinMs);
  try {
    const [{ code, signal, stdout, stderr }] = await Promise.all([
      child.output(),
      options.stdin === undefined ? undefined : feed(child.stdin, options.stdin),
    ]);
    const decoder = new TextDecoder();
    const finished = {
      code,
      signal,
      stdout: decoder.decode(stdout),
      stderr: decoder.decode(stderr),
      stdoutBytes: stdout,
    };
    if (!isLate) return finished;
    const said = JSON.stringify({ stdout: finished.stdout, stderr: finished.stderr });
    throw new Error(`${program} ${args.join(" ")} took more than ${withinMs} ms and said ${said}`);
  } finally {
    clearTimeout(timer);
  }
}

async function feed(
  stdin: WritableStream<Uint8Array>,
  data: string | Uint8Array<ArrayBuffer>,
): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(typeof data === "string" ? new TextEncoder().encode(data) : data);
    await writer.close();
  } catch (error) {
    // A client that wants no more input ends; its exit code says whether that was right.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
