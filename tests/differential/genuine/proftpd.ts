/**
 * ProFTPD of Debian 12 with the configuration of its package.
 *
 * Differs from it only in what one test needs: address, port, its folder, the place of modules and
 * logs, and an account that exists without the package having been installed.
 * @module
 */
import { testKeys } from "../../support/test_tls.ts";
import { type Genuine, startDaemon, unpacked } from "../process.ts";

/** ProFTPD 1.3.8. */
export const proftpd: Genuine = makeProftpd();

/**
 * The same with mod_tls, in the way in which Debian's `tls.conf` suggests it.
 * @param options more of its lines.
 */
export function proftpdWithTls(options: readonly string[]): Genuine {
  return makeProftpd(options);
}

function makeProftpd(tls?: readonly string[]): Genuine {
  return {
    name: tls === undefined ? "ProFTPD 1.3.8" : "ProFTPD 1.3.8 with mod_tls",
    packages: tls === undefined ? ["proftpd-core"] : ["proftpd-core", "proftpd-mod-crypto"],
    async start({ port, workDir }) {
      const folder = tls === undefined ? "proftpd" : "proftpd-tls";
      const program = unpacked(folder, "usr/sbin/proftpd");
      const root = program.slice(0, -"/usr/sbin/proftpd".length);
      const templates = `${root}/usr/share/proftpd/templates`;
      const replaced: [RegExp, string][] = [
        [/^Include \/etc\/proftpd\/modules\.conf$/m, `Include ${workDir}/modules.conf`],
        [/^Include \/etc\/proftpd\/conf\.d\/$/m, ""],
        [/^ModulePath .*$/m, `ModulePath ${root}/usr/lib/proftpd`],
        [/^Port .*$/m, `Port ${port}\nDefaultAddress 127.0.0.1\nPidFile ${workDir}/pid`],
        [/^User .*$/m, `User nobody\nScoreboardFile ${workDir}/scoreboard`],
        [/^(\s*)DelayEngine .*$/m, `$1DelayEngine on\n$1DelayTable ${workDir}/delay`],
        [/\/var\/log\/proftpd|\/var\/run\/proftpd/g, workDir],
      ];
      if (tls !== undefined) {
        const { cert, key } = await testKeys();
        await Deno.writeTextFile(`${workDir}/cert.pem`, cert);
        await Deno.writeTextFile(`${workDir}/key.pem`, key, { mode: 0o600 });
        const lines = [
          "TLSEngine on",
          `TLSLog ${workDir}/tls.log`,
          "TLSProtocol SSLv23",
          `TLSECCertificateFile ${workDir}/cert.pem`,
          `TLSECCertificateKeyFile ${workDir}/key.pem`,
          ...tls,
        ];
        await Deno.writeTextFile(
          `${workDir}/tls.conf`,
          `<IfModule mod_tls.c>\n${lines.join("\n")}\n</IfModule>\n`,
        );
        replaced.push(
          [/^#LoadModule mod_tls\.c$/m, "LoadModule mod_tls.c"],
          [/^#Include \/etc\/proftpd\/tls\.conf$/m, `Include ${workDir}/tls.conf`],
        );
      }
      for (const name of ["proftpd.conf", "modules.conf"]) {
        const stock = await Deno.readTextFile(`${templates}/${name}`);
        const own = replaced.reduce((text, [pattern, by]) => text.replace(pattern, by), stock);
        await Deno.writeTextFile(`${workDir}/${name}`, own);
      }
      return await startDaemon(
        [program, "-n", "-q", "-c", `${workDir}/proftpd.conf`],
        { hostname: "127.0.0.1", port },
        { env: { LD_LIBRARY_PATH: `${root}/usr/lib/${Deno.build.arch}-linux-gnu` } },
      );
    },
  };
}
