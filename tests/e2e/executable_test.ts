/**
 * The executable alone: what it may do, that it may do nothing else, and that it needs nothing beside
 * itself. Skipped where `DUCKBLIND_BIN` names none.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { loadConfig } from "../../lib/cli/load_config.ts";
import { permissionFlags } from "../../lib/cli/permission_flags.ts";
import { testWith } from "./support/machine.ts";
import { runToEnd } from "./support/process.ts";
import { EXECUTABLE, Program } from "./support/program.ts";

/** Largest executable, in bytes. */
const MAX_BYTES = 90_000_000;

/** What every test here needs. */
function needs(...programs: string[]) {
  const missing = EXECUTABLE === undefined ? "an executable in DUCKBLIND_BIN" : undefined;
  return { programs, missing };
}

/** The rights that are written into the executable, as its runtime reads them at every start. */
async function bakedPermissions(): Promise<Record<string, unknown>> {
  const bytes = await Deno.readFile(EXECUTABLE!);
  // Latin-1: a character a byte, whatever the bytes are.
  const text = new TextDecoder("latin1").decode(bytes);
  const [, json] = /"permissions":(\{"allow_all":[^{}]*\})/.exec(text) ?? [];
  assert(json !== undefined, "no permissions were found in the executable");
  return JSON.parse(json);
}

testWith("the executable holds the rights of its config and no others", needs(), async () => {
  const baked = await bakedPermissions();
  const given = Object.entries(baked)
    .filter(([name, value]) => name.startsWith("allow_") && value !== null && value !== false)
    .filter(([name]) => name !== "allow_import") // an executable loads no module from elsewhere
    .map(([name, value]) => `--${name.replace("_", "-")}=${(value as string[]).join(",")}`);
  const flags = permissionFlags(await loadConfig(undefined));
  assertEquals(given.sort(), flags.filter((flag) => flag !== "--no-prompt").sort());
  assertEquals([baked.allow_all, baked.allow_run, baked.allow_ffi], [false, null, null]);
  assertEquals(baked.prompt, false);
});

testWith("the executable is at most 90 MB", needs(), async () => {
  const { size } = await Deno.stat(EXECUTABLE!);
  assert(size <= MAX_BYTES, `${size} bytes`);
});

testWith("the executable cannot read /etc/passwd", needs(), async () => {
  await using program = await Program.executable();
  const asConfig = await program.run(["check", "-c", "/etc/passwd"]);
  assertEquals([asConfig.code, asConfig.stdout], [2, ""]);
  assertStringIncludes(asConfig.stderr, "is not among the files that this program may read");
  const asJournal = await program.run(["events", "--journal", "/etc/passwd"]);
  assertEquals([asJournal.code, asJournal.stdout], [1, ""]);
  assertEquals((asConfig.stderr + asJournal.stderr).includes("root:"), false);
});

testWith("the executable cannot write outside its folders", needs(), async () => {
  await using program = await Program.executable();
  const { code } = await program.run(["init", "elsewhere.yaml"]);
  assertEquals(code, 1);
  assertEquals([...Deno.readDirSync(program.folder)].map(({ name }) => name), ["duckblind"]);
});

testWith("the executable cannot dial out", needs(), async () => {
  await using program = await Program.executable();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  let accepted = 0;
  const accepting = (async () => {
    for await (const connection of listener) {
      accepted++;
      connection.close();
    }
  })();
  assertEquals((await program.run(["certs"])).code, 0);
  await Deno.mkdir(`${program.folder}/data`);
  const token = { mode: 0o600 };
  await Deno.writeTextFile(
    `${program.folder}/data/operator.token`,
    `operator ${"A".repeat(43)}`,
    token,
  );
  const { code, stderr } = await program.run([
    ...["status", "--remote", `127.0.0.1:${port}`],
    ...["--ca", "certs/ca.pem", "--token-file", "data/operator.token"],
  ]);
  assertEquals(code, 1);
  assertStringIncludes(stderr, `Cannot dial 127.0.0.1:${port}: this program was built`);
  listener.close();
  await accepting;
  assertEquals(accepted, 0);
});

testWith(
  "the executable makes certificates that openssl accepts",
  needs("openssl"),
  async () => {
    await using program = await Program.executable();
    const { code, stderr } = await program.run(["certs", "--host", "edge.example.org"]);
    assertEquals(code, 0, stderr);
    const verified = await runToEnd("openssl", [
      ...[
        "verify",
        "-x509_strict",
        "-purpose",
        "sslserver",
        "-verify_hostname",
        "edge.example.org",
      ],
      ...["-CAfile", "certs/ca.pem", "certs/server.pem"],
    ], { cwd: program.folder });
    assertEquals([verified.code, verified.stdout], [0, "certs/server.pem: OK\n"], verified.stderr);
  },
);

testWith(
  "the executable writes a config, checks it and prints what it needs",
  needs(),
  async () => {
    await using program = await Program.executable();
    assertEquals((await program.run(["init"])).code, 0);
    const checked = await program.run(["check", "-c", "duckblind.yaml"]);
    assertEquals(checked.code, 0, checked.stderr);
    const { code, stdout } = await program.run(["permissions", "-c", "duckblind.yaml"]);
    assertEquals(code, 0);
    assertStringIncludes(stdout, "0.0.0.0:21,");
    const schema = await program.run(["schema"]);
    assertEquals(JSON.parse(schema.stdout).type, "object");
  },
);

testWith(
  "the executable says what to do about addresses that it was not built for",
  needs(),
  async () => {
    await using program = await Program.executable();
    await Deno.writeTextFile(
      `${program.folder}/duckblind.yaml`,
      'service: {enabled: false}\ndecoys: [{kind: tcp, listen: ["127.0.0.1:14099"]}]\n',
    );
    const { code, stderr } = await program.run(["run", "-c", "duckblind.yaml"]);
    assertEquals(code, 1);
    assertStringIncludes(stderr, "without the right to listen on 127.0.0.1:14099.");
    assertStringIncludes(stderr, "deno task compile -c duckblind.yaml");
  },
);
