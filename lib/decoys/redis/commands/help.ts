/**
 * HELP of every command that has subcommands.
 * @module
 */
import type { Handlers } from "../call.ts";
import { inflate } from "../inflate.ts";
import { lower } from "../octets.ts";
import { HELP_TEXTS } from "../tables/help_texts.ts";

/** One handler for each text there is. */
export const help: Handlers = Object.fromEntries(
  inflate(HELP_TEXTS).trim().split("\n\n").map((text) => {
    const lines = text.split("\n");
    const name = lower(lines[0]!.split(" ")[0]!);
    return [`${name}|help`, ({ out }) => {
      out.array(lines.length);
      for (const line of lines) out.status(line);
    }];
  }),
);
