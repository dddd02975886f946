/**
 * A terminal that keeps what a command says.
 * @module
 */
import type { Terminal } from "../../lib/cli/command.ts";

/** Standard output and error as texts; standard input as given. */
export class FakeTerminal implements Terminal {
  readonly isTerminal: boolean;
  readonly isColor: boolean;
  readonly #input: string;
  stdout = "";
  stderr = "";

  /** @param options what a test needs to differ; by default no terminal, no colour, no input. */
  constructor(options: { isTerminal?: boolean; isColor?: boolean; input?: string } = {}) {
    this.isTerminal = options.isTerminal ?? false;
    this.isColor = options.isColor ?? false;
    this.#input = options.input ?? "";
  }

  out(line: string): void {
    this.stdout += line + "\n";
  }

  err(line: string): void {
    this.stderr += line + "\n";
  }

  input(): Promise<string> {
    return Promise.resolve(this.#input);
  }
}
