/** Stock clients and guessers at the databases: what each of them tried is told, and once. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { isPasswordOf } from "../support/scram_peer.ts";
import { testWith } from "./support/machine.ts";
import { runToEnd } from "./support/process.ts";
import { Program } from "./support/program.ts";
import { watched } from "./support/watched.ts";
import type { WireEvent } from "./support/wire_event.ts";

const CONFIG = `tls: { inner: "127.0.0.1:@databasetls" }
service:
  listen: ["127.0.0.1:@service"]
decoys:
  - { kind: mysql, name: mariadb, accounts: [app], listen: ["127.0.0.1:@mariadb"] }
  - { kind: mysql, name: clearmaria, clear_password: true, pause_min_ms: 0, pause_max_ms: 0,
      listen: ["127.0.0.1:@clearmaria"] }
  - { kind: mysql, name: mysql8, product: mysql-8.0, accounts: [app], listen: ["127.0.0.1:@mysql8"] }
  - { kind: postgres, name: pgscram, listen: ["127.0.0.1:@pgscram"] }
  - { kind: postgres, name: pgmd5, auth: md5, listen: ["127.0.0.1:@pgmd5"] }
  - { kind: postgres, name: pgclear, auth: password, listen: ["127.0.0.1:@pgclear"] }
`;
/** Debian's, which has the packages. */
const PYTHON = "/usr/bin/python3";
const PYMYSQL = "/usr/lib/python3/dist-packages/pymysql/__init__.py";
const MYSQLS = ["mariadb", "clearmaria", "mysql8"] as const;
const POSTGRESES = ["pgscram", "pgmd5", "pgclear"] as const;
type Name = typeof MYSQLS[number] | typeof POSTGRESES[number];

/** What nmap 7.93 prints of the genuine products. */
const VERDICTS: Record<Name, string> = {
  mariadb: "mysql MySQL 5.5.5-10.11.19-MariaDB-0+deb12u1",
  clearmaria: "mysql MySQL 5.5.5-10.11.19-MariaDB-0+deb12u1",
  mysql8: "mysql MySQL 8.0.46-0ubuntu0.24.04.5",
  pgscram: "postgresql PostgreSQL DB 9.6.0 or later",
  pgmd5: "postgresql PostgreSQL DB 9.6.0 or later",
  pgclear: "postgresql PostgreSQL DB 9.6.0 or later",
};

/** A login that some tool tried. */
interface Try {
  readonly decoy: Name;
  readonly user: string;
  readonly password: string;
}

function digest(name: string, ...parts: (string | Uint8Array)[]): Buffer {
  const hash = createHash(name);
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** Whether a line for hashcat 11200 is of a password. */
function isNative(line: string, password: string): boolean {
  const [, salt, proof] = /^\$mysqlna\$(\w{40})\*(\w{40})$/.exec(line) ?? [];
  if (salt === undefined || proof === undefined) return false;
  const once = digest("sha1", password);
  const mask = digest("sha1", Buffer.from(salt, "hex"), digest("sha1", once));
  return Buffer.from(proof, "hex").equals(Buffer.from(once.map((byte, i) => byte ^ mask[i]!)));
}

/** Whether a line for hashcat 11100 is of a password. */
function isMd5(line: string, password: string): boolean {
  const [, user, salt, proof] = /^\$postgres\$(\w+)\*(\w{8})\*(\w{32})$/.exec(line) ?? [];
  if (salt === undefined) return false;
  const stored = digest("md5", password, user!).toString("hex");
  return digest("md5", stored, Buffer.from(salt, "hex")).toString("hex") === proof;
}

/** Whether an event is this try, in whatever form the password came. */
function isOf({ event, user, duckblind }: WireEvent, wanted: Try): boolean {
  if (event.action !== "credential-attempt" || event.provider !== wanted.decoy) return false;
  if (user?.name !== wanted.user) return false;
  const { password, hash = "", method } = duckblind.credential;
  if (password !== undefined) return password === wanted.password;
  if (method === "mysql-native") return isNative(hash, wanted.password);
  if (method === "postgres-md5") return isMd5(hash, wanted.password);
  return method === "scram-sha-256" && isPasswordOf(hash, wanted.password);
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false; // for whatever reason it is not to be had
  }
}

