/**
 * Dropbear of Debian 12 with the options of its package, and new host keys of its own.
 *
 * It asks the system's own accounts, so tests send wrong passwords only.
 * @module
 */
import { type Genuine, startDaemon } from "../process.ts";

/** Dropbear 2022.83-1+deb12u3. */
export const dropbear: Genuine = {
  name: "Dropbear 2022.83",
  packages: ["dropbear-bin"],
  async start({ port, workDir }) {
    const keys = await Promise.all(["rsa", "ecdsa", "ed25519"].map(async (type) => {
      const path = `${workDir}/dropbear_${type}_host_key`;
      const args = ["-t", type, "-f", path];
      const { success } = await new Deno.Command("/usr/bin/dropbearkey", { args }).output();
      if (!success) throw new Error(`Cannot make ${path}: dropbearkey failed`);
      return path;
    }));
    const address = { hostname: "127.0.0.1", port };
    return await startDaemon(
      [
        "/usr/sbin/dropbear",
        ...["-F", "-E", "-p", `127.0.0.1:${port}`, "-P", `${workDir}/dropbear.pid`],
        ...keys.flatMap((path) => ["-r", path]),
      ],
      address,
    );
  },
};
