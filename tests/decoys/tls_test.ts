import { assert, assertEquals } from "@std/assert";
import type { Decoy, Session } from "../../lib/decoys/decoy.ts";
import { isDisconnect } from "../../lib/net/stream.ts";
import { RelayError } from "../../lib/net/tls_relay.ts";
import { clientHelloFixture } from "../support/client_hellos.ts";
import { readAll, startTestHost, type TestHost } from "../support/host.ts";
import { startTestTls, testRelay } from "../support/test_tls.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Says what became of TLS, and takes lines as commands until `quit`. */
async function talk(session: Session): Promise<void> {
  for await (const line of session.lines({ maxBytes: 64 })) {
    if (line === "STARTTLS") {
      const outcome = await session.startTls(encoder.encode("220 go\r\n"));
      if (outcome !== "established") return session.closeAbruptly();
    } else {
      session.emit("command", { verb: line, argument: session.isSecure ? "secure" : "clear" });
      await session.writeLine(`250 ${line}`);
      if (line === "quit") return;
    }
  }
}

const talker: Decoy = { serve: talk };

/** Reads until a text has come. */
async function readUntil(conn: Deno.Conn, end: string): Promise<string> {
  const buffer = new Uint8Array(1024);
  let text = "";
  while (!text.endsWith(end)) {
    const count = await conn.read(buffer);
    if (count === null) break;
    text += decoder.decode(buffer.subarray(0, count));
  }
  return text;
}

/** Lines of commands, as events have them. */
// deno-lint-ignore no-explicit-any -- events of any kind
const commandLines = (events: any[]) => events.map(({ process }) => process.command_line);

/** A connection whose client side is cut into single bytes. */
async function dripping(host: TestHost): Promise<{ near: Deno.TcpConn; done: Promise<void> }> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  const [near, far] = await Promise.all([Deno.connect({ hostname, port }), listener.accept()]);
  const server = await host.connect();
  server.setNoDelay(true);
  const pass = async (from: Deno.Conn, to: Deno.Conn, size: number) => {
    const buffer = new Uint8Array(size);
    for (let n = await from.read(buffer); n !== null; n = await from.read(buffer)) {
      await to.write(buffer.subarray(0, n));
    }
    await to.closeWrite();
  };
  const quietly = (error: unknown) => {
    if (!isDisconnect(error)) throw error;
  };
  const done = Promise.all([
    pass(far, server, 1).catch(quietly),
    pass(server, far, 4096).catch(quietly),
  ]).then(() => {
    far.close();
    server.close();
  });
  return { near, done };
}

Deno.test("startTls() goes over to TLS within a talk, and back to nothing else", async () => {
  await using relay = await testRelay();
  await using host = startTestHost(talker, { tls: relay });
  const conn = await host.connect();
  await conn.write(encoder.encode("one\r\nSTARTTLS\r\n"));
  assertEquals(await readUntil(conn, "go\r\n"), "250 one\r\n220 go\r\n");
  const tls = await startTestTls(conn);
  await tls.write(encoder.encode("two\r\nquit\r\n"));
  assertEquals(await readUntil(tls, "quit\r\n"), "250 two\r\n250 quit\r\n");
  assertEquals(decoder.decode(await readAll(tls)), "");
  tls.close();
  assertEquals(commandLines(await host.waitFor("command", 3)), [
    "one clear",
    "two secure",
    "quit secure",
  ]);
  const [closed] = await host.waitFor("connection-closed");
  assertEquals(closed.duckblind.session.reason, "done");
});

