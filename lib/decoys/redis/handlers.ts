/**
 * What answers each command.
 * @module
 */
import type { Handlers } from "./call.ts";
import { bits } from "./commands/bits.ts";
import { dumps } from "./commands/dumps.ts";
import { geo } from "./commands/geo.ts";
import { hyperloglogs } from "./commands/hyperloglogs.ts";
import { sorting } from "./commands/sort.ts";
import { streamGroups } from "./commands/stream_groups.ts";
import { streamInfo } from "./commands/stream_info.ts";
import { streams } from "./commands/streams.ts";
import { acl } from "./commands/acl.ts";
import { clients } from "./commands/clients.ts";
import { command } from "./commands/command.ts";
import { config } from "./commands/config.ts";
import { connection, noCluster } from "./commands/connection.ts";
import { hashes } from "./commands/hashes.ts";
import { help } from "./commands/help.ts";
import { keys } from "./commands/keys.ts";
import { lists } from "./commands/lists.ts";
import { pubsub } from "./commands/pubsub.ts";
import { scans } from "./commands/scan.ts";
import { server } from "./commands/server.ts";
import { sets } from "./commands/sets.ts";
import { sortedSetRanges } from "./commands/sorted_set_ranges.ts";
import { sortedSets } from "./commands/sorted_sets.ts";
import { strings } from "./commands/strings.ts";
import { transactions } from "./commands/transactions.ts";
import { replication } from "./replication.ts";

const CLUSTER =
  ("addslots addslotsrange bumpepoch count-failure-reports countkeysinslot delslots " +
    "delslotsrange failover flushslots forget getkeysinslot help info keyslot links meet myid nodes " +
    "replicas replicate reset saveconfig set-config-epoch setslot shards slaves slots").split(" ");

const all: Record<string, Handlers[string]> = {
  ...Object.fromEntries(CLUSTER.map((name) => [`cluster|${name}`, noCluster])),
  ...bits,
  ...dumps,
  ...geo,
  ...hyperloglogs,
  ...sorting,
  ...streamGroups,
  ...streamInfo,
  ...streams,
  ...acl,
  ...clients,
  ...command,
  ...config,
  ...connection,
  ...hashes,
  ...help,
  ...keys,
  ...lists,
  ...pubsub,
  ...replication,
  ...scans,
  ...server,
  ...sets,
  ...sortedSetRanges,
  ...sortedSets,
  ...strings,
};

/** Every handler by the command's full name. */
export const HANDLERS: Handlers = Object.assign(all, transactions(all));
