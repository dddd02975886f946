/**
 * A fleet on two hosts, which are network namespaces: the network between them is cut under load, for
 * a while, with a backlog.
 */
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { makeBacklog } from "./support/backlog.ts";
import { report, takePorts, testWith } from "./support/machine.ts";
import { poll } from "./support/peer.ts";
import { Running, runToEnd } from "./support/process.ts";
import { Program } from "./support/program.ts";
import { usage } from "./support/usage.ts";
import type { WireEvent } from "./support/wire_event.ts";

/** Events that wait when the test begins. */
const BACKLOG = 120_000;
/** Requests that the sensor sees while it is alone. */
const ALONE = 300;
/** How long the network is cut, in ms. */
const CUT_MS = 4000;
/**
 * Events a second that are asked for of a machine that has nothing else to do, by the CPU time that both
 * ends take; and that there must be on this one whatever else it does, or something waits for nothing.
 */
const LEAST_PER_S = 5000;
const LEAST_HERE_PER_S = 2500;
/** Growth of memory that is asked for, in MiB. */
const MOST_MIB = 20;
/** Longest wait for everything, in ms. */
const DRAIN_MS = 120_000;

async function ip(...args: string[]): Promise<void> {
  const { code, stderr } = await runToEnd("ip", args);
  assertEquals(code, 0, `ip ${args.join(" ")}: ${stderr}`);
}

/** Two hosts with a cable between them: this one, and one in a namespace of its own. */
class Cable implements AsyncDisposable {
  readonly name = `duck${Deno.pid}`;
  /** Addresses of the network that is there for such tests (RFC 2544): ours, and the other's. */
  readonly here = "198.18.77.1";
  readonly there = "198.18.77.2";

  async lay(): Promise<void> {
    const { name } = this;
    await ip("netns", "add", name);
    await ip("link", "add", `${name}a`, "type", "veth", "peer", "name", `${name}b`);
    await ip("link", "set", `${name}b`, "netns", name);
    await ip("addr", "add", `${this.here}/30`, "dev", `${name}a`);
    await ip("-n", name, "addr", "add", `${this.there}/30`, "dev", `${name}b`);
    await ip("-n", name, "link", "set", "lo", "up");
    await ip("-n", name, "link", "set", `${name}b`, "up");
    await this.plug();
  }

  cut(): Promise<void> {
    return ip("link", "set", `${this.name}a`, "down");
  }

  plug(): Promise<void> {
    return ip("link", "set", `${this.name}a`, "up");
  }

  /** A command line in front of one that is to run on the other host. */
  get over(): string[] {
    return ["ip", "netns", "exec", this.name];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await runToEnd("ip", ["netns", "del", this.name]);
    await runToEnd("ip", ["link", "del", `${this.name}a`]);
  }
}

/** An event as a collector keeps it. */
interface Observed {
  readonly observer: { readonly name: string };
}

/** A way from the sensor to a collector. */
interface Way extends AsyncDisposable {
  readonly collector: Program;
  /** The sensor's entry of `sinks:`, and its name. */
  readonly sink: string;
  readonly name: string;
  /** What is to be done with the sensor before its start. */
  prepare(sensor: Program): Promise<void>;
}

const SENSOR = `
sensor: {id: edge-7}
service: {listen: ["127.0.0.1:@service"], inner: "127.0.0.1:@inner"}
decoys:
  - {kind: http, product: nginx-1.22.1, site: nas, listen: ["127.0.0.1:@http"]}
`;

/** Straight to the collector's encrypted service. */
async function byService(cable: Cable): Promise<Way> {
  const collector = await Program.source(`
sensor: {id: hub}
service: {listen: ["127.0.0.1:@service", "${cable.here}:@service"], inner: "127.0.0.1:@inner"}
decoys: []
sinks: []
`);
  const certified = await collector.run(["certs", "--host", "hub", "--ip", cable.here]);
  assertEquals(certified.code, 0, certified.stderr);
  // The first start makes the operator's token.
  await using first = await collector.startSensor();
  assertEquals((await first.stop()).code, 0);
  const address = `${cable.here}:${collector.ports.service}`;
  const enrolled = await collector.run(["enroll", "edge-7", "--address", address]);
  assertEquals(enrolled.code, 0, enrolled.stderr);
  await using other = await Program.source(SENSOR + "sinks: []\n");
  const told = await other.run(["join", enrolled.stdout.trim()]);
  assertEquals(told.code, 0, told.stderr);
  return {
    collector,
    sink: told.stdout.slice(told.stdout.indexOf("  - ")),
    name: "collector",
    prepare: async (sensor) => {
      const joined = await sensor.run(["join", "-", "--write"], { stdin: enrolled.stdout });
      assertEquals(joined.code, 0, joined.stderr);
    },
    [Symbol.asyncDispose]: () => collector[Symbol.asyncDispose](),
  };
}

