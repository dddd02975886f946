import { assertEquals } from "@std/assert";
import { createHmac } from "node:crypto";
import type { Scope } from "../../lib/events/ecs.ts";
import type { EventMap } from "../../lib/events/event.ts";
import { LureBook } from "../../lib/lures/book.ts";
import { makeLure } from "../../lib/lures/lure.ts";

const LURE = makeLure(
  { kind: "env", name: "env", place: "", content: "", username: "" },
  { hostname: "srv", seed: () => new Uint8Array(32) },
);
const scope = (decoy: string, ip: string, sessionId: string): Scope => ({
  provider: decoy,
  kind: decoy,
  sessionId,
  peer: { ip, port: 1 },
  local: { ip: "192.0.2.1", port: 2 },
});

/** A book with one lure, and what it said. */
function openBook() {
  const said: unknown[] = [];
  const book = new LureBook((scope, id, data) => said.push([scope.sessionId, id, data]));
  book.plant([{ lure: LURE, decoys: ["web"] }]);
  const touch = (where: Scope, timeMs: number) =>
    book.observe({
      scope: where,
      id: "lure.touched",
      data: { lure: "env", place: "/.env" },
      timeMs,
    });
  const attempt = (where: Scope, data: Partial<EventMap["auth.attempt"]>) =>
    book.observe({
      scope: where,
      id: "auth.attempt",
      data: { method: "password", username: "root", ...data },
      timeMs: 9,
    });
  return { book, said, touch, attempt };
}

Deno.test("observe() tells who had read the lure whose password is tried", () => {
  const { book, said, touch, attempt } = openBook();
  touch(scope("web", "203.0.113.7", "s1"), 1);
  touch(scope("web", "203.0.113.8", "s2"), 2);
  attempt(scope("ssh", "203.0.113.7", "s3"), { secret: LURE.password });
  attempt(scope("ssh", "203.0.113.9", "s4"), { secret: LURE.password });
  const told = { lure: "env", place: "/.env", username: "root", method: "password" };
  assertEquals(said, [
    ["s3", "breadcrumb.used", {
      ...told,
      takenBy: { sessionId: "s1", ip: "203.0.113.7", decoy: "web", timeMs: 1 },
    }],
    ["s4", "breadcrumb.used", {
      ...told,
      takenBy: { sessionId: "s2", ip: "203.0.113.8", decoy: "web", timeMs: 2 },
    }],
  ]);
  const [report] = book.report();
  assertEquals([report!.taken, report!.used, report!.last?.sessionId], [2, 2, "s2"]);
});

Deno.test("observe() knows the password as an answer, as a new password and by its hash", () => {
  const { said, attempt } = openBook();
  const where = scope("ssh", "203.0.113.7", "s1");
  attempt(where, { secret: "x", responses: ["x", LURE.password] });
  attempt(where, { secret: "x", newSecret: LURE.password });
  const response = btoa(`root ${createHmac("md5", LURE.password).update("<1@x>").digest("hex")}`);
  attempt(where, { method: "cram-md5", hash: `$cram_md5$${btoa("<1@x>")}$${response}` });
  assertEquals(said.length, 3);
});

Deno.test("observe() says nothing of other passwords, nor of a lure that is no longer planted", () => {
  const { book, said, attempt } = openBook();
  const where = scope("ssh", "203.0.113.7", "s1");
  attempt(where, { secret: "123456" });
  attempt(where, { secret: LURE.password.toLowerCase() });
  attempt(where, { method: "cram-md5", hash: `$cram_md5$${btoa("<1@x>")}$${btoa("root 00")}` });
  book.plant([]);
  attempt(where, { secret: LURE.password });
  assertEquals(said, []);
});

Deno.test("remember() keeps the newest of many", () => {
  const { book, touch } = openBook();
  for (let i = 0; i < 1000; i++) touch(scope("web", "203.0.113.7", `s${i}`), i);
  const [report] = book.report();
  assertEquals([report!.taken, report!.last?.sessionId], [64, "s999"]);
});
