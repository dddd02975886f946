/**
 * What stock clients say of a login that fails, with all their messages for debugging, is the same with
 * the genuine servers and with the decoys: same packets, same texts, same end.
 */
import { assertEquals, assertMatch } from "@std/assert";
import { dashO, dbclientLogin, SSH_ALONE, writeAskpass } from "../e2e/support/ssh.ts";
import { runToEnd } from "../e2e/support/process.ts";
import { dropbear } from "./genuine/dropbear.ts";
import { opensshWith } from "./genuine/openssh.ts";
import type { Address } from "./client.ts";
import { DROPBEAR_KEYS, OPENSSH_KEYS, type SshPair, withPair } from "./ssh_pair.ts";

/** Longest run of a client, in ms: six failures of up to 6 s. */
const CLIENT_MS = 60_000;
/** No account of any machine. */
const USER = "nobody127";

const openssh = (options: Record<string, string>, own: Record<string, unknown>): SshPair => ({
  genuine: opensshWith({ MaxStartups: "1000", ...options }),
  options: { product: "openssh-9.2-debian12", ...own },
  hostKeys: OPENSSH_KEYS,
});

const PAIRS: Readonly<Record<string, SshPair>> = {
  "sshd": openssh({}, {}),
  "sshd with keyboard-interactive": openssh(
    { KbdInteractiveAuthentication: "yes" },
    { keyboard_interactive: true },
  ),
  "sshd that ends after 2 failures": openssh({ MaxAuthTries: "2" }, { max_attempts: 2 }),
  "Dropbear": {
    genuine: dropbear,
    options: { product: "dropbear-2022.83" },
    hostKeys: DROPBEAR_KEYS,
  },
};

const mayRun = Deno.permissions.querySync({ name: "run" }).state === "granted";

for (const [name, pair] of Object.entries(PAIRS)) {
  Deno.test({
    name: `ssh, plink, curl and dbclient say the same of the decoy as of genuine ${name}`,
    ignore: !mayRun,
    fn: (t) =>
      withPair(pair, async ({ genuine, ours, workDir }) => {
        await writeAskpass(workDir);
        await runToEnd("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", `${workDir}/tried`]);
        const clients = Object.entries(CLIENTS);
        // All at a time: each waits for seconds.
        const results = await Promise.allSettled(clients.map(([, run]) =>
          Promise.all([genuine, ours].map(async (address) => {
            const said = await run(address, workDir);
            return said.replaceAll(String(address.port), "PORT").split("\n");
          }))
        ));
        for (const [i, result] of results.entries()) {
          await t.step(clients[i]![0], () => {
            if (result.status === "rejected") {
              throw result.reason;
            }
            assertEquals(result.value[1], result.value[0]);
          });
        }
      }),
  });
}

/** What a client says of a server, by its name. */
const CLIENTS: Readonly<Record<string, (address: Address, folder: string) => Promise<string>>> = {
  "ssh -vvv with a key and three passwords": async ({ port }, folder) => {
    const args = ["-vvv", ...SSH_ALONE.slice(0, -2), ...dashO({ NumberOfPasswordPrompts: "3" })];
    const env = {
      SSH_ASKPASS: `${folder}/askpass`,
      SSH_ASKPASS_REQUIRE: "force",
      TEST_PASSWORD: "wrong",
    };
    const { stderr } = await runToEnd(
      "ssh",
      [...args, "-i", `${folder}/tried`, "-p", String(port), `${USER}@127.0.0.1`, "true"],
      { env, withinMs: CLIENT_MS },
    );
    assertMatch(stderr, /peer server KEXINIT proposal.*Offering public key.*type 50/s);
    return stderr;
  },
  "plink -v": async ({ port }, folder) => {
    const scan = await runToEnd("ssh-keyscan", ["-t", "ed25519", "-p", String(port), "127.0.0.1"]);
    const shown = await runToEnd("ssh-keygen", ["-lf", "-"], { stdin: scan.stdout });
    const { stderr } = await runToEnd(
      "plink",
      [
        ...["-v", "-batch", "-ssh", "-P", String(port), "-l", USER, "-pw", "wrong"],
        ...["-hostkey", shown.stdout.split(" ")[1]!, "127.0.0.1", "true"],
      ],
      { env: { HOME: folder }, withinMs: CLIENT_MS },
    );
    assertMatch(stderr, /FATAL ERROR/);
    return stderr;
  },
  "curl -v": async ({ port }) => {
    const args = ["-v", "-sS", "-k", "-u", `${USER}:wrong`, `sftp://127.0.0.1:${port}/`];
    const { code, stderr } = await runToEnd("curl", args, { withinMs: CLIENT_MS });
    assertEquals(code, 67);
    return stderr;
  },
  "dbclient": async ({ port }, folder) => {
    const { stderr } = await dbclientLogin({ port, user: USER, password: "wrong", folder });
    assertMatch(stderr, /exited:/);
    return stderr;
  },
};
