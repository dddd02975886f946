/**
 * `deno task compile [-c FILE] [--remote HOST:PORT [--ca FILE] [--token-file FILE]] [--output FILE]
 * [--target TRIPLE] [--compiler DENO]`: one executable with the permissions of one config baked in.
 *
 * Bundles first: an executable of one bundle holds less in memory and starts faster than one with npm
 * packages in it. Modules that a command loads on demand become files of their own, so they cost an
 * idle sensor nothing. `DENORT_BIN` names the runtime to build on; without it Deno fetches one.
 * @module
 */
// deno-lint-ignore-file no-console -- a task talks to whoever started it
import { parseArguments } from "../lib/cli/args.ts";
import type { CommandOption } from "../lib/cli/command.ts";
import { findFlags, permissions } from "../lib/cli/permissions.ts";
import { UsageError } from "../lib/errors.ts";

const BUNDLE_FOLDER = "dist/bundle";
/**
 * V8 keeps up to 48 MiB for young objects, most of which a flood fills and nothing empties again. With
 * halves of 1 MiB an idle connection costs a third less memory, and a flood a tenth more CPU time.
 */
const V8_FLAGS = "--v8-flags=--max-semi-space-size=1";

const OPTIONS: readonly CommandOption[] = [
  ...permissions.options.filter(({ name }) => name !== "compile"),
  { name: "output", short: "o", type: "text", value: "FILE", description: "dist/duckblind" },
  {
    name: "target",
    type: "text",
    value: "TRIPLE",
    description: "Such as aarch64-unknown-linux-gnu",
  },
  { name: "compiler", type: "text", value: "DENO", description: "Another Deno for the last step" },
];

/** Runs a Deno; what it says is shown only if it fails. */
async function runDeno(program: string, args: readonly string[], hint = ""): Promise<void> {
  const command = new Deno.Command(program, { args: [...args], stdout: "piped", stderr: "piped" });
  const { success, stdout, stderr } = await command.output();
  if (success) return;
  for (const output of [stdout, stderr]) await Deno.stderr.write(output);
  throw new Error(`Cannot compile: ${program} ${args[0]} failed${hint}`);
}

async function compile(argv: readonly string[]): Promise<void> {
  const command = { name: "compile", options: OPTIONS, positionals: [0, 0] } as const;
  const args = parseArguments(command, argv);
  const output = args.text("output") ?? "dist/duckblind";
  const target = args.text("target");
  const flags = await findFlags(args);
  await Deno.remove(BUNDLE_FOLDER, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  const bundle = ["--quiet", "--platform=deno", "--code-splitting", `--outdir=${BUNDLE_FOLDER}`];
  // Deno 2.4 cannot bundle packages that import folders, but compiles what a newer one has bundled.
  await runDeno(
    Deno.execPath(),
    ["bundle", ...bundle, "main.ts"],
    `; with an old Deno: npx --yes deno@2.9.6 task compile --compiler ${Deno.execPath()}`,
  );
  await runDeno(args.text("compiler") ?? Deno.execPath(), [
    "compile",
    "--no-config",
    "--no-lock",
    "--no-check",
    V8_FLAGS,
    ...flags,
    ...(target === undefined ? [] : [`--target=${target}`]),
    `--output=${output}`,
    `${BUNDLE_FOLDER}/main.js`,
  ]);
  const { size } = await Deno.stat(output);
  console.log([`${output} (${(size / 1e6).toFixed(1)} MB) is built, with`, ...flags].join("\n  "));
}

try {
  await compile(Deno.args);
} catch (error) {
  if (!(error instanceof Error)) throw error;
  console.error(error instanceof UsageError ? error.message : error);
  Deno.exit(error instanceof UsageError ? 2 : 1);
}
