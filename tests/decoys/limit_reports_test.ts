import { assertEquals } from "@std/assert";
import { LimitReports, REPORT_EVERY_MS } from "../../lib/decoys/limit_reports.ts";

function scope(ip: string) {
  return {
    provider: "ftp",
    kind: "ftp",
    peer: { ip, port: 1 },
    local: { ip: "192.0.2.1", port: 21 },
  };
}

const SOURCE = { limit: "sessions_per_source", max: 3 };
const TOTAL = { limit: "sessions", max: 9 };

Deno.test("LimitReports tells of a source once a minute, with what was refused since", () => {
  const told: [string | undefined, string, number | undefined][] = [];
  const reports = new LimitReports((scope, { limit, refused }) => {
    told.push([scope.peer?.ip, limit, refused]);
  });
  for (let i = 0; i < 50; i++) reports.refused(scope("198.51.100.1"), SOURCE, 1000 + i);
  reports.refused(scope("198.51.100.1"), TOTAL, 1100);
  reports.refused(scope("198.51.100.2"), SOURCE, 1100);
  assertEquals(told, [
    ["198.51.100.1", "sessions_per_source", 1],
    ["198.51.100.2", "sessions_per_source", 1],
  ]);
  told.length = 0;
  reports.sweep(1000 + REPORT_EVERY_MS - 1);
  assertEquals(told, []);
  reports.sweep(1000 + REPORT_EVERY_MS);
  assertEquals(told, [["198.51.100.1", "sessions", 50]]);
  told.length = 0;
  reports.flush(1000 + REPORT_EVERY_MS);
  assertEquals(told, [], "nothing is told twice");
});

Deno.test("LimitReports counts a crowd of sources as one, so that it stays small", () => {
  let told = 0;
  const reports = new LimitReports(() => told++);
  for (let i = 0; i < 20_000; i++) {
    reports.refused(scope(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`), SOURCE, 0);
  }
  assertEquals(told, 4097);
});
