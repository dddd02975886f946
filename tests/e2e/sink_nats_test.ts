/** The nats sink against Debian's nats-server: logins, TLS, what it refuses, and hard ends of it. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { nkeys } from "@nats-io/nats-core/internal";
import { defaultConfig } from "../../lib/config/default.ts";
import { v } from "../../lib/config/schema.ts";
import { SinkError } from "../../lib/errors.ts";
import { Emitter, type SensorEvent } from "../../lib/events/emitter.ts";
import { eventIdOf } from "../../lib/sinks/event_fields.ts";
import { natsSink } from "../../lib/sinks/nats.ts";
import type { Outcome } from "../../lib/sinks/sink.ts";
import { TEST_SENSOR, testScope } from "../support/events.ts";
import { batchOf, TEST_CONTEXT } from "../support/sinks.ts";
import { testKeys } from "../support/test_tls.ts";
import { report, takePorts, testWith } from "./support/machine.ts";
import { NatsServer } from "./support/nats_server.ts";
import { Peer } from "./support/peer.ts";
import { Running, SOON_MS } from "./support/process.ts";
import { Program, type RunningSensor } from "./support/program.ts";

/** How often nats-server is started; it is killed in between. */
const ROUNDS = 21;
const NEEDS = { programs: ["nats-server"] };

function makeEvents(count: number, sensor: string = TEST_SENSOR.name): SensorEvent[] {
  const events: SensorEvent[] = [];
  const store = {
    nextSequence: () => events.length + 1,
    append: (event: SensorEvent) => void events.push(event),
  };
  const emitter = new Emitter(store, { ...TEST_SENSOR, name: sensor });
  for (let n = 0; n < count; n++) {
    emitter.emit(testScope(), "auth.attempt", { method: "plain", username: "u", secret: `${n}` });
  }
  return events;
}

/** Writes one batch by a sink of its own. */
async function writeOnce(
  servers: string[],
  options: Record<string, unknown>,
  events = makeEvents(3),
): Promise<Outcome | void> {
  const parsed = v.parse(natsSink.options, { servers, ...options });
  await using sink = await natsSink.open(parsed, TEST_CONTEXT);
  return await sink.write(batchOf(events), AbortSignal.timeout(SOON_MS));
}

async function trouble(
  server: NatsServer,
  options: Record<string, unknown>,
  events?: SensorEvent[],
): Promise<SinkError> {
  const error = await assertRejects(
    () => writeOnce([server.address], options, events),
    SinkError,
  );
  assertEquals(error.retryable, true);
  return error;
}

