/**
 * Memcached of Debian 12 with the configuration of its package: open to everyone, with SASL (`-S`)
 * and with a file of users (`-Y`).
 * @module
 */
import { type Genuine, startDaemon } from "../process.ts";

/** 1.6.18 as it is installed. */
export const memcached: Genuine = make("memcached 1.6.18", () => Promise.resolve([]));

/** With SASL, of which PLAIN alone is allowed. */
export const memcachedSasl: Genuine = make("memcached 1.6.18 with SASL", async (workDir) => {
  await Deno.writeTextFile(`${workDir}/memcached.conf`, "mech_list: plain\n");
  return ["-S"];
});

/** With a file of users. */
export const memcachedFile: Genuine = make("memcached 1.6.18 with a file", async (workDir) => {
  await Deno.writeTextFile(`${workDir}/users`, "admin:secret\n");
  await Deno.chmod(`${workDir}/users`, 0o644);
  return ["-Y", `${workDir}/users`];
});

function make(name: string, options: (workDir: string) => Promise<string[]>): Genuine {
  return {
    name,
    packages: ["memcached", "libsasl2-modules"],
    async start({ port, workDir }) {
      const address = { hostname: "127.0.0.1", port };
      const own = ["-l", "127.0.0.1", "-p", String(port), "-u", "memcache", "-m", "64"];
      const command = ["/usr/bin/memcached", ...own, ...await options(workDir)] as const;
      const env = { SASL_CONF_PATH: workDir };
      return await startDaemon([command[0], ...command.slice(1)], address, { env });
    },
  };
}
