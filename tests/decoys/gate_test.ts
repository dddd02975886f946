import { assertEquals } from "@std/assert";
import { Gate, type GatedSession, type GateLimits } from "../../lib/decoys/gate.ts";
import { DescriptorBudget } from "../../lib/net/descriptors.ts";

const LIMITS: GateLimits = { sessions: 4, sessionsPerDecoy: 3, sessionsPerSource: 2 };

/** A gate whose system has descriptors enough: this file can be opened as often as it is asked. */
function gate(limits: Partial<GateLimits> = {}): Gate {
  return new Gate({ ...LIMITS, ...limits }, new DescriptorBudget("deno.json", 8));
}

function enter(gate: Gate, ip: string, decoyName = "a", activeAt = 0): GatedSession {
  const session = {
    decoyName,
    peer: { ip, port: 1 },
    activeAt,
    abort(reason: string) {
      this.reason = reason;
    },
    reason: undefined as string | undefined,
  };
  gate.enter(session as unknown as GatedSession);
  return session as unknown as GatedSession;
}

Deno.test("Gate counts an IPv6 /64 as one source, an IPv4 address as one", () => {
  const g = gate({ sessions: 10, sessionsPerDecoy: 10 });
  enter(g, "2001:db8:0:1::1");
  enter(g, "2001:db8:0:1:ffff::2");
  assertEquals(g.check("a", "2001:db8:0:1::3", 0)?.limit, "sessions_per_source");
  assertEquals(g.check("a", "2001:db8:0:2::3", 0), undefined);
  enter(g, "192.0.2.1");
  enter(g, "192.0.2.1");
  assertEquals(g.check("a", "192.0.2.1", 0), { limit: "sessions_per_source", max: 2 });
  assertEquals(g.check("a", "192.0.2.2", 0), undefined);
});

Deno.test("Gate gives a place of the greediest source to a newcomer, the oldest first", () => {
  const g = gate({ sessionsPerDecoy: 9 });
  const other = enter(g, "192.0.2.9");
  const first = enter(g, "192.0.2.1", "a", 50);
  enter(g, "192.0.2.1", "a", 10);
  enter(g, "192.0.2.8");
  assertEquals(g.check("b", "192.0.2.7", 100), undefined);
  assertEquals([first.reason, other.reason], ["refused", undefined]);
  assertEquals(g.open, 3);
});

Deno.test("Gate gives a place among equals only to one that others have left silent", () => {
  const g = gate({ sessionsPerDecoy: 9 });
  const sessions = [1, 2, 3, 4].map((n) => enter(g, `192.0.2.${n}`, "a", n * 1000));
  assertEquals(g.check("a", "192.0.2.7", 2500), { limit: "sessions", max: 4 });
  assertEquals(g.check("a", "192.0.2.7", 3500), undefined);
  assertEquals(sessions.map((session) => session.reason), [
    "refused",
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test("Gate keeps one decoy's crowd from taking another decoy's places", () => {
  const g = gate();
  for (const n of [1, 2, 3]) enter(g, `192.0.2.${n}`, "a", 1000);
  assertEquals(g.check("a", "192.0.2.7", 1100), { limit: "sessions_per_decoy", max: 3 });
  assertEquals(g.check("b", "192.0.2.7", 1100), undefined);
});

Deno.test("Gate forgets who has left; leaving twice is fine", () => {
  const g = gate();
  const session = enter(g, "192.0.2.1");
  g.leave(session);
  g.leave(session);
  assertEquals([g.open, g.openOf("a"), [...g.sessions()].length], [0, 0, 0]);
});

Deno.test("DescriptorBudget finds the limit, or that there is room enough", () => {
  const wide = new DescriptorBudget("deno.json", 8);
  assertEquals(wide.allowance(100, 0), 100);
  assertEquals(wide.isLimitKnown, false);
  // What is kept back counts too: asked for more than there is room for, it grows step by step.
  const growing = new DescriptorBudget("deno.json", 8);
  assertEquals(growing.allowance(3000, 0), 3000);
  assertEquals(growing.allowance(3000, 2500), 3000);
});
