/**
 * What `stats` and its topics tell: names and values, for both protocols.
 * @module
 */
import type { Connection } from "./connection.ts";
import { CHUNK_SIZES, chunksPerPage, MAX_ITEM_BYTES } from "./slabs.ts";
import { type Counters, type Store, usedClasses } from "./store.ts";

/** Names and values, in order. */
export type Stats = [name: string, value: string | number][];

/** Buffers of a connection, in bytes. */
const BUFFER_BYTES = 16_384;
/** How often the thread that keeps the lists in order looks at them, in times a second. */
const JUGGLES = 1.02;

/** Names of settings with their values as Debian's configuration has them, but for a few. */
const SETTINGS =
  `verbosity 0|oldest 0|evictions on|domain_socket NULL|umask 700|shutdown_command no|
growth_factor 1.25|chunk_size 48|num_threads 4|num_threads_per_udp 4|stat_key_prefix :|
detail_enabled no|reqs_per_event 20|cas_enabled yes|tcp_backlog 1024|
binding_protocol auto-negotiate|auth_enabled_sasl no|auth_enabled_ascii no|item_size_max 1048576|
maxconns_fast yes|hashpower_init 0|slab_reassign yes|slab_automove 1|slab_automove_ratio 0.80|
slab_automove_window 30|slab_chunk_max 524288|lru_crawler yes|lru_crawler_sleep 100|
lru_crawler_tocrawl 0|tail_repair_time 0|flush_enabled yes|dump_enabled yes|
hash_algorithm murmur3|lru_maintainer_thread yes|lru_segmented yes|hot_lru_pct 20|
warm_lru_pct 40|hot_max_factor 0.20|warm_max_factor 2.00|temp_lru no|temporary_ttl 61|
idle_timeout 0|watcher_logbuf_size 262144|worker_logbuf_size 65536|read_buf_mem_limit 0|
track_sizes no|inline_ascii_response no|ext_item_size 512|ext_item_age 4294967295|ext_low_ttl 0|
ext_recache_rate 2000|ext_wbuf_size 4194304|ext_compact_under 0|ext_drop_under 0|
ext_max_sleep 1000000|ext_max_frag 0.80|slab_automove_freeratio 0.010|ext_drop_unread no|
ssl_enabled no|ssl_chain_cert (null)|ssl_key (null)|ssl_verify_mode 0|ssl_keyformat 1|
ssl_ciphers NULL|ssl_ca_cert NULL|ssl_wbuf_size 16384|ssl_session_cache no|ssl_kernel_tls no|
ssl_min_version tlsv1.2|num_napi_ids (null)|memory_file (null)`
    .replaceAll("\n", "").split("|").map((line) => line.split(" ", 2) as [string, string]);

/** Counters of a command as `stats` lists them. */
const COMMANDS = ("cmd_get cmd_set cmd_flush cmd_touch cmd_meta get_hits get_misses get_expired " +
  "get_flushed delete_misses delete_hits incr_misses incr_hits decr_misses decr_hits cas_misses " +
  "cas_hits cas_badval touch_hits touch_misses store_too_large store_no_memory auth_cmds " +
  "auth_errors bytes_read bytes_written").split(" ");
const SLAB_COUNTERS =
  "get_hits cmd_set delete_hits incr_hits decr_hits cas_hits cas_badval touch_hits".split(" ");
/** Counters of a class's lists that stay at 0 in a cache that is not full. */
const QUIET_ITEMS = ("evicted evicted_nonzero evicted_time outofmemory tailrepairs reclaimed " +
  "expired_unfetched evicted_unfetched evicted_active crawler_reclaimed").split(" ");
const QUIET = ("slab_reassign_rescues slab_reassign_chunk_rescues slab_reassign_evictions_nomem " +
  "slab_reassign_inline_reclaim slab_reassign_busy_items slab_reassign_busy_deletes " +
  "slab_reassign_running slabs_moved lru_crawler_running").split(" ");
