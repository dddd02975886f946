/**
 * Strangers' tools log in over SSH: what they tried is in the journal, all of it and nothing twice, and
 * what they asked with is told as they would tell it.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { withTempFolder } from "../support/temp_folder.ts";
import { testWith } from "./support/machine.ts";
import { runToEnd } from "./support/process.ts";
import type { Program } from "./support/program.ts";
import { dashO, dbclientLogin, SSH_ALONE, sshProgram } from "./support/ssh.ts";
import { watched } from "./support/watched.ts";
import type { WireEvent } from "./support/wire_event.ts";

/** Debian's own: its packages are not for another that may stand before it in PATH. */
const PYTHON = "/usr/bin/python3";
const PEERS = new URL("support/ssh_peers/", import.meta.url).pathname;
const QUICK = { fail_delay_ms: 0 };
const USERS = ["root", "admin", "Jürgen"];
const KEYS = {
  rsa: ["-t", "rsa", "-b", "2048"],
  ecdsa256: ["-t", "ecdsa", "-b", "256"],
  ecdsa384: ["-t", "ecdsa", "-b", "384"],
  ecdsa521: ["-t", "ecdsa", "-b", "521"],
  ed25519: ["-t", "ed25519"],
};
type KeyName = keyof typeof KEYS;

/** A try as a line of text, so that lists of them can be compared. */
function attempts(events: readonly WireEvent[], method: string): string[] {
  return events
    .filter(({ event, duckblind }) =>
      event.action === "credential-attempt" && duckblind.credential.method === method
    )
    .map(({ event, user, duckblind }) => {
      const { service, password, public_key: key } = duckblind.credential;
      assertEquals(service, "ssh-connection");
      const what = key === undefined ? password : [
        `${key.bits} ${key.sha256} ${key.algorithm}`,
        key.signed ? `, signature valid: ${key.signature_valid}` : "",
      ].join("");
      return `${event.provider}: ${user?.name}: ${what}`;
    });
}

/** Every word of a list with every user, as `attempts` tells it. */
function everyPair(decoy: string, users: readonly string[], words: readonly string[]): string[] {
  return users.flatMap((user) => words.map((word) => `${decoy}: ${user}: ${word}`));
}

/** Tells only of the differences: the lists are long. */
function assertSameTries(actual: readonly string[], expected: readonly string[]): void {
  const spare = [...expected];
  const surplus = actual.filter((line) => {
    const at = spare.indexOf(line);
    if (at >= 0) spare.splice(at, 1);
    return at < 0;
  });
  assertEquals({ missing: spare, surplus }, { missing: [], surplus: [] });
}

/** The list of words of a tool, in the folder. */
async function wordList(folder: string, tool: string, count: number): Promise<string[]> {
  const words = Array.from({ length: count }, (_, i) => `${tool} ${i} p@ss:w"o\\rd'$`);
  await Deno.writeTextFile(`${folder}/${tool}.words`, words.map((word) => word + "\n").join(""));
  return words;
}

/** Words as they are told. */
const told = (words: readonly string[]) => words.map((word) => word.replaceAll("\\", "\\\\"));

