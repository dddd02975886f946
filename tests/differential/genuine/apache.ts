/**
 * Apache httpd of Debian 12 with the configuration of its package.
 *
 * Differs from it only in what one test needs: address, port, foreground, its folders, the document
 * root, and a name, so that it is the same on every machine.
 * @module
 */
import { type Genuine, startDaemon } from "../process.ts";

/** What `a2enmod ssl` enables. */
const TLS_MODULE = `LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
LoadModule socache_shmcb_module /usr/lib/apache2/modules/mod_socache_shmcb.so
Include /etc/apache2/mods-available/ssl.conf
`;

/**
 * Apache 2.4.71 over the files below a folder.
 * @param writeSite writes them.
 * @param keys of its certificate, to speak TLS: Debian's `default-ssl`.
 */
export function apache(
  writeSite: (root: string) => Promise<void>,
  keys?: () => Promise<{ cert: string; key: string }>,
): Genuine {
  return {
    name: keys === undefined ? "Apache httpd 2.4.71" : "Apache httpd 2.4.71 with TLS",
    packages: ["apache2"],
    async start({ port, workDir }) {
      await Deno.mkdir(`${workDir}/www`);
      await Deno.mkdir(`${workDir}/log`);
      await writeSite(`${workDir}/www`);
      const stock = await Deno.readTextFile("/etc/apache2/apache2.conf");
      const file = keys === undefined ? "000-default" : "default-ssl";
      const site = await Deno.readTextFile(`/etc/apache2/sites-available/${file}.conf`);
      if (keys !== undefined) {
        const { cert, key } = await keys();
        await Deno.writeTextFile(`${workDir}/cert.pem`, cert);
        await Deno.writeTextFile(`${workDir}/key.pem`, key);
      }
      await Deno.writeTextFile(
        `${workDir}/site`,
        site.replace(/\*:(?:80|443)/, `*:${port}`)
          .replace(/^(\s*SSLCertificateFile\s+).*/m, `$1${workDir}/cert.pem`)
          .replace(/^(\s*SSLCertificateKeyFile\s+).*/m, `$1${workDir}/key.pem`)
          .replace(/DocumentRoot .*/, `DocumentRoot ${workDir}/www`),
      );
      const config = stock.replace("<Directory /var/www/>", `<Directory ${workDir}/www/>`)
        .replace(
          /^Include ports\.conf/m,
          `Listen 127.0.0.1:${port}\nServerName 127.0.0.1\n${keys === undefined ? "" : TLS_MODULE}`,
        )
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
