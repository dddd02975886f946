/** Stock FTP clients that try to log in, all at the same time: the pause is the genuine one. */
import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { testWith } from "./support/machine.ts";
import { runToEnd } from "./support/process.ts";
import { waysToStart } from "./support/program.ts";
import { assertOnce, watched } from "./support/watched.ts";
import { isAttempt, type WireEvent } from "./support/wire_event.ts";

const GREETING = "220 (vsFTPd 3.0.3)";
const ASK = "331 Please specify the password.";
const REFUSAL = "530 Login incorrect.";

/** `ftp` of Debian 12 (tnftp), typed to. */
async function tnftp(port: number): Promise<void> {
  const { stdout } = await runToEnd("tnftp", ["-n", "-i", "-v", "127.0.0.1", String(port)], {
    stdin: "user alice wonderland\nsyst\nquit\n",
  });
  const lines = stdout.split("\n");
  assertEquals(lines.filter((line) => /^\d{3} /.test(line)), [
    GREETING,
    ASK,
    REFUSAL,
    "530 Please login with USER and PASS.",
    "221 Goodbye.",
  ]);
  assert(lines.includes("Login failed."), stdout);
}

async function lftp(port: number): Promise<void> {
  const script = "set net:max-retries 1; set net:timeout 10; debug 9; ls; bye";
  const { stderr, stdout } = await runToEnd("lftp", [
    ...["-u", "bob,builder", "-e", script, `ftp://127.0.0.1:${port}`],
  ]);
  assertMatch(stdout + stderr, /Login failed: 530 Login incorrect\./);
}

async function curl(port: number): Promise<void> {
  const started = performance.now();
  const args = ["-sSv", "-u", "carol:singer", `ftp://127.0.0.1:${port}/`];
  const { code, stderr } = await runToEnd("curl", args);
  assertEquals(code, 67, stderr);
  const talk = stderr.split(/\r?\n/).filter((line) => /^[<>] /.test(line));
  assertEquals(talk, [
    `< ${GREETING}`,
    "> USER carol",
    `< ${ASK}`,
    "> PASS singer",
    `< ${REFUSAL}`,
  ]);
  assertGreater(performance.now() - started, 900, "the genuine product thinks about it");
}

for (const { way, open } of waysToStart()) {
  testWith(
    `ftp, lftp and curl are answered as by vsftpd, and what they tried is told (${way})`,
    { programs: ["tnftp", "lftp", "curl"] },
    async () => {
      const events = await watched(open, async ({ program }) => {
        const { ftp } = program.ports;
        await Promise.all([tnftp(ftp), lftp(ftp), curl(ftp)]);
      });
      const pairs = [["alice", "wonderland"], ["bob", "builder"], ["carol", "singer"]] as const;
      for (const [name, password] of pairs) {
        const attempt = assertOnce(events, `login as ${name}`, isAttempt(name, password));
        assertEquals(attempt.event.provider, "ftp");
        assertEquals(attempt.source?.ip, "127.0.0.1");
        assertEquals(attempt.duckblind.credential.method, "password");
      }
      const isAttemptAtAll = ({ event }: WireEvent) => event.action === "credential-attempt";
      assertEquals(events.filter(isAttemptAtAll).length, pairs.length);
      const syst = ({ process }: WireEvent) => process?.command_line === "SYST";
      assertOnce(events, "the command SYST", syst);
    },
  );
}