/** By a stream of nats-server, which the collector reads. */
async function byNats(cable: Cable): Promise<Way> {
  const [port = 0] = takePorts(1);
  const folder = await Deno.makeTempDir();
  const server = new Running("nats-server", [
    ...["-a", "0.0.0.0", "-p", String(port), "-js", "-sd", folder],
  ]);
  await server.stderr.find(/Server is ready/);
  const collector = await Program.source(`
sensor: {id: hub}
service: {listen: ["127.0.0.1:@service"], inner: "127.0.0.1:@inner"}
decoys: []
sinks: []
collect: [{kind: nats, servers: ["127.0.0.1:${port}"]}]
`);
  return {
    collector,
    name: "stream",
    sink:
      `  - {kind: nats, name: stream, servers: ["${cable.here}:${port}"], create_stream: true}\n`,
    prepare: () => Promise.resolve(),
    [Symbol.asyncDispose]: async () => {
      await collector[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Waits until a count has not changed for a second. */
async function untilStill(count: () => Promise<number>): Promise<number> {
  for (let last = await count();;) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const now = await count();
    if (now === last) return now;
    last = now;
  }
}

for (const [name, makeWay] of Object.entries({ duckblind: byService, nats: byNats })) {
  testWith(
    `Network between sensor and collector is cut: caught up by ${name}, in flat memory`,
    { programs: ["ip", "nats-server", "curl"] },
    async () => {
      await using cable = new Cable();
      await cable.lay();
      await using way = await makeWay(cable);
      await using program = await Program.source(`${SENSOR}sinks:\n${way.sink}`);
      await using hub = await way.collector.startSensor();
      await way.prepare(program);
      makeBacklog(program.folder, way.name, BACKLOG);
      using operator = await hub.operator();
      // The collector says a few words of its own.
      const arrived = async () => (await operator.status()).journal.last_sequence as number;
      await using edge = await program.startSensor({ wrap: cable.over });
      await poll(arrived, (count) => count > 5000, DRAIN_MS);
      await cable.cut();
      const residentMib = async () => (await usage(edge.process.pid)).rss / 1_048_576;
      const before = await residentMib();
      // The sensor goes on alone: it answers, and its own journal grows.
      const url = `http://127.0.0.1:${program.ports.http}/alone-[1-${ALONE}]`;
      const curl = [...cable.over.slice(1), "curl", "-s", "-o", "/dev/null", "-I", url];
      const visits = await runToEnd("ip", curl, { withinMs: 60_000 });
      assertEquals(visits.code, 0, visits.stderr);
      await new Promise((resolve) => setTimeout(resolve, CUT_MS));
      // What the broker had before arrives; then nothing more comes.
      const cutAt = await untilStill(arrived);
      assertLess(cutAt, BACKLOG, "the network was cut in the middle");
      const alone = await residentMib();
      await cable.plug();

      await poll(arrived, (count) => count > cutAt, DRAIN_MS);
      const both = async () =>
        (await usage(hub.process.pid)).cpuSeconds + (await usage(edge.process.pid)).cpuSeconds;
      const [began, cpuSeconds] = [performance.now(), await both()];
      const from = await arrived();
      await poll(arrived, (count) => count >= BACKLOG, DRAIN_MS);
      const count = await arrived() - from;
      const perS = Math.round(1000 * count / (performance.now() - began));
      const couldPerS = Math.round(count / (await both() - cpuSeconds));
      report(
        `${perS} events a second after the cut, ${couldPerS} by CPU time; the sensor's memory: ${
          before.toFixed(1)
        } MiB ` +
          `before, ${alone.toFixed(1)} while events waited`,
      );
      assertGreater(Math.max(perS, couldPerS), LEAST_PER_S);
      assertGreater(perS, LEAST_HERE_PER_S);
      assertLess(alone - before, MOST_MIB);

      // Everything is there, once and in order, what the sensor saw alone included.
      const own = (await program.journal()).events.map(({ event }) => event.id);
      assertGreater(own.length, BACKLOG + ALONE);
      await poll(arrived, (count) => count >= own.length, DRAIN_MS);
      const events = (await way.collector.journal()).events as (WireEvent & Observed)[];
      const there = events.filter(({ observer }) => observer.name === "edge-7")
        .map(({ event }) => event.id);
      assertEquals(there.slice(0, own.length), own.slice(0, there.length));
      assertGreater(there.length, BACKLOG + ALONE);
    },
  );
}