const QUIET_LOG = ("malloc_fails log_worker_dropped log_worker_written log_watcher_skipped " +
  "log_watcher_sent log_watchers unexpected_napi_ids round_robin_fallback").split(" ");

function zeros(names: readonly string[]): Stats {
  return names.map((name) => [name, 0]);
}

function picked(counters: Counters, names: readonly string[]): Stats {
  return names.map((name) => [name, counters[name]!]);
}

/** Seconds with six digits behind the point. */
function cpu(micros: number): string {
  return `${Math.floor(micros / 1_000_000)}.${String(micros % 1_000_000).padStart(6, "0")}`;
}

/** `stats` without a topic. */
export function generalStats({ server, session, store }: Connection): Stats {
  const { counters } = store;
  const nowMs = session.now();
  const upS = Math.floor(nowMs / 1000) - server.bootS(nowMs);
  const { userUs, systemUs } = server.cpuTime(nowMs, counters["commands"]!);
  const open = server.openConnections;
  const structures = server.peakConnections + 1;
  const buffers = Math.min(structures, 8);
  return [
    ["pid", server.pid],
    ["uptime", upS],
    ["time", Math.floor(nowMs / 1000)],
    ["version", "1.6.18"],
    ["libevent", "2.1.12-stable"],
    ["pointer_size", 64],
    ["rusage_user", cpu(userUs)],
    ["rusage_system", cpu(systemUs)],
    ["max_connections", 1024],
    ["curr_connections", open],
    ["total_connections", server.totalConnections + 1],
    ["rejected_connections", 0],
    ["connection_structures", structures],
    ["response_obj_oom", 0],
    ["response_obj_count", 1],
    ["response_obj_bytes", Math.ceil(buffers / 2) * BUFFER_BYTES],
    ["read_buf_count", buffers],
    ["read_buf_bytes", buffers * BUFFER_BYTES],
    ["read_buf_bytes_free", Math.max(0, buffers - 2) * BUFFER_BYTES],
    ["read_buf_oom", 0],
    ["reserved_fds", 20],
    ...picked(counters, COMMANDS),
    ["limit_maxbytes", limit(store, server.settings.memoryBytes)],
    ["accepting_conns", 1],
    ["listen_disabled_num", 0],
    ["time_in_listen_disabled_us", 0],
    ["threads", 4],
    ["conn_yields", 0],
    ["hash_power_level", 16],
    ["hash_bytes", 524_288],
    ["hash_is_expanding", 0],
    ...zeros(QUIET),
    ["lru_crawler_starts", 1 + Math.floor(upS / 3600)],
    ["lru_maintainer_juggles", Math.floor(upS * JUGGLES) + 45],
    ...zeros(QUIET_LOG),
    ["bytes", store.bytes],
    ["curr_items", store.size],
    ["total_items", counters["total_items"]!],
    ["slab_global_page_pool", 0],
    ["expired_unfetched", 0],
    ["evicted_unfetched", 0],
    ["evicted_active", 0],
    ["evictions", counters["evictions"]!],
    ["reclaimed", 0],
    ["crawler_reclaimed", 0],
    ["crawler_items_checked", 0],
    ["lrutail_reflocked", 0],
    ["moves_to_cold", counters["total_items"]!],
    ["moves_to_warm", 0],
    ["moves_within_lru", 0],
    ["direct_reclaims", 0],
    ["lru_bumps_dropped", 0],
  ];
}

function limit(store: Store, memoryBytes: number): number {
  return store.memoryBytes ?? memoryBytes;
}

