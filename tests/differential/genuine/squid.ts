/**
 * Squid of Debian 12 with the configuration of its package, as it answers a stranger.
 *
 * Differs from it only in what one test needs: address, port, its folder, its name, and the rule that
 * lets the machine itself in.
 * @module
 */
import { type Genuine, startDaemon } from "../process.ts";

/** The name that it gives itself. */
export const SQUID_NAME = "srv";

/**
 * Squid 5.7.
 * @param logins lines of `auth_param` in which `@dir` is the folder; with any, a login is due.
 */
export function squid(logins: readonly string[] = []): Genuine {
  return {
    name: "Squid 5.7",
    packages: ["squid"],
    async start({ port, workDir }) {
      const stock = await Deno.readTextFile("/etc/squid/squid.conf");
      const login = logins.length === 0 ? "" : "http_access allow known";
      const rules = stock.split("\n").map((line) =>
        /^http_access allow localhost\b/.test(line)
          ? (line.endsWith("manager") ? "" : login)
          : line.replace(/^http_port .*/, `http_port 127.0.0.1:${port}`)
            .replace(/^coredump_dir .*/, `coredump_dir ${workDir}`)
      );
      const config = [
        ...logins.map((line) => line.replaceAll("@dir", workDir)),
        ...(logins.length === 0 ? [] : ["acl known proxy_auth REQUIRED"]),
        ...rules,
        `pid_filename ${workDir}/squid.pid`,
        "access_log none",
        `cache_log ${workDir}/cache.log`,
        `visible_hostname ${SQUID_NAME}`,
        "shutdown_lifetime 0 seconds",
      ];
      await Deno.writeTextFile(`${workDir}/squid.conf`, config.join("\n") + "\n");
      await Deno.writeTextFile(
        `${workDir}/passwd`,
        "nobody:$apr1$abcdefgh$xxxxxxxxxxxxxxxxxxxxxx\n",
      );
      await Deno.writeTextFile(`${workDir}/digest`, "nobody:secret\n");
      await Deno.chmod(workDir, 0o777); // it gives up root
      const address = { hostname: "127.0.0.1", port };
      return await startDaemon(["/usr/sbin/squid", "-N", "-f", `${workDir}/squid.conf`], address);
    },
  };
}
