/**
 * INFO: every section of a server that runs for a while and is not busy.
 * @module
 */
import type { Call } from "./call.ts";
import { fixedSettings } from "./commands/config.ts";
import { lower } from "./octets.ts";
import { replicationInfo } from "./replication.ts";
import { settingOf } from "./settings.ts";
import { commandStatistics, errorStatistics, latencyStatistics } from "./statistics.ts";

/** Sections in their order; those after the first list only when asked for. */
const DEFAULT = "server clients memory persistence stats replication cpu module_list errorstats " +
  "cluster keyspace";
const ALL = DEFAULT.replace("errorstats", "commandstats errorstats latencystats");
/** Spelling of headings. */
const HEADINGS: Record<string, string> = {
  cpu: "CPU",
  module_list: "Modules",
};
/** What the process takes before there is any key, in bytes. */
const STARTUP_BYTES = 876_360;
const RESIDENT_BYTES = 12_779_520;

/**
 * The answer to INFO.
 * @param call the command.
 */
export function infoText(call: Call): string {
  const asked = call.argv.slice(1).map(lower);
  const wanted = new Set<string>();
  for (const word of asked.length === 0 ? ["default"] : asked) {
    if (word === "default") { for (const name of DEFAULT.split(" ")) wanted.add(name); }
    else if (word === "all" || word === "everything") {
      for (const name of ALL.split(" ")) wanted.add(name);
    } else wanted.add(word === "modules" ? "module_list" : word);
  }
  const parts: string[] = [];
  for (const name of ALL.split(" ")) {
    if (!wanted.has(name)) continue;
    const heading = HEADINGS[name] ?? name[0]!.toUpperCase() + name.slice(1);
    const lines = SECTIONS[name]!(call);
    parts.push([`# ${heading}`, ...lines, ""].join("\r\n"));
  }
  return parts.join("\r\n");
}

type Section = (call: Call) => readonly string[];

const SECTIONS: Record<string, Section> = {
  server,
  clients,
  memory,
  persistence,
  stats,
  replication: ({ source, server }) =>
    replicationInfo(source, replicationIds(source.master !== undefined, server.identity)),
  cpu,
  module_list: () => [],
  commandstats: (call) => commandStatistics(call),
  errorstats: (call) => errorStatistics(call),
  latencystats: (call) => latencyStatistics(call),
  cluster: () => ["cluster_enabled:0"],
  keyspace,
};

function replicationIds(
  isReplica: boolean,
  identity: Call["server"]["identity"],
): [string, string] {
  const none = "0".repeat(40);
  return isReplica ? [identity.hexId("replica"), none] : [identity.hexId("replication"), none];
}

function server(call: Call): string[] {
  const { nowMs, server: { identity, settings } } = call;
  const bootMs = identity.bootMs(nowMs);
  const seconds = Math.floor((nowMs - bootMs) / 1000);
  const fixed = fixedSettings(call);
  const hz = settingOf(call.source, "hz", fixed);
  return [
    "redis_version:7.0.15",
    "redis_git_sha1:00000000",
    "redis_git_dirty:0",
    "redis_build_id:ae4d7c971a948f0",
    "redis_mode:standalone",
    `os:Linux ${settings.kernel} x86_64`,
    "arch_bits:64",
    "monotonic_clock:POSIX clock_gettime",
    "multiplexing_api:epoll",
    "atomicvar_api:c11-builtin",
    "gcc_version:12.2.0",
    `process_id:${identity.pid}`,
    "process_supervised:systemd",
    `run_id:${identity.hexId(`run ${bootMs}`)}`,
    `tcp_port:${fixed.port}`,
    `server_time_usec:${Math.floor(nowMs)}${String(seconds * 7919 % 1000).padStart(3, "0")}`,
    `uptime_in_seconds:${seconds}`,
    `uptime_in_days:${Math.floor(seconds / 86_400)}`,
    `hz:${hz}`,
    `configured_hz:${hz}`,
    `lru_clock:${Math.floor(nowMs / 1000) & 0xffffff}`,
    "executable:/usr/bin/redis-server",
    "config_file:/etc/redis/redis.conf",
    "io_threads_active:0",
  ];
}

function clients(call: Call): string[] {
  const { source } = call;
  const tracking = [...source.clients].filter((client) => client.tracking !== undefined).length;
  return [
    `connected_clients:${source.clients.size}`,
    "cluster_connections:0",
    `maxclients:${settingOf(source, "maxclients", {})}`,
    "client_recent_max_input_buffer:20480",
    "client_recent_max_output_buffer:0",
    `blocked_clients:${[...source.clients].filter((client) => client.isBlocked).length}`,
    `tracking_clients:${tracking}`,
    "clients_in_timeout_table:0",
  ];
}

