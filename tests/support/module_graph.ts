/**
 * The modules of the program and what each of them imports, read from their text.
 * @module
 */

/** One module. */
export interface Module {
  /** Path in the repository, such as `lib/net/listen.ts`. */
  readonly path: string;
  /** Its text without comments. */
  readonly code: string;
  readonly lines: number;
  /** Paths of our own modules, and specifiers of everything else. */
  readonly imports: readonly Import[];
}

/** One import. */
export interface Import {
  /** Path in the repository, or the specifier of a package or of Node's. */
  readonly target: string;
  readonly isOwn: boolean;
  /** `type` is gone at run time, `lazy` is `import()`. */
  readonly kind: "static" | "type" | "lazy";
}

/** `import ... from "x"`, `export ... from "x"`, `import "x"` and `import("x")`. */
const IMPORT =
  /^\s*(?:import|export)\s+(type\s)?[^"';=()]*?\bfrom\s*"([^"]+)"|^\s*import\s*"([^"]+)"|\bimport\(\s*"([^"]+)"/gm;

/**
 * Reads the modules below a folder.
 * @param folder such as `lib`.
 * @returns all `.ts` files but declarations, by path.
 */
export async function readModules(folder: string): Promise<Module[]> {
  const modules: Module[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) modules.push(...await readModules(path));
    else if (path.endsWith(".ts") && !path.endsWith(".d.ts")) modules.push(await readModule(path));
  }
  return modules.sort((a, b) => a.path < b.path ? -1 : 1);
}

/**
 * Reads one module.
 * @param path in the repository.
 */
export async function readModule(path: string): Promise<Module> {
  const text = await Deno.readTextFile(path);
  const code = stripComments(text);
  const imports = [...code.matchAll(IMPORT)].map((match): Import => {
    const [, type, from, bare, lazy] = match;
    const specifier = from ?? bare ?? lazy!;
    const isOwn = specifier.startsWith(".");
    const kind = type !== undefined ? "type" : lazy !== undefined ? "lazy" : "static";
    return { target: isOwn ? resolve(path, specifier) : specifier, isOwn, kind };
  });
  return { path, code, lines: text.split("\n").length - 1, imports };
}

/**
 * Everything that is loaded together with a module: it and what it imports, but not what it loads
 * later.
 * @param modules of the program.
 * @param path of the module.
 * @returns paths of our own modules and specifiers of others.
 */
export function loadedWith(modules: readonly Module[], path: string): Set<string> {
  const seen = new Set<string>();
  const visit = (target: string) => {
    if (seen.has(target)) return;
    seen.add(target);
    const module = modules.find((module) => module.path === target);
    for (const { target, kind } of module?.imports ?? []) if (kind === "static") visit(target);
  };
  visit(path);
  return seen;
}

/** Text without comments; what looks like one inside a string or pattern stays. */
function stripComments(text: string): string {
  return text.replaceAll(/^\s*\/\*\*?[^]*?\*\/|\s\/\/ .*$|^\/\/ .*$/gm, "");
}

function resolve(from: string, specifier: string): string {
  return new URL(specifier, `file:///${from}`).pathname.slice(1);
}
