/** Collectors that share a consumer of Debian's nats-server, ended hard in the middle of their work. */
import { assert, assertEquals, assertGreater, assertMatch, assertRejects } from "@std/assert";
import { v } from "../../lib/config/schema.ts";
import { SinkError } from "../../lib/errors.ts";
import { Emitter, type SensorEvent } from "../../lib/events/emitter.ts";
import { natsSink } from "../../lib/sinks/nats.ts";
import { TEST_SENSOR, testScope } from "../support/events.ts";
import { batchOf, TEST_CONTEXT } from "../support/sinks.ts";
import { report, testWith } from "./support/machine.ts";
import { NatsServer } from "./support/nats_server.ts";
import { SOON_MS } from "./support/process.ts";
import { Program, type RunningSensor } from "./support/program.ts";
import { usage } from "./support/usage.ts";
import type { WireEvent } from "./support/wire_event.ts";

const NEEDS = { programs: ["nats-server"] };
/** Longest wait for a backlog, in ms. */
const DRAIN_MS = 60_000;
/** How often the collector and the server are killed in turns, under load. */
const ROUNDS = 20;

/** Makes events of one sensor, on and on. */
class Source {
  readonly name: string;
  readonly ids: string[] = [];
  readonly #emitter: Emitter;
  #events: SensorEvent[] = [];

  constructor(name: string) {
    this.name = name;
    this.#emitter = new Emitter({
      nextSequence: () => this.ids.length + 1,
      append: (event) => {
        this.#events.push(event);
        this.ids.push(JSON.parse(event.json).event.id);
      },
    }, { ...TEST_SENSOR, name });
  }

  take(count: number): SensorEvent[] {
    for (let n = 0; n < count; n++) {
      const secret = `${this.ids.length}`;
      this.#emitter.emit(testScope(), "auth.attempt", { method: "plain", username: "u", secret });
    }
    const events = this.#events;
    this.#events = [];
    return events;
  }
}

