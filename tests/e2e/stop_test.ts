/** How a sensor ends: every signal, in order, with nothing left behind. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { isFree } from "./support/machine.ts";
import { Peer } from "./support/peer.ts";
import { Program, waysToStart } from "./support/program.ts";

/** Starts a sensor, leaves a session idle, stops it, and looks at what is left. */
async function stop(open: () => Promise<Program>, signal: "SIGINT" | "SIGTERM"): Promise<void> {
  await using program = await open();
  await using sensor = await program.startSensor();
  using operator = await sensor.operator();
  await operator.tail(0);
  using idle = await Peer.connect(program.ports.ftp);
  await idle.until("220 (vsFTPd 3.0.3)\r\n");
  const start = performance.now();
  assertEquals(await sensor.stop(signal), { success: true, code: 0, signal: null });
  // The default grace of 3 s for sessions, and what a busy machine needs.
  assertLess(performance.now() - start, 8000);
  assertEquals(await idle.end(), "");
  const { events } = await program.journal();
  const last = events.at(-1)!;
  assertEquals(last.event.action, "sensor-stopped");
  assert(last.message.includes(signal), last.message);
  assertEquals(events.map(({ event }) => event.sequence), events.map((_, i) => i + 1));
  const closed = events.find(({ event }) => event.action === "connection-closed")!;
  assertEquals(closed.duckblind.session.reason, "stop");
  // Sinks and the service are stopped last: both have told the end.
  assertEquals(sensor.consoleLines.length, events.length);
  assert(operator.lines.all.some((line) => line.includes('"sensor-stopped"')));
  for (const port of Object.values(program.ports)) assert(isFree(port), `port ${port}`);
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  const ways = waysToStart();
  const names = ways.map(({ way }) => way).join(", ");
  Deno.test(`${signal} stops the sensor cleanly (${names})`, async () => {
    await Promise.all(ways.map(({ open }) => stop(open, signal)));
  });
}

Deno.test("A second signal ends a stop that waits for sessions", async () => {
  await using program = await Program.source();
  await using sensor = await program.startSensor();
  using idle = await Peer.connect(program.ports.ftp);
  await idle.until("220 (vsFTPd 3.0.3)\r\n");
  sensor.process.signal("SIGTERM");
  await sensor.process.stderr.find(/Stopping on/);
  const start = performance.now();
  assertEquals((await sensor.stop("SIGTERM")).code, 1);
  assertLess(performance.now() - start, 2000, "less than the grace of 3 s");
  const { events } = await program.journal();
  assertEquals(events.at(-1)!.event.action, "connection-opened", "nothing that happened is lost");
});