testWith(
  "hydra, medusa and ncrack try every word of their lists once, and so the journal tells it",
  { programs: ["hydra", "medusa", "ncrack"] },
  () =>
    withTempFolder(async (folder) => {
      // Where a connection ends hydra sends its last word once more, to genuine servers too.
      const patient = { ...QUICK, max_attempts: 1000 };
      const sensor = sshProgram({
        openssh: { ...patient, product: "openssh-9.2-debian12" },
        ubuntu: { ...patient, product: "openssh-9.6-ubuntu24" },
        dropbear: { ...patient, product: "dropbear-2022.83" },
      });
      const { ports } = sensor;
      await Deno.writeTextFile(`${folder}/users`, USERS.map((user) => user + "\n").join(""));
      const words = {
        hydra: await wordList(folder, "hydra", 25),
        medusa: await wordList(folder, "medusa", 15),
        // When a server ends a connection it forgets some of what it has not yet tried, or crashes.
        ncrack: await wordList(folder, "ncrack", 5),
      };
      const run = async (command: readonly [string, ...string[]]) => {
        const [tool, ...args] = command;
        return (await runToEnd(tool, args, { cwd: folder, withinMs: 60_000 })).stdout;
      };
      const hydra = async (port: number) => {
        const place = ["-I", "-t", "8", `ssh://127.0.0.1:${port}`];
        const said = await run(["hydra", "-L", "users", "-P", "hydra.words", ...place]);
        assertMatch(said, /75 login tries/);
        assertMatch(said, /1 of 1 target completed, 0 valid password found/);
      };
      const medusa = async (port: number) => {
        const place = ["-t", "4", "-M", "ssh", "-h", "127.0.0.1", "-n", String(port)];
        const said = await run(["medusa", "-U", "users", "-P", "medusa.words", ...place]);
        assertEquals(said.match(/^ACCOUNT CHECK/gm)?.length, 45, said);
        assert(!said.includes("ACCOUNT FOUND"), said);
      };
      const ncrack = async (port: number) => {
        const place = ["-vv", "-d2", `ssh://127.0.0.1:${port}`];
        const said = await run(["ncrack", "--user", "root", "-P", "ncrack.words", ...place]);
        assertMatch(said, /total 5 completed 5 supported 5/);
      };
      const events = await watched(sensor.open, async () => {
        for (const port of Object.values(ports)) {
          // It and genuine Dropbear do not understand each other.
          const isDropbear = port === ports.dropbear;
          await Promise.all([hydra(port), medusa(port), ...isDropbear ? [] : [ncrack(port)]]);
        }
      });
      const expected = Object.keys(ports).flatMap((decoy) => [
        ...everyPair(decoy, USERS, told(words.hydra)),
        ...everyPair(decoy, USERS, told(words.medusa)),
        ...decoy === "dropbear" ? [] : everyPair(decoy, ["root"], told(words.ncrack)),
      ]);
      assertSameTries(attempts(events, "password"), expected);
    }),
);

testWith(
  "ssh, dbclient, plink, curl and libssh are refused as by the genuine server, and what they tried is told",
  { programs: ["ssh", "ssh-keygen", "dbclient", "plink", "curl", "gcc"] },
  () =>
    withTempFolder(async (folder) => {
      const fingerprints = await makeKeys(folder);
      const sensor = sshProgram({
        openssh: { ...QUICK, product: "openssh-9.2-debian12" },
        asking: { ...QUICK, product: "openssh-9.2-debian12", keyboard_interactive: true },
        dropbear: { ...QUICK, product: "dropbear-2022.83" },
      });
      const events = await watched(sensor.open, async ({ program }) => {
        const { asking } = sensor.ports;
        const dbclient = async (port: number, user: string) => {
          const { stderr } = await dbclientLogin({ port, user, password: "dbclient 1", folder });
          assertMatch(stderr, /exited:/);
        };
        await Promise.all([
          sshWithKeys(asking, folder),
          libssh(asking, folder),
          ...Object.values(sensor.ports).flatMap((port) => [
            dbclient(port, "dbclient"),
            plink(program, { port, folder }),
            curl(port),
          ]),
        ]);
      });
      const { key, signed } = keyTold(fingerprints);
      // After the password from its environment dbclient has only empty ones.
      const given = (method: string) =>
        attempts(events, method).filter((line) => !line.endsWith(": dbclient: "));
      assertSameTries(given("password"), [
        ...["openssh", "dropbear"].flatMap((decoy) => [
          `${decoy}: dbclient: dbclient 1`,
          `${decoy}: plink: plink 1`,
        ]),
        ...["openssh", "asking", "dropbear"].map((decoy) => `${decoy}: curl: c u r l`),
        ...["asking: libssh: libssh 1", "asking: libssh: libssh 2"],
      ]);
      assertSameTries(given("keyboard-interactive"), [
        "asking: dbclient: dbclient 1",
        "asking: plink: plink 1",
        "asking: curl: c u r l", // it tries its password by each method
        "asking: libssh: answer 3",
      ]);
      assertSameTries(attempts(events, "publickey"), [
        ...[key("rsa", "rsa-sha2-512"), key("ecdsa256"), key("ecdsa384"), key("ecdsa521")]
          .concat(key("ed25519")).map((what) => `asking: stock: ${what}`),
        `asking: libssh: ${key("ed25519")}`,
        `asking: libssh: ${signed("ed25519")}`,
      ]);
      for (const decoy of Object.keys(sensor.ports)) {
        const of = attempts(events, "none").filter((line) => line.startsWith(`${decoy}: `));
        assert(of.includes(`${decoy}: plink: undefined`), "PuTTY asks for the methods first");
      }
    }),
);