/** Publishes a batch, as often as it takes. */
async function publish(
  server: NatsServer,
  batches: Iterable<SensorEvent[]> | AsyncIterable<SensorEvent[]>,
): Promise<void> {
  const options = v.parse(natsSink.options, { servers: [server.address], create_stream: true });
  await using sink = await natsSink.open(options, TEST_CONTEXT);
  for await (const events of batches) {
    for (let tries = 1;; tries++) {
      try {
        await sink.write(batchOf(events), AbortSignal.timeout(SOON_MS));
        break;
      } catch (error) {
        if (tries === 100) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }
}

function* batchesOf(source: Source, count: number): Generator<SensorEvent[]> {
  for (let left = count; left > 0; left -= 500) yield source.take(Math.min(left, 500));
}

function collectorConfig(name: string, address: string): string {
  return `sensor: {id: ${name}}
service:
  inner: "127.0.0.1:@inner"
  listen: ["127.0.0.1:@service"]
decoys: []
sinks: []
collect:
  - {kind: nats, servers: ["${address}"], ack_wait_s: 2}
`;
}

/** An event as a collector keeps it. */
type Collected = WireEvent & {
  readonly observer?: { readonly name: string };
  readonly event: { readonly ingested?: string };
};

/** How many messages the consumer still owes, and how many wait for an acknowledgement. */
async function owed(server: NatsServer): Promise<number> {
  const link = await server.connect();
  try {
    const info = await link.manager.consumers.info("DUCKBLIND", "duckblind");
    return info.num_pending + info.num_ack_pending;
  } finally {
    link.close();
    await link.closed;
  }
}

async function drained(server: NatsServer): Promise<void> {
  for (const endAt = performance.now() + DRAIN_MS; await owed(server) > 0;) {
    assert(performance.now() < endAt, `${await owed(server)} are still owed`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What `STATUS` says of the collector. */
interface CollectStatus {
  readonly received: number;
  readonly duplicates: number;
  readonly refused: number;
  readonly pending: number;
  readonly trouble?: string;
}

/** Waits until a collector has stored so many. */
async function received(sensor: RunningSensor, count: number): Promise<CollectStatus> {
  using operator = await sensor.operator();
  const endAt = performance.now() + DRAIN_MS;
  for (;;) {
    const status = await operator.status() as unknown as { collect: [CollectStatus] };
    if (status.collect[0].received >= count) return status.collect[0];
    assert(performance.now() < endAt, JSON.stringify(status.collect));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Ids of a sensor's events in a journal, in its order. */
function idsOf(events: readonly Collected[], sensor: string): string[] {
  return events.filter((event) => event.observer?.name === sensor).map(({ event }) => event.id);
}

testWith(
  "A collector catches up with a backlog: everything once, in order, with its time",
  NEEDS,
  async () => {
    await using server = await NatsServer.make();
    await server.start();
    const [a, b] = [new Source("edge-a.example.org"), new Source("edge b")];
    const from = performance.now();
    await publish(server, batchesOf(a, 20_000));
    report(`${Math.round(20_000 / (performance.now() - from) * 1000)} events/s published`);
    await publish(server, batchesOf(b, 5_000));
    await using program = await Program.source(collectorConfig("collector-1", server.address));
    {
      await using sensor = await program.startSensor();
      const [startedAt, before] = [performance.now(), await usage(sensor.process.pid)];
      await received(sensor, 25_000);
      const rate = Math.round(25_000 / (performance.now() - startedAt) * 1000);
      const { cpuSeconds } = await usage(sensor.process.pid);
      const perCpu = Math.round(25_000 / (cpuSeconds - before.cpuSeconds));
      report(`${rate} events/s caught up, ${perCpu} a second of CPU time`);
      // By CPU time, since a machine may be busy with something else.
      assertGreater(perCpu, 5000, "events a second of CPU time");
      await drained(server);
      const { duplicates, refused, pending, trouble } = await received(sensor, 0);
      assertEquals({ duplicates, refused, pending, trouble }, {
        duplicates: 0,
        refused: 0,
        pending: 0,
        trouble: undefined,
      });
      assertEquals((await sensor.stop()).code, 0);
    }
    const { events } = await program.journal();
    assertEquals(idsOf(events, a.name), a.ids);
    assertEquals(idsOf(events, b.name), b.ids);
    const foreign = (events as Collected[]).filter(({ observer }) => observer?.name === a.name);
    assert(foreign.every(({ event }) => /^\d{4}-/.test(event.ingested ?? "")));
  },
);

testWith(
  "Two collectors share a consumer; one is killed: together they have everything once",
  NEEDS,
  async () => {
    await using server = await NatsServer.make();
    await server.start();
    const [a, b] = [new Source("edge-a"), new Source("edge-b")];
    await publish(server, batchesOf(a, 15_000));
    await publish(server, batchesOf(b, 15_000));
    const names = ["collector-1", "collector-2"];
    await using one = await Program.source(collectorConfig(names[0]!, server.address));
    await using two = await Program.source(collectorConfig(names[1]!, server.address));
    {
      await using first = await one.startSensor();
      await using second = await two.startSensor();
      await received(first, 1000);
      first.process.signal("SIGKILL");
      await first.process.exit();
      await publish(server, batchesOf(a, 2000));
      await received(second, 2000);
      await drained(server);
      assertEquals((await second.stop()).code, 0);
    }
    const journals = [(await one.journal()).events, (await two.journal()).events];
    for (const source of [a, b]) {
      const [x, y] = journals.map((events) => idsOf(events, source.name));
      for (const ids of [x!, y!]) {
        assertEquals(new Set(ids).size, ids.length, "twice in one journal");
      }
      const union = new Set([...x!, ...y!]);
      assertEquals(union.size, source.ids.length);
      assert(source.ids.every((id) => union.has(id)));
      report(
        `${source.name}: ${x!.length} + ${y!.length}, ${
          x!.length + y!.length - union.size
        } in both`,
      );
    }
    assert(journals.every((events) => events.length > 1000), "both had a share");
  },
);

testWith(
  "Collector and nats-server are killed again and again under load: nothing is lost",
  NEEDS,
  async () => {
    await using server = await NatsServer.make();
    await server.start();
    const source = new Source("edge-a");
    await using program = await Program.source(collectorConfig("collector-1", server.address));
    const over = new AbortController();
    const loading = publish(
      server,
      (async function* () {
        while (!over.signal.aborted) {
          yield source.take(50);
          await new Promise((resolve) => setTimeout(resolve, 80));
        }
      })(),
    );
    let sensor = await program.startSensor();
    try {
      for (let round = 0; round < ROUNDS; round++) {
        await new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 400));
        if (round % 2 === 0) {
          sensor.process.signal("SIGKILL");
          await sensor.process.exit();
          sensor = await program.startSensor();
        } else {
          await server.kill();
          await server.start();
        }
      }
      over.abort();
      await loading;
      await received(sensor, 0);
      await drained(server);
      assertEquals((await sensor.stop()).code, 0);
    } finally {
      over.abort();
      await sensor[Symbol.asyncDispose]();
    }
    const ids = idsOf((await program.journal()).events, source.name);
    report(`${source.ids.length} published, ${ids.length} collected`);
    assertEquals(new Set(ids).size, ids.length, "twice");
    assertEquals(new Set(ids), new Set(source.ids));
  },
);

testWith("With a user for each, a sensor can only speak in its own name", NEEDS, async () => {
  const users = ["edge-1", "edge-2"].map((name) =>
    `{ user: ${name}, password: "", permissions: {\n` +
    `  publish: ["duckblind.${name}.>"]\n  subscribe: ["_INBOX-${name}.>"]\n } }`
  );
  const collector = '{ user: collector, password: "", permissions: {\n' +
    '  publish: ["$JS.API.CONSUMER.INFO.DUCKBLIND.duckblind", "$JS.API.CONSUMER.CREATE.DUCKBLIND.duckblind.>",\n' +
    '    "$JS.API.CONSUMER.MSG.NEXT.DUCKBLIND.duckblind", "$JS.ACK.DUCKBLIND.duckblind.>"]\n' +
    '  subscribe: ["_INBOX-collector.>"]\n } }';
  const owner = '{ user: owner, password: "" }';
  await using server = await NatsServer.make(
    `authorization { users: [\n${[...users, collector, owner].join("\n")}\n] }`,
  );
  await server.start();
  const login = (name: string) => ({ user: name, inbox_prefix: `_INBOX-${name}` });
  const write = async (name: string, source: Source, options = {}) => {
    const parsed = v.parse(natsSink.options, {
      servers: [server.address],
      ...login(name),
      ...options,
    });
    await using sink = await natsSink.open(parsed, TEST_CONTEXT);
    await sink.write(batchOf(source.take(2)), AbortSignal.timeout(SOON_MS));
  };
  const [one, two] = [new Source("edge-1"), new Source("edge-2")];
  const early = await assertRejects(() => write("edge-1", new Source("edge-1")), SinkError);
  assertMatch(
    early.message,
    /: nobody takes subject "duckblind\.edge-1\.credential-attempt", must be /,
  );
  await write("owner", new Source("owner"), { create_stream: true, inbox_prefix: "_INBOX" });
  await write("edge-1", one);
  await write("edge-2", two);
  const forged = await assertRejects(() => write("edge-1", new Source("edge-2")), SinkError);
  assertMatch(forged.message, /the user may not publish to duckblind\.edge-2\.credential-attempt$/);
  const config = collectorConfig("collector-1", server.address)
    .replace("ack_wait_s", "user: collector, inbox_prefix: _INBOX-collector, ack_wait_s");
  await using program = await Program.source(config);
  {
    await using sensor = await program.startSensor();
    await received(sensor, 6);
    assertEquals((await sensor.stop()).code, 0);
  }
  const { events } = await program.journal();
  assertEquals([idsOf(events, "edge-1"), idsOf(events, "edge-2")], [one.ids, two.ids]);
});
