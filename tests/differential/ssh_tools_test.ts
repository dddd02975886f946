/**
 * What strangers' tools find out about sshd and Dropbear they find out about the decoys, word for word:
 * these have the host keys of the genuine ones, read from their files.
 *
 * Left out: nmap's `ssh-hostkey` with Dropbear, genuine or not, of which it waits for packets in vain
 * for 90 s.
 */
import { assertEquals, assertMatch } from "@std/assert";
import { createHash } from "node:crypto";
import { WireReader } from "../../lib/decoys/ssh/wire.ts";
import { deadline, runToEnd } from "../e2e/support/process.ts";
import type { Address } from "./client.ts";
import { dropbear } from "./genuine/dropbear.ts";
import { opensshWith } from "./genuine/openssh.ts";
import { DROPBEAR_KEYS, HOST_KEY_TYPES, OPENSSH_KEYS, type SshPair, withPair } from "./ssh_pair.ts";

/** Longest run of a tool, in ms. */
const TOOL_MS = 60_000;
/** Runs of a tool that differ by no more than this and half of the longer take the same time, in ms. */
const SLACK_MS = 1500;

const PYTHON = "/usr/bin/python3";
const REKEY = new URL("peers/paramiko_rekey.py", import.meta.url).pathname;
const ALGORITHM_SCRIPTS = "ssh2-enum-algos,ssh-auth-methods,sshv1,ssh-publickey-acceptance";
const VERSION = "SSH-2.0-tools_test\r\n";

/** A genuine server and what its decoy is. */
interface Pair extends SshPair {
  readonly hasshServer: string;
  readonly nmapVersion: string;
  readonly nmapScripts: string;
  /** What comes of asking for new keys before a login, as `paramiko_rekey.py` says it. */
  readonly rekeying: readonly string[];
}

const PAIRS: readonly Pair[] = [
  {
    genuine: opensshWith({ MaxStartups: "1000" }),
    options: { product: "openssh-9.2-debian12" },
    hostKeys: OPENSSH_KEYS,
    hasshServer: "425d29fe50d8e4f5e37efb6e24bcf660",
    nmapVersion: "OpenSSH 9.2p1 Debian 2+deb12u10 (protocol 2.0)",
    nmapScripts: `${ALGORITHM_SCRIPTS},ssh-hostkey`,
    rekeying: ["nothing", "AuthenticationException", "open"],
  },
  {
    genuine: dropbear,
    options: { product: "dropbear-2022.83" },
    hostKeys: DROPBEAR_KEYS,
    hasshServer: "e1a0b5f8d334ec70fe937b2d5ff8d0b6",
    nmapVersion: "Dropbear sshd 2022.83 (protocol 2.0)",
    nmapScripts: ALGORITHM_SCRIPTS,
    rekeying: [
      ...["new keys", "other hash", "AuthenticationException"],
      ...["new keys", "AuthenticationException", "same session", "open"],
    ],
  },
];

const mayRun = Deno.permissions.querySync({ name: "run" }).state === "granted";

for (const pair of PAIRS) {
  Deno.test({
    name: `the decoy is ${pair.genuine.name} to ssh-audit, nmap, ssh-keyscan and paramiko`,
    ignore: !mayRun,
    fn: (t) => compare(t, pair),
  });
}

async function compare(t: Deno.TestContext, pair: Pair): Promise<void> {
  await withPair(pair, async ({ genuine, ours, decoy, workDir }) => {
    const step = async (name: string, examine: (address: Address) => Promise<unknown>) => {
      await t.step(name, async () => {
        assertEquals(await examine(ours), await examine(genuine));
      });
    };
    await t.step("ssh-audit", async () => {
      const [theirs, our] = [await audit(genuine), await audit(ours)];
      assertEquals(our.findings, theirs.findings);
      assertEquals(
        Math.abs(our.ms - theirs.ms) <= slack(our.ms, theirs.ms),
        true,
        `${our.ms} ms`,
      );
    });
    const key = `${workDir}/tried`;
    await runToEnd("ssh-keygen", ["-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", key]);
    await step("nmap -sV and its scripts", async (address) => {
      const args = `ssh_hostkey=full,ssh.usernames={"root","x"},ssh.publickeys={"${key}.pub"}`;
      const scripts = ["--script", pair.nmapScripts, "--script-args", args];
      const found = await nmap(address, ["-sV", ...scripts]);
      assertEquals(found[0], `PORT/tcp open ssh ${pair.nmapVersion}`);
      assertMatch(
        found.join("\n"),
        /ssh-auth-methods.*No public keys accepted.*ssh2-enum-algos/s,
      );
      return found;
    });
    for (const type of [...HOST_KEY_TYPES, "dsa"]) {
      await step(`ssh-keyscan -t ${type}`, (address) => keyscan(address, type));
    }
    await step("HASSHserver", async (address) => {
      const hash = await hasshServer(address);
      assertEquals(hash, pair.hasshServer);
      return hash;
    });
    await t.step("paramiko's new keys before a login", async () => {
      const outcomes = await Promise.all([rekey(genuine), rekey(ours)]);
      assertEquals(outcomes, [pair.rekeying, pair.rekeying]);
    });
    const tried = (await decoy.host.waitFor("credential-attempt"))
      .map(({ duckblind }) => duckblind.credential.password)
      .filter((password) => password?.startsWith("rekey"));
    assertEquals(tried, pair.rekeying[0] === "new keys" ? ["rekey 1", "rekey 2"] : ["rekey 1"]);
  });
}

