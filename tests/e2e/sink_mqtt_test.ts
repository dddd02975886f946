/** The mqtt sink against Debian's mosquitto: logins, TLS, what it refuses, and hard ends of it. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { defaultConfig } from "../../lib/config/default.ts";
import { v } from "../../lib/config/schema.ts";
import { SinkError } from "../../lib/errors.ts";
import type { SensorEvent } from "../../lib/events/emitter.ts";
import { mqttSink } from "../../lib/sinks/mqtt.ts";
import type { Outcome } from "../../lib/sinks/sink.ts";
import { loginEvent, madeEvents } from "../support/made_events.ts";
import { batchOf, TEST_CONTEXT } from "../support/sinks.ts";
import { makeKeys, testKeys } from "../support/test_tls.ts";
import { report, testWith } from "./support/machine.ts";
import { Mosquitto } from "./support/mosquitto.ts";
import { poll } from "./support/peer.ts";
import { SOON_MS } from "./support/process.ts";
import { Program } from "./support/program.ts";
import { caughtUp, visitWhile } from "./support/sink_load.ts";

/** How often mosquitto is killed while events flow. */
const ROUNDS = 6;
/** Pause of the load in ms: the broker stores everything at each message. */
const PAUSE_MS = 100;
const NEEDS = { programs: ["mosquitto", "mosquitto_passwd", "mosquitto_sub", "openssl"] };

/** Writes one batch by a sink of its own. */
async function writeOnce(
  options: Record<string, unknown>,
  events: readonly SensorEvent[],
): Promise<Outcome | void> {
  await using sink = await mqttSink.open(v.parse(mqttSink.options, options), TEST_CONTEXT);
  return await sink.write(batchOf(events), AbortSignal.timeout(SOON_MS));
}

function login({ folder }: Mosquitto): Record<string, unknown> {
  return { username: "sensor", password: `file:${folder}/sensor.password` };
}

/** Topic and payload of a line of mosquitto_sub. */
function splitLine(line: string): [topic: string, payload: string] {
  const space = line.indexOf(" ");
  return [line.slice(0, space), line.slice(space + 1)];
}

testWith(
  "mosquitto takes MQTT 3.1.1 and 5, in clear and in TLS, and hands events on as they are",
  NEEDS,
  async () => {
    await using broker = await Mosquitto.make(await testKeys());
    await broker.start();
    await using reader = broker.subscribe();
    const events = [loginEvent('ro"ot\u00e9\u{1f986}', "100%"), ...madeEvents(200)];
    const { folder, tls, mutual } = broker;
    const ca = `${folder}/ca.pem`;
    const own = { cert: `${folder}/client.pem`, key: `file:${folder}/client.key` };
    const ways: Record<string, unknown>[] = [
      { address: broker.address, tls: false },
      { address: `localhost:${tls}`, ca },
      { address: `localhost:${mutual}`, ca, ...own },
    ];
    // It is there when it has the first message.
    await poll(async () => {
      await writeOnce({ ...ways[0], ...login(broker), topic: "duckblind/ready" }, madeEvents(1));
      return reader.stdout.all.length;
    }, (count) => count > 0);
    let seen = reader.stdout.all.length;
    for (const version of ["3.1.1", "5"]) {
      for (const way of ways) {
        const outcome = await writeOnce({ ...way, ...login(broker), version }, events);
        assertEquals(outcome?.reply, "201 of 201 acknowledged");
        const lines = await poll(
          () =>
            reader.stdout.all.slice(seen).filter((line) => !line.startsWith("duckblind/ready ")),
          ({ length }) => length >= events.length,
        );
        seen = reader.stdout.all.length;
        assertEquals(lines.map((line) => splitLine(line)[1]), events.map(({ json }) => json));
        assertEquals(splitLine(lines[0]!)[0], "duckblind/test/credential-attempt");
      }
    }
  },
);

