/**
 * MULTI and what belongs to it.
 * @module
 */
import type { Handlers } from "../call.ts";
import { endTransaction, run } from "../dispatch.ts";
import { Refusal } from "../refusal.ts";

/**
 * Commands of transactions.
 * @param all every handler there is.
 */
export function transactions(all: Handlers): Handlers {
  return {
    multi: ({ client, out }) => {
      if (client.queue !== undefined) throw new Refusal("ERR MULTI calls can not be nested");
      client.queue = [];
      out.ok();
    },
    discard: ({ client, out }) => {
      if (client.queue === undefined) throw new Refusal("ERR DISCARD without MULTI");
      endTransaction(client);
      out.ok();
    },
    watch: ({ client, argv, out, db }) => {
      if (client.queue !== undefined) throw new Refusal("ERR WATCH inside MULTI is not allowed");
      for (const key of argv.slice(1)) client.watched.add(`${db.index}:${key}`);
      out.ok();
    },
    unwatch: ({ client, out }) => {
      client.watched.clear();
      client.isWatchBroken = false;
      out.ok();
    },
    exec: async (call) => {
      const { client, out, server, source } = call;
      const { queue, isQueueBroken, isWatchBroken } = client;
      if (queue === undefined) throw new Refusal("ERR EXEC without MULTI");
      endTransaction(client);
      if (isQueueBroken) {
        throw new Refusal("EXECABORT Transaction discarded because of previous errors.");
      }
      if (isWatchBroken) return out.nullArray();
      out.array(queue.length);
      for (const argv of queue) {
        const { facts } = server.catalogue.find(argv)!;
        const db = source.database(client.db);
        await run({ ...call, argv, facts: facts!, db, isInTransaction: true }, all);
      }
      client.command = "exec";
      out.lastError = "";
    },
  };
}
