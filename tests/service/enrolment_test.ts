import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { CommandError } from "../../lib/errors.ts";
import { formatEnrolment, parseEnrolment } from "../../lib/service/enrolment.ts";
import { testKeys } from "../support/test_tls.ts";

const TOKEN = "TM9Qdiaqw7NsqUX3V07aqQbsPKTx9t0unyY3ha_gTKA";

async function enrolment() {
  const { ca } = await testKeys();
  const address = "[2001:db8::1]:9443";
  return { address, serverName: "2001:db8::1", name: "edge-7", token: TOKEN, ca };
}

Deno.test("parseEnrolment() reads what formatEnrolment() writes, however a terminal broke it", async () => {
  const wanted = await enrolment();
  const line = formatEnrolment(wanted);
  assertMatch(line, /^duckblind1-[A-Za-z0-9_-]+$/, "nothing that a shell would change");
  assert(line.length < 900, `${line.length} characters`);
  const read = parseEnrolment(line);
  assertEquals({ ...read, ca: "" }, { ...wanted, ca: "" });
  assertEquals(read.ca.replaceAll("\n", ""), wanted.ca.replaceAll("\n", ""));
  const broken = line.replaceAll(/(.{80})/g, "$1\r\n  ") + "\n";
  assertEquals(parseEnrolment(broken), read);
});

Deno.test("parseEnrolment() notices a line that is cut or changed", async () => {
  const line = formatEnrolment(await enrolment());
  for (let cut = 1; cut < line.length; cut += 7) {
    assertThrows(() => parseEnrolment(line.slice(0, -cut)), CommandError);
  }
  for (let at = 11; at < line.length - 1; at += 13) {
    const other = line[at] === "A" ? "B" : "A";
    assertThrows(
      () => parseEnrolment(line.slice(0, at) + other + line.slice(at + 1)),
      CommandError,
    );
  }
  assertThrows(
    () => parseEnrolment(line.replace("duckblind1", "duckblind2")),
    CommandError,
    "version",
  );
  for (const text of ["", "x", "duckblind1-", "duckblind1-!", `duckblind1-${"A".repeat(9000)}`]) {
    assertThrows(() => parseEnrolment(text), CommandError, "Cannot use this line");
  }
});

Deno.test("parseEnrolment() refuses what cannot be, though the checksum is right", async () => {
  const good = await enrolment();
  const bad = [
    { address: "collector" },
    { address: "collector:0" },
    { serverName: "a b" },
    { serverName: "" },
    { name: "../x" },
    { name: "\u001b[2J" },
    { token: "short" },
    { ca: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" },
  ];
  for (const change of bad) {
    const line = formatEnrolment({ ...good, ...change });
    const error = assertThrows(() => parseEnrolment(line), CommandError, "Cannot use this line");
    assertEquals(error.message.includes("\u001b"), false);
  }
  assertThrows(() => formatEnrolment({ ...good, ca: "none" }), CommandError, "no PEM");
});
