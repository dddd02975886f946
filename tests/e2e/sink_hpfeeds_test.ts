/**
 * The hpfeeds sink of a whole sensor, with a broker that comes and goes. No package of Debian has a broker:
 * this one is written from the protocol's description (tests/support/fake_hpfeeds.ts).
 */
import { assert, assertEquals } from "@std/assert";
import { defaultConfig } from "../../lib/config/default.ts";
import { FakeHpfeeds, type Published } from "../support/fake_hpfeeds.ts";
import { report, takePorts } from "./support/machine.ts";
import { Program } from "./support/program.ts";
import { caughtUp, visitWhile } from "./support/sink_load.ts";

/** How often the broker goes. */
const ROUNDS = 6;
const SECRET = "hp-s3cret";

function sensorConfig(port: number, secretFile: string): string {
  const common = `kind: hpfeeds, address: "127.0.0.1:${port}", secret: "file:${secretFile}", ` +
    "retry_min_ms: 50, retry_max_ms: 300, timeout_ms: 5000";
  const sinks = [
    "name: closing, ident: closing, channel: closing.events",
    "name: kept, ident: kept, channel: kept.events, confirm: none",
  ].map((sink) => `  - {${common}, ${sink}}`);
  return defaultConfig("tryout").replace(/\nsinks:[^]*$/, `\nsinks:\n${sinks.join("\n")}\n`);
}

Deno.test("a broker of hpfeeds down at first, gone again and again under load: every event is there", async () => {
  const [port] = takePorts(1) as [number];
  const secretFile = await Deno.makeTempFile({ prefix: "duckblind-hpfeeds-" });
  await Deno.writeTextFile(secretFile, SECRET);
  const published: Published[] = [];
  const options = {
    port,
    secret: SECRET,
    idents: ["closing", "kept"],
    channels: ["closing.events", "kept.events"],
  };
  const runBroker = async (run: () => Promise<void>) => {
    await using broker = await FakeHpfeeds.start(options);
    await run();
    published.push(...broker.published);
  };
  await using program = await Program.source(sensorConfig(port, secretFile));
  let answered = 0;
  {
    await using sensor = await program.startSensor();
    await visitWhile(program.ports.http, (visits) => answered = visits, async () => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      for (let round = 0; round < ROUNDS; round++) {
        await runBroker(() => new Promise((resolve) => setTimeout(resolve, 900 + 37 * round)));
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    });
    await runBroker(() => caughtUp(sensor));
    assertEquals((await sensor.stop()).code, 0);
  }
  await Deno.remove(secretFile);
  const { events } = await program.journal();
  const wanted = events.filter(({ event }) => event.action !== "sensor-stopped");
  assert(wanted.length > answered && answered > 500, `${answered} answered`);
  for (const name of ["closing", "kept"]) {
    const own = published.filter(({ ident, channel }) =>
      ident === name && channel === `${name}.events`
    );
    const got = new Set(own.map(({ payload }) => JSON.parse(payload).event.id));
    const missing = wanted.filter(({ event }) => !got.has(event.id));
    report(`${name}: ${wanted.length} events, ${missing.length} missing, ${own.length} messages`);
    assertEquals(missing.map(({ event }) => event.sequence), []);
  }
});
