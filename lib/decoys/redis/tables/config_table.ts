/**
 * The settings of the server, as Debian's package has them: name, kind and value.
 *
 * Text of Redis 7.0.15, Copyright (c) Salvatore Sanfilippo and contributors, BSD-3-Clause: what the
 * genuine server says on the wire, byte for byte.
 * @module
 */

/** A row is `name|kind|value`; `int`, `memory` and `percent` have their range, `enum` its words. */
export const CONFIG_TABLE = `
acl-pubsub-default|enum allchannels resetchannels|resetchannels
aclfile|immutable|
acllog-max-len|int 0 9223372036854775807|128
active-defrag-cycle-max|int 1 99|25
active-defrag-cycle-min|int 1 99|1
active-defrag-ignore-bytes|memory 1 9223372036854775807|104857600
active-defrag-max-scan-fields|int 1 9223372036854775807|1000
active-defrag-threshold-lower|int 0 1000|10
active-defrag-threshold-upper|int 0 1000|100
active-expire-effort|int 1 10|1
activedefrag|bool|no
activerehashing|bool|yes
always-show-logo|immutable|no
aof-disable-auto-gc|bool|no
aof-load-truncated|bool|yes
aof-rewrite-incremental-fsync|bool|yes
aof-timestamp-enabled|bool|no
aof-use-rdb-preamble|bool|yes
aof_rewrite_cpulist|immutable|
appenddirname|immutable|appendonlydir
appendfilename|immutable|appendonly.aof
appendfsync|enum everysec always no|everysec
appendonly|bool|no
auto-aof-rewrite-min-size|memory 0 9223372036854775807|67108864
auto-aof-rewrite-percentage|int 0 2147483647|100
bgsave_cpulist|immutable|
bind-source-addr|text|
bind|special|127.0.0.1 -::1
bio_cpulist|immutable|
busy-reply-threshold|int 0 9223372036854775807|5000
client-output-buffer-limit|special|normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60
client-query-buffer-limit|memory 1048576 9223372036854775807|1073741824
cluster-allow-pubsubshard-when-down|bool|yes
cluster-allow-reads-when-down|bool|no
cluster-allow-replica-migration|bool|yes
cluster-announce-bus-port|int 0 65535|0
cluster-announce-hostname|text|
cluster-announce-ip|text|
cluster-announce-port|int 0 65535|0
cluster-announce-tls-port|int 0 65535|0
cluster-config-file|immutable|nodes.conf
cluster-enabled|immutable|no
cluster-link-sendbuf-limit|memory 0 18446744073709551615|0
cluster-migration-barrier|int 0 2147483647|1
cluster-node-timeout|int 0 9223372036854775807|15000
cluster-port|immutable|0
cluster-preferred-endpoint-type|enum ip hostname unknown-endpoint|ip
cluster-replica-no-failover|bool|no
cluster-replica-validity-factor|int 0 2147483647|10
cluster-require-full-coverage|bool|yes
cluster-slave-no-failover|bool|no
cluster-slave-validity-factor|int 0 2147483647|10
crash-log-enabled|bool|yes
crash-memcheck-enabled|bool|yes
daemonize|immutable|no
databases|immutable|16
dbfilename|protected|dump.rdb
dir|protected|/var/lib/redis
disable-thp|immutable|yes
dynamic-hz|bool|yes
enable-debug-command|immutable|no
enable-module-command|immutable|no
enable-protected-configs|immutable|no
hash-max-listpack-entries|int 0 9223372036854775807|512
hash-max-listpack-value|memory 0 9223372036854775807|64
hash-max-ziplist-entries|int 0 9223372036854775807|512
hash-max-ziplist-value|memory 0 9223372036854775807|64
hll-sparse-max-bytes|memory 0 9223372036854775807|3000
hz|int 0 2147483647|10
ignore-warnings|text|
io-threads-do-reads|immutable|no
io-threads|immutable|1
jemalloc-bg-thread|bool|yes
latency-monitor-threshold|int 0 9223372036854775807|0
latency-tracking-info-percentiles|special|50 99 99.9
latency-tracking|bool|yes
lazyfree-lazy-eviction|bool|no
lazyfree-lazy-expire|bool|no
lazyfree-lazy-server-del|bool|no
lazyfree-lazy-user-del|bool|no
lazyfree-lazy-user-flush|bool|no
lfu-decay-time|int 0 2147483647|1
lfu-log-factor|int 0 2147483647|10
list-compress-depth|int 0 2147483647|0
list-max-listpack-size|int -2147483648 2147483647|-2
list-max-ziplist-size|int -2147483648 2147483647|-2
logfile|immutable|/var/log/redis/redis-server.log
loglevel|enum debug verbose notice warning|notice
lua-time-limit|int 0 9223372036854775807|5000
masterauth|text|
masteruser|text|
maxclients|int 1 4294967295|10000
maxmemory-clients|percent 0 18446744073709551615|0
maxmemory-eviction-tenacity|int 0 100|10
maxmemory-policy|enum volatile-lru volatile-lfu volatile-random volatile-ttl allkeys-lru allkeys-lfu allkeys-random noeviction|noeviction
maxmemory-samples|int 1 2147483647|5
maxmemory|memory 0 18446744073709551615|0
min-replicas-max-lag|int 0 2147483647|10
min-replicas-to-write|int 0 2147483647|0
min-slaves-max-lag|int 0 2147483647|10
min-slaves-to-write|int 0 2147483647|0
no-appendfsync-on-rewrite|bool|no
notify-keyspace-events|special|
oom-score-adj-values|special|0 200 800
oom-score-adj|enum no yes relative absolute|no
pidfile|immutable|/run/redis/redis-server.pid
port|int 0 65535|6379
proc-title-template|text|{title} {listen-addr} {server-mode}
propagation-error-behavior|enum ignore panic panic-on-replicas|ignore
protected-mode|bool|no
proto-max-bulk-len|memory 1048576 9223372036854775807|536870912
rdb-del-sync-files|bool|no
rdb-save-incremental-fsync|bool|yes
rdbchecksum|immutable|yes
rdbcompression|bool|yes
repl-backlog-size|memory 1 9223372036854775807|1048576
repl-backlog-ttl|int 0 9223372036854775807|3600
repl-disable-tcp-nodelay|bool|no
repl-diskless-load|enum disabled on-empty-db swapdb|disabled
repl-diskless-sync-delay|int 0 2147483647|5
repl-diskless-sync-max-replicas|int 0 2147483647|0
repl-diskless-sync|bool|yes
repl-ping-replica-period|int 1 2147483647|10
repl-ping-slave-period|int 1 2147483647|10
repl-timeout|int 1 2147483647|60
replica-announce-ip|text|
replica-announce-port|int 0 65535|0
replica-announced|bool|yes
replica-ignore-disk-write-errors|bool|no
replica-ignore-maxmemory|bool|yes
replica-lazy-flush|bool|no
replica-priority|int 0 2147483647|100
replica-read-only|bool|yes
replica-serve-stale-data|bool|yes
replicaof|immutable|
requirepass|text|
sanitize-dump-payload|enum no yes clients|no
save|special|3600 1 300 100 60 10000
server_cpulist|immutable|
set-max-intset-entries|int 0 9223372036854775807|512
set-proc-title|immutable|yes
shutdown-on-sigint|enum default save nosave now force|default
shutdown-on-sigterm|enum default save nosave now force|default
shutdown-timeout|int 0 2147483647|10
slave-announce-ip|text|
slave-announce-port|int 0 65535|0
slave-ignore-maxmemory|bool|yes
slave-lazy-flush|bool|no
slave-priority|int 0 2147483647|100
slave-read-only|bool|yes
slave-serve-stale-data|bool|yes
slaveof|immutable|
slowlog-log-slower-than|int -1 9223372036854775807|10000
slowlog-max-len|int 0 9223372036854775807|128
socket-mark-id|immutable|0
stop-writes-on-bgsave-error|bool|yes
stream-node-max-bytes|memory 0 9223372036854775807|4096
stream-node-max-entries|int 0 9223372036854775807|100
supervised|immutable|systemd
syslog-enabled|immutable|no
syslog-facility|immutable|local0
syslog-ident|immutable|redis
tcp-backlog|immutable|511
tcp-keepalive|int 0 2147483647|300
timeout|int 0 2147483647|0
tls-auth-clients|enum no yes optional|yes
tls-ca-cert-dir|text|
tls-ca-cert-file|text|
tls-cert-file|text|
tls-ciphersuites|text|
tls-ciphers|text|
tls-client-cert-file|text|
tls-client-key-file-pass|text|
tls-client-key-file|text|
tls-cluster|bool|no
tls-dh-params-file|text|
tls-key-file-pass|text|
tls-key-file|text|
tls-port|int 0 65535|0
tls-prefer-server-ciphers|bool|no
tls-protocols|text|
tls-replication|bool|no
tls-session-cache-size|int 0 2147483647|20480
tls-session-cache-timeout|int 0 2147483647|300
tls-session-caching|bool|yes
tracking-table-max-keys|int 0 9223372036854775807|1000000
unixsocketperm|immutable|0
unixsocket|immutable|
zset-max-listpack-entries|int 0 9223372036854775807|128
zset-max-listpack-value|memory 0 9223372036854775807|64
zset-max-ziplist-entries|int 0 9223372036854775807|128
zset-max-ziplist-value|memory 0 9223372036854775807|64
`;
