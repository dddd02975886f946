/** Stock clients and guessers at memcached and MQTT: what each of them tried is told, and once. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { testWith } from "./support/machine.ts";
import { runToEnd } from "./support/process.ts";
import { Program } from "./support/program.ts";
import { assertOnce, watched } from "./support/watched.ts";
import type { WireEvent } from "./support/wire_event.ts";

const CONFIG = `service: { listen: ["127.0.0.1:@service"], inner: "127.0.0.1:@inner" }
tls: { inner: "127.0.0.1:@brokerinner" }
decoys:
  - { kind: memcached, name: cacheopen, listen: ["127.0.0.1:@cacheopen"] }
  - { kind: memcached, name: cachesasl, auth: sasl, listen: ["127.0.0.1:@cachesasl"] }
  - { kind: memcached, name: cachefile, auth: file, listen: ["127.0.0.1:@cachefile"] }
  - { kind: mqtt, name: brokershut, listen: ["127.0.0.1:@brokershut"] }
  - { kind: mqtt, name: brokeropen, anonymous: true, listen: ["127.0.0.1:@brokeropen"] }
  - { kind: mqtt, name: brokertls, tls: true, listen: ["127.0.0.1:@brokertls"] }
`;
/** Debian's, which has the packages. */
const PYTHON = "/usr/bin/python3";
const PYTHON_CLIENTS = `
import sys, pylibmc, pymemcache.client.base as base
port, = sys.argv[1:]
client = base.Client(("127.0.0.1", int(port)), connect_timeout=5, timeout=5)
client.set("note", b"pay 0.01 BTC", expire=100)
assert client.get("note") == b"pay 0.01 BTC"
assert client.gets("note")[1].isdigit()
client.set("n", b"41"); assert client.incr("n", 1) == 42; assert client.decr("n", 2) == 40
assert client.add("n", b"1", noreply=False) is False and client.delete("n", noreply=False)
assert client.stats()[b"version"] == b"1.6.18"
client.flush_all(noreply=False); assert client.get("note") is None
binary = pylibmc.Client(["127.0.0.1:" + port], binary=True)
binary["k"] = "value"; assert binary["k"] == "value"
assert binary.incr is not None and binary.append("k", "!") and binary["k"] == "value!"
assert binary.get_stats()[0][1]["version" if "version" in binary.get_stats()[0][1] else b"version"] in ("1.6.18", b"1.6.18")
binary.delete("k"); assert binary.get("k") is None
print("fine")
`;
const PAHO = `
import sys, time, paho.mqtt.client as mqtt
port, shut = map(int, sys.argv[1:])
for version, code in ((mqtt.MQTTv311, 5), (mqtt.MQTTv5, 135)):
    results = []
    client = mqtt.Client("paho%d" % version, protocol=version)
    client.username_pw_set("paho", "paho%d" % version)
    client.on_connect = lambda c, u, f, rc, p=None: (results.append(rc), c.disconnect())
    client.connect("127.0.0.1", shut)
    while not results: client.loop(0.1)
    assert (getattr(results[0], "value", results[0])) == code, results
for version in (mqtt.MQTTv31, mqtt.MQTTv311, mqtt.MQTTv5):
    got = []
    client = mqtt.Client("open%d" % version, protocol=version)
    client.on_connect = lambda c, *_: c.subscribe("t%d/#" % version, 2)
    client.on_subscribe = lambda c, *_: [c.publish("t%d/%d" % (version, q), b"m%d" % q, q) for q in range(3)]
    client.on_message = lambda c, u, m: got.append((m.topic, m.payload, m.qos))
    client.connect("127.0.0.1", port)
    end = time.time() + 10
    while len(got) < 3 and time.time() < end: client.loop(0.1)
    assert sorted(got) == [("t%d/%d" % (version, q), b"m%d" % q, q) for q in range(3)], got
    client.disconnect(); client.loop(0.1)
print("fine")
`;

async function python(script: string, ...args: (string | number)[]): Promise<void> {
  const { code, stdout, stderr } = await runToEnd(PYTHON, ["-c", script, ...args.map(String)]);
  assertEquals([code, stdout], [0, "fine\n"], stderr);
}

/** Clients of libmemcached, and of Python. */
async function caches(program: Program): Promise<void> {
  const { cacheopen } = program.ports;
  const servers = `--servers=127.0.0.1:${cacheopen}`;
  await python(PYTHON_CLIENTS, cacheopen);
  await Deno.writeTextFile(`${program.folder}/ransom`, "your data is with us");
  const copied = await runToEnd("memccp", [servers, "ransom"], { cwd: program.folder });
  assertEquals(copied.code, 0, copied.stderr);
  assertMatch((await runToEnd("memccat", [servers, "ransom"])).stdout, /your data is with us/);
  assertMatch((await runToEnd("memcdump", [servers])).stdout, /ransom/);
  const stats = (await runToEnd("memcstat", [servers])).stdout;
  assertMatch(stats, /version: 1\.6\.18/);
  assertMatch(stats, /curr_items: 1/);
}

