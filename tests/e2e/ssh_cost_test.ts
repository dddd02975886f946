/**
 * What SSH attackers cost the others: a thousand that wait, two hundred that guess without pause, and
 * one that asks for the longest computations there are.
 *
 * Bounds are wider than what is aimed at, since a busy machine runs attackers, sensor and test; what
 * was measured is shown.
 */
import { assert, assertEquals, assertLess, assertLessOrEqual } from "@std/assert";
import { report, testWith } from "./support/machine.ts";
import { timed } from "./support/operator.ts";
import { Peer, poll } from "./support/peer.ts";
import { Running, runToEnd } from "./support/process.ts";
import { waysToStart } from "./support/program.ts";
import { usage } from "./support/usage.ts";

/** Sessions that wait at a time. */
const WAITING = 1000;
/** Most resident memory of one of them, in bytes: the aim, and of the program from source. */
const MAX_BYTES_EACH = { executable: 60_000, source: 90_000 };
/** Attackers that guess at a time. */
const GUESSERS = 200;
/** How often the operator and an FTP client ask meanwhile. */
const ASKS = 60;
/** Longest answer allowed, in ms: the aim is 250. */
const MAX_ANSWER_MS = 750;
/** Key exchanges whose computations take longer than a ms. */
const LONG = /group|nistp521/;
/** All kinds of key exchange: each is used by every seventh guesser. */
const KEXES = [
  "curve25519-sha256",
  "sntrup761x25519-sha512@openssh.com",
  "diffie-hellman-group18-sha512",
  "ecdh-sha2-nistp521",
  "diffie-hellman-group14-sha256",
  "ecdh-sha2-nistp256",
  "diffie-hellman-group-exchange-sha256",
];
/** Longest login of another source while one asks for group 18 all the time, in ms. */
const MAX_LOGIN_MS = 10_000;

const config = (failDelayMs: number) => `
limits: {sessions: 4000, sessions_per_decoy: 3000, sessions_per_source: 3000}
service:
  listen: ["0.0.0.0:9443"]
decoys:
  - {kind: ssh, listen: ["0.0.0.0:2222"], fail_delay_ms: ${failDelayMs}, max_startups: "3000"}
  - {kind: ftp, listen: ["0.0.0.0:2121"]}
sinks: []
`;

const ATTACKERS = new URL("./support/ssh_attackers.ts", import.meta.url).pathname;
const DENO_JSON = new URL("../../deno.json", import.meta.url).pathname;

/** Starts a process of attackers. */
function attackers(...args: readonly (string | number)[]): Running {
  const flags = ["--quiet", "--cached-only", "--no-prompt", `--config=${DENO_JSON}`];
  return new Running(
    Deno.execPath(),
    ["run", ...flags, "--allow-net=127.0.0.1", ATTACKERS, ...args.map(String)],
    { isTypedTo: true },
  );
}

/** The longest of some times, in ms. */
const longest = (times: readonly number[]) => Math.max(...times);

for (const { way, open } of waysToStart(config(7000))) {
  testWith(
    `A thousand SSH sessions wait in their pause, and cost little (${way})`,
    {},
    async () => {
      await using program = await open();
      await using sensor = await program.startSensor();
      using operator = await sensor.operator();
      // What the first session of all loads is no session's own.
      await using first = attackers(program.ports.ssh, 1, KEXES[0]!, "hold");
      await first.stdout.find(/^held/);
      const before = await usage(sensor.process.pid);
      await using crowd = attackers(program.ports.ssh, WAITING, KEXES[0]!, "hold");
      await crowd.stdout.find((line) => line === `held ${WAITING}`);
      const { ms, value } = await timed(MAX_ANSWER_MS, "STATUS", () => operator.status());
      assert(value.sessions.open > 0.9 * WAITING, `${value.sessions.open} sessions still wait`);
      const bytesEach = Math.round(
        ((await usage(sensor.process.pid)).rss - before.rss) / WAITING,
      );
      report(`${bytesEach} bytes each of ${WAITING}; STATUS meanwhile after ${ms.toFixed(0)} ms`);
      assertLessOrEqual(
        bytesEach,
        program.isExecutable ? MAX_BYTES_EACH.executable : MAX_BYTES_EACH.source,
      );
      await crowd.stdout.find((line) => line === `refused ${WAITING}`, { withinMs: 40_000 });
      assertEquals((await crowd.exit()).code, 0);
      await first.exit();
      await poll(() => operator.status(), (status) => status.sessions.open === 0);
      assertEquals((await sensor.stop()).code, 0);
      const { events } = await program.journal();
      const tried = events.filter(({ event }) => event.action === "credential-attempt")
        .map(({ user }) => user?.name);
      assertEquals(tried.length, WAITING + 1);
      assertEquals(new Set(tried).size, WAITING);
      const ends = events.filter(({ event }) => event.action === "connection-closed");
      assertEquals(ends.length, WAITING + 1);
    },
  );
}