testWith("nats-server takes a user, a token and an nkey, and nobody else", NEEDS, async () => {
  const users: [string, Record<string, unknown>, Record<string, string>][] = [
    [
      'authorization { user: duck, password: "s3cret" }',
      { user: "duck", password: "file:@folder/password" },
      { password: "s3cret\n" },
    ],
    ['authorization { token: "t0ken" }', { token: "file:@folder/token" }, { token: "t0ken\n" }],
    [
      "authorization { users: [ { nkey: UADRGKE5OIA7T7XWNUBL3K235ZOV7T6AB7HIUB6DUPNVZAP3VTW5Q22K } ] }",
      { nkey: "file:@folder/seed" },
      { seed: "SUAG5MUMXVZWPNMG4HD3GZOH4LXPD2SGVNY2EYHFDUH5JG5BXJ3KDYPUCM\n" },
    ],
  ];
  for (const [config, login, files] of users) {
    await using server = await NatsServer.make(config);
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${server.folder}/${name}`, text);
    }
    await server.start();
    const options = Object.fromEntries(
      Object.entries(login).map(([key, value]) => [
        key,
        String(value).replace("@folder", server.folder),
      ]),
    );
    await writeOnce([server.address], { ...options, create_stream: true });
    assertEquals((await server.messages("DUCKBLIND", options)).length, 3);
    const { message } = await trouble(server, {});
    assertMatch(message, /it refused the login \('?Authorization Violation/i);
    assert(!/s3cret|t0ken|SUAG/.test(message));
  }
});

/** Writes one event as soon as somebody listens. */
async function writeWhenUp(
  server: string,
  options: Record<string, unknown>,
): Promise<Outcome | void> {
  for (const endAt = performance.now() + SOON_MS;;) {
    try {
      return await writeOnce([server], options, makeEvents(1));
    } catch (error) {
      const isDown = error instanceof SinkError && error.message.includes("refused");
      if (!isDown || performance.now() > endAt) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** A JWT as NATS has them: signed by an nkey. */
function signJwt(
  issuer: ReturnType<typeof nkeys.createUser>,
  subject: string,
  nats: Record<string, unknown>,
): string {
  const encode = (value: unknown) => base64url(new TextEncoder().encode(JSON.stringify(value)));
  const body = `${encode({ typ: "JWT", alg: "ed25519-nkey" })}.${
    encode({
      jti: crypto.randomUUID(),
      iat: Math.floor(Date.now() / 1000),
      iss: issuer.getPublicKey(),
      sub: subject,
      name: "test",
      nats: { version: 2, ...nats },
    })
  }`;
  return `${body}.${base64url(issuer.sign(new TextEncoder().encode(body)))}`;
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_")
    .replaceAll("=", "");
}

testWith("nats-server in operator mode takes a file of credentials", NEEDS, async () => {
  const [operator, account, system, user] = [
    nkeys.createOperator(),
    nkeys.createAccount(),
    nkeys.createAccount(),
    nkeys.createUser(),
  ];
  const all = -1;
  const limits = {
    ...{ subs: all, conn: all, leaf: all, imports: all, exports: all, data: all, payload: all },
    ...{ wildcards: true, mem_storage: all, disk_storage: all, streams: all, consumer: all },
  };
  const accounts = [account!, system!].map((pair) => [
    pair.getPublicKey(),
    signJwt(operator!, pair.getPublicKey(), {
      type: "account",
      limits: pair === account ? limits : { ...limits, disk_storage: 0, mem_storage: 0 },
    }),
  ]);
  const operatorJwt = signJwt(operator!, operator!.getPublicKey(), { type: "operator" });
  const userJwt = signJwt(account!, user!.getPublicKey(), {
    ...{ type: "user", pub: {}, sub: {}, subs: all, data: all, payload: all },
  });
  await using server = await NatsServer.make(
    `operator: ${operatorJwt}\nsystem_account: ${accounts[1]![0]}\nresolver: MEMORY\n` +
      `resolver_preload: {\n${accounts.map(([key, jwt]) => `  ${key}: ${jwt}`).join("\n")}\n}`,
  );
  const seed = new TextDecoder().decode(user!.getSeed());
  const [jwtDashes, seedDashes] = ["NATS USER JWT", "USER NKEY SEED"].map((name) => [
    `-----BEGIN ${name}-----`,
    `------END ${name}------`,
  ]);
  await Deno.writeTextFile(
    `${server.folder}/edge.creds`,
    [jwtDashes![0], userJwt, jwtDashes![1], "", seedDashes![0], seed, seedDashes![1]].join("\n"),
  );
  await server.start();
  const creds = { creds: `file:${server.folder}/edge.creds` };
  await writeOnce([server.address], { ...creds, create_stream: true });
  assertEquals((await server.messages("DUCKBLIND", creds)).length, 3);
  assertMatch((await trouble(server, {})).message, /it refused the login/);
});

testWith(
  "nats shows its certificate where TLS comes first",
  { programs: ["openssl"] },
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "duckblind-nats-" });
    try {
      const { cert, key, ca } = await testKeys();
      const files = { "cert.pem": cert, "key.pem": key, "ca.pem": ca };
      for (const [name, text] of Object.entries(files)) {
        await Deno.writeTextFile(
          `${folder}/${name}`,
          text,
        );
      }
      const [port] = takePorts(1);
      // No nats-server of Debian 12 can begin with TLS; what is to be seen here is what TLS shows.
      const args = "s_server -naccept 1 -quiet -Verify 2 -purpose any -verify_return_error " +
        `-cert cert.pem -key key.pem -CAfile ca.pem -accept ${port}`;
      const place = { cwd: folder, isTypedTo: true };
      await using server = new Running("openssl", args.split(" "), place);
      const options = {
        tls_first: true,
        ca: `${folder}/ca.pem`,
        cert: `file:${folder}/cert.pem`,
        key: `file:${folder}/key.pem`,
      };
      const answer = async () => {
        await server.type('INFO {"version":"2.10.4","max_payload":1048576,"headers":true}\r');
        await server.stdout.find(/^CONNECT \{/);
        await server.type("PONG\r");
        const line = await server.stdout.find(/^HPUB duckblind\.test\.credential-attempt /);
        const ack = '{"stream":"TEST","seq":1}';
        await server.type(`MSG ${line.split(" ")[2]} 1 ${ack.length}\r\n${ack}\r`);
      };
      const [outcome] = await Promise.all([writeWhenUp(`localhost:${port}`, options), answer()]);
      assertMatch(outcome?.reply ?? "", /^stream TEST at localhost:\d+ took 1$/);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

testWith("nats-server is spoken to in TLS, by a name that its certificate has", NEEDS, async () => {
  const { cert, key, ca } = await testKeys();
  await using server = await NatsServer.make(
    'tls { cert_file: "@folder/cert.pem", key_file: "@folder/key.pem" }',
  );
  const files = { "cert.pem": cert, "key.pem": key, "ca.pem": ca };
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${server.folder}/${name}`, text);
  }
  await server.start();
  const options = { tls: true, ca: `${server.folder}/ca.pem`, create_stream: true };
  await writeOnce([`localhost:${server.port}`], options);
  assertEquals((await server.messages("DUCKBLIND", { tls: true, ca: options.ca })).length, 3);
  assertMatch((await trouble(server, { tls: true })).message, /UnknownIssuer/);
  assertMatch((await trouble(server, {})).message, /it takes TLS only, which needs tls: true/);
});