/** Logins by SASL, of libmemcached and of hydra, and by the text protocol. */
async function cacheLogins(program: Program): Promise<string[]> {
  const { cachesasl, cachefile } = program.ports;
  const words = ["123456", "hunter 2"];
  for (const word of words) {
    // With a list, hydra goes no further than the first refusal, of the genuine server too.
    const args = ["-I", "-l", "cache", "-p", word, "-t", "1", `memcached://127.0.0.1:${cachesasl}`];
    const options = { cwd: program.folder, withinMs: 60_000 };
    assertMatch((await runToEnd("hydra", args, options)).stdout, /0 valid password/);
  }
  const login = "set x 0 0 9\\r\\nroot toor\\r\\n";
  const script = `printf '${login}' | nc -q 1 -w 5 127.0.0.1 ${cachefile}`;
  assertMatch((await runToEnd("sh", ["-c", script])).stdout, /CLIENT_ERROR authentication failure/);
  return [...words.map((word) => `cache ${word}`), "root toor"];
}

/** mosquitto's own clients, in clear and in TLS, and Paho. */
async function brokers(program: Program): Promise<string[]> {
  const { brokershut, brokeropen, brokertls } = program.ports;
  const to = (port: number) => ["-h", "127.0.0.1", "-p", String(port)];
  await python(PAHO, brokeropen, brokershut);
  for (const [version, word] of [["31", "pw31"], ["311", "pw311"], ["5", "pw5"]] as const) {
    const args = [...to(brokershut), "-V", `mqttv${version}`, "-u", "iot", "-P", word];
    const { code, stderr } = await runToEnd("mosquitto_pub", [...args, "-t", "a", "-m", "x"]);
    assert(code !== 0 && /not authori[sz]ed/i.test(stderr), stderr);
  }
  const ask = ["s_client", "-connect", `127.0.0.1:${brokertls}`, "-showcerts"];
  const { stdout } = await runToEnd("openssl", ask, { stdin: "" });
  await Deno.writeTextFile(`${program.folder}/ca.pem`, stdout);
  const secure = [...to(brokertls), "--cafile", "ca.pem", "--insecure", "-u", "iot", "-P", "intls"];
  const sent = await runToEnd("mosquitto_pub", [...secure, "-t", "a", "-m", "x"], {
    cwd: program.folder,
  });
  assertMatch(sent.stderr, /not authori[sz]ed/i);
  const retained = ["-t", "home/alarm", "-r", "-m", "off"];
  const kept = await runToEnd("mosquitto_pub", [...to(brokeropen), "-q", "1", ...retained]);
  assertEquals(kept.code, 0, kept.stderr);
  const listen = [...to(brokeropen), "-t", "#", "-C", "1", "-W", "10", "-v"];
  assertEquals((await runToEnd("mosquitto_sub", listen)).stdout, "home/alarm off\n");
  const system = [...to(brokeropen), "-t", "$SYS/broker/#", "-C", "2", "-W", "10"];
  assertMatch(
    (await runToEnd("mosquitto_sub", system)).stdout,
    /^mosquitto version 2\.0\.11\n\d+ seconds\n$/,
  );
  return ["paho paho4", "paho paho5", "iot pw31", "iot pw311", "iot pw5", "iot intls"];
}

async function scan({ cacheopen, brokershut, brokeropen }: Program["ports"]): Promise<void> {
  const scripts = ["--script", "memcached-info,mqtt-subscribe"];
  const ports = `${cacheopen},${brokershut},${brokeropen}`;
  const args = ["-n", "-Pn", "-sV", "--version-all", ...scripts, "-p", ports, "127.0.0.1"];
  const { stdout } = await runToEnd("nmap", args, { withinMs: 150_000 });
  const verdicts = stdout.split("\n").filter((line) => /^\d+\/tcp/.test(line))
    .map((line) => line.replace(/\s+/g, " ").trim());
  // On its own port, a memcached is asked for its version first.
  const expected = {
    [cacheopen]: "memcached Memcached",
    [brokershut]: "mqtt",
    [brokeropen]: "mosquitto version 2.0.11",
  };
  const lines = Object.entries(expected).map(([port, name]) => `${port}/tcp open ${name}`);
  assertEquals(verdicts.sort(), lines.sort());
  assertMatch(stdout, /mqtt-subscribe: Connection rejected: Not Authorized/);
}

testWith(
  "clients of memcached and MQTT are answered as by the genuine servers, and told once",
  {
    programs: ["memccp", "memccat", "memcstat", "hydra", "nc", "mosquitto_pub", "nmap", "openssl"],
  },
  async () => {
    let pairs: string[] = [];
    const events = await watched(() => Program.source(CONFIG), async ({ program }) => {
      pairs = (await Promise.all([
        caches(program).then(() => []),
        cacheLogins(program),
        brokers(program),
      ])).flat();
      await scan(program.ports);
    });
    const attempts = events.filter(({ event }) => event.action === "credential-attempt");
    const tried = attempts.map(({ user, duckblind }) =>
      `${user?.name} ${duckblind.credential.password}`
    );
    assertEquals(tried.sort(), pairs.sort());
    const isPayload = (name: string, text: string) => ({ event, duckblind, ...rest }: WireEvent) =>
      event.action === "payload" && JSON.stringify(rest).includes(`"${name}"`) &&
      atob(duckblind.payload.base64) === text;
    assertOnce(events, "the ransom note", isPayload("ransom", "your data is with us"));
    assertOnce(events, "the alarm", isPayload("home/alarm", "off"));
  },
);
