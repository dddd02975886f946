/** The syslog sink against Debian's rsyslog and syslog-ng: what they make of messages, and hard ends. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { defaultConfig } from "../../lib/config/default.ts";
import { v } from "../../lib/config/schema.ts";
import { SinkError } from "../../lib/errors.ts";
import type { SensorEvent } from "../../lib/events/emitter.ts";
import { syslogSink } from "../../lib/sinks/syslog.ts";
import { loginEvent, madeEvents } from "../support/made_events.ts";
import { batchOf, TEST_CONTEXT } from "../support/sinks.ts";
import { makeKeys, testKeys } from "../support/test_tls.ts";
import { type LoggedMessage, Rsyslog, SyslogNg } from "./support/syslog_daemons.ts";
import { report } from "./support/machine.ts";
import { poll } from "./support/peer.ts";
import { SOON_MS } from "./support/process.ts";
import { Program } from "./support/program.ts";
import { caughtUp, idsOf, visitWhile } from "./support/sink_load.ts";

/** How often the daemons are ended while events flow. */
const ROUNDS = 6;
const DAEMONS = { rsyslog: Rsyslog, "syslog-ng": SyslogNg };

/** Writes one batch by a sink of its own. */
async function writeOnce(
  options: Record<string, unknown>,
  events: readonly SensorEvent[],
): Promise<void> {
  await using sink = await syslogSink.open(v.parse(syslogSink.options, options), TEST_CONTEXT);
  await sink.write(batchOf(events), AbortSignal.timeout(SOON_MS));
}

/** The events in messages, by their ids; a line that a kill cut in two counts as none. */
function idsIn(messages: readonly LoggedMessage[]): string[] {
  return messages.flatMap(({ text }) => {
    try {
      return [JSON.parse(text).event.id as string];
    } catch {
      return [];
    }
  });
}

for (const [name, Daemon] of Object.entries(DAEMONS)) {
  Deno.test(`${name} understands every field, over UDP, TCP and TLS`, async () => {
    await using daemon = new Daemon(await testKeys());
    await daemon.start();
    const events = [
      loginEvent('ro"ot]\\\\ \u00e9\u{1f986}', "100%|x"),
      ...madeEvents(30),
      loginEvent("u".repeat(6000), "p".repeat(6000)),
    ];
    const { ca, tcp, tls, udp } = daemon;
    let seen = 0;
    for (
      const options of [
        { address: `127.0.0.1:${udp}`, protocol: "udp" },
        { address: `127.0.0.1:${tcp}`, protocol: "tcp" },
        { address: `localhost:${tls}`, ca },
      ]
    ) {
      await writeOnce({ ...options, facility: "authpriv", enterprise_number: 65_550 }, events);
      const all = await poll(() => daemon.messages, ({ length }) => length >= seen + events.length);
      const messages = all.slice(seen);
      seen = all.length;
      assertEquals(idsIn(messages), idsOf(events), `${options.protocol ?? "tls"}`);
      const [first] = messages as [LoggedMessage];
      assertEquals(
        [first.facility, first.severity, first.host, first.app, first.msgid],
        ["authpriv", "warning", "test", "duckblind", "credential-attempt"],
      );
      assertMatch(first.data, /^\[origin software="Duckblind" swVersion="0"\]/);
      assertMatch(first.data, /\[meta sequenceId="1"\]/);
      assert(first.data.includes('user="ro\\"ot\\]\\\\'), first.data);
      assertEquals(JSON.parse(first.text), JSON.parse(events[0]!.json));
      assertEquals(JSON.parse(messages.at(-1)!.text).tags, ["truncated"]);
    }
    for (const format of ["cef", "ocsf", "opencanary", "text"]) {
      await writeOnce({ address: `127.0.0.1:${tcp}`, protocol: "tcp", format }, events.slice(0, 1));
      const [last] = (await poll(() => daemon.messages, ({ length }) => length > seen)).slice(
        seen++,
      );
      if (format === "text") assertEquals(last!.text, JSON.parse(events[0]!.json).message);
      else if (format === "cef") assertMatch(last!.text, /^CEF:0\|Duckblind\|Duckblind\|0\|/);
      else JSON.parse(last!.text);
    }
    await writeOnce(
      { address: `127.0.0.1:${tcp}`, protocol: "tcp", bom: true },
      events.slice(0, 1),
    );
    const [marked] = (await poll(() => daemon.messages, ({ length }) => length > seen)).slice(
      seen++,
    );
    // Which is why there is none unless it is asked for.
    assertEquals(marked!.text.charCodeAt(0), name === "rsyslog" ? 0xfeff : 0x7b);
    const newline = { address: `127.0.0.1:${tcp}`, protocol: "tcp", framing: "newline" };
    if (name === "rsyslog") { // syslog-ng takes that by another driver only
      await writeOnce(newline, events);
      const all = await poll(() => daemon.messages, ({ length }) => length >= seen + events.length);
      assertEquals(idsIn(all.slice(seen)), idsOf(events));
    }
  });
}