testWith("nats-server's streams refuse what is too large alone", NEEDS, async () => {
  await using server = await NatsServer.make();
  await server.start();
  const events = makeEvents(5).map((event, i) =>
    i === 1 || i === 3
      ? { ...event, json: event.json.replace("{", `{"x":"${"x".repeat(i * 300_000)}",`) }
      : event
  );
  const outcome = await writeOnce([server.address], { create_stream: true }, events);
  assertEquals(outcome?.rejected?.map(({ index }) => index).sort(), [1, 3]);
  for (const { reason } of outcome!.rejected!) assertMatch(reason, /message size exceeds maximum/);
  assertEquals(
    (await server.messages("DUCKBLIND")).map(({ id }) => id),
    [0, 2, 4].map((i) => eventIdOf(events[i]!)),
  );
});

testWith("nats-server's refusals are told, and what would be right", NEEDS, async () => {
  await using plain = await NatsServer.make("# no jetstream\nmax_payload: 2048");
  await plain.start();
  assertMatch(
    (await trouble(plain, {})).message,
    /JetStream does not answer, must be enabled on the server and for the account$/,
  );
  assertMatch(
    (await trouble(plain, { create_stream: true })).message,
    /Cannot make stream "DUCKBLIND"/,
  );

  await using server = await NatsServer.make(
    'authorization { users: [\n { user: all }\n { user: few, permissions: { publish: "else.>" } }\n ] }'
      .replaceAll("user: all", 'user: all, password: ""')
      .replaceAll("user: few", 'user: few, password: ""'),
  );
  await server.start();
  const all = { user: "all" };
  assertMatch(
    (await trouble(server, all)).message,
    /: no stream has subject "duckblind\.test\.credential-attempt", must be one /,
  );
  assertMatch(
    (await trouble(server, { user: "few" })).message,
    /: the user may not publish to duckblind\.test\.credential-attempt$/,
  );
  const events = makeEvents(3000);
  const full = await trouble(server, { ...all, create_stream: true, stream_max_mb: 1 }, events);
  assertMatch(full.message, /the stream is full or cannot store: maximum bytes exceeded$/);
  const kept = (await server.messages("DUCKBLIND", all)).map(({ id }) => id);
  assertEquals(events.slice(0, full.done).map(eventIdOf), kept.slice(0, full.done));
  assert(full.done > 500 && kept.length < events.length, `${full.done} of ${kept.length}`);
  assertMatch(
    (await trouble(server, { ...all, stream: "OTHER" })).message,
    /expected stream does not match/,
  );
});

testWith("nats-server's permissions are told at once, for many events too", NEEDS, async () => {
  await using server = await NatsServer.make(
    `authorization { users: [
      { user: all, password: "" }
      { user: deaf, password: "", permissions: { subscribe: "else.>" } }
      { user: edge, password: "", permissions: { publish: "duckblind.edge.>" } }
    ] }`,
  );
  await server.start();
  await writeOnce([server.address], { user: "all", create_stream: true }, makeEvents(1));
  const from = performance.now();
  const deaf = await trouble(server, { user: "deaf" }, makeEvents(2000, "deaf"));
  assertMatch(deaf.message, /: the user may not subscribe to _INBOX\.[A-Za-z0-9]{22}\.\*$/);
  assertEquals(deaf.done, 0);
  const options = v.parse(natsSink.options, { servers: [server.address], user: "edge" });
  await using sink = await natsSink.open(options, TEST_CONTEXT);
  const [own, others] = [makeEvents(700, "edge"), makeEvents(1000, "other")];
  for (let round = 0; round < 2; round++) {
    const error = await assertRejects(
      async () => await sink.write(batchOf([...own, ...others]), AbortSignal.timeout(SOON_MS)),
      SinkError,
    );
    assertMatch(
      error.message,
      /: the user may not publish to duckblind\.other\.credential-attempt$/,
    );
    assertEquals(error.done, own.length);
  }
  const outcome = await sink.write(batchOf(own), AbortSignal.timeout(SOON_MS));
  assertMatch(outcome?.reply ?? "", /took 700, 700 of them for the second time$/);
  assert(performance.now() - from < SOON_MS / 2, "no deadline had to pass");
  const kept = (await server.messages("DUCKBLIND", { user: "all" })).filter(({ subject }) =>
    subject.startsWith("duckblind.edge.") || subject.startsWith("duckblind.other.")
  );
  assertEquals(kept.map(({ id }) => id), own.map(eventIdOf));
});