/** What the server's memory comes to, in bytes. */
export function memoryOf({ source, nowMs, server }: Call) {
  const clientBytes = source.clients.size * 22_304;
  const keys = source.keyCount;
  const overhead = STARTUP_BYTES + clientBytes + keys * 56;
  // What the allocator keeps for itself moves a little all the time.
  const breath = Math.floor(nowMs / 5000) % 37 * 64;
  const stored = Math.ceil(source.bytes / 8) * 8;
  const used = STARTUP_BYTES + 215_488 + clientBytes + stored + breath;
  const peak = Math.max(used, STARTUP_BYTES + 381_304 + clientBytes + stored);
  const resident = RESIDENT_BYTES + Math.ceil(source.bytes / 4096) * 4096 +
    server.identity.pid % 50 * 4096;
  return { used, peak, overhead, clientBytes, resident, keys };
}

function human(bytes: number): string {
  if (bytes < 1024) return `${bytes}B`;
  for (const [unit, size] of [["K", 1024], ["M", 1024 ** 2]] as const) {
    if (bytes < size * 1024) return `${(bytes / size).toFixed(2)}${unit}`;
  }
  return `${(bytes / 1024 ** 3).toFixed(2)}G`;
}

function memory(call: Call): string[] {
  const { used, peak, overhead, clientBytes, resident } = memoryOf(call);
  const { totalMemory } = call.server.identity;
  const allocated = used + 767_656;
  const active = Math.ceil((allocated + 448_328) / 4096) * 4096;
  const held = active + 2_781_184;
  const maxmemory = Number(settingOf(call.source, "maxmemory", {}));
  const dataset = used - overhead;
  return [
    `used_memory:${used}`,
    `used_memory_human:${human(used)}`,
    `used_memory_rss:${resident}`,
    `used_memory_rss_human:${human(resident)}`,
    `used_memory_peak:${peak}`,
    `used_memory_peak_human:${human(peak)}`,
    `used_memory_peak_perc:${(used / peak * 100).toFixed(2)}%`,
    `used_memory_overhead:${overhead}`,
    `used_memory_startup:${STARTUP_BYTES}`,
    `used_memory_dataset:${dataset}`,
    `used_memory_dataset_perc:${(dataset / (used - STARTUP_BYTES) * 100).toFixed(2)}%`,
    `allocator_allocated:${allocated}`,
    `allocator_active:${active}`,
    `allocator_resident:${held}`,
    `total_system_memory:${totalMemory}`,
    `total_system_memory_human:${human(totalMemory)}`,
    "used_memory_lua:32768",
    "used_memory_vm_eval:32768",
    "used_memory_lua_human:32.00K",
    "used_memory_scripts_eval:0",
    "number_of_cached_scripts:0",
    "number_of_functions:0",
    "number_of_libraries:0",
    "used_memory_vm_functions:33792",
    "used_memory_vm_total:66560",
    "used_memory_vm_total_human:65.00K",
    "used_memory_functions:200",
    "used_memory_scripts:200",
    "used_memory_scripts_human:200B",
    `maxmemory:${maxmemory}`,
    `maxmemory_human:${human(maxmemory)}`,
    `maxmemory_policy:${settingOf(call.source, "maxmemory-policy", {})}`,
    `allocator_frag_ratio:${(active / allocated).toFixed(2)}`,
    `allocator_frag_bytes:${active - allocated}`,
    `allocator_rss_ratio:${(held / active).toFixed(2)}`,
    `allocator_rss_bytes:${held - active}`,
    `rss_overhead_ratio:${(resident / held).toFixed(2)}`,
    `rss_overhead_bytes:${resident - held}`,
    `mem_fragmentation_ratio:${(resident / used).toFixed(2)}`,
    `mem_fragmentation_bytes:${resident - used}`,
    "mem_not_counted_for_evict:0",
    "mem_replication_backlog:0",
    "mem_total_replication_buffers:0",
    "mem_clients_slaves:0",
    `mem_clients_normal:${clientBytes}`,
    "mem_cluster_links:0",
    "mem_aof_buffer:0",
    "mem_allocator:jemalloc-5.3.0",
    "active_defrag_running:0",
    "lazyfree_pending_objects:0",
    "lazyfreed_objects:0",
  ];
}

function persistence({ source, server, nowMs }: Call): string[] {
  const saves = Math.floor((nowMs - server.identity.bootMs(nowMs)) / 3_600_000) + source.saves;
  return [
    "loading:0",
    "async_loading:0",
    "current_cow_peak:0",
    "current_cow_size:0",
    "current_cow_size_age:0",
    "current_fork_perc:0.00",
    "current_save_keys_processed:0",
    "current_save_keys_total:0",
    `rdb_changes_since_last_save:${source.dirty}`,
    "rdb_bgsave_in_progress:0",
    `rdb_last_save_time:${Math.floor(source.savedAtMs / 1000)}`,
    "rdb_last_bgsave_status:ok",
    "rdb_last_bgsave_time_sec:0",
    "rdb_current_bgsave_time_sec:-1",
    `rdb_saves:${saves}`,
    "rdb_last_cow_size:458752",
    "rdb_last_load_keys_expired:0",
    "rdb_last_load_keys_loaded:0",
    "aof_enabled:0",
    "aof_rewrite_in_progress:0",
    "aof_rewrite_scheduled:0",
    "aof_last_rewrite_time_sec:-1",
    "aof_current_rewrite_time_sec:-1",
    "aof_last_bgrewrite_status:ok",
    "aof_rewrites:0",
    "aof_rewrites_consecutive_failures:0",
    "aof_last_write_status:ok",
    "aof_last_cow_size:0",
    "module_fork_in_progress:0",
    "module_fork_last_cow_size:0",
  ];
}