for (const { way, open } of waysToStart(config(0))) {
  testWith(`Two hundred SSH guessers delay neither the operator nor FTP (${way})`, {}, async () => {
    await using program = await open();
    await using sensor = await program.startSensor();
    using operator = await sensor.operator();
    await using crowd = attackers(program.ports.ssh, GUESSERS, KEXES.join(","));
    await crowd.stdout.find(/^attacking/);
    await poll(() => operator.status(), (status) => status.sessions.open > GUESSERS / 2);
    const answers: number[] = [];
    const banners: number[] = [];
    for (let i = 0; i < ASKS; i++) {
      answers.push((await timed(20_000, "STATUS", () => operator.status())).ms);
      const banner = await timed(20_000, "FTP", async () => {
        using peer = await Peer.connect(program.ports.ftp);
        await peer.until("220 ");
      });
      banners.push(banner.ms);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await crowd.endInput();
    const result = await crowd.stdout.find(/^\{/);
    report(
      `STATUS at most ${longest(answers).toFixed(0)} ms, FTP ${longest(banners).toFixed(0)} ms, ` +
        `of ${ASKS} each; ${result}`,
    );
    assertLess(longest(answers), MAX_ANSWER_MS);
    assertLess(longest(banners), MAX_ANSWER_MS);
    const { tried } = JSON.parse(result);
    for (const kex of KEXES) {
      // One source's long computations are done one after the other: not all have had their turn.
      const isLong = LONG.test(kex);
      assert(isLong || tried[kex] > ASKS, `too few guesses by ${kex}: ${result}`);
    }
    assert(KEXES.some((kex) => LONG.test(kex) && tried[kex] > 0), `no long guess: ${result}`);
    await crowd.exit();
    assertEquals((await sensor.stop()).code, 0);
  });

  testWith(
    `Who asks for group 18 all the time slows down nobody else (${way})`,
    { programs: ["ssh"] },
    async () => {
      await using program = await open();
      await using sensor = await program.startSensor();
      await using crowd = attackers(program.ports.ssh, 100, "diffie-hellman-group18-sha512");
      await crowd.stdout.find(/^attacking/);
      using operator = await sensor.operator();
      await poll(() => operator.status(), (status) => status.sessions.open >= 100);
      const options = Object.entries({
        KexAlgorithms: "diffie-hellman-group18-sha512",
        StrictHostKeyChecking: "no",
        UserKnownHostsFile: "/dev/null",
        BatchMode: "yes",
        PubkeyAuthentication: "no",
      }).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
      const address = ["-b", "127.0.0.2", "-p", String(program.ports.ssh), "other@127.0.0.1"];
      const { ms, value } = await timed(
        MAX_LOGIN_MS,
        "another source's login by group 18",
        () => runToEnd("ssh", ["-F", "none", ...options, ...address, "true"]),
      );
      await crowd.endInput();
      const result = await crowd.stdout.find(/^\{/);
      report(`another source's login took ${ms.toFixed(0)} ms; ${result}`);
      assertEquals(value.code, 255);
      assert(value.stderr.includes("Permission denied (publickey,password)"), value.stderr);
      await crowd.exit();
      assertEquals((await sensor.stop()).code, 0);
    },
  );
}