/** Plays all clients to all decoys, and gives what was tried. */
async function attack(program: Program): Promise<Try[]> {
  const tries: Try[] = [];
  const note = (decoy: Name, user: string, ...passwords: string[]) =>
    tries.push(...passwords.map((password) => ({ decoy, user, password })));
  const words = ["wonderland", "b", "123456"];
  const file = `${program.folder}/words`;
  await Deno.writeTextFile(file, words.join("\n") + "\n");
  const options = { cwd: program.folder, withinMs: 60_000 };
  const guess = async (decoy: Name, module: "mysql" | "postgres") => {
    const port = String(program.ports[decoy]);
    const hydra = ["-I", "-l", "hydra", "-P", file, "-t", "2", "-s", port];
    // Modules for PostgreSQL forget the port. By itself libpq tries again without TLS.
    const { stdout } = await runToEnd("hydra", [...hydra, `${module}://127.0.0.1`], {
      ...options,
      env: { PGPORT: port, PGSSLMODE: "disable" },
    });
    assertMatch(stdout, /0 valid password/);
    note(decoy, "hydra", ...words);
    // It knows no plugins, which these two want, and takes every refusal but 1045 for a login.
    if (decoy === "mysql8" || decoy === "clearmaria") return;
    const medusa = ["-h", "127.0.0.1", "-n", port, "-u", "medusa", "-P", file, "-t", "1"];
    const env = { PGPORT: port, PGSSLMODE: "require" };
    await runToEnd("medusa", [...medusa, "-M", module], { ...options, env });
    note(decoy, "medusa", ...words);
  };
  for (const decoy of MYSQLS) {
    const port = String(program.ports[decoy]);
    const { code, stderr } = await runToEnd(
      "mariadb",
      ["--no-defaults", "-h", "127.0.0.1", "-P", port, "-uapp", "-phunter 2", "shop"],
    );
    assertEquals(code, 1);
    assertMatch(stderr, /ERROR 1045 \(28000\): Access denied for user 'app'@'localhost' \(using/);
    note(decoy, "app", "hunter 2");
    await guess(decoy, "mysql");
    // Without TLS: as MySQL 8 it gets the password by the server's RSA key.
    const login = `import pymysql; pymysql.connect(host="127.0.0.1", port=${port}, user="app", ` +
      `password="builder")`;
    const python = await runToEnd(PYTHON, ["-c", login]);
    assertMatch(python.stderr, /\(1045, "Access denied for user 'app'@'localhost' \(using/);
    note(decoy, "app", "builder");
  }
  for (const decoy of POSTGRESES) {
    const port = String(program.ports[decoy]);
    for (const [user, mode] of [["bob", "disable"], ["carol", "require"]] as const) {
      const target = `host=127.0.0.1 port=${port} user=${user} dbname=shop sslmode=${mode}`;
      const { stderr } = await runToEnd("psql", [target], { env: { PGPASSWORD: "hunter 2" } });
      assert(
        stderr.includes(`FATAL:  password authentication failed for user "${user}"`),
        stderr,
      );
      note(decoy, user, "hunter 2");
    }
    await guess(decoy, "postgres");
  }
  return tries;
}

testWith(
  "mariadb, psql, hydra, medusa and nmap are answered as by the databases, and told once",
  {
    programs: ["mariadb", "psql", "hydra", "medusa", "nmap"],
    missing: isThere(PYMYSQL) ? undefined : "python3-pymysql",
  },
  async () => {
    let tries: Try[] = [];
    const events = await watched(() => Program.source(CONFIG), async ({ program }) => {
      tries = await attack(program);
      const names = Object.keys(VERDICTS) as Name[];
      const { stdout } = await runToEnd(
        "nmap",
        ["-n", "-Pn", "-sV", "-p", names.map((name) => program.ports[name]).join(), "127.0.0.1"],
        { withinMs: 100_000 },
      );
      const verdicts = stdout.split("\n").filter((line) => /^\d+\/tcp/.test(line))
        .map((line) => line.replace(/\s+/g, " ").trim());
      assertEquals(
        verdicts.sort(),
        names.map((name) => `${program.ports[name]}/tcp open ${VERDICTS[name]}`).sort(),
      );
    });
    const attempts = events.filter(({ event, user }) =>
      event.action === "credential-attempt" && user !== undefined
    );
    for (const wanted of tries) {
      const count = attempts.filter((event) => isOf(event, wanted)).length;
      assertEquals([wanted, count], [wanted, 1]);
    }
    const others = attempts.filter((event) => !tries.some((wanted) => isOf(event, wanted)));
    assertEquals(others.map(({ message }) => message), []);
    const says = (decoy: Name, words: RegExp) =>
      events.some(({ event, process }) =>
        event.provider === decoy && words.test(process?.command_line ?? "")
      );
    assert(says("mariadb", /^CONNECT .*_client_name=libmariadb/));
    assert(says("pgscram", /^STARTUP user=carol database=shop .*application_name=psql/));
    const secret = attempts.filter((event) => isOf(event, tries[0]!))[0]!;
    assertEquals(secret.duckblind.credential.hashcat_mode, 11_200);
  },
);
