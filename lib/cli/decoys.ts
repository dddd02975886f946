/**
 * `decoys`: every decoy of a sensor, where it listens and what it has seen.
 * @module
 */
import type { DecoyReport } from "../service/view.ts";
import type { Command } from "./command.ts";
import { connectService, REMOTE_OPTIONS } from "./remote.ts";
import { formatTable } from "./table.ts";

/** `decoys`. */
export const decoys: Command = {
  name: "decoys",
  examples: [
    ["decoys", "of the sensor of this host"],
    ["decoys --json", "for programs"],
    ["decoys --remote edge-1:9443 --ca ca.pem --token-file operator.token", "of one far away"],
  ],
  usage: ["decoys [-c FILE | --remote HOST:PORT] [--json]"],
  positionals: [0, 0],
  options: REMOTE_OPTIONS,
  async run(args, terminal) {
    using client = await connectService(args);
    const { lines } = await client.list("DECOYS");
    if (args.flag("json")) {
      for (const line of lines) terminal.out(line);
      return 0;
    }
    const rows = lines.map((line) => JSON.parse(line) as DecoyReport).flatMap((decoy) =>
      decoy.listeners.map(({ address, state, detail }, i) => {
        const isFirst = i === 0;
        return [
          isFirst ? decoy.name : "",
          isFirst ? decoy.kind : "",
          isFirst ? decoy.sessions : "",
          isFirst ? decoy.accepted : "",
          isFirst ? decoy.refused : "",
          isFirst ? decoy.events : "",
          address,
          detail === undefined ? state : `${state}: ${detail}`,
        ];
      })
    );
    const heading = ["DECOY", "KIND", "OPEN", "ACCEPTED", "REFUSED", "EVENTS", "ADDRESS", "STATE"];
    for (const line of formatTable([heading, ...rows], terminal.isColor)) terminal.out(line);
    return 0;
  },
};
