import { assertEquals, assertMatch } from "@std/assert";
import { main } from "../../lib/cli/main.ts";
import { formatHostPort } from "../../lib/net/address.ts";
import { writeOperatorToken } from "../../lib/service/tokens.ts";
import { type ServiceFixture, startFixture } from "../service/fixture.ts";
import { FakeTerminal } from "../support/fake_terminal.ts";
import { tempFolder } from "../support/temp_folder.ts";
import { Receiver } from "../support/webhook_receiver.ts";

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const terminal = new FakeTerminal();
  const code = await main(argv, terminal);
  return { code, out: terminal.stdout, err: terminal.stderr };
}

/** Options that name a fixture's service. */
async function remote(f: ServiceFixture): Promise<string[]> {
  await writeOperatorToken(`${f.dir}/op.token`, "op", f.token);
  const address = formatHostPort(f.address);
  return ["--remote", address, "--ca", `${f.dir}/ca.pem`, "--token-file", `${f.dir}/op.token`];
}

Deno.test("dead-letters lists what a sink could not deliver, for people and whole", async () => {
  await using f = await startFixture();
  const where = await remote(f);
  assertEquals((await run("dead-letters", "web", ...where)).out.split("\n"), [
    "ID  SINK  PARKED                EVENT  REASON",
    " 3  web   1970-01-01T00:00:00Z      7  400",
    "",
  ]);
  const { out } = await run("dead-letters", "web", ...where, "--json");
  assertEquals(JSON.parse(out), {
    id: 3,
    sink: "web",
    parked: "1970-01-01T00:00:00.000Z",
    reason: "400",
    sequence: 7,
    event: { sequence: 7, json: "{}" },
  });
  assertEquals((await run("dead-letters", ...where)).out, "No dead letters\n");
});

Deno.test("dead-letters tries letters again and throws them away, of one sink that there is", async () => {
  await using f = await startFixture();
  const where = await remote(f);
  assertEquals(
    (await run("dead-letters", "web", "--replay", ...where)).out,
    "0 delivered, 1 left\n",
  );
  assertEquals((await run("dead-letters", "web", "--discard", ...where)).out, "1 thrown away\n");
  const stranger = await run("dead-letters", "nosuch", "--replay", ...where);
  assertEquals(stranger.code, 1);
  assertMatch(stranger.err, /"nosuch" is no sink: see STATUS/);
  for (const args of [["--replay"], ["web", "--replay", "--discard"]]) {
    assertEquals((await run("dead-letters", ...args, ...where)).code, 2);
  }
});

Deno.test("test-sink sends one marked event and says what the other side said", async () => {
  await using receiver = new Receiver({ answer: () => new Response("thank you") });
  using folder = tempFolder();
  const config = `${folder.path}/c.yaml`;
  Deno.writeTextFileSync(
    config,
    `sensor: {id: edge-9, data: ${folder.path}/data}
sinks:
  - {kind: webhook, name: hook, url: "${receiver.url}/x"}
  - {kind: file, path: ${folder.path}/events.jsonl}
`,
  );
  const hook = await run("test-sink", "hook", "-c", config);
  assertEquals([hook.code, hook.err], [0, ""]);
  assertMatch(hook.out, /^Sink hook took the test event in \d+ ms: 200 thank you\n$/);
  const [event] = receiver.json;
  assertEquals(event.event.action, "sink-test");
  assertEquals([event.observer.name, event.duckblind.sink.name], ["edge-9", "hook"]);
  assertEquals((await run("test-sink", "file", "-c", config)).code, 0);
  assertMatch(Deno.readTextFileSync(`${folder.path}/events.jsonl`), /"action":"sink-test"/);
  receiver.answer = () => new Response("no", { status: 500 });
  const refused = await run("test-sink", "hook", "-c", config);
  assertEquals([refused.code, refused.out], [1, ""]);
  assertMatch(refused.err, /Cannot deliver to sink hook: .*500 no/);
  const stranger = await run("test-sink", "mail", "-c", config);
  assertEquals(stranger.code, 2);
  assertMatch(stranger.err, /There is no sink "mail", there is hook, file/);
});
