/**
 * What is said to genuine Mosquitto and to the decoy.
 * @module
 */
import {
  connect,
  type ConnectFields,
  DISCONNECT,
  packet,
  PING,
  publish,
  sized,
  subscribe,
  unsubscribe,
} from "../support/mqtt_packets.ts";
import type { Conversation } from "./client.ts";
import { segmented } from "./harness.ts";

/** Deno ends its side before it closes, so a reset comes as an end. */
const QUICK = { quietMs: 70, waitMs: 150, greetingMs: 0, isResetAllowed: true } as const;
const VERSIONS = [3, 4, 5] as const;

/** A conversation; its name is used for client ids and topics, so that none meets another. */
function talk(name: string, ...sends: Conversation["sends"][number][]): Conversation {
  return { name, ...QUICK, sends };
}

function forAll(name: string, fields: (version: number) => ConnectFields): Conversation[] {
  return VERSIONS.map((version) => {
    const id = `${name} ${version}`;
    const all = { id, ...fields(version), version: fields(version).version ?? version };
    return talk(`${name}, version ${version}`, connect(all), PING);
  });
}

const will = (version: number, topic = "t", payload = "m") =>
  (version === 5 ? "\0" : "") + sized(topic) + sized(payload);

/** CONNECT in all its forms. */
export const CONNECTS: Conversation[] = [
  ...forAll("nobody", () => ({})),
  ...forAll("no id", () => ({ id: "" })),
  ...forAll("no id, to stay", () => ({ id: "", flags: 0 })),
  ...[0, 1, 2, 6, 9, 0x84, 0x83, 0x85].map((version) =>
    talk(`version ${version}`, connect({ version, name: "MQTT", id: `v${version}` }))
  ),
  ...([[4, "MQIsdp"], [0x83, "MQIsdp"], [4, "MQTX"], [4, "MQTTT"], [3, "MQIsdx"], [4, ""], [
    4,
    "mqtt",
  ]] as const)
    .map(([version, name]) =>
      talk(`${name} ${version}`, connect({ version, name, id: `n${name}` }))
    ),
  ...forAll("reserved flag", () => ({ flags: 3 })),
  ...forAll("reserved bits", () => ({ first: 0x11 })),
  ...forAll("password alone", () => ({ flags: 0x42, rest: sized("x") })),
  ...forAll("a name that does not come", () => ({ flags: 0x82 })),
  ...forAll("a password that does not come", () => ({ flags: 0xc2, rest: sized("u") })),
  ...forAll("a name", () => ({ flags: 0x82, rest: sized("u") })),
  ...forAll("a login", () => ({ flags: 0xc2, rest: sized("root") + sized("hunter 2") })),
  ...forAll("an empty login", () => ({ flags: 0xc2, rest: sized("") + sized("") })),
  ...forAll("an odd login", () => ({ flags: 0xc2, rest: sized("\xff") + sized("\xff\0") })),
  ...forAll("an odd password", () => ({ flags: 0xc2, rest: sized("a") + sized("\xff\0\x01") })),
  ...forAll("NUL in a name", () => ({ flags: 0xc2, rest: sized("a\0b") + sized("x") })),
  ...forAll("too much", () => ({ rest: "x" })),
  ...forAll("will of quality 3", (version) => ({ flags: 0x1e, rest: will(version) })),
  ...forAll("quality without a will", () => ({ flags: 0x0a })),
  ...forAll("retain without a will", () => ({ flags: 0x22 })),
  ...forAll("a will", (version) => ({ flags: 0x06, rest: will(version) })),
  ...["", "a/#", "+", "$SYS/x", "a\0b", "\xff", "x/\x7f"].flatMap((topic) =>
    forAll(
      `will to ${JSON.stringify(topic)}`,
      (version) => ({ flags: 6, rest: will(version, topic) }),
    )
  ),
  ...forAll("half a will", () => ({ flags: 6, rest: sized("t") })),
  ...[
    "a\0b",
    "\xff\xfe",
    "\xed\xa0\x80",
    "\x01",
    "\xc2\x80",
    "\xef\xbf\xbe",
    "\xf0\x9f\x98\x80",
    "a b/+#",
  ].flatMap((id) => forAll(`client ${JSON.stringify(id)}`, () => ({ id }))),
  ...forAll("a long id", (version) => ({ id: `${version}`.repeat(60_000) })),
  talk("half a CONNECT", packet(0x10, "\0\x04MQ")),
  talk("a CONNECT without keep-alive", packet(0x10, "\0\x04MQTT\x04\x02\0")),
  talk("an empty CONNECT", "\x10\0"),
  talk("a length of five bytes", "\x10\x80\x80\x80\x80\x01"),
  talk("a length that does not end", "\x10\xff", "\xff", "\xff", "\xff"),
  talk("a length of a quarter of a GB", "\x10\xff\xff\xff\x7f"),
  ...[0x00, 0x20, 0x30, 0x80, 0x82, 0xc0, 0xe0, 0xf0, 0x16, 0x47].flatMap((first) => [
    talk(`begins with ${first}`, String.fromCharCode(first)),
    talk(`begins with ${first}, and more`, String.fromCharCode(first) + "\0\0\0"),
  ]),
  talk("web", "GET / HTTP/1.0\r\n\r\n"),
  talk("half, and the end", "\x10", null),
  talk("end at once", null),
  talk("end in a packet", connect({ id: "end" }).slice(0, 9), null),
  ...[
    ["session expiry", "\x11\0\0\0\x0a"],
    ["receive maximum", "\x21\0\x05"],
    ["receive maximum 0", "\x21\0\0"],
    ["maximum packet", "\x27\0\0\x01\0"],
    ["maximum packet 0", "\x27\0\0\0\0"],
    ["alias maximum", "\x22\0\x05"],
    ["response information 0", "\x19\0"],
    ["response information 2", "\x19\x02"],
    ["problem information 0", "\x17\0"],
    ["problem information 2", "\x17\x02"],
    ["user", "\x26\0\x01a\0\x01b\x26\0\x01a\0\x01b"],
    ["method", "\x15\0\x01x"],
    ["data", "\x16\0\x01x"],
    ["method and data", "\x15\0\x01x\x16\0\x01x"],
    ["expiry twice", "\x11\0\0\0\x0a".repeat(2)],
    ["unknown", "\x7f"],
    ["not of CONNECT", "\x01\x01"],
    ["short", "\x11\0"],
    ["content type", "\x03\0\x01x"],
  ].map(([name, properties]) =>
    talk(
      `property: ${name}`,
      connect({ version: 5, id: `p ${name}`, properties: properties! }),
      PING,
    )
  ),
  talk(
    "properties longer than the packet",
    packet(0x10, sized("MQTT") + "\x05\x02\0\x3c\x7f" + sized("c")),
  ),
  ...segmented([
    talk(
      "a login, and more",
      connect({ id: "seg", flags: 0xc2, rest: sized("a") + sized("b") }),
      PING,
    ),
  ]),
];

