import { assert, assertEquals } from "@std/assert";
import type { Decoy } from "../../lib/decoys/decoy.ts";
import { ProtocolError } from "../../lib/errors.ts";
import { readAll, startTestHost } from "../support/host.ts";
import { plantedLure } from "../support/planted_lure.ts";

const encoder = new TextEncoder();

/** Says hello, then takes lines until `quit`. */
const talker: Decoy = {
  serve: async (session) => {
    await session.writeLine("hello");
    for await (const line of session.lines({ maxBytes: 64 })) {
      if (line === "quit") return await session.writeLine("bye");
      if (line === "nonsense") throw new ProtocolError("a word", 7);
      if (line === "bug") throw new TypeError("our bug");
      session.emit("command", { verb: line, argument: "" });
    }
  },
};

Deno.test("DecoyHost makes an event of a connection that sends nothing", async () => {
  await using host = startTestHost(talker);
  using conn = await host.connect();
  await conn.closeWrite();
  assertEquals(new TextDecoder().decode(await readAll(conn)), "hello\r\n");
  const [closed] = await host.waitFor("connection-closed");
  assertEquals(closed.duckblind.session.reason, "peer");
  assertEquals([closed.source.bytes, closed.destination.bytes], [0, 7]);
  assert(closed.event.duration > 0);
  assertEquals("first_bytes" in closed.duckblind.session, false);
  assertEquals(closed.source.ip, "127.0.0.1");
  assertEquals(closed.destination.port, host.port);
});

Deno.test("DecoyHost keeps what came first, counts, and ends its side when the talk is over", async () => {
  await using host = startTestHost(talker);
  using conn = await host.connect();
  await conn.write(encoder.encode("one\r\ntwo\r\nthree and more\r\nquit\r\nrest"));
  assertEquals(new TextDecoder().decode(await readAll(conn)), "hello\r\nbye\r\n");
  conn.closeWrite().catch(() => {});
  const [closed] = await host.waitFor("connection-closed");
  assertEquals(closed.duckblind.session.reason, "done");
  assertEquals(atob(closed.duckblind.session.first_bytes), "one\r\ntwo\r\nthree ");
  assertEquals(closed.duckblind.session.commands, 3);
  assertEquals(closed.source.bytes, 36);
  const commands = await host.waitFor("command", 3);
  assertEquals(commands.map((event) => event.process.command_line), [
    "one",
    "two",
    "three and more",
  ]);
  const sessions = new Set(commands.map((event) => event.duckblind.session.id));
  assertEquals(sessions.size, 1);
});

Deno.test("DecoyHost counts what was tried as credentials, not who asked for methods", async () => {
  await using host = startTestHost({
    serve: (session) => {
      for (const method of ["none", "password", "publickey"] as const) {
        session.emit("auth.attempt", { method, username: "root" });
      }
      return Promise.resolve();
    },
  });
  using conn = await host.connect();
  await readAll(conn);
  const [closed] = await host.waitFor("connection-closed");
  assertEquals(closed.duckblind.session.credentials, 2);
});

Deno.test("DecoyHost tells of bytes that make no sense, of limits, and survives its own bugs", async () => {
  await using host = startTestHost(talker);
  const cases = [
    ["nonsense\r\n", "protocol"],
    ["x".repeat(100), "protocol"],
    ["bug\r\n", "done"],
  ] as const;
  for (const [i, [sent, reason]] of cases.entries()) {
    using conn = await host.connect();
    await conn.write(encoder.encode(sent));
    await readAll(conn);
    await conn.closeWrite().catch(() => {});
    const closed = await host.waitFor("connection-closed", i + 1);
    assertEquals(closed[i].duckblind.session.reason, reason);
  }
  const [error] = await host.waitFor("protocol-error");
  assertEquals(error.duckblind.protocol, { offset: 7, expected: "a word" });
  const [limit] = await host.waitFor("limit-hit");
  assertEquals(limit.duckblind.limit, { name: "line_bytes", max: 64 });
});

Deno.test("DecoyHost ends sessions that are idle, too old, or send too much", async () => {
  const cases = [
    [{ idleMs: 100 }, "", "idle"],
    [{ lifetimeMs: 150 }, "", "lifetime"],
    [{ maxBytesIn: 50 }, "a\n".repeat(40), "bytes"],
    [{ maxBytesOut: 3 }, "", "bytes"],
  ] as const;
  for (const [limits, sent, reason] of cases) {
    await using host = startTestHost(talker, { limits });
    using conn = await host.connect();
    if (sent !== "") await conn.write(encoder.encode(sent));
    await readAll(conn);
    const [closed] = await host.waitFor("connection-closed");
    assertEquals(closed.duckblind.session.reason, reason);
    assertEquals(host.gate.open, 0);
  }
});

