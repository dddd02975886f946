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
