/**
 * nginx of Debian 12 with the configuration of its package.
 *
 * Differs from it only in what one test needs: address, port, foreground, one worker, its folder, and
 * the document root.
 * @module
 */
import { type Genuine, startDaemon } from "../process.ts";

/**
 * nginx 1.22.1 over the files below a folder.
 * @param writeSite writes them.
 * @param keys of its certificate, to speak TLS: the lines of the site that Debian has commented out.
 */
export function nginx(
  writeSite: (root: string) => Promise<void>,
  keys?: () => Promise<{ cert: string; key: string }>,
): Genuine {
  return {
    name: keys === undefined ? "nginx 1.22.1" : "nginx 1.22.1 with TLS",
    packages: ["nginx-light"],
    async start({ port, workDir }) {
      const stock = await Deno.readTextFile("/etc/nginx/nginx.conf");
      const site = await Deno.readTextFile("/etc/nginx/sites-available/default");
      await Deno.mkdir(`${workDir}/www`);
      await writeSite(`${workDir}/www`);
      const listen = keys === undefined
        ? `listen 127.0.0.1:${port} default_server;`
        : `listen 127.0.0.1:${port} ssl default_server; ssl_certificate ${workDir}/cert.pem; ` +
          `ssl_certificate_key ${workDir}/key.pem;`;
      if (keys !== undefined) {
        const { cert, key } = await keys();
        await Deno.writeTextFile(`${workDir}/cert.pem`, cert);
        await Deno.writeTextFile(`${workDir}/key.pem`, key);
      }
      await Deno.writeTextFile(
        `${workDir}/site`,
        site.replace(/listen 80 default_server;/, listen)
          .replace(/listen \[::\]:80[^;]*;/, "").replace(/root [^;]*;/, `root ${workDir}/www;`),
      );
      const config = stock.replace(/^user .*;/m, "user www-data;\ndaemon off;")
        .replace(/^worker_processes .*;/m, "worker_processes 1;")
        .replace(/^pid .*;/m, `pid ${workDir}/pid;`)
        .replace(/^error_log .*;/m, "").replace(/access_log [^;]*;/, "access_log off;")
        .replace(/include \/etc\/nginx\/(?:modules-enabled|conf\.d)\/[^;]*;/g, "")
        .replace(/include \/etc\/nginx\/sites-enabled\/\*;/, `include ${workDir}/site;`);
      await Deno.writeTextFile(`${workDir}/nginx.conf`, config);
      const address = { hostname: "127.0.0.1", port };
      const options = ["-p", workDir, "-c", `${workDir}/nginx.conf`, "-e", `${workDir}/error.log`];
      return await startDaemon(["/usr/sbin/nginx", ...options], address);
    },
  };
}