const ODD_PACKETS = [
  "\xc0\x01x",
  "\xe0\x01\0",
  "\xe1\0",
  "\xc1\0",
  "\xd0\0",
  "\x00\0",
  "\xf0\0",
  "\xf0\x02\x18\0",
  "\x20\x02\0\0",
]
  .concat(
    "\x90\x03\0\x01\0",
    "\xb0\x02\0\x01",
    "\x40\x02\0\x01",
    "\x50\x02\0\x01",
    "\x62\x02\0\x01",
    "\x60\x02\0\x01",
    "\x70\x02\0\x01",
  )
  .concat(
    "\x40\x01\0",
    "\x40\0",
    "\x62\x03\0\x01\0",
    "\x62\x02\0\0",
    "\x40\x02\0\0",
    "\x10\0",
    "\x30\0",
    "\x82\0",
    "\xa2\0",
  )
  .concat("\xc0\xff\xff\xff\xff\x01", "\x50\0", "\x70\x01\0");

/** What an open broker is told. */
export const OPEN: Conversation[] = VERSIONS.flatMap((version): Conversation[] => {
  const enter = (id: string) => connect({ version, id: `${id} ${version}` });
  const t = (topic: string) => `v${version}/${topic}`;
  const sub = (filters: [string, number][], id = 1) => subscribe(filters, { version, id });
  const pub = (topic: string, payload: string, first = 0x30, id?: number) =>
    publish(topic, payload, { version, first, ...(id === undefined ? {} : { id }) });
  return [
    talk(`two CONNECTs ${version}`, enter("two"), enter("two")),
    talk(`goodbye ${version}`, enter("bye"), PING, DISCONNECT),
    talk(`goodbye, and more ${version}`, enter("bye2") + PING + DISCONNECT + PING),
    ...ODD_PACKETS.map((odd, i) =>
      talk(`odd packet ${i + 1} ${version}`, enter(`odd${i}`), odd, PING)
    ),
    talk(
      `subscriptions ${version}`,
      enter("subs"),
      sub([[t("s"), 0]]),
      sub([[t("a"), 0], [t("b"), 1], [t("c"), 2]], 2),
      unsubscribe([t("a"), t("none")], { version, id: 3 }),
    ),
    ...[3, 4, 8, 0x10, 0x20, 0x30, 0x40, 0x80].map((qos) =>
      talk(`quality ${qos} ${version}`, enter(`q${qos}`), sub([[t("none"), qos]]), PING)
    ),
    ...[
      "",
      "a#",
      "nobody/#",
      "+/+/none",
      "a+",
      "a/+/b",
      "#/a",
      "a\0",
      "\xff",
      "$share/g/none",
      "$share/g",
      "$share//t",
    ]
      .concat(
        "$share/g/",
        "$SYS",
        "/",
        "//",
        "a".repeat(65_000),
        "/".repeat(200),
        "/".repeat(201),
        "$share/+/t",
        "\x7f",
      )
      .map((filter, i) =>
        talk(`filter ${i + 1} ${version}`, enter(`f${i}`), sub([[filter, 0]]), PING)
      ),
    ...[0x80, 0x8f].map((first) =>
      talk(
        `SUBSCRIBE with ${first} ${version}`,
        enter(`sf${first}`),
        subscribe([[t("x"), 0]], { version, first }),
        PING,
      )
    ),
    talk(`SUBSCRIBE without number ${version}`, enter("s0"), sub([[t("x"), 0]], 0), PING),
    talk(`SUBSCRIBE to nothing ${version}`, enter("sn"), sub([]), PING),
    talk(
      `half a filter ${version}`,
      enter("sh"),
      packet(0x82, "\0\x01" + (version === 5 ? "\0" : "") + "\0\x05ab"),
      PING,
    ),
    talk(
      `no quality ${version}`,
      enter("sq"),
      packet(0x82, "\0\x01" + (version === 5 ? "\0" : "") + "\0\x01a"),
      PING,
    ),
    talk(`half a SUBSCRIBE ${version}`, enter("hs"), packet(0x82, "\0"), PING),
    talk(
      `UNSUBSCRIBE with flags ${version}`,
      enter("uf"),
      unsubscribe(["x"], { version, first: 0xa0 }),
      PING,
    ),
    talk(`UNSUBSCRIBE from nothing ${version}`, enter("un"), unsubscribe([], { version }), PING),
    talk(
      `UNSUBSCRIBE without number ${version}`,
      enter("u0"),
      unsubscribe(["x"], { version, id: 0 }),
      PING,
    ),
    talk(
      `UNSUBSCRIBE from no filter ${version}`,
      enter("ub"),
      unsubscribe(["a#"], { version }),
      PING,
    ),
    talk(`UNSUBSCRIBE from "" ${version}`, enter("ue"), unsubscribe([""], { version }), PING),
    talk(
      `messages ${version}`,
      enter("msg"),
      sub([[t("m/#"), 2]]),
      pub(t("m/x"), "hi"),
      pub(t("m/x"), "hi", 0x32, 7),
      "\x40\x02\0\x01",
      pub(t("m/x"), "hi", 0x34, 8),
      "\x62\x02\0\x08",
      "\x50\x02\0\x02",
      "\x70\x02\0\x02",
      pub(t("m"), "parent"),
      pub(t("m/"), ""),
    ),
    talk(
      `messages for nobody ${version}`,
      enter("none"),
      pub(t("none/y"), "hi", 0x32, 7),
      pub(t("none/y"), "hi", 0x34, 8),
      pub(t("none/y"), "hi", 0x3c, 8),
      "\x62\x02\0\x08",
      "\x62\x02\0\x08",
    ),
    talk(`again at quality 0 ${version}`, enter("d0"), pub(t("none"), "hi", 0x38), PING),
    talk(`quality 3 ${version}`, enter("q3"), pub(t("none"), "hi", 0x36, 1), PING),
    talk(`no number ${version}`, enter("n0"), pub(t("none"), "hi", 0x32, 0), PING),
    ...["", "a/#", "+", "$SYS/a", "a\0b", "\xff", "$x/y", "/", "/".repeat(200), "/".repeat(201)]
      .map((topic, i) =>
        talk(`topic ${i + 1} ${version}`, enter(`t${i}`), pub(topic, "x", 0x32, 3), PING)
      ),
    talk(`half a topic ${version}`, enter("ht"), packet(0x30, "\0\x05ab"), PING),
    talk(`half a number ${version}`, enter("hn"), packet(0x32, "\0\x01a"), PING),
    talk(
      `retained ${version}`,
      enter("ret"),
      pub(t("r/1"), "keep", 0x31),
      sub([[t("r/#"), 0]]),
      pub(t("r/1"), "", 0x31),
      sub([[t("r/#"), 0]], 2),
      pub(t("r/2"), "keep", 0x33, 4),
      sub([[t("r/+"), 1]], 5),
      pub(t("r/2"), "", 0x31),
    ),
    talk(
      `an answer to another quality ${version}`,
      enter("aq"),
      sub([[t("aq"), 1]]),
      pub(t("aq"), "x", 0x32, 1),
      "\x50\x02\0\x01",
    ),
    talk(
      `several subscriptions ${version}`,
      enter("several"),
      sub([[t("o/+"), 0], [t("o/#"), 1], [t("o/1"), 2]]),
      pub(t("o/1"), "m", 0x34, 4),
      "\x62\x02\0\x04",
      unsubscribe([t("o/+"), t("o/#"), t("o/1")], { version, id: 2 }),
    ),
    talk(
      `more than fit ${version}`,
      enter("many"),
      sub([[t("many"), 1]]),
      Array.from({ length: 25 }, (_, i) => pub(t("many"), `${i}`, 0x32, i + 1)).join(""),
    ),
    talk(
      `a long message ${version}`,
      enter("long"),
      sub([[t("l"), 0]]),
      pub(t("l"), "l".repeat(70_000)),
      PING,
    ),
    ...segmented([
      talk(
        `in pieces ${version}`,
        enter("seg"),
        sub([[t("seg"), 1]]),
        pub(t("seg"), "x", 0x32, 9),
        "\x40\x02\0\x01",
        DISCONNECT,
      ),
    ]),
  ];
});

