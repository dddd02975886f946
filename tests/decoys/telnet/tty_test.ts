import { assertEquals } from "@std/assert";
import { Tty } from "../../../lib/decoys/telnet/tty.ts";

const ascii = (text: string) => new TextEncoder().encode(text);
const text = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);

/** What a terminal echoes, and the lines that it then has. */
function type(keys: string, prepare: (tty: Tty) => void = () => {}): [string, string[]] {
  const tty = new Tty();
  prepare(tty);
  tty.takeOutput();
  tty.input([...keys].map((key) => key.charCodeAt(0)));
  const lines: string[] = [];
  for (let line = tty.takeLine(); line !== undefined; line = tty.takeLine()) {
    lines.push(text(line.bytes) + (line.end === "eof" ? "<EOF>" : ""));
  }
  return [text(tty.takeOutput()), lines];
}

Deno.test("Tty echoes, and ends a line at CR and at LF", () => {
  assertEquals(type("a\rb\n\r\nc"), ["a\r\nb\r\n\r\n\r\nc", ["a", "b", "", ""]]);
});

Deno.test("Tty echoes nothing without echo, not even the end of a line", () => {
  assertEquals(type("a\x7fb\x12\x03", (tty) => tty.echo = false), ["", []]);
  assertEquals(type("a\x12b\r", (tty) => tty.echo = false), ["", ["a\x12b"]]);
});

Deno.test("Tty shows controls as ^X and erases both columns", () => {
  assertEquals(type("\x01\x7f\x1b\r"), ["^A\b \b\b \b^[\r\n", ["\x1b"]]);
});

Deno.test("Tty erases nothing beyond the line's begin", () => {
  assertEquals(type("\x7f\x17\x15a\x7f\x7f\r"), ["a\b \b\r\n", [""]]);
});

Deno.test("Tty erases a word with what stands behind it", () => {
  const erased = "\b \b";
  assertEquals(type("ab-cd_1 .\x17\r"), [
    "ab-cd_1 ." + erased.repeat(6) + "\r\n",
    ["ab-"],
  ]);
});

Deno.test("Tty goes back over a tab to where it began, counting the prompt", () => {
  const prompt = (tty: Tty) => tty.print("login: ");
  assertEquals(type("a\tb\x7f\x7f\r", prompt), ["a\tb\b \b" + "\b".repeat(8) + "\r\n", ["a"]]);
  assertEquals(type("\t\x7f\r", prompt), ["\t\b\r\n", [""]]);
});

Deno.test("Tty expands tabs when told to", () => {
  assertEquals(type("a\tb\r", (tty) => tty.expandsTabs = true), ["a       b\r\n", ["a\tb"]]);
});

Deno.test("Tty takes the next key literally", () => {
  assertEquals(type("\x16\x7f\x16\r\x16\n\r"), ["^\b^?^\b^M^\b^J\r\n", ["\x7f\r\n"]]);
});

Deno.test("Tty ends a line at ^D without showing it", () => {
  assertEquals(type("a\x04\x04"), ["a", ["a<EOF>", "<EOF>"]]);
});

Deno.test("Tty drops input and unsent output at ^C, and shows it", () => {
  const tty = new Tty();
  tty.input(ascii("one\rtwo\x03"));
  assertEquals(text(tty.takeOutput()), "^C");
  assertEquals([tty.hasLine, tty.signal, tty.droppedOutput], [false, "intr", true]);
});

Deno.test("Tty stays alive at ^Z", () => {
  assertEquals(type("ab\x1acd\r"), ["^Zcd\r\n", ["cd"]]);
});

Deno.test("Tty holds output from ^S to ^Q, up to a limit", () => {
  const tty = new Tty();
  tty.input(ascii("a\x13"));
  for (let count = 0; count < 100; count++) tty.input(ascii("x".repeat(1000)));
  assertEquals(tty.takeOutput().length, 0);
  tty.input(ascii("\x11"));
  assertEquals(tty.takeOutput().length, 16_384);
});

Deno.test("Tty keeps 4095 bytes of a line, the last being the newest", () => {
  const [echo, [line]] = type("a".repeat(4095) + "bc\r");
  assertEquals(echo.length, 4097 + 2);
  assertEquals(line, "a".repeat(4094) + "c");
});

Deno.test("Tty takes no more when whole lines fill it", () => {
  const [echo, lines] = type(("x".repeat(9) + "\r").repeat(1000));
  assertEquals(lines.length, 409);
  assertEquals(echo.length, 409 * 11 + 5);
});

Deno.test("Tty drops the eighth bit when told to", () => {
  assertEquals(type("a\xe1\xff\r", (tty) => tty.stripsInput = true), ["aa\b \b\r\n", ["a"]]);
});

Deno.test("Tty sends LF alone without output processing", () => {
  assertEquals(type("a\tb\r", (tty) => tty.processesOutput = false), ["a\tb\n", ["a\tb"]]);
});

Deno.test("Tty hands out what a flush drops", () => {
  const tty = new Tty();
  tty.input(ascii("one\rtwo\x04thr"));
  assertEquals(tty.flushInput().map(text), ["one", "two"]);
  tty.input(ascii("ee\r"));
  assertEquals(text(tty.takeLine()!.bytes), "ee");
});

Deno.test("Tty holds as many empty lines as its buffer has bytes, and gives each back as it ended", () => {
  const [, lines] = type("\n".repeat(5000));
  assertEquals([lines.length, new Set(lines).size], [4095, 1]);
  assertEquals(type("a\x04\x04\nbc\n\x04d\n")[1], ["a<EOF>", "<EOF>", "", "bc", "<EOF>", "d"]);
});

Deno.test("Tty works off a read full of reprint keys, as far as its output goes", () => {
  const tty = new Tty();
  tty.input(ascii("a".repeat(4000)));
  assertEquals(tty.takeOutput().length, 4000);
  const startMs = performance.now();
  for (let round = 0; round < 20; round++) {
    tty.input(new Uint8Array(16_384).fill(0x12));
    assertEquals(tty.takeOutput().length, 16_384);
  }
  // A line's work for each key would be 1.3 thousand million steps: half a minute.
  assertEquals(performance.now() - startMs < 3000, true);
});
