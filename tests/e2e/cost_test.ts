/** What the executable costs: time until it is ready, memory, system calls that it must not make. */
import { assertEquals, assertLess, assertLessOrEqual, assertStringIncludes } from "@std/assert";
import { report, testWith } from "./support/machine.ts";
import { Peer } from "./support/peer.ts";
import { EXECUTABLE, Program } from "./support/program.ts";
import { usage } from "./support/usage.ts";

const missing = EXECUTABLE === undefined ? "an executable in DUCKBLIND_BIN" : undefined;
/** Starts whose median counts. */
const STARTS = 5;
/** Slowest start allowed, in ms: the aim is 200, a machine may be busy. */
const MAX_READY_MS = 1000;
/** Most resident memory of an idle sensor, in bytes: the aim is 75 MB. */
const MAX_RESIDENT = 90_000_000;

testWith("The executable is ready soon, and small when idle", { missing }, async () => {
  await using program = await Program.executable();
  const times: number[] = [];
  let memory = { rss: NaN, anonymous: NaN };
  // The first start makes certificates; it is not counted.
  for (let i = 0; i <= STARTS; i++) {
    await using sensor = await program.startSensor();
    if (i > 0) times.push(sensor.readyMs);
    await sensor.process.stdout.find(/Sensor started/);
    memory = await usage(sensor.process.pid);
    assertEquals((await sensor.stop()).code, 0);
  }
  const median = times.sort((a, b) => a - b)[Math.floor(STARTS / 2)]!;
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  report(
    `ready after ${median.toFixed(0)} ms (median of ${STARTS}); ` +
      `idle ${mb(memory.rss)} resident, ${mb(memory.anonymous)} of it anonymous`,
  );
  assertLess(median, MAX_READY_MS);
  assertLessOrEqual(memory.rss, MAX_RESIDENT);
});

testWith(
  "The executable starts no program and dials nobody, whatever it is sent",
  { programs: ["strace"], missing },
  async () => {
    await using program = await Program.executable();
    const log = `${program.folder}/strace.log`;
    // With -D the sensor stays the test's own child, and strace watches from beside it.
    const calls = "trace=execve,execveat,fork,vfork,connect";
    await using sensor = await program.startSensor({
      wrap: ["strace", "-D", "-f", "-qq", "-o", log, "-e", calls],
    });
    using operator = await sensor.operator();
    await operator.tail();
    const talks: [keyof Program["ports"], string][] = [
      ["ftp", "USER ftp\r\nPASS a@b\r\nPORT 127,0,0,1,35,40\r\nSITE EXEC /bin/sh\r\n"],
      ["telnet", "root\r\n;/bin/sh -c id\r\n"],
      ["http", "GET /cgi-bin/sh?`id` HTTP/1.1\r\nHost: $(id)\r\nConnection: close\r\n\r\n"],
      [
        "router",
        "POST / HTTP/1.1\r\nHost: x\r\nUser-Agent: () { :; }; /bin/id\r\n" +
        "Connection: close\r\nContent-Length: 0\r\n\r\n",
      ],
      ["jetdirect", '\x1b%-12345X@PJL FSDIRLIST NAME="0:\\"\r\n'],
    ];
    await Promise.all(talks.map(async ([name, text]) => {
      using peer = await Peer.connect(program.ports[name]);
      await peer.send(text);
      // What this decoy keeps is told when the talk is over.
      if (name === "jetdirect") peer[Symbol.dispose]();
      await operator.event(({ event }) =>
        event.provider === name && event.action !== "connection-opened"
      );
    }));
    assertEquals((await sensor.stop()).code, 0);
    const made = (await Deno.readTextFile(log)).split("\n")
      .filter((line) => /^\d+\s+(execve|execveat|fork|vfork|connect)\(/.test(line));
    const [start, ...others] = made;
    assertStringIncludes(start!, `execve("${program.folder}/duckblind"`);
    // The encrypted service dials its own inner address, for the operator above, and nobody else.
    const inner = 'sin_port=htons(9442), sin_addr=inet_addr("127.0.0.1")';
    assertEquals(others.filter((call) => !call.includes(inner)), []);
  },
);
