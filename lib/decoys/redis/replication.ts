/**
 * What REPLICAOF makes of the server: a replica whose master never answers. Nothing is ever dialled.
 * @module
 */
import type { Handlers } from "./call.ts";
import { lower } from "./octets.ts";
import { intArgument, Refusal, SYNTAX } from "./refusal.ts";
import type { Source } from "./source.ts";

/** How long an attempt to connect goes on before it is given up, in ms: `repl-timeout`. */
const CONNECT_MS = 60_000;

/**
 * How a replica stands with its master.
 * @param source whose server it is.
 */
export function replicaLink(source: Source): "up" | "down" {
  return source.master === undefined ? "up" : "down";
}

/** Word for the state of an attempt to connect, as ROLE has it. */
function stateOf({ master, nowMs }: Source): string {
  return (nowMs - master!.sinceMs) % CONNECT_MS < 1000 ? "connect" : "connecting";
}

/** REPLICAOF and what replicas ask a master. */
export const replication: Handlers = {
  replicaof: ({ argv, source, out, nowMs }) => {
    const [, host = "", port = ""] = argv;
    if (lower(host) === "no" && lower(port) === "one") {
      source.master = undefined;
      return out.ok();
    }
    let number: number;
    try {
      number = intArgument(port);
    } catch {
      throw new Refusal("ERR Invalid master port");
    }
    if (number < 0 || number > 65_535) throw new Refusal("ERR Invalid master port");
    if (source.master?.host === host && source.master.port === number) {
      return out.status("OK Already connected to specified master");
    }
    source.master = { host, port: number, sinceMs: nowMs };
    out.ok();
  },
  slaveof: (call) => replication.replicaof!(call),
  role: ({ source, out }) => {
    if (source.master === undefined) {
      out.array(3);
      out.bulk("master");
      out.integer(0);
      return out.array(0);
    }
    out.array(5);
    out.bulk("slave");
    out.bulk(source.master.host);
    out.integer(source.master.port);
    out.bulk(stateOf(source));
    out.integer(-1);
  },
  failover: ({ argv, source, out }) => {
    if (argv.length > 1 && lower(argv[1]!) === "abort") {
      throw new Refusal("ERR No failover in progress.");
    }
    if (argv.length > 1 && !/^(?:to|timeout|force)$/.test(lower(argv[1]!))) {
      throw new Refusal(SYNTAX);
    }
    if (source.master !== undefined) {
      throw new Refusal("ERR FAILOVER is not valid when server is a replica.");
    }
    void out;
    throw new Refusal("ERR FAILOVER requires connected replicas.");
  },
  replconf: ({ argv, out }) => {
    if (argv.length % 2 === 0) throw new Refusal(SYNTAX);
    for (let i = 1; i < argv.length; i += 2) {
      const option = lower(argv[i]!);
      if (option === "ack" || option === "getack") return; // never answered
      if (!REPLCONF_OPTIONS.has(option)) {
        throw new Refusal(`ERR Unrecognized REPLCONF option: ${argv[i]}`);
      }
      if (option === "listening-port" || option === "rdb-only") intArgument(argv[i + 1]);
    }
    out.ok();
  },
  wait: async ({ argv, source, out, client, isInTransaction, nowMs }) => {
    const wanted = intArgument(argv[1]);
    const timeoutMs = intArgument(argv[2], "ERR timeout is not an integer or out of range");
    if (timeoutMs < 0) throw new Refusal("ERR timeout is negative");
    if (source.master !== undefined) {
      throw new Refusal(
        "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a " +
          "replica is configured to be writable (which is not the default) writes to replicas are " +
          "just local and are not propagated.",
      );
    }
    if (wanted > 0 && !isInTransaction) {
      await client.flush();
      const untilMs = timeoutMs === 0 ? undefined : nowMs + timeoutMs;
      await client.waitFor(new Promise<void>(() => {}), untilMs);
    }
    out.integer(0);
  },
};

const REPLCONF_OPTIONS = new Set([
  "listening-port",
  "ip-address",
  "capa",
  "rdb-only",
  "rdb-filter-only",
]);

/**
 * The section `Replication` of INFO.
 * @param source whose server it is.
 * @param ids of this server and of the one before.
 */
export function replicationInfo(source: Source, ids: readonly [string, string]): string[] {
  const { master } = source;
  const [id, before] = ids;
  return [
    ...(master === undefined ? ["role:master"] : [
      "role:slave",
      `master_host:${master.host}`,
      `master_port:${master.port}`,
      "master_link_status:down",
      "master_last_io_seconds_ago:-1",
      "master_sync_in_progress:0",
      "slave_read_repl_offset:0",
      "slave_repl_offset:0",
      "master_link_down_since_seconds:-1",
      `slave_priority:${source.config.get("replica-priority") ?? "100"}`,
      `slave_read_only:${(source.config.get("replica-read-only") ?? "yes") === "yes" ? 1 : 0}`,
      `replica_announced:${(source.config.get("replica-announced") ?? "yes") === "yes" ? 1 : 0}`,
    ]),
    "connected_slaves:0",
    "master_failover_state:no-failover",
    `master_replid:${id}`,
    `master_replid2:${before}`,
    "master_repl_offset:0",
    `second_repl_offset:${/^0+$/.test(before) ? -1 : 1}`,
    "repl_backlog_active:0",
    `repl_backlog_size:${source.config.get("repl-backlog-size") ?? "1048576"}`,
    "repl_backlog_first_byte_offset:0",
    "repl_backlog_histlen:0",
  ];
}
