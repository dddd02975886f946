import { assert, assertEquals } from "@std/assert";
import { DECOY_KINDS } from "../../../lib/decoys/registry.ts";
import { ACTIONS } from "../../../lib/events/event.ts";
import { everyAction, transcriptEvents } from "./corpus.ts";

Deno.test("the encoders' events have every action, and those of every decoy's transcripts", () => {
  const actions = new Set(everyAction().map(({ action }) => action));
  assertEquals([...actions].sort(), Object.values(ACTIONS).sort());
  const heard = transcriptEvents();
  assert(heard.length > 500, `${heard.length} events`);
  const kinds = new Set(heard.map(({ kind }) => kind));
  const silent = DECOY_KINDS.map(({ kind }) => kind).filter((kind) => !kinds.has(kind));
  assertEquals(silent, ["https"]); // plays the transcripts of `http`
});
