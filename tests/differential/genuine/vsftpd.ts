/**
 * vsftpd of Debian 12 with the configuration of its package.
 *
 * Differs from it only in what one test needs: address, port, foreground, its folder, and the PAM
 * service: Debian's `other` asks the same modules for the password and holds a failure as long.
 * @module
 */
import { testKeys } from "../../support/test_tls.ts";
import { type Genuine, startDaemon, unpacked } from "../process.ts";

/** vsftpd 3.0.3-13. */
export const vsftpd: Genuine = makeVsftpd();

/**
 * The same with TLS switched on.
 * @param options lines of its configuration besides `ssl_enable=YES` and the certificate's.
 */
export function vsftpdWithTls(options: Record<string, string>): Genuine {
  return makeVsftpd({ ssl_enable: "YES", ...options });
}

function makeVsftpd(tls?: Record<string, string>): Genuine {
  return {
    name: tls === undefined ? "vsftpd 3.0.3" : "vsftpd 3.0.3 with TLS",
    packages: ["vsftpd"],
    async start({ port, workDir }) {
      const program = unpacked("vsftpd", "usr/sbin/vsftpd");
      const stock = await Deno.readTextFile(unpacked("vsftpd", "etc/vsftpd.conf"));
      const own: Record<string, string> = {
        listen: "YES",
        listen_ipv6: "NO",
        listen_address: "127.0.0.1",
        listen_port: String(port),
        background: "NO",
        secure_chroot_dir: `${workDir}/empty`,
        pam_service_name: "other",
        xferlog_file: `${workDir}/xferlog`,
        vsftpd_log_file: `${workDir}/log`,
        ...tls,
      };
      if (tls !== undefined) {
        const { cert, key } = await testKeys();
        own.rsa_cert_file = `${workDir}/cert.pem`;
        own.rsa_private_key_file = `${workDir}/key.pem`;
        await Deno.writeTextFile(own.rsa_cert_file, cert);
        await Deno.writeTextFile(own.rsa_private_key_file, key);
      }
      const kept = stock.split("\n").filter((line) => !(line.split("=")[0]! in own));
      const set = Object.entries(own).map(([key, value]) => `${key}=${value}`);
      await Deno.mkdir(`${workDir}/empty`);
      await Deno.writeTextFile(`${workDir}/vsftpd.conf`, [...kept, ...set, ""].join("\n"));
      const address = { hostname: "127.0.0.1", port };
      return await startDaemon([program, `${workDir}/vsftpd.conf`], address);
    },
  };
}