testWith("mosquitto's refusals are told, and what would be right", NEEDS, async () => {
  await using broker = await Mosquitto.make(await testKeys());
  await broker.start();
  const { address, folder, tls, mutual } = broker;
  const ca = `${folder}/ca.pem`;
  const clear = { address, tls: false };
  const trouble = async (options: Record<string, unknown>) => {
    const error = await assertRejects(() => writeOnce(options, madeEvents(3)), SinkError);
    assertEquals(error.retryable, true);
    assert(!error.message.includes("s3cret"));
    return error.message;
  };
  const check = /not authorized; check username and password$/;
  assertMatch(await trouble(clear), check);
  const wrong = { username: "sensor", password: `file:${folder}/reader.password` };
  assertMatch(await trouble({ ...clear, ...wrong }), check);
  assertMatch(await trouble({ ...clear, ...wrong, version: "5" }), /code 135, not authorized/);
  assertMatch(await trouble({ address: `localhost:${tls}`, ...login(broker) }), /UnknownIssuer/);
  assertMatch(
    await trouble({ address: `localhost:${mutual}`, ca, ...login(broker) }),
    /Cannot connect/,
  );
  const stranger = await makeKeys();
  await Deno.writeTextFile(`${folder}/other.pem`, stranger.cert);
  await Deno.writeTextFile(`${folder}/other.key`, stranger.key);
  const other = { cert: `${folder}/other.pem`, key: `file:${folder}/other.key` };
  assertMatch(
    await trouble({ address: `localhost:${mutual}`, ca, ...other, ...login(broker) }),
    /Cannot connect/,
  );
  // What its list of rights forbids it acknowledges all the same, and says so in MQTT 5 only.
  const elsewhere = { ...clear, ...login(broker), topic: "elsewhere" };
  assertEquals((await writeOnce(elsewhere, madeEvents(1)))?.reply, "1 of 1 acknowledged");
  const told = await writeOnce({ ...elsewhere, version: "5" }, madeEvents(1));
  const reason = "code 135, not authorized; check what the broker lets this user publish";
  assertEquals(told?.postponed, [{ index: 0, reason }]);
});

/** A sensor with a web server, whose events go to a broker in clear and in TLS. */
function sensorConfig(broker: Mosquitto): string {
  const { folder } = broker;
  const common = "kind: mqtt, retry_min_ms: 50, retry_max_ms: 300, timeout_ms: 5000, " +
    `username: sensor, password: "file:${folder}/sensor.password"`;
  const sinks = [
    `name: clear, topic: "duckblind/clear/{action}", tls: false, address: "${broker.address}"`,
    `name: tls, topic: "duckblind/tls/{sensor}", version: "5", in_flight: 100,
       ca: ${folder}/ca.pem, address: "localhost:${broker.tls}"`,
  ].map((sink) => `  - {${common}, ${sink}}`);
  return defaultConfig("tryout").replace(/\nsinks:[^]*$/, `\nsinks:\n${sinks.join("\n")}\n`);
}

/**
 * How the broker is ended, and how many events may then be missing at the subscriber. One that is killed
 * has acknowledged a message that it neither stored nor got rid of yet, now and then: one, at most.
 */
const ENDS = [["SIGTERM", 0], ["SIGKILL", ROUNDS]] as const;

for (const [signal, most] of ENDS) {
  testWith(
    `mosquitto down at first, then ended by ${signal} again and again under load: every event is there`,
    NEEDS,
    async () => {
      await using broker = await Mosquitto.make(await testKeys());
      await broker.start();
      await using reader = broker.subscribe();
      // Known to the broker from now on, and stored.
      await poll(async () => {
        const ready = { address: broker.address, tls: false, topic: "duckblind/ready" };
        await writeOnce({ ...ready, ...login(broker) }, madeEvents(1));
        return reader.stdout.all.length;
      }, (count) => count > 0);
      await broker.end("SIGTERM");
      await using program = await Program.source(sensorConfig(broker));
      let answered = 0;
      {
        await using sensor = await program.startSensor();
        await visitWhile(program.ports.http, (visits) => answered = visits, async () => {
          await new Promise((resolve) => setTimeout(resolve, 500));
          for (let round = 0; round < ROUNDS; round++) {
            await broker.start();
            await new Promise((resolve) => setTimeout(resolve, 700 + 37 * round));
            if (round % 2 === 1) {
              broker.freeze();
              await new Promise((resolve) => setTimeout(resolve, 150));
              if (signal === "SIGTERM") broker.thaw();
            }
            await broker.end(signal);
            await new Promise((resolve) => setTimeout(resolve, 200));
          }
          await broker.start();
        }, PAUSE_MS);
        await caughtUp(sensor);
        assertEquals((await sensor.stop()).code, 0);
      }
      const { events } = await program.journal();
      const wanted = events.filter(({ event }) => event.action !== "sensor-stopped");
      assert(wanted.length > answered && answered > 300, `${answered} answered`);
      for (const sink of ["clear", "tls"]) {
        const idsNow = () =>
          new Set(
            reader.stdout.all.filter((line) => line.startsWith(`duckblind/${sink}/`))
              .map((line) => JSON.parse(splitLine(line)[1]).event.id as string),
          );
        const missing = () => {
          const got = idsNow();
          return wanted.filter(({ event }) => !got.has(event.id)).map(({ event }) =>
            event.sequence
          );
        };
        await poll(missing, ({ length }) => length === 0, 5000).catch(() => {});
        report(`${sink}: ${wanted.length} events, ${missing().length} missing`);
        assert(missing().length <= most, `missing: ${missing()}`);
      }
    },
  );
}
