/**
 * `deno task doc`: every export has a JSDoc comment, and every comment is one that Deno understands.
 *
 * Takes `deno doc --lint` at its word for exports. A member whose name and type say everything, and an
 * inferred type of a schema, need no words of their own; a run of one-line constants shares the
 * comment above the first.
 * @module
 */
// deno-lint-ignore-file no-console -- a task talks to whoever started it

/** Complaints that are about what a package for others would need. */
const NOT_HERE = ["private-type-ref", "missing-return-type", "missing-explicit-type"];

/** One complaint. */
interface Complaint {
  readonly code: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

async function findModules(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) found.push(...await findModules(path));
    else if (path.endsWith(".ts") && !path.endsWith(".d.ts")) found.push(path);
  }
  return found.sort();
}

async function runDocLint(modules: readonly string[]): Promise<Complaint[]> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["doc", "--quiet", "--lint", ...modules],
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  });
  const { success, stderr } = await command.output();
  const text = new TextDecoder().decode(stderr);
  const complaints = [...text.matchAll(/^error\[([a-z-]+)\].*\n\s*--> (.+?):(\d+):\d+$/gm)];
  if (!success && complaints.length === 0) throw new Error(`Cannot run deno doc: ${text}`);
  return complaints.map(([, code = "", file = "", line]) => ({ code, file, line: Number(line) }));
}

/** Whether a complaint is about an export that has no comment, not even a shared one. */
function isSerious(complaint: Complaint, lines: readonly string[]): boolean {
  if (NOT_HERE.includes(complaint.code)) return false;
  if (complaint.code !== "missing-jsdoc") return true;
  const isExport = (line: string) => line.startsWith("export ");
  const isOneLine = (line: string) => /^export const \w+.*;( \/\/.*)?$/.test(line);
  let at = complaint.line - 1;
  if (!isExport(lines[at] ?? "")) return false; // a member
  while (isOneLine(lines[at] ?? "")) at--;
  return !(lines[at] ?? "").trimEnd().endsWith("*/");
}

const modules = await findModules("lib");
const serious: string[] = [];
for (const complaint of await runDocLint(modules)) {
  if (!modules.some((path) => complaint.file.endsWith(`/${path}`))) continue; // a package's own
  const lines = (await Deno.readTextFile(complaint.file)).split("\n");
  if (isSerious(complaint, lines)) {
    serious.push(`${complaint.file}:${complaint.line} ${complaint.code}`);
  }
}
for (const path of modules) {
  if (!/^\/\*\*[^]*?@module\s*\*\//.test(await Deno.readTextFile(path))) {
    serious.push(`${path}: no module comment`);
  }
}
console.log(serious.length === 0 ? `${modules.length} modules are documented` : serious.join("\n"));
if (serious.length > 0) Deno.exit(1);
