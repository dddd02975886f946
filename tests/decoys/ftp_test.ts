import { assertEquals, assertThrows } from "@std/assert";
import { v } from "../../lib/config/schema.ts";
import { ftp } from "../../lib/decoys/ftp.ts";
import { assertTranscript, makeDecoy, play } from "../support/transcript.ts";

const DIR = new URL("./transcripts/ftp/", import.meta.url);
const encoder = new TextEncoder();

const VSFTPD = [
  "login",
  "three_tries",
  "pipelined",
  "scanner",
  "garbage",
  "long_line",
  "timeout",
];
for (const name of VSFTPD) {
  Deno.test(`ftp plays vsftpd 3.0.3: ${name}`, async (t) => {
    const decoy = await makeDecoy(ftp);
    await assertTranscript(t, decoy, new URL(`vsftpd_${name}.txt`, DIR));
  });
}

const PROFTPD = [
  "login",
  "three_tries",
  "pipelined",
  "scanner",
  "garbage",
  "long_line",
  "timeout",
];
for (const name of PROFTPD) {
  Deno.test(`ftp plays ProFTPD 1.3.8: ${name}`, async (t) => {
    const decoy = await makeDecoy(ftp, { product: "proftpd-1.3.8" });
    // Only whole: to the genuine server, a LF that comes by itself ends no line.
    await assertTranscript(t, decoy, new URL(`proftpd_${name}.txt`, DIR), ["whole"]);
  });
}

Deno.test("ftp as ProFTPD answers nothing to a peer that sends byte by byte", async () => {
  const decoy = await makeDecoy(ftp, { product: "proftpd-1.3.8" });
  const { lines } = await play(decoy, [encoder.encode("SYST\r\nNOOP\r\n")], {
    segmentation: "bytes",
  });
  assertEquals(lines.filter((line) => line.startsWith("< ")).length, 1);
  assertEquals(lines.at(-1), "= wait");
});

Deno.test("ftp as ProFTPD ends a line whose CR and LF our own buffer has parted", async () => {
  const decoy = await makeDecoy(ftp, { product: "proftpd-1.3.8" });
  // The first read of a session takes 256 bytes: up to and with the CR.
  const line = "NOOP".padEnd(255, "x") + "\r\n";
  const { lines } = await play(decoy, [encoder.encode(line)]);
  assertEquals(lines.filter((line) => line.startsWith("< 500 NOOPX")).length, 1);
});

Deno.test("ftp closes after max_attempts failed logins, and pauses as long as it is told", async () => {
  const login = encoder.encode("USER a\r\nPASS b\r\n");
  for (const product of ["vsftpd-3.0.3", "proftpd-1.3.8"]) {
    const options = { product, max_attempts: 2, pause_min_ms: 30, pause_max_ms: 60 };
    const { lines } = await play(await makeDecoy(ftp, options), [login, login, login]);
    const pauses = lines.filter((line) => line.startsWith("~"));
    const one = product === "vsftpd-3.0.3" ? Array(3).fill("~ 10..20") : ["~ 30..60"];
    assertEquals(pauses, [...one, ...one]);
    assertEquals(lines.filter((line) => line.startsWith("! auth.attempt")).length, 2);
    assertEquals(lines.at(-1), product === "vsftpd-3.0.3" ? "= done" : "= abrupt");
  }
});

Deno.test("ftp pauses not at all with a pause_max_ms of 0", async () => {
  const decoy = await makeDecoy(ftp, { pause_max_ms: 0 });
  const { lines } = await play(decoy, [encoder.encode("USER a\r\nPASS b\r\n")]);
  assertEquals(lines.filter((line) => line.startsWith("~")), []);
});

Deno.test("ftp shows its own banner and host name when it is given them", async () => {
  const options = { product: "proftpd-1.3.8", banner: "Files here", hostname: "ftp.example.com" };
  const { lines } = await play(await makeDecoy(ftp, options), [encoder.encode("HELP\r\n")]);
  assertEquals(lines[0], "< 220 Files here\\r\\n");
  assertEquals(lines.join("").includes("Direct comments to root@ftp.example.com\\r\\n"), true);
});

Deno.test("ftp reports at most 1000 events of a session, and says that there were more", async () => {
  for (const product of ["vsftpd-3.0.3", "proftpd-1.3.8"]) {
    const decoy = await makeDecoy(ftp, { product });
    const { lines, events } = await play(decoy, [encoder.encode("NOOP\r\n".repeat(1100))]);
    assertEquals(events.length, 1001);
    assertEquals(events.at(-1), {
      id: "limit.hit",
      data: { limit: "session_events", max: 1000 },
    });
    const answers = lines.join("").match(/(?:200|530) [^\\]+/g);
    assertEquals(answers?.length, 1100);
  }
});

Deno.test("ftp refuses options that cannot be", () => {
  for (
    const options of [
      { product: "wu-ftpd" },
      { banner: "two\nlines" },
      { max_attempts: 0 },
      { pause_max_ms: 60_001 },
      { pause_min_ms: 2, pause_max_ms: 1 },
      { no_such_key: 1 },
    ]
  ) assertThrows(() => v.parse(ftp.options, options), v.ValiError);
});
