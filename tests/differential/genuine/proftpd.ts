/**
 * ProFTPD of Debian 12 with the configuration of its package.
 *
 * Differs from it only in what one test needs: address, port, its folder, the place of modules and
 * logs, and an account that exists without the package having been installed.
 * @module
 */
import { type Genuine, startDaemon, unpacked } from "../process.ts";

/** ProFTPD 1.3.8. */
export const proftpd: Genuine = {
  name: "ProFTPD 1.3.8",
  packages: ["proftpd-core"],
  async start({ port, workDir }) {
    const program = unpacked("proftpd", "usr/sbin/proftpd");
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
