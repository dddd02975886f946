/**
 * Mosquitto of Debian 12: as a listener refuses everyone without a word of configuration more, with
 * a file of passwords, and open to everyone.
 * @module
 */
import { type Genuine, startDaemon } from "../process.ts";

/** 2.0.11 with a listener and nothing else. */
export const mosquitto: Genuine = make("mosquitto 2.0.11", () => Promise.resolve([]));

/** With a file of passwords, in which nobody is. */
export const mosquittoPasswords: Genuine = make(
  "mosquitto 2.0.11 with passwords",
  async (workDir) => {
    await Deno.writeTextFile(`${workDir}/passwords`, "");
    return [`password_file ${workDir}/passwords`];
  },
);

/** Open to everyone. */
export const mosquittoOpen: Genuine = make(
  "mosquitto 2.0.11, open",
  () => Promise.resolve(["allow_anonymous true"]),
);

function make(name: string, options: (workDir: string) => Promise<string[]>): Genuine {
  return {
    name,
    packages: ["mosquitto"],
    async start({ port, workDir }) {
      const lines = [`listener ${port} 127.0.0.1`, ...await options(workDir), ""];
      await Deno.writeTextFile(`${workDir}/mosquitto.conf`, lines.join("\n"));
      const address = { hostname: "127.0.0.1", port };
      const command = ["/usr/sbin/mosquitto", "-c", `${workDir}/mosquitto.conf`] as const;
      return await startDaemon(command, address);
    },
  };
}
