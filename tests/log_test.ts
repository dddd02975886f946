import { assert, assertEquals } from "@std/assert";
import { flushLog, logger, startLog } from "../lib/log.ts";

/** Stands in for stderr: takes nothing until `open` is called. */
class StuckStderr implements Disposable {
  text = "";
  open: () => void = () => {};
  readonly #gate = new Promise<void>((resolve) => this.open = resolve);
  readonly #write = Deno.stderr.write;

  constructor() {
    Deno.stderr.write = async (data: Uint8Array) => {
      await this.#gate;
      this.text += new TextDecoder().decode(data);
      return data.length;
    };
  }

  [Symbol.dispose](): void {
    Deno.stderr.write = this.#write;
  }
}

Deno.test("diagnostics never wait for whoever reads stderr, and are bounded", async () => {
  using stderr = new StuckStderr();
  startLog("info");
  const log = logger("test");
  const start = performance.now();
  for (let i = 0; i < 3000; i++) log.info("line {i}", { i });
  await flushLog(20);
  assert(performance.now() - start < 5000, "the loop was not held up");
  assertEquals(stderr.text, "");
  stderr.open();
  await flushLog(10_000);
  const lines = stderr.text.trimEnd().split("\n");
  assert(lines[0]!.endsWith("[info] duckblind·test: line 0"), lines[0]);
  assertEquals(
    lines.length,
    1002,
    "the first, a thousand that waited, and what became of the rest",
  );
  assertEquals(lines.at(-1), "... 1999 more lines, which nobody read in time");
});