function stats({ source, server, nowMs }: Call): string[] {
  const totals = server.totals(nowMs);
  const saves = Math.floor((nowMs - server.identity.bootMs(nowMs)) / 3_600_000);
  const every = [...source.clients];
  const channels = new Set(every.flatMap((client) => [...client.channels]));
  const patterns = new Set(every.flatMap((client) => [...client.patterns]));
  const shards = new Set(every.flatMap((client) => [...client.shardChannels]));
  const tick = Math.floor(nowMs / 1000);
  return [
    `total_connections_received:${totals.connections}`,
    `total_commands_processed:${totals.commands}`,
    `instantaneous_ops_per_sec:${tick % 3}`,
    `total_net_input_bytes:${totals.bytesIn}`,
    `total_net_output_bytes:${totals.bytesOut}`,
    "total_net_repl_input_bytes:0",
    "total_net_repl_output_bytes:0",
    `instantaneous_input_kbps:${(tick % 7 / 50).toFixed(2)}`,
    `instantaneous_output_kbps:${(tick % 11 / 40).toFixed(2)}`,
    "instantaneous_input_repl_kbps:0.00",
    "instantaneous_output_repl_kbps:0.00",
    "rejected_connections:0",
    "sync_full:0",
    "sync_partial_ok:0",
    "sync_partial_err:0",
    `expired_keys:${Math.floor(totals.hits / 3) + source.expiredKeys}`,
    "expired_stale_perc:0.00",
    "expired_time_cap_reached_count:0",
    `expire_cycle_cpu_milliseconds:${Math.floor((nowMs - server.identity.bootMs(nowMs)) / 64_000)}`,
    "evicted_keys:0",
    "evicted_clients:0",
    "total_eviction_exceeded_time:0",
    "current_eviction_exceeded_time:0",
    `keyspace_hits:${totals.hits + source.hits}`,
    `keyspace_misses:${totals.misses + source.misses}`,
    `pubsub_channels:${channels.size}`,
    `pubsub_patterns:${patterns.size}`,
    `pubsubshard_channels:${shards.size}`,
    "latest_fork_usec:696",
    `total_forks:${saves + source.saves}`,
    "migrate_cached_sockets:0",
    "slave_expires_tracked_keys:0",
    "active_defrag_hits:0",
    "active_defrag_misses:0",
    "active_defrag_key_hits:0",
    "active_defrag_key_misses:0",
    "total_active_defrag_time:0",
    "current_active_defrag_time:0",
    "tracking_total_keys:0",
    "tracking_total_items:0",
    "tracking_total_prefixes:0",
    "unexpected_error_replies:0",
    `total_error_replies:${source.errorReplies}`,
    "dump_payload_sanitizations:0",
    `total_reads_processed:${totals.commands + totals.connections}`,
    `total_writes_processed:${totals.commands}`,
    "io_threaded_reads_processed:0",
    "io_threaded_writes_processed:0",
    `reply_buffer_shrinks:${Math.floor(totals.connections / 2)}`,
    `reply_buffer_expands:${Math.floor(totals.connections / 9)}`,
  ];
}

function cpu({ server, nowMs }: Call): string[] {
  const seconds = (nowMs - server.identity.bootMs(nowMs)) / 1000;
  const [system, user] = [seconds * 0.000947 + 0.02, seconds * 0.000862 + 0.03];
  const child = Math.floor(seconds / 3600) * 0.0021;
  return [
    `used_cpu_sys:${system.toFixed(6)}`,
    `used_cpu_user:${user.toFixed(6)}`,
    `used_cpu_sys_children:${(child * 1.7).toFixed(6)}`,
    `used_cpu_user_children:${child.toFixed(6)}`,
    `used_cpu_sys_main_thread:${(system * 0.994).toFixed(6)}`,
    `used_cpu_user_main_thread:${(user * 0.997).toFixed(6)}`,
  ];
}

function keyspace({ source, nowMs }: Call): string[] {
  return source.databases().flatMap((db) => {
    const keys = db.keys();
    if (keys.length === 0) return [];
    const times = keys.map((key) => db.peek(key)?.expiresAtMs).filter((at) => at !== undefined);
    const sum = times.reduce((total, at) => total + at - nowMs, 0);
    const average = times.length === 0 ? 0 : Math.floor(sum / times.length);
    return [`db${db.index}:keys=${keys.length},expires=${times.length},avg_ttl=${average}`];
  });
}
