import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Terminal } from "../../lib/cli/command.ts";
import { COMMANDS, DEFAULT_COMMAND } from "../../lib/cli/commands.ts";
import { main } from "../../lib/cli/main.ts";
import { parseArguments } from "../../lib/cli/args.ts";
import { VERSION } from "../../lib/version.ts";
import { FakeTerminal } from "../support/fake_terminal.ts";

/** Runs a command line and gives everything it did. */
async function cli(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const terminal = new FakeTerminal();
  const code = await main(argv, terminal);
  return { code, out: terminal.stdout, err: terminal.stderr };
}

Deno.test("main() shows the version of deno.json", async () => {
  const { version } = JSON.parse(await Deno.readTextFile("deno.json"));
  assertEquals(VERSION, version);
  for (const option of ["--version", "-V"]) {
    assertEquals(await cli(option), { code: 0, out: `duckblind ${version}\n`, err: "" });
  }
});

Deno.test("main() shows every command in the help, examples first", async () => {
  for (const argv of [["--help"], ["-h"], ["help"]]) {
    const { code, out } = await cli(...argv);
    assertEquals(code, 0);
    for (const { name, summary } of COMMANDS) assertStringIncludes(out, `  ${name}`, summary);
    assertEquals(
      out.match(/^[A-Z]\w+$/gm),
      ["Examples", "Usage", "Commands", "Options"],
    );
  }
});

Deno.test("the examples in the help of the whole program are right", async () => {
  const { out } = await cli("--help");
  const [, examples = ""] = /^Examples\n([^]*?)\n\n/m.exec(out) ?? [];
  const lines = examples.split("\n").flatMap((line) => line.split(/ {2,}| && /))
    .filter((part) => part.startsWith("duckblind"));
  assertEquals(lines.length >= 3, true, examples);
  for (const line of lines) {
    const [, name = DEFAULT_COMMAND, ...rest] = line.split(" ");
    const entry = COMMANDS.find((entry) => entry.name === name)!;
    parseArguments(await entry.load(), rest);
  }
});

Deno.test("main() shows bold headings only in colour", async () => {
  const plain = new FakeTerminal();
  const bold = new FakeTerminal({ isColor: true });
  await main(["--help"], plain);
  await main(["--help"], bold);
  assertEquals(plain.stdout.includes("\x1b"), false);
  assertStringIncludes(bold.stdout, "\x1b[1mExamples\x1b[0m");
});

for (const { name, load } of COMMANDS) {
  Deno.test(`${name} --help has three examples that parse, then usage and options`, async () => {
    const command = await load();
    assertEquals(command.name, name);
    assertEquals(command.examples.length, 3);
    const { code, out } = await cli(name, "--help");
    assertEquals(code, 0);
    assertEquals((await cli("help", name)).out, out);
    assertMatch(out, /^Examples\n[^]*^Usage\n[^]*^Options\n/m);
    for (const option of command.options) {
      assertStringIncludes(out, `--${option.name}`);
      assertEquals(/\.$/.test(option.description), false, "no final period");
      assertEquals(option.value === undefined, option.type === "flag", option.name);
    }
    for (const [line] of command.examples) {
      const [typed = ""] = line.split(/ (?:&&|\||>|2>>) /);
      const [first = DEFAULT_COMMAND, ...rest] = typed.split(" ").filter((word) => word !== "");
      assertEquals(first, name);
      parseArguments(command, rest);
    }
    for (const form of command.usage) assertMatch(form, new RegExp(`^\\[?${name}\\b`));
  });
}

Deno.test("main() names the nearest of an unknown command, exit 2", async () => {
  const { code, out, err } = await cli("chekc");
  assertEquals([code, out], [2, ""]);
  assertStringIncludes(err, 'Unknown command "chekc", the nearest is check\n');
});

Deno.test("main() shows message and usage for wrong arguments, exit 2", async () => {
  const { code, out, err } = await cli("check", "--confg");
  assertEquals([code, out], [2, ""]);
  assertEquals(
    err,
    'Unknown option "--confg", the nearest is --config\nUsage:\n  duckblind check [-c FILE]\n',
  );
});

Deno.test("main() takes options without a command for those of run", async () => {
  const { code, err } = await cli("--config");
  assertEquals(code, 2);
  assertStringIncludes(err, "duckblind [run] [-c FILE]");
  assertStringIncludes((await cli("-c", "x", "--help")).out, "duckblind run:");
});

Deno.test("main() shows an error of ours with its stack, exit 1", async () => {
  const terminal = new FakeTerminal();
  terminal.out = () => {
    throw new RangeError("broken inside");
  };
  assertEquals(await main(["--version"], terminal), 1);
  assertMatch(terminal.stderr, /^RangeError: broken inside\n +at /);
});

Deno.test("main() ends quietly when nobody reads its output any more", async () => {
  const terminal: Terminal & { stderr: string } = Object.assign(new FakeTerminal(), {
    out: () => {
      throw new Deno.errors.BrokenPipe();
    },
  });
  assertEquals(await main(["schema"], terminal), 0);
  assertEquals(terminal.stderr, "");
});
