import { assertEquals } from "@std/assert";
import type { Emitter } from "../../lib/events/emitter.ts";
import type { EventId } from "../../lib/events/event.ts";
import { ContactReports } from "../../lib/service/reports.ts";

/** Reports, and the events that they make. */
function start() {
  const events: [id: EventId, ip: string, data: unknown][] = [];
  const emitter = {
    emit: (scope: { peer: { ip: string } }, id: EventId, data: unknown) =>
      events.push([id, scope.peer.ip, data]),
  } as unknown as Emitter;
  const scope = (ip: string) => ({
    provider: "service",
    kind: "service",
    peer: { ip, port: 1 },
    local: { ip: "192.0.2.1", port: 2 },
  });
  return { events, scope, reports: new ContactReports(emitter) };
}

Deno.test("ContactReports tells a source's first probe at once, and the rest of a minute as one", () => {
  const { events, scope, reports } = start();
  for (let i = 0; i < 1000; i++) reports.probe(scope("203.0.113.7"), "not TLS");
  reports.probe(scope("203.0.113.8"), "not TLS", new Uint8Array([1]));
  assertEquals(events, [
    ["service.probe", "203.0.113.7", { detail: "not TLS" }],
    ["service.probe", "203.0.113.8", { detail: "not TLS", firstBytes: new Uint8Array([1]) }],
  ]);
  reports.sweep(performance.now() + 30_000);
  assertEquals(events.length, 2);
  const later = performance.now() + 61_000;
  reports.sweep(later);
  assertEquals(events.slice(2), [
    ["service.probe", "203.0.113.7", { detail: "999 more within a minute, the last: not TLS" }],
  ]);
  reports.probe(scope("203.0.113.7"), "not TLS"); // the next minute has begun with the count
  assertEquals(events.length, 3);
  reports.probe(scope("203.0.113.8"), "not TLS"); // silent for a minute: forgotten
  assertEquals(events.length, 4);
  reports.close();
  assertEquals(events.at(-1)![2], { detail: "1 more within a minute, the last: not TLS" });
  assertEquals([reports.probes, events.length], [1003, 5]);
});

Deno.test("ContactReports tells ten refused logins one by one, and counts the others", () => {
  const { events, scope, reports } = start();
  for (let i = 0; i < 25; i++) reports.refusedLogin(scope("2001:db8::1"), `u${i}`);
  assertEquals(events.length, 10);
  reports.close();
  assertEquals(events.at(-1), ["service.probe", "2001:db8::1", {
    detail: "15 more refused logins within a minute",
  }]);
  assertEquals(reports.refusedLogins, 25);
});

Deno.test("ContactReports counts a /64 as one source, and has a bound for their number", () => {
  const { events, scope, reports } = start();
  for (let i = 0; i < 500; i++) reports.limit(scope(`2001:db8::${i.toString(16)}`), LIMIT);
  assertEquals(events.length, 1);
  for (let i = 0; i < 5000; i++) reports.limit(scope(`198.51.${i >> 8}.${i & 255}`), LIMIT);
  assertEquals(events.length, 257);
  reports.close();
  assertEquals(
    events.slice(257).map(([, , data]) => (data as { refused: number }).refused),
    [499, 4744],
  );
});

const LIMIT = { limit: "service_sessions", max: 64 };
