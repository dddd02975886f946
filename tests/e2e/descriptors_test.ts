/** Idle connections up to and beyond the system's limit: they blind nobody. */
import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { report, testWith } from "./support/machine.ts";
import { timed } from "./support/operator.ts";
import { runToEnd } from "./support/process.ts";
import { Program } from "./support/program.ts";
import { isAttempt } from "./support/wire_event.ts";

/** Connections held open, more than there are descriptors. */
const IDLE = 1100;
/** The system's limit for the sensor. */
const DESCRIPTORS = 1024;
/** Longest time in which an operator gets in and is answered, in ms. */
const OPERATOR_MS = 1000;

const CONFIG = `
service: {listen: ["127.0.0.1:@service"], inner: "127.0.0.1:@inner"}
decoys:
  - {kind: ftp, listen: ["127.0.0.1:@ftp"]}
  - {kind: telnet, listen: ["127.0.0.1:@telnet"]}
`;

/** Opens connections and leaves them alone; those that are refused stay in the list. */
async function holdOpen(port: number, count: number): Promise<Deno.TcpConn[]> {
  const conns: Deno.TcpConn[] = [];
  while (conns.length < count) {
    const batch = Math.min(50, count - conns.length);
    const opened = await Promise.all(
      Array.from({ length: batch }, () => Deno.connect({ hostname: "127.0.0.1", port })),
    );
    conns.push(...opened);
  }
  return conns;
}

for (
  const { name, limits, limit } of [
    { name: "the cap of one source", limits: "", limit: "sessions_per_source" },
    {
      name: "the cap in total, set below the system's",
      limits: "limits: {sessions_per_source: 4096, sessions_per_decoy: 4096}\n",
      limit: "sessions",
    },
  ]
) {
  testWith(
    `1,100 idle connections meet ${name}, and blind nobody`,
    { programs: ["bash", "curl"] },
    async () => {
      await using program = await Program.source(limits + CONFIG);
      const { ftp, telnet } = program.ports;
      await using sensor = await program.startSensor({
        wrap: ["bash", "-c", `ulimit -n ${DESCRIPTORS}; exec "$@"`, "bash"],
      });
      const conns = await holdOpen(telnet, IDLE);
      try {
        using operator = (await timed(OPERATOR_MS, "the operator's login", async () => {
          const operator = await sensor.operator();
          await operator.status();
          return operator;
        })).value;
        // All that came have been judged once all are counted.
        let { sessions } = await operator.status();
        while (sessions.accepted + sessions.refused < IDLE) {
          ({ sessions } = await operator.status());
        }
        const cap = limit === "sessions" ? sessions.max : 128;
        assertLess(cap, DESCRIPTORS);
        assertEquals(sessions.open, cap);
        await operator.tail(0);

        // Another source, as if nothing were the matter: the genuine pause of a failed login included.
        const { stdout, stderr, code } = await runToEnd("curl", [
          "--silent",
          "--show-error",
          "--verbose",
          ...["--interface", "127.0.0.2", "--user", "alice:wonderland"],
          `ftp://127.0.0.1:${ftp}/`,
        ]);
        assertEquals([code, stdout], [67, ""], stderr);
        assertMatch(stderr, /< 220 \(vsFTPd 3\.0\.3\)\r?\n/);
        assertMatch(stderr, /< 530 Login incorrect\.\r?\n/);
        const attempt = await operator.event(isAttempt("alice", "wonderland"));
        assertEquals(attempt.source?.ip, "127.0.0.2");

        // Still so when the greedy source comes again.
        conns.push(...await holdOpen(telnet, 100));
        const { ms } = await timed(OPERATOR_MS, "the second login of an operator", async () => {
          using second = await sensor.operator();
          await second.status();
        });
        report(`cap ${cap}; operator in and answered after ${ms.toFixed(0)} ms`);
        using reader = await sensor.operator();
        const hits = await reader.events(0, "type=limit-hit");
        assertEquals(hits.length, 1, JSON.stringify(hits.map(({ message }) => message)));
        assertEquals(hits[0]!.source?.ip, "127.0.0.1");
        assertEquals(hits[0]!.duckblind.limit.name, limit);
      } finally {
        for (const conn of conns) conn.close();
      }
      assertEquals((await sensor.stop()).code, 0);
      // The refusals after the first event are told at the end, in one more.
      const { events } = await program.journal();
      const hits = events.filter(({ event }) => event.action === "limit-hit");
      assert(hits.length === 2 && hits.every(({ source }) => source?.ip === "127.0.0.1"));
      assertEquals(events.map(({ event }) => event.sequence), events.map((_, i) => i + 1));
      assert(!/our bug|EMFILE|Too many open files/.test(sensor.process.stderr.text));
    },
  );
}
