import { assertEquals } from "@std/assert";
import { Negotiation } from "../../../lib/decoys/telnet/negotiation.ts";
import { SpecialCharacters } from "../../../lib/decoys/telnet/special_characters.ts";
import { DO, DONT, WILL, WONT } from "../../../lib/decoys/telnet/codes.ts";
import { Tty } from "../../../lib/decoys/telnet/tty.ts";

const NAWS = 31;

/** A negotiation that agrees to NAWS alone, and what it sends. */
function negotiate() {
  const sent: number[] = [];
  const options = new Negotiation((bytes) => sent.push(...bytes.slice(1)), {
    request: (verb, option) => option === NAWS || verb === DONT || verb === WONT ? "yes" : "no",
    confirmed: () => {},
    settled: () => {},
  });
  return { options, sent };
}

Deno.test("Negotiation answers what it is asked, and not what it asked for", () => {
  const { options, sent } = negotiate();
  options.ask(DO, NAWS);
  options.receive(WILL, NAWS);
  options.receive(WILL, NAWS);
  assertEquals([sent, options.theyDo(NAWS)], [[DO, NAWS], true]);
});

Deno.test("Negotiation agrees and refuses, each once", () => {
  const { options, sent } = negotiate();
  options.receive(WILL, NAWS);
  options.receive(WILL, NAWS);
  options.receive(WILL, 99);
  options.receive(DO, 99);
  assertEquals(sent, [DO, NAWS, DONT, 99, WONT, 99]);
});

Deno.test("Negotiation acknowledges a change to off, and no more", () => {
  const { options, sent } = negotiate();
  options.receive(DO, NAWS);
  options.receive(DONT, NAWS);
  options.receive(DONT, NAWS);
  options.receive(WONT, NAWS);
  assertEquals(sent, [WILL, NAWS, WONT, NAWS]);
});

Deno.test("Negotiation knows what is still open", () => {
  const { options } = negotiate();
  options.ask(DO, NAWS);
  assertEquals(options.theirsIsOpen(NAWS), true);
  options.receive(WONT, NAWS);
  assertEquals([options.theirsIsOpen(NAWS), options.theyShould(NAWS)], [false, false]);
});

Deno.test("SpecialCharacters answers what came early when the terminal is known", () => {
  const { controls } = new Tty();
  const special = new SpecialCharacters(controls);
  assertEquals(special.receive(new Uint8Array([10, 2, 8])), []);
  assertEquals(controls.erase, 0x7f);
  assertEquals(special.start(), [0xff, 0xfa, 34, 3, 10, 0x82, 8, 0xff, 0xf0]);
  assertEquals(controls.erase, 8);
});

Deno.test("SpecialCharacters doubles 0xff, and answers no flood with a flood", () => {
  const special = new SpecialCharacters(new Tty().controls);
  special.start();
  assertEquals(special.receive(new Uint8Array([10, 2, 0xff])).slice(4, -2), [10, 0x82, 0xff, 0xff]);
  const flood = new Uint8Array(512).map((_, i) => [99, 2, i & 0xff][i % 3]!);
  assertEquals(special.receive(flood).length <= 4 + 108 + 2, true);
});
