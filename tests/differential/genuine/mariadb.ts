/**
 * MariaDB of Debian 12 with the configuration of its package and the accounts that it makes.
 *
 * Differs from it only in what one test needs: address, port, its folders, a small buffer pool, and
 * one account more.
 * @module
 */
import { type Genuine, startDaemon } from "../process.ts";

/** Accounts that may log in from everywhere, as SQL. */
const ACCOUNTS = "CREATE USER root@'%' IDENTIFIED BY 'nobody-guesses-this';";

/** MariaDB 10.11. */
export const mariadb: Genuine = {
  name: "MariaDB 10.11",
  packages: ["mariadb-server"],
  async start({ port, workDir }) {
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
    };
    const kept = stock.split("\n").filter((line) => !(line.split(/[ =]/)[0]! in own));
    const set = Object.entries(own).map(([key, value]) => `${key} = ${value}`);
    await Deno.writeTextFile(`${workDir}/accounts.sql`, ACCOUNTS + "\n");
    await Deno.writeTextFile(`${workDir}/my.cnf`, [...kept, "[mysqld]", ...set, ""].join("\n"));
    return await startDaemon(
      ["/usr/sbin/mariadbd", `--defaults-file=${workDir}/my.cnf`, "--user=mysql"],
      { hostname: "127.0.0.1", port },
      { cwd: workDir },
    );
  },
};

async function idsOf(user: string): Promise<[uid: number, gid: number]> {
  for (const line of (await Deno.readTextFile("/etc/passwd")).split("\n")) {
    const [name, , uid, gid] = line.split(":");
    if (name === user) return [Number(uid), Number(gid)];
  }
  throw new Error(`Cannot start MariaDB: there is no user ${user}, run .ci/genuine.sh first`);
}
