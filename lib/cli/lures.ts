/**
 * `lures`: the fake data of a sensor, the password in each, and who took it.
 * @module
 */
import type { Command } from "./command.ts";
import { connectService, REMOTE_OPTIONS } from "./remote.ts";
import { formatTable } from "./table.ts";

/** A line of the service's answer. */
interface LureLine {
  readonly id: string;
  readonly kind: string;
  readonly place: string;
  readonly decoys: readonly string[];
  readonly username: string;
  readonly password: string;
  readonly taken: number;
  readonly used: number;
  readonly last?: { readonly ip: string; readonly at: string };
}

/** `lures`. */
export const lures: Command = {
  name: "lures",
  examples: [
    ["lures", "of the sensor of this host"],
    ["lures --json", "for programs, with the session that took each last"],
    ["lures --remote edge-1:9443 --ca ca.pem --token-file operator.token", "of one far away"],
  ],
  usage: ["lures [-c FILE | --remote HOST:PORT] [--json]"],
  positionals: [0, 0],
  options: REMOTE_OPTIONS,
  async run(args, terminal) {
    using client = await connectService(args);
    const { lines } = await client.list("LURES");
    if (args.flag("json")) {
      for (const line of lines) terminal.out(line);
      return 0;
    }
    const rows = lines.map((line) => JSON.parse(line) as LureLine).map((lure) => [
      lure.id,
      lure.decoys.join(", ") || "nowhere",
      lure.place,
      lure.username,
      lure.password,
      lure.taken,
      lure.used,
      lure.last === undefined ? "" : `${lure.last.ip} ${lure.last.at.slice(0, 19)}Z`,
    ]);
    const heading = ["LURE", "DECOYS", "PLACE", "USER", "PASSWORD", "TAKEN", "USED", "LAST TAKEN"];
    for (const line of formatTable([heading, ...rows], terminal.isColor)) terminal.out(line);
    return 0;
  },
};
