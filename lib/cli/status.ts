/**
 * `status`: how a sensor is doing.
 * @module
 */
import type { ServiceReport, StatusReport } from "../service/view.ts";
import type { Command, Terminal } from "./command.ts";
import { connectService, REMOTE_OPTIONS } from "./remote.ts";

/** The answer to `STATUS`: the journal's part is spelled as on the wire. */
type WireStatus = Omit<StatusReport, "journal"> & {
  readonly journal: {
    readonly first_sequence: number;
    readonly last_sequence: number;
    readonly waiting: number;
    readonly lost: number;
    readonly bytes: number;
    readonly trouble?: string;
  };
  readonly service: ServiceReport;
};

/** `status`. */
export const status: Command = {
  name: "status",
  examples: [
    ["status", "the sensor of this host"],
    ["status -c duckblind.yaml", "one with a config of its own"],
    ["status --remote edge-1:9443 --ca ca.pem --token-file operator.token", "one far away"],
  ],
  usage: ["status [-c FILE | --remote HOST:PORT] [--json]"],
  positionals: [0, 0],
  options: REMOTE_OPTIONS,
  async run(args, terminal) {
    using client = await connectService(args);
    const { lines: [json = "{}"] } = await client.list("STATUS");
    if (args.flag("json")) terminal.out(json);
    else print(JSON.parse(json) as WireStatus, terminal);
    return 0;
  },
};

function print(report: WireStatus, terminal: Terminal): void {
  const { decoys, sessions, rates, journal, service } = report;
  const rows: [string, string][] = [
    ["Sensor", `${report.sensor}, version ${report.version}`],
    ["Up", `${formatSpan(report.uptime_ms)}, since ${report.started}`],
    [
      "Decoys",
      `${decoys.total}, on ${decoys.open} addresses` +
      (decoys.waiting === 0 ? "" : `; ${decoys.waiting} cannot be opened: see duckblind decoys`),
    ],
    [
      "Sessions",
      `${sessions.open} open of ${sessions.max}, ${sessions.accepted} accepted, ` +
      `${sessions.refused} refused`,
    ],
    ["Rates", `${rates.sessions} sessions/s, ${rates.events} events/s, over the last minute`],
    [
      "Journal",
      `${journal.last_sequence} events, from ${journal.first_sequence}, ` +
      `${formatBytes(journal.bytes)}, ${journal.lost} lost` +
      (journal.trouble === undefined ? "" : `; ${journal.waiting} waiting: ${journal.trouble}`),
    ],
    ...report.sinks.map((sink): [string, string] => [
      "Sink",
      `${sink.name}: ${sink.delivered} delivered, ${sink.lag} behind` +
      (sink.dropped === 0 ? "" : `, ${sink.dropped} given up`) +
      (sink.dead_letters === 0 ? "" : `, ${sink.dead_letters} dead letters`) +
      (sink.last_success === undefined ? "" : `, last at ${sink.last_success.slice(0, 19)}Z`) +
      (sink.trouble === undefined ? "" : `; fails: ${sink.trouble}`),
    ]),
    ...(report.collect ?? []).map((place): [string, string] => [
      "Collect",
      `${place.name}: ${place.received} received, ${place.pending} wait there, ` +
      `${place.duplicates} had come before` +
      (place.refused === 0 ? "" : `, ${place.refused} refused`) +
      (place.trouble === undefined ? "" : `; fails: ${place.trouble}`),
    ]),
    [
      "Service",
      `${service.logged_in} logged in, ${service.sessions} of ${service.max_sessions} connections, ` +
      `${service.refused} refused, ${service.refused_logins} wrong logins, ${service.probes} probes`,
    ],
    ...(service.sensors === undefined || service.sensors.known === 0 ? [] : [[
      "Sensors",
      `${service.sensors.known} known, ${service.sensors.connected} connected, ` +
      `${service.sensors.silent} silent: see duckblind sensors`,
    ] as [string, string]]),
    [
      "Memory",
      `${formatBytes(report.memory.rss)} resident, ${formatBytes(report.memory.heap_used)} heap`,
    ],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  for (const [name, text] of rows) {
    const title = name.padEnd(width);
    terminal.out(`${terminal.isColor ? `\x1b[1m${title}\x1b[0m` : title}  ${text}`);
  }
}

/** A length of time as people read it. */
function formatSpan(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return `${Math.floor(ms / 1000)} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48
    ? `${hours} h ${minutes % 60} min`
    : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

function formatBytes(bytes: number): string {
  return bytes < 1_048_576
    ? `${(bytes / 1024).toFixed(0)} KiB`
    : `${(bytes / 1_048_576).toFixed(1)} MiB`;
}
