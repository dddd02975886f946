/**
 * PostgreSQL of Debian 12 with the configuration that its package makes, without TLS.
 *
 * Differs from it only in what one test needs: address, port, its folders, and pg_hba.conf.
 * @module
 */
import { type Genuine, startDaemon } from "../process.ts";

const PROGRAMS = "/usr/lib/postgresql/15/bin";

/** What pg_hba.conf of Debian says of connections from the loopback. */
export const STOCK_HBA = [
  "host all all 127.0.0.1/32 scram-sha-256",
  "host replication all 127.0.0.1/32 scram-sha-256",
];

/**
 * PostgreSQL 15.
 * @param hba lines of pg_hba.conf.
 * @param settings further options, such as `password_encryption=md5`.
 */
export function postgresql(hba: readonly string[], settings: readonly string[] = []): Genuine {
  return {
    name: "PostgreSQL 15",
    packages: ["postgresql-15"],
    async start({ port, workDir }) {
      const [uid, gid] = await idsOf("postgres");
      await Deno.chown(workDir, uid, gid);
      const asPostgres = ["--reuid=postgres", "--regid=postgres", "--clear-groups"];
      const data = `${workDir}/data`;
      const made = await new Deno.Command("/usr/bin/setpriv", {
        args: [...asPostgres, `${PROGRAMS}/initdb`, "-D", data, "--no-sync", "--locale=C.UTF-8"],
        cwd: workDir,
        stdin: "null",
      }).output();
      if (!made.success) throw new Error(new TextDecoder().decode(made.stderr));
      await Deno.writeTextFile(`${data}/pg_hba.conf`, hba.join("\n") + "\n");
      if (settings.includes("ssl=on")) await makeCertificate(data, { uid, gid });
      const options = [
        "listen_addresses=127.0.0.1",
        `unix_socket_directories=${workDir}`,
        "fsync=off",
        ...settings,
      ].flatMap((setting) => ["-c", setting]);
      return await startDaemon(
        ["/usr/bin/setpriv", ...asPostgres, `${PROGRAMS}/postgres`, "-D", data]
          .concat("-p", String(port), options) as [string, ...string[]],
        { hostname: "127.0.0.1", port },
        { cwd: workDir },
      );
    },
  };
}

async function idsOf(user: string): Promise<[uid: number, gid: number]> {
  for (const line of (await Deno.readTextFile("/etc/passwd")).split("\n")) {
    const [name, , uid, gid] = line.split(":");
    if (name === user) return [Number(uid), Number(gid)];
  }
  throw new Error(`Cannot start PostgreSQL: there is no user ${user}, run .ci/genuine.sh first`);
}

/** A certificate of a self-made kind, as Debian's ssl-cert makes one. */
async function makeCertificate(
  folder: string,
  { uid, gid }: { uid: number; gid: number },
): Promise<void> {
  const [cert, key] = [`${folder}/tls.pem`, `${folder}/tls.key`];
  const made = await new Deno.Command("openssl", {
    args: ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
      .concat("-keyout", key, "-out", cert),
    stdin: "null",
  }).output();
  if (!made.success) throw new Error(new TextDecoder().decode(made.stderr));
  await Deno.chown(key, uid, gid);
  await Deno.chmod(key, 0o600);
}
