import { assert, assertEquals } from "@std/assert";
import { Emitter, type SensorEvent } from "../../lib/events/emitter.ts";
import { TEST_SENSOR, testScope } from "../support/events.ts";

/** An emitter with what it made, under a wall clock that is set by hand. */
class Bench implements Disposable {
  readonly events: SensorEvent[] = [];
  readonly emitter = new Emitter({
    nextSequence: () => this.events.length + 1,
    append: (event) => this.events.push(event),
  }, TEST_SENSOR);
  readonly #now = Date.now;

  at(ms: number): SensorEvent {
    Date.now = () => ms;
    this.emitter.emit(testScope(), "session.open", {});
    return this.events.at(-1)!;
  }

  [Symbol.dispose](): void {
    Date.now = this.#now;
  }
}

const idOf = ({ json }: SensorEvent) => JSON.parse(json).event.id as string;

Deno.test("Emitter waits out small steps back of the clock", () => {
  using bench = new Bench();
  const times = [1_000_000, 999_000, 995_001, 1_000_001].map((ms) => bench.at(ms).timeMs);
  assertEquals(times, [1_000_000, 1_000_000, 1_000_000, 1_000_001]);
});

Deno.test("Emitter follows a clock that was set right, and its ids still rise", () => {
  using bench = new Bench();
  const year = 365 * 86_400_000;
  const times = [2 * year, year, year + 1, year + 5].map((ms) => bench.at(ms).timeMs);
  assertEquals(times, [2 * year, year, year + 1, year + 5]);
  const ids = bench.events.map(idOf);
  assertEquals(ids, ids.toSorted());
  assertEquals(new Set(ids).size, 4);
  assert(bench.events.every(({ sequence }, i) => sequence === i + 1));
});