/** A sensor that publishes, and answers a web server's requests. */
function sensorConfig(address: string): string {
  const sink = `{kind: nats, servers: ["${address}"], create_stream: true, ` +
    "stream_duplicate_s: 600, retry_min_ms: 100, retry_max_ms: 500, timeout_ms: 5000}";
  return defaultConfig("tryout").replace(/\nsinks:[^]*$/, `\nsinks:\n  - ${sink}\n`);
}

/** Asks for pages, steadily, until told to stop; returns how many were answered. */
async function visit(port: number, signal: AbortSignal): Promise<number> {
  let answered = 0;
  while (!signal.aborted) {
    using peer = await Peer.connect(port);
    // The web server's product ends a connection after a thousand requests.
    for (let i = 0; i < 500 && !signal.aborted; i++) {
      await peer.send(`HEAD /n-${answered} HTTP/1.1\r\nHost: nas\r\n\r\n`);
      await peer.until("\r\n\r\n");
      answered++;
      if (answered % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  return answered;
}

/** Waits until the sink has had everything. */
async function caughtUp(sensor: RunningSensor, withinMs = 60_000): Promise<void> {
  using operator = await sensor.operator();
  const endAt = performance.now() + withinMs;
  for (;;) {
    const [sink] = (await operator.status()).sinks;
    if (sink!.lag === 0 && sink!.trouble === undefined) return;
    if (performance.now() > endAt) throw new Error(`still ${JSON.stringify(sink)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

testWith(
  "nats-server down at first, then killed again and again under load: nothing is lost, nothing comes twice",
  NEEDS,
  async () => {
    await using server = await NatsServer.make();
    await using program = await Program.source(sensorConfig(server.address));
    let answered = 0;
    {
      await using sensor = await program.startSensor();
      const over = new AbortController();
      const from = performance.now();
      const visiting = [1, 2].map(() => visit(program.ports.http, over.signal));
      await new Promise((resolve) => setTimeout(resolve, 1000));
      for (let round = 0; round < ROUNDS; round++) {
        await server.start();
        // Moments that have nothing to do with how batches come and go.
        await new Promise((resolve) => setTimeout(resolve, 200 + Math.random() * 600));
        if (round < ROUNDS - 1) await server.kill();
      }
      over.abort();
      for (const count of await Promise.all(visiting)) answered += count;
      report(`${Math.round(answered / (performance.now() - from) * 1000)} requests/s`);
      await caughtUp(sensor);
      assertEquals((await sensor.stop()).code, 0);
    }
    const { events } = await program.journal();
    const messages = await server.messages("DUCKBLIND");
    report(`${answered} requests, ${events.length} events, ${messages.length} messages`);
    assert(events.length >= answered && answered > 500, `${answered} requests`);
    assertEquals(messages.map(({ id }) => id), events.map(({ event }) => event.id));
    for (const [i, { body }] of messages.entries()) {
      assertEquals(JSON.parse(body).event.sequence, events[i]!.event.sequence);
    }
  },
);

testWith(
  "nats-server that hangs delays nobody, and gets everything when it goes on",
  NEEDS,
  async () => {
    await using server = await NatsServer.make();
    await server.start();
    const config = sensorConfig(server.address).replace("timeout_ms: 5000", "timeout_ms: 1000");
    await using program = await Program.source(config);
    {
      await using sensor = await program.startSensor();
      await caughtUp(sensor);
      server.signal("SIGSTOP");
      try {
        using peer = await Peer.connect(program.ports.http);
        for (let i = 0; i < 50; i++) {
          const from = performance.now();
          await peer.send(`HEAD /${i} HTTP/1.1\r\nHost: nas\r\n\r\n`);
          await peer.until("\r\n\r\n");
          assert(performance.now() - from < 1000, "a decoy waits for the sink");
        }
        using operator = await sensor.operator();
        const endAt = performance.now() + SOON_MS;
        while ((await operator.status()).sinks[0]!.trouble === undefined) {
          assert(performance.now() < endAt, "the hanging server is not told");
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      } finally {
        server.signal("SIGCONT");
      }
      await caughtUp(sensor);
      assertEquals((await sensor.stop()).code, 0);
    }
    const { events } = await program.journal();
    const ids = (await server.messages("DUCKBLIND")).map(({ id }) => id);
    assertEquals(ids, events.map(({ event }) => event.id));
  },
);