testWith(
  "paramiko and asyncssh log in by every method and sign with every kind of key, and that is told",
  { programs: ["python3", "ssh-keygen"] },
  () =>
    withTempFolder(async (folder) => {
      const fingerprints = await makeKeys(folder);
      const sensor = sshProgram({
        openssh: { ...QUICK, product: "openssh-9.2-debian12", keyboard_interactive: true },
      });
      const events = await watched(sensor.open, async () => {
        const run = async (name: string) => {
          const args = [`${PEERS}${name}`, String(sensor.ports.openssh)];
          const { code, stdout, stderr } = await runToEnd(PYTHON, args, { cwd: folder });
          assertEquals([code, stderr], [0, ""]);
          return JSON.parse(stdout);
        };
        const methods = ["publickey", "password", "keyboard-interactive"];
        const refused = ["AuthenticationException"];
        const names = ["password", "again", ...Object.keys(KEYS), "interactive"];
        const paramiko = await run("paramiko_peer.py");
        assertEquals(paramiko, {
          none: ["BadAuthenticationType", methods],
          ...Object.fromEntries(names.map((name) => [name, refused])),
          prompts: [["", "", [["Password: ", false]]]],
        });
        const denied = "Permission denied";
        const prompt = ["", "", "", [["Password: ", false]]];
        assertEquals(await run("asyncssh_peer.py"), {
          passwords: Array(6).fill(denied),
          keys: Array(3).fill(denied),
          interactive: denied,
          prompts: [prompt, prompt],
        });
      });
      const { key, signed } = keyTold(fingerprints);
      assertSameTries(attempts(events, "password"), [
        "openssh: paramiko: p äŁ 1",
        "openssh: paramiko: pass 2",
        ...[0, 1, 2, 3, 4, 5].map((i) => `openssh: asyncssh: asyncssh ${i}`),
      ]);
      assertSameTries(attempts(events, "keyboard-interactive"), [
        "openssh: paramiko: answer 1",
        "openssh: asyncssh: answer 2",
      ]);
      const algorithm = (name: string) => name === "rsa" ? "rsa-sha2-512" : undefined;
      assertSameTries(attempts(events, "publickey"), [
        ...(Object.keys(KEYS) as KeyName[]).map((name) =>
          `openssh: paramiko ${name}: ${signed(name, algorithm(name))}`
        ),
        ...(["rsa", "ecdsa256", "ed25519"] as const).map((name) =>
          `openssh: asyncssh ${name}: ${key(name, name === "rsa" ? "rsa-sha2-256" : undefined)}`
        ),
      ]);
      assert(attempts(events, "none").includes("openssh: paramiko: undefined"));
    }),
);

