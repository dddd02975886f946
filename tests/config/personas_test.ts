import { assert, assertEquals, assertThrows } from "@std/assert";
import { findGiveaways } from "../../lib/cli/giveaways.ts";
import { KNOWN_KINDS } from "../../lib/cli/load_config.ts";
import { parseConfig } from "../../lib/config/config.ts";
import { PERSONA_NAMES, personaConfig } from "../../lib/config/personas.ts";

Deno.test("personaConfig() writes hosts whose parts agree, on real ports", () => {
  assert(PERSONA_NAMES.length >= 5);
  for (const name of PERSONA_NAMES) {
    const config = parseConfig(personaConfig(name), KNOWN_KINDS);
    assertEquals(findGiveaways(config), [], name);
    assert(config.decoys.some(({ kind }) => kind === "ssh"), name);
    assert(config.sensor.hostname !== "", name);
    for (const { listen } of config.decoys) assertEquals(listen.length, 2, name);
  }
});

Deno.test("personaConfig() knows no other names, also not those of objects", () => {
  for (const name of ["", "web", "constructor"]) {
    assertThrows(() => personaConfig(name), RangeError);
  }
});
