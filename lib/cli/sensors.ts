/**
 * `sensors`: the sensors that send their events to a collector.
 * @module
 */
import type { Command } from "./command.ts";
import { connectService, REMOTE_OPTIONS } from "./remote.ts";
import { formatTable } from "./table.ts";

/** A line of the answer to `SENSORS`. */
interface WireSensor {
  readonly name: string;
  readonly version: string;
  readonly state: string;
  readonly events: number;
  readonly last_seen: string;
  readonly lag?: number;
  readonly missing: number;
  readonly refused: number;
}

/** `sensors`. */
export const sensors: Command = {
  name: "sensors",
  examples: [
    ["sensors", "who sends events here, how far behind, and when last"],
    ["sensors --json", "for programs"],
    [
      "sensors --remote collector:9443 --ca ca.pem --token-file op.token",
      "of a collector far away",
    ],
  ],
  usage: ["sensors [-c FILE | --remote HOST:PORT] [--json]"],
  positionals: [0, 0],
  options: REMOTE_OPTIONS,
  async run(args, terminal) {
    using client = await connectService(args);
    const { lines } = await client.list("SENSORS");
    if (args.flag("json")) {
      for (const line of lines) terminal.out(line);
      return 0;
    }
    const rows = lines.map((line) => JSON.parse(line) as WireSensor).map((sensor) => [
      sensor.name,
      sensor.state,
      sensor.version,
      sensor.events,
      sensor.lag ?? "",
      sensor.missing,
      sensor.refused,
      sensor.last_seen.slice(0, 19).replace("T", " ") + "Z",
    ]);
    const heading = [
      "SENSOR",
      "STATE",
      "VERSION",
      "EVENTS",
      "LAG",
      "MISSING",
      "REFUSED",
      "LAST SEEN",
    ];
    for (const line of formatTable([heading, ...rows], terminal.isColor)) terminal.out(line);
    return 0;
  },
};
