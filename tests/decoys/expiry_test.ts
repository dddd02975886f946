import { assert, assertEquals } from "@std/assert";
import type { Decoy, Session } from "../../lib/decoys/decoy.ts";
import { readAll, startTestHost } from "../support/host.ts";

const encoder = new TextEncoder();

/** A decoy that only reads, after `prepare`. */
function reader(prepare: (session: Session) => void | Promise<void>): Decoy {
  return {
    serve: async (session) => {
      await prepare(session);
      while (await session.read() !== null);
    },
  };
}

/** What a silent peer gets to read, and the event of its session's end. */
async function sitOut(decoy: Decoy, idleMs: number) {
  await using host = startTestHost(decoy, { limits: { idleMs } });
  using conn = await host.connect();
  const text = new TextDecoder().decode(await readAll(conn));
  const [event] = await host.waitFor("connection-closed");
  return { text, reason: event.duckblind.session.reason, ms: event.event.duration / 1e6 };
}

Deno.test("expireAfter() ends a silent session with the decoy's last words", async () => {
  const decoy = reader((session) => session.expireAfter(60, encoder.encode("421 Timeout.\r\n")));
  const { text, reason } = await sitOut(decoy, 5000);
  assertEquals({ text, reason }, { text: "421 Timeout.\r\n", reason: "idle" });
});

Deno.test("expireAfter() stands in for the idle limit, and the last call counts", async () => {
  const decoy = reader((session) => {
    session.expireAfter(1, encoder.encode("early"));
    session.expireAfter(400, encoder.encode("late"));
  });
  const { text, reason, ms } = await sitOut(decoy, 100);
  assertEquals({ text, reason }, { text: "late", reason: "idle" });
  assert(ms >= 400, `ended after ${ms} ms`);
});

Deno.test("expireAfter() lets a pause end first", async () => {
  const decoy = reader(async (session) => {
    session.expireAfter(20, encoder.encode("bye"));
    await session.pause(300);
    await session.write(encoder.encode("refused, "));
  });
  assertEquals((await sitOut(decoy, 100)).text, "refused, bye");
});
