import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { CommandError } from "../../lib/errors.ts";
import { issueCertificates } from "../../lib/net/certificates.ts";
import { MAX_LINE_BYTES } from "../../lib/service/frames.ts";
import { Peer, type ServiceFixture, startFixture } from "./fixture.ts";

Deno.test("the service greets, answers a stranger little, and an operator everything", async () => {
  await using f = await startFixture();
  const { hostname, port } = f.address;
  using peer = new Peer(await Deno.connectTls({ hostname, port, caCerts: [f.ca] }));
  assertEquals(await peer.line(), "+OK Welcome to the encrypted server!");
  assertEquals(await peer.ask("ping"), "+OK PONG");
  assertEquals((await peer.list("HELP")).map((line) => line.split(" ")[0]), [
    "+OK",
    "HELP",
    "PING",
    "AUTH",
    "QUIT",
  ]);
  assertEquals(await peer.ask("STATUS"), "-ERR login-required Log in first: AUTH name token");
  assertEquals(await peer.ask(`AUTH op ${f.token}`), "+OK Logged in as op (operator)");
  assertEquals((await peer.list("help")).length, 15);
  const status = JSON.parse((await peer.list("STATUS"))[1]!);
  assertEquals(status.sensor, "edge-1");
  assertEquals(status.journal.last_sequence, 7);
  assertEquals(status.service.logged_in, 1);
  assertEquals(JSON.parse((await peer.list("DECOYS"))[1]!).name, "ftp");
  assertEquals(JSON.parse((await peer.list("LURES"))[1]!), {
    id: "env",
    kind: "env",
    place: "/.env",
    decoys: ["web"],
    username: "app",
    password: "x",
    taken: 1,
    used: 0,
    last: { session: "01J", ip: "203.0.113.7", decoy: "web", at: "1970-01-01T00:00:00.000Z" },
  });
  assertEquals(await peer.ask("NONSENSE"), "-ERR unknown No such request: try HELP");
  assertEquals(await peer.ask("QUIT"), "+OK Bye");
  assertEquals(await peer.line(), null);
  const [login] = await f.until("service-login", 1);
  assertMatch(String(login!.message), /^Operator "op" logged in/);
  assertEquals(f.events("service-probe").length, 0);
});

Deno.test("a third wrong login closes the connection, and each is an event", async () => {
  await using f = await startFixture({ failure_pause_ms: 1 });
  using peer = await f.dial();
  const refusal = "-ERR login-failed Name or token is wrong";
  assertEquals(await peer.ask(`AUTH op ${f.token}x`), refusal);
  assertEquals(await peer.ask(`AUTH nobody ${f.token}`), refusal);
  assertEquals(await peer.ask("AUTH \x07root"), refusal);
  assertEquals(await peer.line(), null);
  const logins = await f.until("service-login", 3);
  assertEquals(
    logins.map((event) => (event.user as { name: string }).name),
    ["op", "nobody", "\\x07root"],
  );
  assertEquals(
    logins.map((event) => [
      (event.event as { severity: number }).severity,
      (event.event as { outcome: string }).outcome,
    ]),
    logins.map(() => [80, "failure"]),
  );
  assertEquals(f.events("service-probe").length, 0);
});

Deno.test("a refused login is answered after the pause, and not at all when the peer is gone", async () => {
  await using f = await startFixture({ failure_pause_ms: 10_000 });
  const peer = await f.dial();
  await peer.send("AUTH a b\r\n");
  await f.until("service-login", 1);
  peer.close(); // stopping the service must not wait for the pause either
});