/** Makes a key of each kind; what `ssh-keygen -lf` says of it: bits and fingerprint. */
async function makeKeys(folder: string): Promise<Record<KeyName, string>> {
  const made = Object.entries(KEYS).map(async ([name, args]) => {
    const file = ["-N", "", "-C", "x", "-f", name];
    const { code } = await runToEnd("ssh-keygen", ["-q", ...args, ...file], { cwd: folder });
    assertEquals(code, 0);
    const { stdout } = await runToEnd("ssh-keygen", ["-lf", `${name}.pub`], { cwd: folder });
    return [name, stdout.split(" ").slice(0, 2).join(" ")] as const;
  });
  return Object.fromEntries(await Promise.all(made)) as Record<KeyName, string>;
}

/** How keys are told, asked with and signed with. */
function keyTold(fingerprints: Record<KeyName, string>) {
  const types: Record<KeyName, string> = {
    rsa: "ssh-rsa",
    ecdsa256: "ecdsa-sha2-nistp256",
    ecdsa384: "ecdsa-sha2-nistp384",
    ecdsa521: "ecdsa-sha2-nistp521",
    ed25519: "ssh-ed25519",
  };
  const key = (name: KeyName, algorithm = types[name]) => `${fingerprints[name]} ${algorithm}`;
  return {
    key,
    signed: (name: KeyName, algorithm?: string) => `${key(name, algorithm)}, signature valid: true`,
  };
}

/** OpenSSH's client only asks whether a key would do. */
async function sshWithKeys(port: number, folder: string): Promise<void> {
  const options = dashO({ PreferredAuthentications: "publickey", IdentitiesOnly: "yes" });
  const alone = SSH_ALONE.filter((word, i) =>
    word !== "IdentityFile=none" && SSH_ALONE[i + 1] !== "IdentityFile=none"
  );
  const keys = Object.keys(KEYS).flatMap((name) => ["-i", name]);
  const { stderr } = await runToEnd(
    "ssh",
    [...alone, ...options, ...keys, "-p", String(port), "stock@127.0.0.1", "true"],
    { cwd: folder },
  );
  assertMatch(stderr, /Permission denied \(publickey,password,keyboard-interactive\)\./);
}

/** PuTTY's client, which knows the host key from the sensor's own files. */
async function plink(
  program: Program,
  { port, folder }: { port: number; folder: string },
): Promise<void> {
  const path = `${program.folder}/data/decoys/ssh_host_ed25519_key`;
  const shown = await runToEnd("ssh-keygen", ["-lf", path]);
  const args = ["-batch", "-ssh", "-P", String(port), "-l", "plink", "-pw", "plink 1"];
  const hostKey = ["-hostkey", shown.stdout.split(" ")[1]!];
  const { stderr } = await runToEnd("plink", [...args, ...hostKey, "127.0.0.1", "true"], {
    env: { HOME: folder },
  });
  assertMatch(stderr, /FATAL ERROR: Configured password was not accepted/);
}

/** libssh2. */
async function curl(port: number): Promise<void> {
  const args = ["-sS", "-k", "-u", "curl:c u r l", `sftp://127.0.0.1:${port}/`];
  const { code, stderr } = await runToEnd("curl", args);
  assertEquals([code, stderr], [67, "curl: (67) Authentication failure\n"]);
}

async function libssh(port: number, folder: string): Promise<void> {
  const source = `${PEERS}libssh_peer.c`;
  const flags = ["-Wall", "-Wextra", "-Werror", "-o", `${folder}/libssh_peer`];
  const built = await runToEnd("gcc", [...flags, source, "-lssh"]);
  assertEquals([built.code, built.stderr], [0, ""]);
  const { stdout } = await runToEnd(`${folder}/libssh_peer`, [String(port)], { cwd: folder });
  assertEquals(stdout.split("\n"), [
    "banner SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10",
    "none denied",
    "methods publickey password keyboard-interactive",
    "password denied",
    "password denied",
    "key asked denied",
    "key denied",
    "prompt <Password: > echo 0",
    "keyboard-interactive denied",
    "",
  ]);
}
