import { assertEquals } from "@std/assert";
import { isFiltered, makeSelection, withoutOwnName } from "../../lib/sinks/selection.ts";
import { matchesFilter } from "../../lib/journal/query.ts";
import { madeEvents } from "../support/made_events.ts";
import { sinkConfig } from "../support/sinks.ts";

Deno.test("makeSelection() with sensors wants events of these, its own sensor by its name", () => {
  const [own] = madeEvents(1);
  const events = [own!, { ...own!, sensor: "edge-2" }, { ...own!, sensor: "edge-3" }];
  const wantedOf = (sensors: string[]) => {
    const { wanted } = sinkConfig({ sensors });
    const { filter, accepts } = makeSelection(withoutOwnName(wanted, "hub"));
    return events.filter((event) => matchesFilter(event, filter) && accepts(event))
      .map(({ sensor }) => sensor ?? "hub");
  };
  assertEquals(wantedOf(["hub"]), ["hub"]);
  assertEquals(wantedOf(["edge-2", "hub"]), ["hub", "edge-2"]);
  assertEquals(wantedOf(["edge-9"]), []);
  const { wanted } = sinkConfig();
  assertEquals(withoutOwnName(wanted, "hub"), wanted);
});

Deno.test("isFiltered() tells whether anything is left out", () => {
  assertEquals(isFiltered(sinkConfig().wanted), false);
  const keys = [
    ...[{ min_severity: 1 }, { types: ["command"] }, { decoys: ["ftp"] }, { sensors: ["a"] }],
    ...[{ sources: ["192.0.2.1"] }, { exclude_types: ["command"] }, { exclude_decoys: ["ftp"] }],
    { exclude_sources: ["192.0.2.1"] },
  ];
  for (const key of keys) assertEquals(isFiltered(sinkConfig(key).wanted), true);
});