Deno.test("whatever is no client of ours is a probe, told once", async () => {
  const cases: [string, RegExp, (f: ServiceFixture) => Promise<void>][] = [
    ["bytes that are no TLS", /not TLS/, async (f) => {
      using peer = new Peer(await Deno.connect(f.address));
      await peer.send("GET / HTTP/1.0\r\n\r\n");
      await peer.ended();
    }],
    ["a connection that says nothing", /no TLS handshake in time/, async (f) => {
      using peer = new Peer(await Deno.connect(f.address));
      await peer.ended();
    }],
    [
      "a connection that stops in the middle of its hello",
      /no TLS handshake in time/,
      async (f) => {
        using peer = new Peer(await Deno.connect(f.address));
        await peer.send("\x16\x03\x01\x02\x00\x01");
        await peer.ended();
      },
    ],
    ["a connection that is closed at once", /closed before the TLS handshake/, async (f) => {
      (await Deno.connect(f.address)).close();
      await f.until("service-probe", 1);
    }],
    ["a client that refuses our certificate", /client refused our certificate/, async (f) => {
      const { hostname, port } = f.address;
      using connection = await Deno.connectTls({ hostname, port });
      await assertRejects(() => connection.handshake(), Error, "invalid peer certificate");
      await f.until("service-probe", 1);
    }],
    ["unknown words", /unknown words before login/, async (f) => {
      using peer = await f.dial();
      assertMatch(await peer.ask("GET / HTTP/1.1") ?? "", /^-ERR login-required/);
      assertMatch(await peer.ask("Host: x") ?? "", /^-ERR login-required/);
      await peer.send("QUIT\r\n");
      await peer.ended();
    }],
    ["a TLS client that leaves", /TLS client without login/, async (f) => {
      (await f.dial()).close();
      await f.until("service-probe", 1);
    }],
    ["a line without end", /line too long before login/, async (f) => {
      using peer = await f.dial();
      await peer.send("A".repeat(MAX_LINE_BYTES));
      assertEquals(await peer.line(), "-ERR too-long A line has at most 65536 bytes");
      await peer.ended();
    }],
  ];
  for (const [what, expected, probe] of cases) {
    await using f = await startFixture({}, { handshakeMs: 300 });

    await probe(f);
    const probes = await f.until("service-probe", 1);
    assertMatch(String(probes[0]!.message), expected, what);
    assertEquals((probes[0]!.event as { severity: number }).severity, 80);
    assertEquals(probes.length, 1, what);
    assertEquals((probes[0]!.source as { ip: string }).ip, "127.0.0.1");
  }
});

Deno.test("before the login lines are counted, and time runs out", async () => {
  await using f = await startFixture({ login_ms: 300 });
  using talker = await f.dial();
  await talker.send("PING\r\n".repeat(30));
  let answers = 0;
  while (await talker.line() !== null) answers++;
  assertEquals(answers, 20);
  using idler = await f.dial();
  await idler.ended();
});

Deno.test("a sensor's token allows nothing but to hand over events", async () => {
  await using f = await startFixture();
  const token = await f.tokens.add("edge", "sensor");
  using peer = await f.dial();
  assertEquals(await peer.ask(`AUTH edge ${token}`), "+OK Logged in as edge (sensor)");
  for (
    const request of [
      ...["STATUS", "EVENTS", "TAIL", "SOURCES", "DECOYS", "LURES", "SESSION x", "SENSORS"],
      ...["DEAD-LETTERS", "REPLAY x", "DISCARD x"],
    ]
  ) {
    assertEquals(await peer.ask(request), "-ERR forbidden The role sensor may not do that");
  }
  assertEquals((await peer.list("HELP")).map((line) => line.split(" ")[0]), [
    "+OK",
    "HELP",
    "PING",
    "QUIT",
    "PUBLISH",
  ]);
});

Deno.test("a token that is taken back ends its sessions at the next request", async () => {
  await using f = await startFixture();
  using peer = await f.login();
  const other = await f.tokens.add("other", "operator");
  using second = await f.dial();
  await second.ask(`AUTH other ${other}`);
  await f.tokens.revoke("op");
  assertEquals(await peer.ask("PING"), "-ERR revoked This token was taken back");
  assertEquals(await peer.line(), null);
  assertEquals(await second.ask("PING"), "+OK PONG");
});

