/**
 * Standard input, output and error of the process.
 * @module
 */
import { wantsColor } from "../terminal.ts";
import type { Terminal } from "./command.ts";

/** Most text taken from standard input, in bytes. */
const MAX_INPUT_BYTES = 65_536;

const encoder = new TextEncoder();

/**
 * The terminal that the process was started in.
 * @returns a terminal whose `out` throws `BrokenPipe` when nobody reads any more.
 */
export function processTerminal(): Terminal {
  return {
    isTerminal: Deno.stdout.isTerminal(),
    isColor: wantsColor(Deno.stdout),
    out: (line) => writeLine(Deno.stdout, line),
    err: (line) => writeLine(Deno.stderr, line),
    input: readInput,
  };
}

function writeLine(stream: { writeSync(data: Uint8Array): number }, line: string): void {
  const data = encoder.encode(line + "\n");
  for (let sent = 0; sent < data.length;) sent += stream.writeSync(data.subarray(sent));
}

async function readInput(): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of Deno.stdin.readable) {
    size += chunk.length;
    if (size > MAX_INPUT_BYTES) {
      throw new RangeError(`Cannot read standard input: over ${MAX_INPUT_BYTES} bytes`);
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
