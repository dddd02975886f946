import { assert, assertEquals } from "@std/assert";
import { loadConfig } from "../lib/cli/load_config.ts";
import { permissionFlags, shellQuote } from "../lib/cli/permission_flags.ts";

const { tasks } = JSON.parse(await Deno.readTextFile("deno.json")) as {
  tasks: Record<string, string>;
};

Deno.test("task start has exactly the rights that the compiled-in config needs", async () => {
  const flags = permissionFlags(await loadConfig(undefined)).map(shellQuote);
  assertEquals(tasks.start, ["deno run", ...flags, "main.ts"].join(" "));
});

Deno.test("no task has all rights, and none asks", () => {
  for (const [name, line] of Object.entries(tasks)) {
    assertEquals(/\s(-A|--allow-all|--allow-ffi)\b/.test(line), false, name);
    const programs = line.split("&&").filter((part) => /\bdeno (run|test)\b/.test(part));
    for (const part of programs) assert(part.includes("--no-prompt"), `${name}: ${part}`);
  }
});

Deno.test("task test can run no program, and reach no host but this one", () => {
  assertEquals(/--allow-(run|env|import)\b/.test(tasks.test!), false);
  const [, hosts = ""] = /--allow-net=([^'\s]+)/.exec(tasks.test!) ?? [];
  assertEquals(hosts.split(","), ["127.0.0.1", "[::1]", "0.0.0.0", "[::]", "localhost"]);
});
