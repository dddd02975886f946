/**
 * An event as a line for people.
 * @module
 */

/** ANSI colours by lowest severity. */
const COLOURS: readonly (readonly [severity: number, code: string])[] = [
  [70, "1;31"],
  [50, "33"],
  [30, "36"],
  [0, "2"],
];

/** The parts of a wire form that a line shows. */
interface Shown {
  readonly "@timestamp": string;
  readonly message: string;
  readonly event: {
    readonly severity: number;
    readonly provider: string;
    readonly ingested?: string;
  };
  readonly observer?: { readonly name?: string };
}

/**
 * Renders an event: time, severity, decoy, message; and the sensor, if it is another one.
 * @param json its wire form.
 * @param options `color` for a terminal.
 * @returns one line without its end; a peer's text in it is escaped already.
 */
export function renderEvent(json: string, options: { color: boolean }): string {
  const shown = JSON.parse(json) as Shown;
  const time = shown["@timestamp"].slice(11, 23);
  const { severity, provider, ingested } = shown.event;
  const from = ingested === undefined ? "" : `[${shown.observer?.name}] `;
  const words = `${provider.padEnd(10)} ${from}${shown.message}`;
  const line = `${time} ${String(severity).padStart(3)} ${words}`;
  if (!options.color) return line;
  const code = COLOURS.find(([lowest]) => severity >= lowest)![1];
  return `\x1b[${code}m${line}\x1b[0m`;
}