Deno.test("EVENTS, SESSION and SOURCES give what the journal has", async () => {
  await using f = await startFixture();
  for (let i = 0; i < 250; i++) f.record(`user${i}`, i % 2 ? "ftp" : "web");
  using peer = await f.login();
  const names = (lines: string[]) =>
    lines.slice(1).map((line) => (JSON.parse(line).user as { name: string }).name);
  assertEquals((await peer.list("EVENTS"))[0], "+OK 100");
  assertEquals(names(await peer.list("EVENTS type=credential-attempt limit=2")), [
    "user248",
    "user249",
  ]);
  assertEquals(names(await peer.list("EVENTS since=0 decoy=ftp limit=2")), ["user1", "user3"]);
  assertEquals((await peer.list("EVENTS source=192.0.2.99"))[0], "+OK 0");
  assertEquals((await peer.list("EVENTS to=2020-01-01T00:00:00Z"))[0], "+OK 0");
  assertEquals(
    await peer.ask("EVENTS limit=x"),
    '-ERR bad-request limit is "x", must be a whole number from 1 to 10000',
  );
  const session = await peer.list("SESSION 01JDZZZZZZZZZZZZZZZZZZZZZZ");
  assertEquals(names(session), Array.from({ length: 250 }, (_, i) => `user${i}`));
  assertEquals(await peer.ask("SESSION x"), "-ERR bad-request SESSION needs the id of a session");
  const [head, first] = await peer.list("SOURCES limit=1");
  assertEquals(head, "+OK 1");
  const sources = await peer.list("SOURCES");
  assert(sources.some((line) => line.includes('"ip":"203.0.113.7"')));
  assert(JSON.parse(first!).last_seen.endsWith("Z"));
});

Deno.test("an answer that is too large for one page says where to go on", async () => {
  await using f = await startFixture();
  for (let i = 0; i < 1200; i++) f.record("u".repeat(8000));
  using peer = await f.login();
  let pages = 0;
  let count = 0;
  for (let since: number | undefined = 0; since !== undefined; pages++) {
    const request: string = `EVENTS since=${since} limit=10000 type=credential-attempt`;
    const [head, ...lines] = await peer.list(request);
    count += lines.length;
    assert(lines.join("").length <= 8 * 1_048_576);
    const [, said, next] = /^\+OK (\d+)(?: next=(\d+))?$/.exec(head!)!;
    assertEquals(Number(said), lines.length);
    since = next === undefined ? undefined : Number(next);
    if (since !== undefined) assertEquals(JSON.parse(lines.at(-1)!).event.sequence, since);
  }
  assertEquals([count, pages > 1], [1200, true]);
});