/** Talks that follow each other: sessions and wills. */
export const SESSIONS: Conversation[] = [
  talk("stays", connect({ flags: 0, id: "per" }), subscribe([["p/#", 1]]), DISCONNECT),
  talk(
    "while away",
    connect({ id: "x" }),
    publish("p/1", "m1", { first: 0x32, id: 1 }),
    publish("p/1", "m0"),
  ),
  talk("comes back", connect({ flags: 0, id: "per" })),
  talk("comes back again", connect({ flags: 0, id: "per" }), "\x40\x02\0\x01"),
  talk("and again", connect({ flags: 0, id: "per" })),
  talk("cleans up", connect({ id: "per" })),
  talk("nothing is left", connect({ flags: 0, id: "per" })),
  talk(
    "stays in 5",
    connect({ version: 5, flags: 0, id: "p5", properties: "\x11\0\0\0\x64" }),
    subscribe([["p5", 1]], { version: 5 }),
  ),
  talk(
    "comes back in 5",
    connect({ version: 5, flags: 0, id: "p5", properties: "\x11\0\0\0\x64" }),
  ),
  talk("goes for good in 5", connect({ version: 5, flags: 0, id: "p5" }), DISCONNECT),
  talk("is gone in 5", connect({ version: 5, flags: 0, id: "p5" })),
  talk("waits for wills", connect({ flags: 0, id: "w" }), subscribe([["w/#", 1]]), DISCONNECT),
  talk("a will", connect({ flags: 0x0e, id: "ww", rest: sized("w/x") + sized("gone") }), null),
  talk(
    "no will",
    connect({ flags: 0x0e, id: "ww", rest: sized("w/x") + sized("never") }),
    DISCONNECT,
  ),
  talk(
    "a will by wish",
    connect({ version: 5, flags: 0x0e, id: "w5", rest: "\0" + sized("w/y") + sized("5") }),
    "\xe0\x01\x04",
  ),
  talk(
    "a will by mistake",
    connect({ flags: 0x0e, id: "w4", rest: sized("w/z") + sized("m") }),
    "\x00\0",
  ),
  talk("gets wills", connect({ flags: 0, id: "w" })),
];

