/**
 * Apache httpd of Debian 12 with the configuration of its package.
 *
 * Differs from it only in what one test needs: address, port, foreground, its folders, the document
 * root, and a name, so that it is the same on every machine.
 * @module
 */
import { type Genuine, startDaemon } from "../process.ts";

/** Apache 2.4.71 over the files below a folder. */
export function apache(writeSite: (root: string) => Promise<void>): Genuine {
  return {
    name: "Apache httpd 2.4.71",
    packages: ["apache2"],
    async start({ port, workDir }) {
      await Deno.mkdir(`${workDir}/www`);
      await Deno.mkdir(`${workDir}/log`);
      await writeSite(`${workDir}/www`);
      const stock = await Deno.readTextFile("/etc/apache2/apache2.conf");
      const site = await Deno.readTextFile("/etc/apache2/sites-available/000-default.conf");
      await Deno.writeTextFile(
        `${workDir}/site`,
        site.replace("*:80", `*:${port}`).replace(/DocumentRoot .*/, `DocumentRoot ${workDir}/www`),
      );
      const config = stock.replace("<Directory /var/www/>", `<Directory ${workDir}/www/>`)
        .replace(/^Include ports\.conf/m, `Listen 127.0.0.1:${port}\nServerName 127.0.0.1`)
        .replace(/^IncludeOptional sites-enabled.*/m, `Include ${workDir}/site`)
        .replace(/^(Include(?:Optional)?) (?!\/)/gm, "$1 /etc/apache2/");
      await Deno.writeTextFile(`${workDir}/apache2.conf`, config);
      const env = {
        APACHE_RUN_USER: "www-data",
        APACHE_RUN_GROUP: "www-data",
        APACHE_PID_FILE: `${workDir}/pid`,
        APACHE_RUN_DIR: workDir,
        APACHE_LOCK_DIR: workDir,
        APACHE_LOG_DIR: `${workDir}/log`,
        LANG: "C",
      };
      const address = { hostname: "127.0.0.1", port };
      const command = ["-d", "/etc/apache2", "-f", `${workDir}/apache2.conf`, "-DFOREGROUND"];
      return await startDaemon(["/usr/sbin/apache2", ...command], address, { env });
    },
  };
}
