/**
 * Dante's server of Debian 12.
 *
 * Its package's configuration names no address and no rule; these are the shortest that make it serve.
 * @module
 */
import { type Genuine, startDaemon } from "../process.ts";

/**
 * Dante 1.4.2.
 * @param method lines of `socksmethod`, such as `username none`.
 * @param rule what becomes of requests, such as `block`, and which commands it is for.
 */
export function dante(method: string, rule: { verdict: "block" | "pass"; only?: string }): Genuine {
  return {
    name: "Dante 1.4.2",
    packages: ["dante-server"],
    async start({ port, workDir }) {
      const command = rule.only === undefined ? "" : ` command: ${rule.only}`;
      const config = [
        "logoutput: stderr",
        `internal: 127.0.0.1 port = ${port}`,
        "external: 127.0.0.1",
        "clientmethod: none",
        `socksmethod: ${method}`,
        "user.privileged: proxy",
        "user.unprivileged: nobody",
        "user.libwrap: nobody",
        "client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }",
        `socks ${rule.verdict} { from: 0.0.0.0/0 to: 0.0.0.0/0${command} }`,
      ];
      await Deno.writeTextFile(`${workDir}/danted.conf`, config.join("\n") + "\n");
      const args = ["-f", `${workDir}/danted.conf`, "-p", `${workDir}/pid`, "-N", "1"] as const;
      return await startDaemon(["/usr/sbin/danted", ...args], { hostname: "127.0.0.1", port });
    },
  };
}