function slack(a: number, b: number): number {
  return SLACK_MS + Math.max(a, b) / 2;
}

/** All that ssh-audit says in both of its forms, without the port. */
async function audit({ port }: Address): Promise<{ findings: unknown[]; ms: number }> {
  const start = performance.now();
  const run = async (form: readonly string[]) => {
    const args = [...form, "-p", String(port), "127.0.0.1"];
    const { stdout, stderr } = await runToEnd("ssh-audit", args, { withinMs: TOOL_MS });
    assertEquals(stderr, "");
    return stdout;
  };
  const text = await run(["-n"]);
  assertMatch(text, /# key exchange algorithms\n.*# fingerprints\n/s);
  const json = JSON.parse((await run(["-j"])).replaceAll(`:${port}"`, ':PORT"'));
  return { findings: [text.split("\n"), json], ms: performance.now() - start };
}

/** What nmap prints of a port, without its number; scripts are told in the order of their names. */
async function nmap({ port }: Address, args: readonly string[]): Promise<string[]> {
  const place = ["-n", "-Pn", "-p", String(port), "127.0.0.1"];
  const { stdout, stderr } = await runToEnd("nmap", [...args, ...place], { withinMs: TOOL_MS });
  assertEquals(stderr, "");
  const [head = "", ...scripts] = stdout
    .slice(stdout.indexOf(`${port}/tcp`))
    .replace(/\n\n?Nmap done: .*/s, "")
    .replaceAll(/^(\|)_ /gm, "$1  ") // the last script's last line
    .split(/\n(?=\| [^ ])|\n(?=Service|\n)/);
  return [
    head.replace(String(port), "PORT").replaceAll(/ +/g, " "),
    ...scripts.map((text) => text.replace(/^\|_/m, "| ")).sort(),
  ];
}

/** What ssh-keyscan finds, without the port. */
async function keyscan({ port }: Address, type: string): Promise<string> {
  const args = ["-T", "10", "-t", type, "-p", String(port), "127.0.0.1"];
  const { stdout, stderr } = await runToEnd("ssh-keyscan", args, { withinMs: TOOL_MS });
  assertMatch(stderr, /^# 127\.0\.0\.1:\d+ SSH-2\.0-/);
  assertEquals(stdout === "", type === "dsa");
  return (stdout + stderr).replaceAll(String(port), "PORT");
}

async function rekey({ port }: Address): Promise<unknown> {
  const args = [REKEY, String(port), "rekey"];
  return JSON.parse((await runToEnd(PYTHON, args, { withinMs: TOOL_MS })).stdout);
}

/** HASSHserver: MD5 over the lists that the server sends, from server to client. */
async function hasshServer(address: Address): Promise<string> {
  using conn = await Deno.connect(address);
  await conn.write(new TextEncoder().encode(VERSION));
  let received = new Uint8Array(0);
  const need = async (count: number) => {
    const buffer = new Uint8Array(4096);
    while (received.length < count) {
      const size = await conn.read(buffer);
      if (size === null) throw new Error(`Ended after ${received.length} bytes`);
      received = Uint8Array.of(...received, ...buffer.subarray(0, size));
    }
    return received;
  };
  const read = async () => {
    let at = -1;
    while (at < 0) at = (await need(received.length + 1)).indexOf(0x0a);
    const start = at + 1;
    // packet_length, padding_length: RFC 4253 §6
    const view = new DataView((await need(start + 5)).buffer, start);
    const end = start + 4 + view.getUint32(0);
    return (await need(end)).slice(start + 5, end - view.getUint8(4));
  };
  const payload = await deadline(read(), TOOL_MS, () => `waiting for KEXINIT: ${received.length}`);
  // byte, cookie, then the lists: RFC 4253 §7.1
  const reader = new WireReader(payload, 17);
  const lists = Array.from({ length: 10 }, () => new TextDecoder().decode(reader.string()));
  const source = [0, 3, 5, 7].map((i) => lists[i]).join(";");
  return createHash("md5").update(source).digest("hex");
}
