import { assertEquals } from "@std/assert";
import { MAX_SUBNEGOTIATION_BYTES, TelnetParser } from "../../../lib/decoys/telnet/parser.ts";
import { ClientProfile } from "../../../lib/decoys/telnet/client_profile.ts";
import { wireBytes } from "../../support/transcript.ts";

/** What a parser tells of a stream that comes in segments of `size` bytes. */
function parse(wire: string, size: number): string[] {
  const told: string[] = [];
  const parser = new TelnetParser({
    data: (byte) => told.push(byte.toString(16)),
    command: (code) => told.push(`command ${code}`),
    option: (verb, option) => told.push(`option ${verb} ${option}`),
    subnegotiation: (bytes) => told.push(`sub ${bytes.join(",")}`),
  });
  const bytes = wireBytes(wire);
  for (let at = 0; at < bytes.length; at += size) parser.push(bytes.subarray(at, at + size));
  return told;
}

for (const size of [1, 2, 3, 100]) {
  Deno.test(`TelnetParser takes commands out of segments of ${size}`, () => {
    const wire = "a\\xff\\xff\\xff\\xfd\\x03\\xff\\xf6b\\xff\\xfa\\x18\\0x\\xff\\xffy\\xff\\xf0c";
    assertEquals(parse(wire, size), [
      ...["61", "ff", "option 253 3", "command 246", "62"],
      ...["sub 24,0,120,255,121", "63"],
    ]);
  });

  Deno.test(`TelnetParser ends a subnegotiation at a command, in segments of ${size}`, () => {
    assertEquals(
      parse("\\xff\\xfa\\x18x\\xff\\xfb\\x01y\\xff\\xfa\\xff\\xfa\\x1f\\xff\\xf0", size),
      [
        ...["sub 24,120", "option 251 1", "79", "sub ", "sub 31"],
      ],
    );
  });
}

Deno.test("TelnetParser keeps a bounded part of a subnegotiation", () => {
  const told = parse("\\xff\\xfa" + "x".repeat(100_000) + "\\xff\\xf0z", 1000);
  assertEquals(told.length, 2);
  assertEquals(told[0]!.split(",").length, MAX_SUBNEGOTIATION_BYTES);
});

/** What a client's stream tells about it. */
function profile(wire: string) {
  const collected = new ClientProfile();
  collected.push(wireBytes(wire));
  return collected.summary();
}

Deno.test("ClientProfile says nothing of a client that never spoke telnet", () => {
  assertEquals(profile("root\\r\\n"), undefined);
  assertEquals(profile("\\xff\\xff"), undefined);
});

Deno.test("ClientProfile keeps options in order, window, speed and the first terminal name", () => {
  assertEquals(
    profile(
      "\\xff\\xfb\\x18\\xff\\xfd\\x03\\xff\\xfa\\x18\\0xterm\\xff\\xf0\\xff\\xfa\\x18\\0vt100\\xff\\xf0" +
        "\\xff\\xfa\\x1f\\0P\\x01\\x02\\xff\\xf0\\xff\\xfa \\x009600,9600\\xff\\xf0\\xff\\xfe\\x01",
    ),
    {
      options: ["WILL 24", "DO 3", "DONT 1"],
      environment: [],
      terminalType: "xterm",
      terminalSpeed: "9600,9600",
      window: [80, 258],
    },
  );
});

Deno.test("ClientProfile reads both environments, with escapes and without values", () => {
  const wire = (option: string, from: [string, string]) =>
    `\\xff\\xfa${option}\\0${from[0]}USER${from[1]}-f root${from[0]}A\\x02\\x01B\\x03C${from[1]}` +
    "\\xff\\xff\\xff\\xf0";
  const environment = [["USER", "-f root"], ["A\\x01B", ""], ["C", "\\xff"]];
  for (const read of [wire("'", ["\\0", "\\x01"]), wire("$", ["\\x01", "\\0"])]) {
    assertEquals(profile(read)?.environment as unknown, environment);
  }
});

Deno.test("ClientProfile keeps a bounded number of options and variables", () => {
  const summary = profile(
    "\\xff\\xfd\\x03".repeat(1000) +
      ("\\xff\\xfa'\\0" + "\\0A".repeat(200) + "\\xff\\xf0").repeat(9),
  );
  assertEquals(summary?.options.length, 64);
  assertEquals(summary?.environment.length, 32);
});
