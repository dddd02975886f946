/**
 * Prints events: as lines for people, with the date whenever it changes, or as JSON.
 * @module
 */
import { renderEvent } from "../events/render.ts";
import type { CommandOption, Terminal } from "./command.ts";

/** `--ids`, for commands that print events. */
export const IDS_OPTION: CommandOption = {
  name: "ids",
  type: "flag",
  description: "Also prints sequence number and session",
};

/** The parts of an event's wire form that are printed beside its line. */
interface Shown {
  readonly "@timestamp": string;
  readonly event: { readonly sequence: number; readonly ingested?: string };
  readonly duckblind?: { readonly session?: { readonly id?: string } };
}

/** Prints events in order. */
export class EventPrinter {
  readonly #terminal: Terminal;
  readonly #options: { json: boolean; ids: boolean };
  #day = "";

  /**
   * @param terminal where to.
   * @param options `json`: the wire form; `ids`: with sequence number and session.
   */
  constructor(terminal: Terminal, options: { json: boolean; ids: boolean }) {
    this.#terminal = terminal;
    this.#options = options;
  }

  /**
   * Prints an event.
   * @param json its wire form.
   * @returns its sequence number, as far as it is a cursor: not that of another sensor's event.
   */
  print(json: string): number | undefined {
    const shown = JSON.parse(json) as Shown;
    const { sequence, ingested } = shown.event;
    const cursor = ingested === undefined ? sequence : undefined;
    if (this.#options.json) {
      this.#terminal.out(json);
      return cursor;
    }
    const day = shown["@timestamp"].slice(0, 10);
    if (day !== this.#day) this.#terminal.out(`${this.#day === "" ? "" : "\n"}${day} (UTC)`);
    this.#day = day;
    const line = renderEvent(json, { color: this.#terminal.isColor });
    const session = (shown.duckblind?.session?.id ?? "-").padEnd(26);
    this.#terminal.out(
      this.#options.ids ? `${String(sequence).padStart(8)} ${session} ${line}` : line,
    );
    return cursor;
  }
}