Deno.test("DecoyHost survives peers that reset in the middle of a word", async () => {
  await using host = startTestHost(talker);
  for (let i = 0; i < 20; i++) {
    const conn = await host.connect();
    await conn.write(encoder.encode("half a li"));
    conn.close();
  }
  const closed = await host.waitFor("connection-closed", 20);
  assertEquals(new Set(closed.map((event) => event.duckblind.session.reason)), new Set(["peer"]));
  assertEquals(host.gate.open, 0);
});

Deno.test("DecoyHost refuses over the cap of a source, with one event however many", async () => {
  await using host = startTestHost(talker, { gate: { sessionsPerSource: 3 } });
  const held = await Promise.all([1, 2, 3].map(() => host.connect()));
  await host.waitFor("connection-opened", 3);
  for (let i = 0; i < 30; i++) {
    using refused = await host.connect();
    assertEquals(await readAll(refused), new Uint8Array(0));
  }
  const limits = await host.waitFor("limit-hit");
  assertEquals(limits.length, 1);
  assertEquals(limits[0].duckblind.limit, { name: "sessions_per_source", max: 3, refused: 1 });
  assertEquals([host.host.accepted, host.host.refused], [3, 30]);
  for (const conn of held) conn.close();
  await host.waitFor("connection-closed", 3);
  using welcome = await host.connect();
  assertEquals((await welcome.read(new Uint8Array(9)))! > 0, true);
});

Deno.test("DecoyHost lets a newcomer in when another source holds everything", async () => {
  await using host = startTestHost(talker, { gate: { sessions: 8, sessionsPerSource: 8 } });
  const held = await Promise.all(Array.from({ length: 8 }, () => host.connect()));
  await host.waitFor("connection-opened", 8);
  using newcomer = await Deno.connect({ hostname: "127.0.0.1", port: host.port });
  // The same source gets no more than it has.
  assertEquals(await readAll(newcomer), new Uint8Array(0));
  assertEquals(host.gate.check("test", "198.51.100.7", performance.now()), undefined);
  const [closed] = await host.waitFor("connection-closed");
  assertEquals(closed.duckblind.session.reason, "refused");
  assertEquals(host.gate.open, 7);
  for (const conn of held) conn.close();
});

Deno.test("DecoyHost serves IPv6, and writes its addresses as such", async () => {
  await using host = startTestHost(talker, { hostname: "::1" });
  using conn = await host.connect();
  await conn.read(new Uint8Array(16));
  const [opened] = await host.waitFor("connection-opened");
  assertEquals(opened.source.ip, "::1");
  assertEquals(opened.network.type, "ipv6");
});

Deno.test("DecoyHost ends what is open when it stops, also in the middle of a pause", async () => {
  const sleeper: Decoy = { serve: (session) => session.pause(60_000) };
  const host = startTestHost(sleeper);
  using conn = await host.connect();
  await host.waitFor("connection-opened");
  const startMs = performance.now();
  await host.host.stop(50);
  assert(performance.now() - startMs < 5000);
  const [closed] = await host.waitFor("connection-closed");
  assertEquals(closed.duckblind.session.reason, "stop");
  await readAll(conn);
  await host[Symbol.asyncDispose]();
});

Deno.test("DecoyHost tells once a session that a lure is read, and nothing of one that is not", async () => {
  const lures = ["hunter2", "letmein"].map((word) => plantedLure(word, encoder.encode(word)));
  await using host = startTestHost({
    serve: async (session) => {
      await session.write(encoder.encode("password=hunter"));
      for await (const line of session.lines({ maxBytes: 64 })) {
        await session.writeLine(`is ${line}`);
      }
    },
  }, { lures });
  using conn = await host.connect();
  await conn.write(encoder.encode("hunter\r\nhunter2\r\nhunter2\r\n"));
  await conn.closeWrite();
  await readAll(conn);
  await host.waitFor("connection-closed");
  const touched = await host.waitFor("lure-touched");
  assertEquals(touched.map(({ duckblind }) => duckblind.lure), [{
    id: "hunter2",
    place: "hunter2",
  }]);
});
