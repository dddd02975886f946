/** Addresses that someone else has: told, tried again, and no reason to stop the others. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Peer, poll } from "./support/peer.ts";
import { Program } from "./support/program.ts";

const CONFIG = `
service: {listen: ["127.0.0.1:@service"], inner: "127.0.0.1:@inner"}
decoys:
  - {kind: ftp, listen: ["127.0.0.1:@ftp"]}
  - {kind: tcp, listen: ["127.0.0.1:@jetdirect"]}
`;

/** How an address of the decoy `ftp` stands, as an operator is told. */
interface Listener {
  address: string;
  state: string;
  detail?: string;
}

Deno.test("A taken address is told with a hint, and opened when it is free", async () => {
  await using program = await Program.source(CONFIG);
  const { ftp, jetdirect } = program.ports;
  const taker = Deno.listen({ hostname: "127.0.0.1", port: ftp });
  let isTaken = true;
  try {
    await using sensor = await program.startSensor();
    const hint = `in use by another program: see ss -ltnp 'sport = :${ftp}'`;
    await sensor.process.stdout.find((line) => line.startsWith("ftp") && line.endsWith(hint));
    await sensor.process.stderr.find((line) => line.includes(hint));
    using other = await Peer.connect(jetdirect);
    await other.send("hello");
    using operator = await sensor.operator();
    const status = await operator.status();
    assertEquals([status.decoys.open, status.decoys.waiting], [1, 1]);
    const listener = async (): Promise<Listener> =>
      (await operator.list("DECOYS")).map((line) => JSON.parse(line))
        .find(({ name }) => name === "ftp").listeners[0];
    const waiting = { address: `127.0.0.1:${ftp}`, state: "waiting", detail: hint };
    assertEquals(await listener(), waiting);
    const decoys = await program.run(["decoys"]);
    assertEquals([decoys.code, decoys.stderr], [0, ""]);
    assertStringIncludes(decoys.stdout, `127.0.0.1:${ftp}       waiting: ${hint}`.slice(-60));

    taker.close();
    isTaken = false;
    await poll(listener, ({ state }) => state === "open");
    using peer = await Peer.connect(ftp);
    await peer.until("220 (vsFTPd 3.0.3)\r\n");
    assertEquals((await sensor.stop()).code, 0);
  } finally {
    if (isTaken) taker.close();
  }
});

Deno.test("A sensor none of whose addresses can be opened exits with 1", async () => {
  await using program = await Program.source(CONFIG);
  const takers = [program.ports.ftp, program.ports.jetdirect]
    .map((port) => Deno.listen({ hostname: "127.0.0.1", port }));
  try {
    const { code, stdout, stderr } = await program.run([]);
    assertEquals(code, 1);
    assertStringIncludes(stderr, "None of the decoys' addresses could be opened");
    assertEquals(stdout.match(/waiting: in use by another program/g)?.length, 2);
    const { events } = await program.journal();
    assertEquals(events.at(-1)!.event.action, "sensor-stopped");
    assert(events.at(-1)!.message.includes("no address"));
  } finally {
    for (const taker of takers) taker.close();
  }
});
