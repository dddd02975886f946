/**
 * OpenSSH's sshd of Debian 12 with the configuration of its package.
 *
 * Differs from it only in what one test needs: address, port, foreground, its own new host keys, and
 * the options of a variant. It asks PAM as the package does, so tests send wrong passwords only.
 * @module
 */
import { type Genuine, startDaemon } from "../process.ts";

/** OpenSSH 9.2p1-2+deb12u10. */
export const openssh: Genuine = opensshWith();

/**
 * The same with options that stand before the package's configuration, and so outdo it.
 * @param options such as `{ LoginGraceTime: "3" }`.
 */
export function opensshWith(options: Record<string, string> = {}): Genuine {
  return {
    name: "OpenSSH 9.2p1",
    packages: ["openssh-server"],
    async start({ port, workDir }) {
      // Where sshd locks its unprivileged part up; systemd makes it on a real host.
      await new Deno.Command("/usr/bin/install", { args: ["-d", "-m", "755", "/run/sshd"] })
        .output();
      const types = [["rsa", "3072"], ["ecdsa", "256"], ["ed25519", "256"]] as const;
      const keys = await Promise.all(types.map(async ([type, bits]) => {
        const path = `${workDir}/ssh_host_${type}_key`;
        const args = ["-q", "-t", type, "-b", bits, "-N", "", "-C", "root@srv", "-f", path];
        const { success } = await new Deno.Command("/usr/bin/ssh-keygen", { args }).output();
        if (!success) throw new Error(`Cannot make ${path}: ssh-keygen failed`);
        return path;
      }));
      const own = {
        ListenAddress: "127.0.0.1",
        Port: String(port),
        PidFile: `${workDir}/sshd.pid`,
        ...options,
      };
      const config = `${workDir}/sshd_config`;
      await Deno.writeTextFile(
        config,
        [
          ...keys.map((path) => `HostKey ${path}`),
          ...Object.entries(own).map(([name, value]) => `${name} ${value}`),
          await Deno.readTextFile("/etc/ssh/sshd_config"),
        ].join("\n"),
      );
      const address = { hostname: "127.0.0.1", port };
      return await startDaemon(["/usr/sbin/sshd", "-D", "-e", "-f", config], address);
    },
  };
}
