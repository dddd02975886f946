import { assertEquals } from "@std/assert";
import { makeIgnoreRule } from "../../lib/events/ignore.ts";

function scope(ip: string, options: { provider?: string; kind?: string; port?: number } = {}) {
  return {
    provider: options.provider ?? "ftp",
    kind: options.kind ?? "ftp",
    peer: { ip, port: 4000 },
    local: { ip: "192.0.2.1", port: options.port ?? 21 },
  };
}

Deno.test("makeIgnoreRule() matches blocks of both families, decoys and ports together", () => {
  const rule = makeIgnoreRule([
    { source: ["10.1.0.0/16", "2001:db8::/33"], ports: [21], action: "suppress", max_severity: 10 },
    { decoys: ["web"], action: "lower", max_severity: 15 },
  ])!;
  assertEquals(rule(scope("10.1.2.3")), { suppress: true });
  assertEquals(rule(scope("10.2.2.3")), undefined);
  assertEquals(rule(scope("10.1.2.3", { port: 80 })), undefined);
  assertEquals(rule(scope("2001:db8:7fff::1")), { suppress: true });
  assertEquals(rule(scope("2001:db8:8000::1")), undefined);
  assertEquals(rule(scope("192.0.2.9", { provider: "web" })), { maxSeverity: 15 });
});

Deno.test("makeIgnoreRule() never hides who found the encrypted service", () => {
  const rule = makeIgnoreRule([{ source: ["0.0.0.0/0"], action: "suppress", max_severity: 0 }])!;
  assertEquals(rule(scope("192.0.2.9", { provider: "service", kind: "service" })), undefined);
  assertEquals(rule(scope("192.0.2.9")), { suppress: true });
});

Deno.test("makeIgnoreRule() is nothing for no rules", () => {
  assertEquals(makeIgnoreRule([]), undefined);
});
