import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { v } from "../../lib/config/schema.ts";
import { mqtt } from "../../lib/decoys/mqtt.ts";
import { createMqttDecoy } from "../../lib/decoys/mqtt/create.ts";
import { SysTree } from "../../lib/decoys/mqtt/sys_tree.ts";
import { matches } from "../../lib/decoys/mqtt/topics.ts";
import { connect, PING, publish, subscribe } from "../support/mqtt_packets.ts";
import { plantedLure } from "../support/planted_lure.ts";
import { assertTranscript, makeDecoy, play, TEST_CONTEXT } from "../support/transcript.ts";

const DIR = new URL("./transcripts/mqtt/", import.meta.url);
const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

for (const name of ["login", "login5", "login31", "web", "broken"]) {
  Deno.test(`mqtt plays mosquitto 2.0.11: ${name}`, async (t) => {
    await assertTranscript(t, await makeDecoy(mqtt), new URL(`${name}.txt`, DIR));
  });
}

for (const name of ["open", "open5"]) {
  Deno.test(`mqtt plays an open mosquitto 2.0.11: ${name}`, async (t) => {
    for (const segmentation of ["whole", "bytes"] as const) {
      const decoy = await makeDecoy(mqtt, { anonymous: true }); // what is retained stays
      await assertTranscript(t, decoy, new URL(`${name}.txt`, DIR), [segmentation]);
    }
  });
}

Deno.test("mqtt tells of itself by $SYS, as mosquitto does", async () => {
  const decoy = await makeDecoy(mqtt, { anonymous: true });
  const { lines } = await play(decoy, [bytes(connect() + subscribe([["$SYS/#", 0]]))]);
  const said = lines.filter((line) => line.startsWith("< ")).join("");
  assertMatch(said, /\$SYS\/broker\/versionmosquitto version 2\.0\.11/);
  assertMatch(said, /\$SYS\/broker\/uptime\d+ seconds/);
  assertMatch(said, /\$SYS\/broker\/load\/messages\/received\/1min\d\.\d\d/);
});

Deno.test("SysTree publishes what has changed, every eleven seconds, and keeps it for a minute", () => {
  const levels = { connected: 0, disconnected: 0, subscriptions: 0, retained: 0, retainedBytes: 0 };
  const tree = new SysTree(1_000_000, 1_001_100_000, () => levels);
  const names = () =>
    tree.retained(1_001_100_000).map(({ topic }) => topic.slice("$SYS/broker/".length));
  assertEquals(names().slice(0, 2), ["version", "uptime"]);
  assert(!names().includes("clients/expired"), "it has not changed for longer");
  assertEquals(tree.advance(1_001_110_999), []);
  levels.connected = 1;
  const changed = tree.advance(1_001_111_000);
  assertEquals(changed[0], { topic: "$SYS/broker/uptime", value: "1111 seconds" });
  assertEquals(changed[1], { topic: "$SYS/broker/clients/total", value: "2" });
  assertEquals(tree.untilNextMs(1_001_112_000), 10_000);
  assert(names().includes("clients/connected"));
});

Deno.test("matches() takes in what MQTT 5 §4.7 says", () => {
  const cases: [string, string, boolean][] = [
    ["a/#", "a", true],
    ["a/#", "a/b/c", true],
    ["#", "a/b", true],
    ["#", "$SYS/a", false],
    ["+/b", "a/b", true],
    ["+/b", "$SYS/b", false],
    ["a/+", "a", false],
    ["a/+", "a/", true],
    ["+", "/a", false],
    ["+/+", "/a", true],
    ["a", "a/b", false],
    ["$SYS/#", "$SYS/x/y", true],
  ];
  for (const [filter, topic, expected] of cases) {
    assertEquals(matches(filter, topic), expected, `${filter} ${topic}`);
  }
});

Deno.test("mqtt has retained messages to begin with, for every source", async () => {
  const options = v.parse(mqtt.options, { anonymous: true });
  const lures = [plantedLure("plant/1/password", bytes("hunter2"))];
  const decoy = createMqttDecoy(options, { ...TEST_CONTEXT, lures });
  const { lines } = await play(decoy, [bytes(connect() + subscribe([["#", 0]]))]);
  assertMatch(lines.join(""), /plant\/1\/passwordhunter2/);
});

Deno.test("mqtt reports a long message with its hash, and passes it to nobody", async () => {
  const decoy = await makeDecoy(mqtt, { anonymous: true, capture_bytes: 4 });
  const send = connect() + subscribe([["#", 0]]) + publish("x", "v".repeat(1_000_000)) + PING;
  const { events, lines } = await play(decoy, [bytes(send)]);
  const payload = events.find(({ id }) => id === "payload")?.data as Record<string, unknown>;
  assertEquals([payload.size, payload.name, payload.bytes], [1_000_000, "x", bytes("vvvv")]);
  assertEquals(payload.sha256, "45e6b24e2d8d2515d6690f45f7cbc81c0fdb6a9248621d6ef87fe5cec3d87bf6");
  assertEquals(lines.filter((line) => line.startsWith("< ")).at(-1)?.endsWith("\\xd0\\x00"), true);
});

Deno.test("mqtt reports at most 1000 events of a session, and says that there were more", async () => {
  const decoy = await makeDecoy(mqtt, { anonymous: true });
  const { events } = await play(decoy, [bytes(connect() + publish("x", "y").repeat(600))]);
  assertEquals(events.length, 1001);
  assertEquals(events.at(-1), { id: "limit.hit", data: { limit: "session_events", max: 1000 } });
});

Deno.test("mqtt refuses options that cannot be", () => {
  for (
    const options of [{ anonymous: "yes" }, { product: "emqx" }, { capture_bytes: -1 }, { x: 1 }]
  ) {
    assertThrows(() => v.parse(mqtt.options, options), v.ValiError);
  }
});