Deno.test("TAIL feeds many readers alike, also one that does not read for a while", async () => {
  await using f = await startFixture();
  for (let i = 0; i < 100; i++) f.record("early");
  const follow = async (peer: Peer, count: number) => {
    const sequences: number[] = [];
    while (sequences.length < count) {
      const event = JSON.parse(await peer.line() ?? "null");
      if (event.event.action === "credential-attempt") sequences.push(event.event.sequence);
    }
    return sequences;
  };
  using quick = await f.login();
  using slow = await f.login();
  for (const peer of [quick, slow]) {
    assertEquals(await peer.ask("TAIL since=0"), "+OK tail since=0");
  }
  const total = 100 + 40 * 200;
  const reading = follow(quick, total);
  for (let i = 0; i < 40; i++) {
    for (let k = 0; k < 200; k++) f.record("x".repeat(2000));
    f.journal.flush();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const expected = await reading;
  assertEquals(new Set(expected).size, total);
  assertEquals(expected, [...expected].sort((a, b) => a - b));
  assertEquals(await follow(slow, total), expected); // 40 MB late, and whole
  for (const peer of [quick, slow]) {
    assertEquals(await peer.ask("anything, not executed"), ".");
    assertEquals(await peer.ask("PING"), "+OK PONG");
  }
});

Deno.test("connections of one source before the login are bounded, and the newest win", async () => {
  await using f = await startFixture({ max_sessions_per_source: 3 });
  using operator = await f.login();
  const idle: Peer[] = [];
  for (let i = 0; i < 20; i++) idle.push(new Peer(await Deno.connect(f.address)));
  using late = await f.login(); // of the same source, while it holds all it may
  assertEquals(await late.ask("PING"), "+OK PONG");
  assertEquals(await operator.ask("PING"), "+OK PONG");
  for (const peer of idle.slice(0, 17)) await peer.ended();
  const hits = await f.until("limit-hit", 1);
  assertEquals(hits.length, 1);
  assertMatch(String(hits[0]!.message), /service_sessions_per_source \(3\)/);
  const report = f.service.status();
  assertEquals([report.logged_in, report.refused >= 17], [2, true]);
  for (const peer of idle) peer.close();
});

Deno.test("a service full of strangers makes room for the operator", async () => {
  await using f = await startFixture({ max_sessions: 4, max_sessions_per_source: 10 });
  const strangers: Peer[] = [];
  for (let i = 0; i < 4; i++) strangers.push(new Peer(await Deno.connect(f.address)));
  using operator = await f.login();
  assertEquals(await operator.ask("PING"), "+OK PONG");
  await strangers[0]!.ended();
  for (const peer of strangers) peer.close();
});

Deno.test("a service full of operators refuses one more, and says so", async () => {
  await using f = await startFixture({ max_sessions: 2 });
  using first = await f.login();
  using second = await f.login();
  using third = new Peer(await Deno.connect(f.address));
  await third.ended();
  assertEquals((await f.until("limit-hit", 1)).length, 1);
  for (const peer of [first, second]) assertEquals(await peer.ask("PING"), "+OK PONG");
});

Deno.test("stop() ends feeds with their last line, and everything else too", async () => {
  const f = await startFixture();
  using feed = await f.login();
  await feed.ask("TAIL");
  using idle = await f.login();
  using stranger = new Peer(await Deno.connect(f.address));
  const next = feed.line();
  const stopping = f.service.stop(1000);
  let last = await next;
  for (let line = last; line !== null; line = await feed.line()) last = line;
  assertEquals(last, ".");
  await Promise.all([idle.ended(), stranger.ended(), stopping]);
  await f[Symbol.asyncDispose]();
});

Deno.test("stop() does not wait for a reader that reads nothing", async () => {
  const f = await startFixture();
  const peer = await f.login();
  for (let i = 0; i < 4000; i++) f.record("x".repeat(2000));
  f.journal.flush();
  await peer.send("TAIL since=0\r\n");
  await peer.line();
  const startedAt = performance.now();
  await f.service.stop(200);
  assert(performance.now() - startedAt < 2000);
  peer.close();
  await f[Symbol.asyncDispose]();
});

Deno.test("a new certificate is used without shutting the address; a broken one is not used", async () => {
  await using f = await startFixture();
  const { cert, key, ca } = f.config;
  using before = await f.login();
  const old = await Deno.readTextFile(cert);
  await Deno.writeTextFile(cert, "broken");
  assertEquals(await f.service.reloadCertificate(), false);
  (await f.login()).close();
  await Deno.writeTextFile(cert, old);
  assertEquals(await f.service.reloadCertificate(), true);

  await issueCertificates({ cert, key, ca }, { hostname: "other", hosts: ["renewed"] });
  // Clients that never stop coming see no refused connection.
  let isDone = false;
  let count = 0;
  const coming = (async () => {
    for (; !isDone; count++) (await Deno.connect(f.address)).close();
  })();
  assertEquals(await f.service.reloadCertificate(), true);
  isDone = true;
  await coming;
  assert(count > 0);
  assertEquals(await before.ask("PING"), "+OK PONG");
  const { hostname, port } = f.address;
  const tls = await Deno.startTls(await Deno.connect({ hostname, port }), {
    hostname: "renewed",
    caCerts: [f.ca],
  });
  using after = new Peer(tls);
  assertEquals(await after.line(), "+OK Welcome to the encrypted server!");
});

Deno.test("reload() changes greeting, limits and addresses", async () => {
  await using f = await startFixture();
  using before = await f.login();
  f.service.reload({
    ...f.config,
    greeting: "Good day",
    max_sessions: 9,
    listen: [...f.config.listen, { hostname: "::1", port: 0 }],
  });
  assertEquals(f.service.addresses.length, 2);
  assertEquals(f.service.addresses[0], f.address);
  assertEquals(f.service.status().max_sessions, 9);
  assertEquals(await before.ask("PING"), "+OK PONG");
  const { hostname, port } = f.service.addresses[1]!;
  using peer = new Peer(await Deno.connectTls({ hostname, port, caCerts: [f.ca] }));
  assertEquals(await peer.line(), "+OK Good day");
});

Deno.test("startService() refuses a certificate that cannot be used", async () => {
  const dir = await Deno.makeTempDir({ prefix: "service-" });
  const paths = { cert: `${dir}/server.pem`, key: `${dir}/server.key`, ca: `${dir}/ca.pem` };
  await issueCertificates(paths, { hostname: "srv" });
  await Deno.copyFile(`${dir}/ca.key`, paths.key);
  await assertRejects(() => startFixture(paths), CommandError, "Cannot use certificate");
  await assertRejects(() => startFixture({ cert: `${dir}/none` }), CommandError, "No such file");
  await Deno.remove(dir, { recursive: true });
});
