import { assertEquals } from "@std/assert";
import { telnet } from "../../lib/decoys/telnet.ts";
import { findDecoyKind } from "../../lib/decoys/registry.ts";
import { v } from "../../lib/config/schema.ts";
import { assertTranscript, makeDecoy, play, wireBytes } from "../support/transcript.ts";

const TRANSCRIPTS = new URL("./transcripts/telnet/", import.meta.url);

for (const product of ["busybox-1.35", "inetutils-2.4"] as const) {
  const folder = new URL(product.split("-")[0] + "/", TRANSCRIPTS);
  Deno.test(`telnet answers as ${product}, whatever the segments`, async (t) => {
    const files = transcriptsIn(folder);
    assertEquals(files.length >= 10, true, `only ${files.length} transcripts`);
    for (const file of files) {
      await t.step(file, async (t) => {
        const decoy = await makeDecoy(telnet, { product });
        await assertTranscript(t, decoy, new URL(file, folder));
      });
    }
  });

  // Where the genuine daemon itself goes by segments: commands that are cut, typing ahead.
  Deno.test(`telnet answers whole segments as ${product}`, async (t) => {
    const whole = new URL("whole/", folder);
    const files = transcriptsIn(whole);
    assertEquals(files.length >= 1, true, `only ${files.length} transcripts`);
    for (const file of files) {
      await t.step(file, async (t) => {
        const decoy = await makeDecoy(telnet, { product });
        await assertTranscript(t, decoy, new URL(file, whole), ["whole"]);
      });
    }
  });
}

Deno.test("telnet is a registered kind", () => {
  assertEquals(findDecoyKind("telnet"), telnet);
});

Deno.test("telnet shows the host name, issue and limits of its options", async () => {
  const decoy = await makeDecoy(telnet, {
    hostname: "cam-07",
    issue: "ACME IP camera\nFirmware 2.1\n",
    max_attempts: 1,
    pause_min_ms: 0,
    pause_max_ms: 0,
    startup_ms: 0,
  });
  const { lines } = await play(decoy, ["x\\r", "y\\r"].map(wireBytes));
  assertEquals(lines, [
    "< \\xff\\xfd\\x01\\xff\\xfd\\x1f\\xff\\xfb\\x01\\xff\\xfb\\x03\\r\\r\\n" +
    "ACME IP camera\\r\\n\\rFirmware 2.1\\r\\n\\rcam-07 login: ",
    "> x\\r",
    "< x\\r\\nPassword: ",
    "> y\\r",
    "< \\r\\n",
    '! auth.attempt {"method":"password","username":"x","secret":"y"}',
    "~ 0..0",
    "< \\r\\nLogin incorrect\\r\\nMaximum number of tries exceeded (1)\\r\\n",
    "= abrupt",
  ]);
});

Deno.test("telnet gives each inetutils session the lowest free terminal", async () => {
  const decoy = await makeDecoy(telnet, { product: "inetutils-2.4" });
  const refuse = [
    "\\xff\\xfe&\\xff\\xfc\\x18\\xff\\xfc \\xff\\xfc#\\xff\\xfc'\\xff\\xfc$",
    "\\xff\\xfc\\x01\\xff\\xfc\\x1f",
  ].map(wireBytes);
  const titleOf = async () => (await play(decoy, refuse)).lines.join("").match(/\(pts\/\d+\)/)?.[0];
  assertEquals(await Promise.all([titleOf(), titleOf(), titleOf()]), [
    "(pts/0)",
    "(pts/1)",
    "(pts/2)",
  ]);
  assertEquals(await titleOf(), "(pts/0)");
});

Deno.test("telnet refuses a product that it does not know", () => {
  assertEquals(v.safeParse(telnet.options, { product: "cisco" }).success, false);
  assertEquals(v.safeParse(telnet.options, { pause_min_ms: -1 }).success, false);
});

/** The transcripts right in a folder, in order. */
function transcriptsIn(folder: URL): string[] {
  return [...Deno.readDirSync(folder)]
    .filter((entry) => entry.isFile && entry.name.endsWith(".txt"))
    .map((entry) => entry.name).sort();
}
