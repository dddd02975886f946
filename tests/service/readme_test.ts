import { assert, assertEquals } from "@std/assert";
import { HANDLERS } from "../../lib/service/handlers.ts";

const readme = Deno.readTextFileSync(new URL("../../lib/service/README.md", import.meta.url));

Deno.test("the service's README has every request", () => {
  const section = readme.split("\n## After the login\n")[1]!.split("\n## ")[0]!;
  const table = section.slice(0, section.indexOf("Options of"));
  const named = [...table.matchAll(/`([A-Z][A-Z-]+)[` ]/g)].map((match) => match[1]!);
  assert(named.length > 5);
  assertEquals([...new Set(named)].sort(), [...HANDLERS.keys()].sort());
});