Deno.test("startTls() reports what was pipelined in clear, and does not take it as said in TLS", async () => {
  await using relay = await testRelay();
  await using host = startTestHost(talker, { tls: relay });
  const conn = await host.connect();
  await conn.write(encoder.encode("STARTTLS\r\nevil\r\nmore"));
  assertEquals(await readUntil(conn, "go\r\n"), "220 go\r\n");
  using tls = await startTestTls(conn);
  await tls.write(encoder.encode("quit\r\n"));
  assertEquals(await readUntil(tls, "quit\r\n"), "250 quit\r\n");
  assertEquals(commandLines(await host.waitFor("command")), ["quit secure"]);
  const [odd] = await host.waitFor("protocol-error");
  assertEquals(odd.duckblind.protocol.offset, 10);
  assertEquals(atob(odd.duckblind.first_bytes), "evil\r\nmore");
});

Deno.test("startTls() takes a ClientHello byte by byte", async () => {
  await using relay = await testRelay();
  await using host = startTestHost(talker, { tls: relay, isSecure: true });
  const { near, done } = await dripping(host);
  const tls = await startTestTls(near, { alpnProtocols: ["x"] });
  await tls.write(encoder.encode("quit\r\n"));
  assertEquals(await readUntil(tls, "quit\r\n"), "250 quit\r\n");
  tls.close();
  await done;
  const [hello] = await host.waitFor("tls-client-hello");
  assertEquals(hello.tls.established, true);
  assertEquals(hello.tls.client.server_name, "localhost");
});

Deno.test("startTls() says that no TLS came, and leaves it to be read", async () => {
  await using relay = await testRelay();
  const outcomes: string[] = [];
  const decoy: Decoy = {
    serve: async (session) => {
      outcomes.push(await session.startTls());
      const line = await session.line({ maxBytes: 64 });
      await session.writeLine(`${session.isSecure} ${decoder.decode(line!)}`);
    },
  };
  await using host = startTestHost(decoy, { tls: relay });
  using conn = await host.connect();
  await conn.write(encoder.encode("HELO x\r\n"));
  assertEquals(decoder.decode(await readAll(conn)), "false HELO x\r\n");
  assertEquals(outcomes, ["clear"]);
  const [hello] = await host.waitFor("tls-client-hello");
  assertEquals(hello.duckblind.tls.not_tls, "no-record");
});

Deno.test("a decoy of implicit TLS says nothing to who speaks none, unless it has words for it", async () => {
  await using relay = await testRelay();
  const words: Decoy = {
    ...talker,
    serveClear: async (session) => {
      const line = await session.line({ maxBytes: 64 });
      await session.writeLine(`no TLS: ${decoder.decode(line!)}`);
    },
  };
  for (const [decoy, said] of [[talker, ""], [words, "no TLS: GET /\r\n"]] as const) {
    await using host = startTestHost(decoy, { tls: relay, isSecure: true });
    const conn = await host.connect();
    await conn.write(encoder.encode("GET /\r\n"));
    assertEquals(decoder.decode(await readAll(conn)), said);
    conn.close();
    const [hello] = await host.waitFor("tls-client-hello");
    assertEquals([hello.duckblind.tls.not_tls, hello.tls.established], ["no-record", undefined]);
    const [closed] = await host.waitFor("connection-closed");
    assertEquals(closed.duckblind.session.reason, "done");
  }
});

Deno.test("clients of dead versions get OpenSSL's alerts, and are told", async () => {
  await using relay = await testRelay();
  await using host = startTestHost(talker, { tls: relay, isSecure: true });
  const cases = [
    ["nmap-ssl3", [21, 3, 0, 0, 2, 2, 40]],
    ["openssl-tls1_0", [21, 3, 1, 0, 2, 2, 80]],
    ["openssl-tls1_1", [21, 3, 2, 0, 2, 2, 80]],
    ["sslv2", [21, 3, 1, 0, 2, 2, 80]], // in the form of SSL 2.0, up to TLS 1.0
  ] as const;
  for (const [i, [name, alert]] of cases.entries()) {
    using conn = await host.connect();
    await conn.write(clientHelloFixture(name).bytes);
    assertEquals([...await readAll(conn)], [...alert], name);
    const hellos = await host.waitFor("tls-client-hello", i + 1);
    assertEquals(hellos[i].tls.established, false, name);
  }
});