/** What only MQTT 5 has. */
export const FIVE: Conversation[] = [
  ...[0, 4, 8, 0x10, 0x20, 0x2c].map((option) => {
    const topic = `opt/${option}`;
    const pub = (payload: string) => publish(topic, payload, { version: 5, first: 0x31 });
    const sub = subscribe([[topic, option]], { version: 5 });
    return talk(
      `option ${option}`,
      connect({ version: 5, id: topic }),
      pub("x"),
      sub,
      pub("y"),
      sub,
      pub(""),
    );
  }),
  ...([
    ["number", "\x0b\x05"],
    ["large number", "\x0b\xff\x7f"],
    ["number 0", "\x0b\0"],
    ["another", "\x01\0"],
    ["user", "\x26\0\x01a\0\x01b"],
  ] as const).map(([name, properties]) =>
    talk(
      `SUBSCRIBE with ${name}`,
      connect({ version: 5, id: `sp ${name}` }),
      subscribe([[`q/${name}`, 0]], { version: 5, properties }),
      publish(`q/${name}`, "x", { version: 5 }),
    )
  ),
  talk(
    "numbers of topics",
    connect({ version: 5, id: "alias" }),
    subscribe([["alias", 0]], { version: 5 }),
    publish("alias", "x", { version: 5, properties: "\x23\0\x01" }),
    publish("", "y", { version: 5, properties: "\x23\0\x01" }),
    publish("", "y", { version: 5, properties: "\x23\0\x02" }),
  ),
  ...[
    "\x23\0\0",
    "\x23\0\x0b",
    "\x11\0\0\0\x01",
    "\x0b\x01",
    "\x01\x02",
    "\x08\0\x01#",
    "\x23\0\x01\x23\0\x01",
    "\x03\0\x01\xff",
    "\x7f",
  ].map((properties, i) =>
    talk(
      `PUBLISH with properties ${i + 1}`,
      connect({ version: 5, id: `pp${i}` }),
      publish("none", "x", { version: 5, properties }),
      PING,
    )
  ),
  talk(
    "properties are passed on",
    connect({ version: 5, id: "on" }),
    subscribe([["on", 0]], { version: 5 }),
    publish("on", "x", {
      version: 5,
      properties: "\x01\x01\x02\0\0\0\x0a\x03\0\x01t\x08\0\x01r\x09\0\x01c\x26\0\x01a\0\x01b",
    }),
    publish("on", "x", {
      version: 5,
      properties: "\x26\0\x01a\0\x01b\x09\0\x01\0\x03\0\0\x26\0\x01c\0\x01d",
    }),
  ),
  ...[
    "\xe0\x01\0",
    "\xe0\x01\x04",
    "\xe0\x02\0\0",
    "\xe0\x01\x99",
    "\xe0\x07\0\x05\x11\0\0\0\x01",
    "\xe1\0",
    "\xe0\x02\0\x05",
    "\xe0\x03\0\x01\x7f",
  ].map((last, i) => talk(`DISCONNECT ${i + 1}`, connect({ version: 5, id: `d${i}` }), last)),
  talk(
    "answers with reasons",
    connect({ version: 5, id: "rea" }),
    "\x40\x03\0\x01\0",
    "\x40\x04\0\x01\0\0",
    PING,
  ),
  talk(
    "answers with half properties",
    connect({ version: 5, id: "reb" }),
    "\x40\x04\0\x01\0\x01",
    PING,
  ),
  talk(
    "PUBREL with reasons",
    connect({ version: 5, id: "rec" }),
    "\x62\x03\0\x01\0",
    "\x62\x03\0\x01\x92",
    "\x62\x04\0\x01\0\0",
    PING,
  ),
];
