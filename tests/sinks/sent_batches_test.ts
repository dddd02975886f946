import { assertEquals } from "@std/assert";
import { SentBatches } from "../../lib/sinks/sent_batches.ts";
import { madeEvents } from "../support/made_events.ts";
import { batchOf } from "../support/sinks.ts";

const EVENTS = madeEvents(12);

/** Batches of three events, one a second. */
function sentBatches(maxEvents: number): SentBatches {
  const sent = new SentBatches(maxEvents);
  for (let i = 0; i < 4; i++) sent.add(batchOf(EVENTS.slice(3 * i, 3 * i + 3)), 1000 * i);
  return sent;
}

Deno.test("SentBatches doubts all that it remembers when a connection breaks", () => {
  assertEquals(sentBatches(1000).inDoubt({ isOrderly: false, atMs: 1e6 }), 0);
  assertEquals(sentBatches(6).inDoubt({ isOrderly: false, atMs: 1e6 }), 6);
  assertEquals(sentBatches(1).inDoubt({ isOrderly: false, atMs: 1e6 }), 9, "one batch at least");
  assertEquals(sentBatches(0).inDoubt({ isOrderly: false, atMs: 1e6 }), undefined);
});

Deno.test("SentBatches doubts the last five seconds when a receiver ended orderly", () => {
  assertEquals(sentBatches(1000).inDoubt({ isOrderly: true, atMs: 3001 }), 0);
  assertEquals(sentBatches(1000).inDoubt({ isOrderly: true, atMs: 6500 }), 6);
  assertEquals(sentBatches(1000).inDoubt({ isOrderly: true, atMs: 8001 }), undefined);
});

Deno.test("SentBatches doubts nothing a second time", () => {
  const sent = sentBatches(6);
  const broken = { isOrderly: false, atMs: 1e6 };
  assertEquals(sent.inDoubt(broken), 6);
  assertEquals(sent.inDoubt(broken), undefined);
  sent.add(batchOf(EVENTS.slice(6, 9)), 4000);
  assertEquals(sent.inDoubt(broken), undefined, "these were sent twice");
  sent.add(batchOf(EVENTS.slice(9)), 5000);
  assertEquals(sent.inDoubt(broken), undefined, "and these");
});