/** `stats settings`. */
export function settingStats({ server, session, store }: Connection): Stats {
  const { auth } = server.settings;
  const own: Record<string, string | number> = {
    verbosity: store.verbosity,
    detail_enabled: store.isDetailed ? "yes" : "no",
    binding_protocol: auth === "sasl" ? "binary" : auth === "file" ? "ascii" : "auto-negotiate",
    auth_enabled_sasl: auth === "sasl" ? "yes" : "no",
    auth_enabled_ascii: auth === "file" ? "yes" : "no",
    lru_crawler: store.crawls ? "yes" : "no",
  };
  return [
    ["maxbytes", limit(store, server.settings.memoryBytes)],
    ["maxconns", 1024],
    ["tcpport", session.local.port],
    ["udpport", 0],
    ["inter", session.local.ip],
    ...SETTINGS.map(([name, value]) =>
      [name, Object.hasOwn(own, name) ? own[name]! : value] as [string, string | number]
    ),
  ];
}

/** `stats items`. */
export function itemStats({ store }: Connection): Stats {
  return usedClasses(store).flatMap((id): Stats => {
    const items = store.inClass(id);
    if (items.length === 0) return [];
    const age = store.time - Math.min(...items.map(({ time }) => time));
    const stats: Stats = [
      ["number", items.length],
      ["number_hot", 0],
      ["number_warm", 0],
      ["number_cold", items.length],
      ["age_hot", 0],
      ["age_warm", 0],
      ["age", age],
      ["mem_requested", items.reduce((sum, { bytes }) => sum + bytes, 0)],
      ...zeros(QUIET_ITEMS),
      ["crawler_items_checked", 0],
      ["lrutail_reflocked", 0],
      ["moves_to_cold", slabCount(store, id, "cmd_set")],
      ["moves_to_warm", 0],
      ["moves_within_lru", 0],
      ["direct_reclaims", 0],
      ["hits_to_hot", 0],
      ["hits_to_warm", 0],
      ["hits_to_cold", slabCount(store, id, "get_hits")],
      ["hits_to_temp", 0],
    ];
    return stats.map(([name, value]) => [`items:${id}:${name}`, value]);
  });
}

/** `stats slabs`. */
export function slabStats({ store }: Connection): Stats {
  const classes = usedClasses(store);
  const pages = classes.reduce((sum, id) => sum + store.pages.get(id)!, 0);
  return [
    ...classes.flatMap((id): Stats => {
      const total = store.pages.get(id)! * chunksPerPage(id);
      const used = Math.min(store.inClass(id).length, total);
      const stats: Stats = [
        ["chunk_size", CHUNK_SIZES[id]!],
        ["chunks_per_page", chunksPerPage(id)],
        ["total_pages", store.pages.get(id)!],
        ["total_chunks", total],
        ["used_chunks", used],
        ["free_chunks", total - used],
        ["free_chunks_end", 0],
        ...SLAB_COUNTERS.map((name) => [name, slabCount(store, id, name)] as [string, number]),
      ];
      return stats.map(([name, value]) => [`${id}:${name}`, value]);
    }),
    ["active_slabs", classes.length],
    ["total_malloced", pages * MAX_ITEM_BYTES],
  ];
}

/** `stats conns`: the listening socket, and the connection that asks. */
export function connectionStats({ session, fileNumber }: Connection): Stats {
  const name = ({ ip, port }: { ip: string; port: number }) =>
    ip.includes(":") ? `tcp6:[${ip}]:${port}` : `tcp:${ip}:${port}`;
  const { local, peer } = session;
  return [
    ["23:addr", name(local)],
    ["23:state", "conn_listening"],
    ["23:secs_since_last_cmd", 1],
    [`${fileNumber}:addr`, name(peer)],
    [`${fileNumber}:listen_addr`, name(local)],
    [`${fileNumber}:state`, "conn_parse_cmd"],
    [`${fileNumber}:secs_since_last_cmd`, 0],
  ];
}

/** `stats detail dump`, with its end. */
export function prefixStats({ store }: Connection): string {
  const lines = [...store.prefixes].map(([prefix, { get, hit, set, del }]) =>
    `PREFIX ${prefix} get ${get} hit ${hit} set ${set} del ${del}\r\n`
  );
  return `${lines.join("")}END\r\n`;
}

function slabCount(store: Store, id: number, name: string): number {
  return store.slabCounters.get(`${id}:${name}`) ?? 0;
}
