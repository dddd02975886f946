/**
 * MariaDB of Debian 12 with the configuration of its package and the accounts that it makes.
 *
 * Differs from it only in what one test needs: address, port, its folders, a small buffer pool, and
 * one account more.
 * @module
 */
import { type Genuine, type GenuineProcess, startDaemon } from "../process.ts";

/** With an account that may log in from everywhere. */
export const mariadb = server("CREATE USER root@'%' IDENTIFIED BY 'nobody-guesses-this';");

/** With one that PAM judges, and that sends its password in clear. */
export const mariadbWithPam = server(
  "CREATE USER pam@'%' IDENTIFIED VIA pam USING 'common-auth';",
  { plugin_load_add: "auth_pam", pam_use_cleartext_plugin: "ON" },
);

/** With TLS. */
export const mariadbWithTls = server("CREATE USER root@'%' IDENTIFIED BY 'nobody-guesses-this';", {
  ssl_cert: "tls.pem",
  ssl_key: "tls.key",
});

/** MariaDB 10.11 with accounts, as SQL, and further settings. */
function server(accounts: string, settings: Record<string, string> = {}): Genuine {
  return {
    name: "MariaDB 10.11",
    packages: ["mariadb-server"],
    start: (place) => start(place, accounts, settings),
  };
}

async function start(
  { port, workDir }: { port: number; workDir: string },
  accounts: string,
  settings: Record<string, string>,
): Promise<GenuineProcess> {
  await Deno.chown(workDir, ...await idsOf("mysql"));
  const data = `${workDir}/data`;
  // As Debian's mariadb-server.postinst does.
  const made = await new Deno.Command("/usr/bin/mariadb-install-db", {
    args: ["--no-defaults", "--rpm", "--cross-bootstrap", "--user=mysql", "--disable-log-bin"]
      .concat("--skip-test-db", `--datadir=${data}`),
    stdin: "null",
  }).output();
  if (!made.success) throw new Error(new TextDecoder().decode(made.stderr));
  const stock = await Deno.readTextFile("/etc/mysql/mariadb.conf.d/50-server.cnf");
  const own = {
    "bind-address": "127.0.0.1",
    "pid-file": `${workDir}/pid`,
    "port": String(port),
    "socket": `${workDir}/socket`,
    "datadir": data,
    "innodb_buffer_pool_size": "8M",
    "init_file": `${workDir}/accounts.sql`,
    ...settings,
  };
  const kept = stock.split("\n").filter((line) => !(line.split(/[ =]/)[0]! in own));
  const set = Object.entries(own).map(([key, value]) => `${key} = ${value}`);
  if ("ssl_cert" in settings) await makeCertificate(data);
  await Deno.writeTextFile(`${workDir}/accounts.sql`, accounts + "\n");
  await Deno.writeTextFile(`${workDir}/my.cnf`, [...kept, "[mysqld]", ...set, ""].join("\n"));
  return await startDaemon(
    ["/usr/sbin/mariadbd", `--defaults-file=${workDir}/my.cnf`, "--user=mysql"],
    { hostname: "127.0.0.1", port },
    { cwd: workDir },
  );
}

async function idsOf(user: string): Promise<[uid: number, gid: number]> {
  for (const line of (await Deno.readTextFile("/etc/passwd")).split("\n")) {
    const [name, , uid, gid] = line.split(":");
    if (name === user) return [Number(uid), Number(gid)];
  }
  throw new Error(`Cannot start MariaDB: there is no user ${user}, run .ci/genuine.sh first`);
}

/** A self-signed certificate in the server's own folder. */
async function makeCertificate(folder: string): Promise<void> {
  const [cert, key] = [`${folder}/tls.pem`, `${folder}/tls.key`];
  const made = await new Deno.Command("openssl", {
    args: ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
      .concat("-keyout", key, "-out", cert),
    stdin: "null",
  }).output();
  if (!made.success) throw new Error(new TextDecoder().decode(made.stderr));
  await Deno.chown(key, ...await idsOf("mysql"));
}
