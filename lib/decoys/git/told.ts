/**
 * What a client said in a request, for an event: as much of it as an event takes.
 * @module
 */
import { escapeOctets } from "../../net/latin1.ts";

/** Most bytes of a request that an event tells: longer ones only occur in attacks. */
const MAX_TOLD_BYTES = 16_384;
/** Most bytes of a client's name for itself. */
const MAX_AGENT_BYTES = 1024;

/**
 * A peer's text for an event.
 * @param text one character a byte; only its start is told.
 */
export function told(text: string): string {
  return escapeOctets(text.slice(0, MAX_TOLD_BYTES));
}

/** Collects the lines of a request. */
export class ToldLines {
  #text = "";
  #agent: string | undefined;

  /** Whether there were none. */
  get isEmpty(): boolean {
    return this.#text === "";
  }

  /**
   * Takes a line.
   * @param line one character a byte.
   */
  add(line: string): void {
    // Alone in its line it may have spaces in it.
    const agent = (/^agent=(.*)$/s.exec(line) ?? /\sagent=(\S*)/.exec(line))?.[1];
    if (agent !== undefined) this.#agent ??= escapeOctets(agent.slice(0, MAX_AGENT_BYTES));
    if (this.#text.length >= MAX_TOLD_BYTES) return;
    this.#text += (this.isEmpty ? "" : " ") + line.slice(0, MAX_TOLD_BYTES);
  }

  /** What there was, as a `command` event has it. */
  data(): { argument: string; agent?: string } {
    const argument = told(this.#text);
    return this.#agent === undefined ? { argument } : { argument, agent: this.#agent };
  }
}
