/** What the command line says to what is wrong, and by which exit code. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { waysToStart } from "./support/program.ts";

/** Arguments, exit code, and what standard error has in it. */
const WRONG: [args: string[], code: number, said: string | RegExp][] = [
  [["wath"], 2, 'Unknown command "wath", the nearest is watch'],
  [["watch", "--jason"], 2, 'Unknown option "--jason", the nearest is --json'],
  [["run", "--confg", "x"], 2, 'Unknown option "--confg", the nearest is --config'],
  [["events", "--limit", "many"], 2, "must be a whole number from 1 to 10000"],
  [["events", "--limit"], 2, "Option --limit has no value"],
  [["events", "--all", "--limit", "3"], 2, "must be one or the other"],
  [["events", "--journal", "data/none.db"], 1, /Cannot .*none\.db/],
  [["session"], 2, 'Command "session" has no argument'],
  [["session", "x"], 2, "must be an id of 26 characters"],
  [["token", "add", "x", "--role", "king"], 2, "operator"],
  [["status", "--remote", "nowhere"], 2, "must be host:port"],
  [["status"], 1, "there is no token in"],
  [["certs", "--ip", "300.1.1.1"], 2, "must be IPv4 or IPv6"],
  [["check", "surplus"], 2, "must have none"],
];

for (const { way, open } of waysToStart()) {
  Deno.test(`Wrong usage is told with what would be right (${way})`, async () => {
    await using program = await open();
    for (const [args, code, said] of WRONG) {
      const { code: found, stdout, stderr } = await program.run(args, { withConfig: false });
      assertEquals([found, stdout], [code, ""], `${args.join(" ")}: ${stderr}`);
      if (typeof said === "string") assertStringIncludes(stderr, said);
      else assertMatch(stderr, said);
      assert(!stderr.includes("\x1b["), "no colour but on a terminal");
      assert(!stderr.includes("    at "), `no stack: ${stderr}`);
      if (code === 2) assertStringIncludes(stderr, "Usage:");
    }
  });

  Deno.test(`Help and version go to standard output (${way})`, async () => {
    await using program = await open();
    const run = (...args: string[]) => program.run(args, { withConfig: false });
    const [version, help, command] = await Promise.all([
      run("--version"),
      run("--help"),
      run("watch", "--help"),
    ]);
    assertEquals([version.code, help.code, command.code], [0, 0, 0]);
    assertMatch(version.stdout, /^duckblind \d+\.\d+\.\d+\n$/);
    for (const name of ["run", "check", "init", "watch", "events", "permissions"]) {
      assertMatch(help.stdout, new RegExp(`^ +${name}\\b`, "m"));
    }
    assertMatch(command.stdout, /--min-severity/);
    assertEquals(version.stderr + help.stderr + command.stderr, "");
  });

  Deno.test(`The config that init writes passes check (${way})`, async () => {
    await using program = await open();
    // From source the file is the config that the flags are made for; the executable may write it.
    if (program.configFile !== undefined) {
      const refused = await program.run(["init", program.configFile], { withConfig: false });
      assertEquals(refused.code, 1, "init never overwrites");
    } else {
      assertEquals((await program.run(["init"])).code, 0);
      assertEquals((await program.run(["init"])).code, 1, "init never overwrites");
    }
    const checked = await program.run(["check", "-c", "duckblind.yaml"], { withConfig: false });
    assertEquals([checked.code, checked.stderr], [0, ""]);
    assertMatch(checked.stdout, /is sound: 6 decoys on 12 addresses/);
    const schema = await program.run(["schema"], { withConfig: false });
    assertEquals(JSON.parse(schema.stdout).type, "object");
  });

  Deno.test(`check tells every problem of a config with its path (${way})`, async () => {
    await using program = await open();
    await Deno.writeTextFile(
      `${program.folder}/duckblind.yaml`,
      [
        "limits: {idle_ms: 5, sesions: 3}",
        "decoys:",
        '  - {kind: ftp, listen: ["127.0.0.1:21", ":70000"]}',
        '  - {kind: ftp, name: second, listen: ["127.0.0.1:21"]}',
        "  - {kind: gopher, listen: []}",
      ].join("\n"),
    );
    const { code, stdout, stderr } = await program.run(
      ["check", "-c", "duckblind.yaml"],
      { withConfig: false },
    );
    assertEquals([code, stdout], [2, ""]);
    const lines = stderr.trim().split("\n");
    for (
      const start of [
        "limits.idle_ms is 5, must be ",
        "limits.sesions is not a known key",
        'decoys[0].listen[1] is ":70000", must be host:port with port 1 to 65535',
        'decoys[2].kind is "gopher", must be one of ',
      ]
    ) {
      assert(lines.some((line) => line.startsWith(`Cannot read config: ${start}`)), stderr);
    }
    // What can be told only of a document whose keys are right.
    await Deno.writeTextFile(
      `${program.folder}/duckblind.yaml`,
      [
        "decoys:",
        '  - {kind: ftp, listen: ["127.0.0.1:21"]}',
        '  - {kind: ftp, name: second, listen: ["127.0.0.1:21"]}',
      ].join("\n"),
    );
    const double = await program.run(["check", "-c", "duckblind.yaml"], { withConfig: false });
    assertEquals(double.code, 2);
    assertMatch(
      double.stderr,
      /^Cannot read config: decoys\[1\]\.listen\[0\] is "127\.0\.0\.1:21"/m,
    );
  });
}
