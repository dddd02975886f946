import { assertEquals } from "@std/assert";
import { main } from "../../lib/cli/main.ts";
import { defaultConfig } from "../../lib/config/default.ts";
import { FakeTerminal } from "../support/fake_terminal.ts";
import { withTempFolder } from "../support/temp_folder.ts";

Deno.test("init writes a config with real ports that check accepts", async () => {
  await withTempFolder(async (folder) => {
    const path = `${folder}/edge.yaml`;
    const terminal = new FakeTerminal();
    assertEquals(await main(["init", path], terminal), 0);
    assertEquals(await Deno.readTextFile(path), defaultConfig("real"));
    assertEquals(await main(["check", "-c", path], terminal), 0, terminal.stderr);
  });
});

Deno.test("init never overwrites, exit 1", async () => {
  await withTempFolder(async (folder) => {
    const path = `${folder}/edge.yaml`;
    await Deno.writeTextFile(path, "mine");
    const terminal = new FakeTerminal();
    assertEquals(await main(["init", path], terminal), 1);
    assertEquals(await Deno.readTextFile(path), "mine");
    assertEquals(
      terminal.stderr,
      `Cannot write ${JSON.stringify(path)}: it is there already, and init never overwrites\n`,
    );
  });
});

Deno.test("init says where it may not write, exit 1", async () => {
  await withTempFolder(async (folder) => {
    const terminal = new FakeTerminal();
    assertEquals(await main(["init", `${folder}/no/edge.yaml`], terminal), 1);
    assertEquals(terminal.stdout, "");
    assertEquals(terminal.stderr.startsWith("Cannot write "), true);
  });
});
