import { assertEquals, assertMatch } from "@std/assert";
import { Peer, startFixture } from "./fixture.ts";

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
  assertEquals((await peer.list("help")).length, 10);
  const status = JSON.parse((await peer.list("STATUS"))[1]!);
  assertEquals(status.sensor, "edge-1");
  assertEquals(status.journal.last_sequence, 7);
  assertEquals(status.service.logged_in, 1);
  assertEquals(JSON.parse((await peer.list("DECOYS"))[1]!).name, "ftp");
  assertEquals(await peer.ask("NONSENSE"), "-ERR unknown No such request: try HELP");
  assertEquals(await peer.ask("QUIT"), "+OK Bye");
  assertEquals(await peer.line(), null);
  const [login] = await f.until("service-login", 1);
  assertMatch(String(login!.message), /^Operator "op" logged in/);
  assertEquals(f.events("service-probe").length, 0);
});
