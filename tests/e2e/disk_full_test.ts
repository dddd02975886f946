/** A full disk: decoys go on, the loss is told, and writing resumes by itself. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { hasProgram, testWith } from "./support/machine.ts";
import { Peer, poll } from "./support/peer.ts";
import { runToEnd } from "./support/process.ts";
import { Program } from "./support/program.ts";
import { count } from "./support/wire_event.ts";

const CONFIG = `
service: {listen: ["127.0.0.1:@service"], inner: "127.0.0.1:@inner"}
journal: {ring_events: 100}
decoys:
  - {kind: ftp, listen: ["127.0.0.1:@ftp"], pause_min_ms: 0, pause_max_ms: 0}
`;
/** Size of the disk. */
const DISK = "2m";

/** Why no small disk can be made here. */
async function missingDisk(): Promise<string | undefined> {
  if (!hasProgram("mount") || !hasProgram("umount")) return "mount";
  const folder = await Deno.makeTempDir({ prefix: "duckblind-e2e-" });
  try {
    const options = ["-t", "tmpfs", "-o", `size=${DISK}`, "tmpfs", folder];
    const { code } = await runToEnd("mount", options);
    if (code !== 0) return "the right to mount a tmpfs";
    await runToEnd("umount", [folder]);
    return undefined;
  } finally {
    await Deno.remove(folder);
  }
}

testWith(
  "A full disk stops no decoy; what was lost is told, and writing resumes",
  { missing: await missingDisk() },
  async () => {
    await using program = await Program.source(CONFIG);
    const { ftp } = program.ports;
    const data = `${program.folder}/data`;
    await Deno.mkdir(data, { mode: 0o700 });
    await runToEnd("mount", ["-t", "tmpfs", "-o", `size=${DISK},mode=0700`, "tmpfs", data]);
    try {
      await using sensor = await program.startSensor();
      using operator = await sensor.operator();
      const talk = async (name: string) => {
        using peer = await Peer.connect(ftp);
        await peer.until("220 (vsFTPd 3.0.3)\r\n");
        await peer.send(`USER ${name}\r\n`);
        await peer.until("331 Please specify the password.\r\n");
        await peer.send(`PASS ${name}\r\n`);
        await peer.until("530 Login incorrect.\r\n");
      };
      const knows = async (name: string) =>
        count(await operator.events(), (event) => event.user?.name === name);
      await talk("before");
      assertEquals(await knows("before"), 1);

      await fill(`${data}/filler`);
      // Until the journal cannot be written: its log may have room for a few events yet.
      let tries = 0;
      let { journal } = await operator.status();
      for (; journal.trouble === undefined && tries < 2000; tries++) {
        await talk(`while-${tries}`);
        ({ journal } = await operator.status());
      }
      assertMatch(String(journal.trouble), /full/);
      assert(journal.waiting > 0);
      // More than the ring holds, so that something is lost for certain.
      for (let i = 0; i < 60; i++) await talk(`lost-${i}`);
      await talk("during");
      ({ journal } = await operator.status());
      assert(journal.lost > 0, "the ring is bounded");
      assertMatch(sensor.process.stderr.text, /journal/);
      const status = await program.run(["status"]);
      assertEquals(status.code, 0);
      assertMatch(status.stdout, /[1-9]\d* lost; [1-9]\d* waiting: .*full/);

      await Deno.remove(`${data}/filler`);
      const after = await poll(
        () => operator.status(),
        ({ journal }) => journal.trouble === undefined && journal.waiting === 0,
      );
      assertEquals(await knows(`while-${tries - 1}`), 1, "what the ring held is written");
      assertEquals(await knows("during"), 0, "what came when it was full is lost");
      await talk("after");
      assertEquals(await knows("after"), 1);
      const events = await operator.events();
      assertEquals(count(events, ({ event }) => event.action === "sensor-degraded"), 1);
      const recovered = events.filter(({ event }) => event.action === "sensor-recovered");
      assertEquals(recovered.length, 1);
      assertMatch(recovered[0]!.message, new RegExp(`${after.journal.lost} events lost`));
      const sequences = events.map(({ event }) => event.sequence);
      assertEquals(sequences, sequences.map((_, i) => i + 1), "no gap, none twice");
      assertEquals((await sensor.stop()).code, 0);
    } finally {
      await runToEnd("umount", [data]);
    }
  },
);

/** Writes until nothing more fits. */
async function fill(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true });
  const block = new Uint8Array(4096);
  try {
    for (;;) await file.write(block);
  } catch (error) {
    if (!(error instanceof Error && /os error 28\)/.test(error.message))) throw error;
  }
}

testWith(
  "A sensor starts on a full disk, and its numbers go on",
  { missing: await missingDisk() },
  async () => {
    await using program = await Program.source(CONFIG);
    const data = `${program.folder}/data`;
    await Deno.mkdir(data, { mode: 0o700 });
    await runToEnd("mount", ["-t", "tmpfs", "-o", `size=${DISK},mode=0700`, "tmpfs", data]);
    try {
      {
        await using sensor = await program.startSensor();
        await sensor.stop();
      }
      await fill(`${data}/filler`);
      await using sensor = await program.startSensor();
      using operator = await sensor.operator();
      const peer = await Peer.connect(program.ports.ftp);
      await peer.until("220 (vsFTPd 3.0.3)\r\n");
      peer[Symbol.dispose]();
      assertMatch(String((await operator.status()).journal.trouble), /full/);
      await Deno.remove(`${data}/filler`);
      await poll(
        () => operator.status(),
        ({ journal }) => journal.trouble === undefined && journal.waiting === 0,
      );
      await sensor.stop();
      const { events } = await program.journal();
      assertEquals(events.map(({ event }) => event.sequence), events.map((_, i) => i + 1));
      assertEquals(count(events, ({ event }) => event.action === "sensor-started"), 2);
      assertEquals(count(events, ({ event }) => event.action === "sensor-recovered"), 1);
      assert(count(events, ({ event }) => event.action === "connection-opened") > 0);
    } finally {
      await runToEnd("umount", [data]);
    }
  },
);