Deno.test("a peer that vanishes in the handshake is told with what it offered", async () => {
  await using relay = await testRelay();
  await using host = startTestHost(talker, { tls: relay, isSecure: true });
  const { bytes, ja3 } = clientHelloFixture("curl");
  for (const [i, sent] of [bytes, bytes.subarray(0, 100)].entries()) {
    const conn = await host.connect();
    await conn.write(sent);
    if (i === 0) await conn.read(new Uint8Array(5)); // the answer has begun
    conn.close();
    const hello = (await host.waitFor("tls-client-hello", i + 1))[i];
    assertEquals(hello.tls.established, false);
    assertEquals(hello.tls.client.ja3, i === 0 ? ja3 : undefined);
    await host.waitFor("connection-closed", i + 1);
  }
});

Deno.test("without TLS of our own the ClientHello is told all the same", async () => {
  const tls = { wrap: () => Promise.reject(new RelayError("no port")) };
  await using host = startTestHost(talker, { tls, isSecure: true });
  using conn = await host.connect();
  const { bytes, ja3 } = clientHelloFixture("python");
  await conn.write(bytes);
  assertEquals(decoder.decode(await readAll(conn)), "");
  const [hello] = await host.waitFor("tls-client-hello");
  assertEquals([hello.tls.established, hello.tls.client.ja3], [false, ja3]);
});

Deno.test("idle and lifetime limits hold inside of TLS, and in the handshake", async () => {
  await using relay = await testRelay();
  const hello = clientHelloFixture("curl").bytes;
  for (const reason of ["idle", "lifetime"] as const) {
    const limits = reason === "idle" ? { idleMs: 250 } : { lifetimeMs: 250 };
    await using host = startTestHost(talker, { tls: relay, isSecure: true, limits });
    const secure = await startTestTls(await host.connect());
    const greeting = await host.connect();
    const silent = await host.connect();
    const [half, whole] = [await host.connect(), await host.connect()];
    await half.write(hello.subarray(0, 50));
    await whole.write(hello);
    for (const conn of [secure, greeting, silent, half, whole]) {
      await readAll(conn).catch((error) => assert(isDisconnect(error), String(error)));
      conn.close();
    }
    const closed = await host.waitFor("connection-closed", 5);
    assertEquals(closed.map(({ duckblind }) => duckblind.session.reason), Array(5).fill(reason));
  }
});

Deno.test("the limit of bytes holds inside of TLS", async () => {
  await using relay = await testRelay();
  const limits = { maxBytesIn: 2000 };
  await using host = startTestHost(
    { serve: async (session) => void await session.bytes(1e6) },
    { tls: relay, isSecure: true, limits },
  );
  using tls = await startTestTls(await host.connect());
  await tls.write(new Uint8Array(4000)).catch((error) => assert(isDisconnect(error)));
  const [hit] = await host.waitFor("limit-hit");
  assertEquals(hit.duckblind.limit.name, "bytes_in");
});

Deno.test("a stop ends sessions in TLS, in the handshake and before it", async () => {
  await using relay = await testRelay();
  await using host = startTestHost(talker, { tls: relay, isSecure: true });
  const secure = await startTestTls(await host.connect());
  const [silent, half, whole] = [
    await host.connect(),
    await host.connect(),
    await host.connect(),
  ];
  const hello = clientHelloFixture("curl").bytes;
  await half.write(hello.subarray(0, 50));
  await whole.write(hello);
  await whole.read(new Uint8Array(5)); // the answer has begun
  await host.waitFor("connection-opened", 4);
  await host.host.stop(0);
  for (const conn of [secure, silent, half, whole]) {
    await readAll(conn).catch((error) => assert(isDisconnect(error), String(error)));
    conn.close();
  }
  const closed = await host.waitFor("connection-closed", 4);
  assertEquals(closed.map(({ duckblind }) => duckblind.session.reason), Array(4).fill("stop"));
});
