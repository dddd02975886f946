import { assertEquals, assertThrows } from "@std/assert";
import { parseArguments } from "../../lib/cli/args.ts";
import type { Command } from "../../lib/cli/command.ts";
import { UsageError } from "../../lib/errors.ts";

const COMMAND: Pick<Command, "name" | "options" | "positionals"> = {
  name: "demo",
  positionals: [0, 1],
  options: [
    { name: "config", short: "c", type: "text", value: "FILE", description: "" },
    { name: "json", type: "flag", description: "" },
    { name: "ip", type: "list", value: "ADDRESS", description: "" },
    { name: "limit", type: "text", value: "N", description: "" },
  ],
};

function parse(...argv: string[]) {
  return parseArguments(COMMAND, argv);
}

/** Message of the UsageError that an argument list gives. */
function refusal(...argv: string[]): string {
  return assertThrows(() => parse(...argv), UsageError).message;
}

Deno.test("parseArguments() reads flags, texts, lists and the rest", () => {
  const args = parse("-c", "a.yaml", "--json", "--ip", "::1", "--ip=10.0.0.1", "here");
  assertEquals(args.text("config"), "a.yaml");
  assertEquals(args.flag("json"), true);
  assertEquals(args.list("ip"), ["::1", "10.0.0.1"]);
  assertEquals(args.positionals, ["here"]);
});

Deno.test("parseArguments() gives nothing for what was not typed", () => {
  const args = parse();
  assertEquals(args.text("config"), undefined);
  assertEquals(args.flag("json"), false);
  assertEquals(args.list("ip"), []);
  assertEquals(args.number("limit", 0, 9), undefined);
  assertEquals(args.positionals, []);
});

Deno.test("parseArguments() keeps digits as they were typed", () => {
  const args = parse("--config", "007", "0x10");
  assertEquals(args.text("config"), "007");
  assertEquals(args.positionals, ["0x10"]);
});

Deno.test("parseArguments() takes the last of a text given twice", () => {
  assertEquals(parse("-c", "a", "--config=b").text("config"), "b");
});

Deno.test("parseArguments() takes everything behind -- as it is", () => {
  assertEquals(parse("--", "--json").positionals, ["--json"]);
  assertEquals(parse("--", "--json").flag("json"), false);
});

Deno.test("parseArguments() names the nearest of an unknown option", () => {
  assertEquals(refusal("--confg=x"), 'Unknown option "--confg", the nearest is --config');
  assertEquals(refusal("-x"), 'Unknown option "-x", the nearest is -c');
  assertEquals(refusal("--no-json"), 'Unknown option "--no-json", the nearest is --json');
});

for (const name of ["--_", "--_=x", "--__proto__", "--constructor.prototype=x", "--ip.x=1"]) {
  Deno.test(`parseArguments() refuses ${name}, which is no option of any command`, () => {
    refusal(name);
    assertEquals(({} as Record<string, unknown>).x, undefined);
  });
}

Deno.test("parseArguments() refuses a text or list without value", () => {
  assertEquals(refusal("--config"), "Option --config has no value, must have FILE");
  assertEquals(refusal("-c", "--json"), "Option --config has no value, must have FILE");
  assertEquals(refusal("--ip", "1.2.3.4", "--ip="), "Option --ip has no value, must have ADDRESS");
});

Deno.test("parseArguments() refuses a flag with a value", () => {
  assertEquals(refusal("--json=yes"), "Option --json has a value, must have none");
});

Deno.test("parseArguments() refuses too many and too few arguments", () => {
  assertEquals(refusal("a", "b"), 'Command "demo" has 2 arguments, must have 0 to 1');
  const two = { ...COMMAND, positionals: [2, 2] as const };
  const { message } = assertThrows(() => parseArguments(two, ["a"]), UsageError);
  assertEquals(message, 'Command "demo" has 1 argument, must have 2');
});

Deno.test("parseArguments() tells everything that is wrong at once", () => {
  assertEquals(refusal("--jsn", "--config").split("\n").length, 2);
});

Deno.test("parseArguments() forgives everything else where help is asked for", () => {
  assertEquals(parse("--jsn", "--config", "--help").flag("help"), true);
  assertEquals(parse("a", "b", "-h").flag("help"), true);
});

Deno.test("number() takes whole numbers in the range, its edges included", () => {
  assertEquals(parse("--limit", "0").number("limit", 0, 9), 0);
  assertEquals(parse("--limit", "9").number("limit", 0, 9), 9);
  for (const text of ["10", "1.5", "1e0", "0x1", "x", "99999999999999999999"]) {
    const args = parse("--limit", text);
    const { message } = assertThrows(() => args.number("limit", 0, 9), UsageError);
    assertEquals(
      message,
      `Option --limit is ${JSON.stringify(text)}, must be a whole number from 0 to 9`,
    );
  }
});

Deno.test("asking for an option that a command does not have is our bug", () => {
  const args = parse();
  assertThrows(() => args.text("jsn"), TypeError);
  assertThrows(() => args.text("json"), TypeError); // a flag is no text
});