Deno.test("rsyslog wants a certificate of ours, and gets the one of the config", async () => {
  const keys = await testKeys();
  await using daemon = new Rsyslog(keys, { wantsCertificate: true });
  await daemon.start();
  const { ca, folder } = daemon;
  const address = `localhost:${daemon.tls}`;
  const events = madeEvents(5);
  const own = { cert: `${folder}/cert.pem`, key: `file:${folder}/key.pem` };
  await writeOnce({ address, ca, ...own }, events);
  assertEquals(idsIn(daemon.messages), idsOf(events));
  const stranger = await makeKeys();
  await Deno.writeTextFile(`${folder}/stranger.pem`, stranger.cert);
  await Deno.writeTextFile(`${folder}/stranger.key`, stranger.key);
  const others = { cert: `${folder}/stranger.pem`, key: `file:${folder}/stranger.key` };
  for (const refused of [{}, others]) {
    const error = await assertRejects(
      () => writeOnce({ address, ca, ...refused }, events),
      SinkError,
    );
    assert(error.retryable, error.message);
  }
  assertEquals(daemon.messages.length, 5);
});

/** A sensor with a web server, whose events go to daemons by all that can confirm. */
function sensorConfig(daemons: { rsyslog: Rsyslog; syslogNg: SyslogNg }): string {
  const common = "kind: syslog, retry_min_ms: 50, retry_max_ms: 300, timeout_ms: 5000";
  const { rsyslog, syslogNg } = daemons;
  const sinks = [
    `name: rs-tcp, protocol: tcp, address: "127.0.0.1:${rsyslog.tcp}"`,
    `name: rs-tls, address: "localhost:${rsyslog.tls}", ca: ${rsyslog.ca}`,
    `name: rs-kept, protocol: tcp, address: "127.0.0.1:${rsyslog.tcp}", confirm: none`,
    `name: ng-tcp, protocol: tcp, address: "127.0.0.1:${syslogNg.tcp}"`,
    `name: ng-tls, address: "localhost:${syslogNg.tls}", ca: ${syslogNg.ca}`,
  ].map((sink, i) => `  - {${common}, facility: local${i}, ${sink}}`);
  return defaultConfig("tryout").replace(/\nsinks:[^]*$/, `\nsinks:\n${sinks.join("\n")}\n`);
}

Deno.test("rsyslog and syslog-ng down at first, ended again and again under load: every event is there", async () => {
  const keys = await testKeys();
  await using rsyslog = new Rsyslog(keys);
  await using syslogNg = new SyslogNg(keys);
  await using program = await Program.source(sensorConfig({ rsyslog, syslogNg }));
  let answered = 0;
  {
    await using sensor = await program.startSensor();
    await visitWhile(program.ports.http, (visits) => answered = visits, async () => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      for (let round = 0; round < ROUNDS; round++) {
        await Promise.all([rsyslog.start(), syslogNg.start()]);
        await new Promise((resolve) => setTimeout(resolve, 800 + 37 * round));
        // What is sent now lies unread when they are ended.
        if (round % 2 === 1) {
          for (const daemon of [rsyslog, syslogNg]) daemon.freeze();
          await new Promise((resolve) => setTimeout(resolve, 150));
          syslogNg.thaw();
        }
        // rsyslog has written what it has read; syslog-ng keeps some in memory, and needs to be asked.
        await Promise.all([rsyslog.end("SIGKILL"), syslogNg.end("SIGTERM")]);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      await Promise.all([rsyslog.start(), syslogNg.start()]);
      await new Promise((resolve) => setTimeout(resolve, 500));
    });
    await caughtUp(sensor);
    assertEquals((await sensor.stop()).code, 0);
  }
  const { events } = await program.journal();
  const wanted = events.filter(({ event }) => event.action !== "sensor-stopped");
  assert(wanted.length > answered && answered > 500, `${answered} answered`);
  for (const [facility, daemon] of ["rsyslog", "rsyslog", "rsyslog", "", ""].entries()) {
    const { messages } = daemon === "rsyslog" ? rsyslog : syslogNg;
    const ids = idsIn(messages.filter((message) => message.facility === `local${facility}`));
    const got = new Set(ids);
    const missing = wanted.filter(({ event }) => !got.has(event.id));
    report(
      `local${facility}: ${wanted.length} events, ${missing.length} missing, ${ids.length} messages`,
    );
    // Without confirmation, what a killed daemon had not read is known by the reset only.
    assertEquals(missing.map(({ event }) => event.sequence), []);
  }
});

Deno.test("rsyslog gets what a sensor sends over UDP with the rights that it asks for", async () => {
  await using rsyslog = new Rsyslog(await testKeys());
  await rsyslog.start();
  const sink = `{kind: syslog, protocol: udp, address: "127.0.0.1:${rsyslog.udp}", format: text}`;
  const config = defaultConfig("tryout").replace(/\nsinks:[^]*$/, `\nsinks:\n  - ${sink}\n`);
  await using program = await Program.source(config);
  await using sensor = await program.startSensor();
  await caughtUp(sensor);
  assertEquals((await sensor.stop()).code, 0);
  const { events } = await program.journal();
  const wanted = events.map(({ message }) => message)
    .filter((message) => !message.startsWith("Sensor stopped"));
  assert(wanted.length > 0);
  const all = await poll(() => rsyslog.messages, ({ length }) => length >= wanted.length);
  assertEquals(all.slice(0, wanted.length).map(({ text }) => text), wanted);
});
