/**
 * `session`: everything of one connection, in order.
 * @module
 */
import { CommandError, UsageError } from "../errors.ts";
import type { Command } from "./command.ts";
import { EventPrinter } from "./event_printer.ts";
import { connectService, REMOTE_OPTIONS } from "./remote.ts";

/** `session ID`. */
export const session: Command = {
  name: "session",
  examples: [
    ["session 01JD7R2V8Q0000000000000000", "one connection from its begin to its end"],
    ["session 01JD7R2V8Q0000000000000000 --json", "with everything that was kept of it"],
    ["session 01JD7R2V8Q0000000000000000 -c duckblind.yaml", "ids: duckblind events --ids"],
  ],
  usage: ["session ID [-c FILE | --remote HOST:PORT] [--json]"],
  positionals: [1, 1],
  options: REMOTE_OPTIONS,
  async run(args, terminal) {
    const id = args.positionals[0]!.toUpperCase();
    if (!/^[0-9A-Z]{26}$/.test(id)) {
      throw new UsageError(
        `The session is ${JSON.stringify(id.slice(0, 80))}, must be an id of 26 characters`,
      );
    }
    using client = await connectService(args);
    const printer = new EventPrinter(terminal, { json: args.flag("json"), ids: false });
    let isEmpty = true;
    for (let since: number | undefined = 0; since !== undefined;) {
      const { lines, next } = await client.list(`SESSION ${id} since=${since}`);
      for (const line of lines) printer.print(line);
      if (lines.length > 0) isEmpty = false;
      since = next;
    }
    if (isEmpty) {
      throw new CommandError(`Cannot find session ${id}: the journal has no event of it`);
    }
    return 0;
  },
};
