/**
 * Redis of Debian 12 with the configuration of its package.
 *
 * Differs from it in what one test needs (address, port, foreground, folders), and in what the decoy
 * says of itself: no protected mode, and a user `default` who may run neither scripts nor replicas.
 * @module
 */
import { type Genuine, startDaemon } from "../process.ts";

/** Redis 7.0.15. */
export const redisOpen: Genuine = genuine("open", []);

/** The same with a password. */
export const redisPassword: Genuine = genuine("with a password", ["requirepass s3cret"]);

/** The same whose `dir` and `dbfilename` may be set. */
export const redisUnprotected: Genuine = genuine("unprotected", ["enable-protected-configs yes"]);

function genuine(what: string, more: readonly string[]): Genuine {
  return {
    name: `Redis 7.0.15 ${what}`,
    packages: ["redis-server"],
    async start({ port, workDir }) {
      const stock = await Deno.readTextFile("/etc/redis/redis.conf");
      const own = [
        `port ${port}`,
        "daemonize no",
        "protected-mode no",
        `dir ${workDir}`,
        `logfile ${workDir}/log`,
        `pidfile ${workDir}/pid`,
        ...more,
      ];
      const names = new Set(own.map((line) => line.split(" ")[0]));
      const kept = stock.split("\n").filter((line) => !names.has(line.split(" ")[0]));
      const rules = "~* &* +@all -@scripting -psync -sync";
      const user = more.some((line) => line.startsWith("requirepass"))
        ? `user default on >s3cret ${rules}`
        : `user default on nopass ${rules}`;
      const config = `${workDir}/redis.conf`;
      await Deno.writeTextFile(config, [...kept, ...own, user, ""].join("\n"));
      return await startDaemon(["/usr/bin/redis-server", config], { hostname: "127.0.0.1", port });
    },
  };
}
