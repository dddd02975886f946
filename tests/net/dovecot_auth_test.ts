import { assertEquals } from "@std/assert";
import { AuthPenalty } from "../../lib/net/auth_penalty.ts";
import { DovecotAuth } from "../../lib/net/dovecot_auth.ts";

/** A session that notes its pauses. */
function waiter() {
  const pauses: string[] = [];
  return {
    pauses,
    peer: { ip: "192.0.2.1" },
    now: () => 1_800_000_000_000,
    pause: (minMs: number, maxMs = minMs) => {
      pauses.push(`${minMs}..${maxMs}`);
      return Promise.resolve();
    },
  };
}
const ASKED = { username: "a", password: "b" };

Deno.test("DovecotAuth asks PAM about a name that can be, unless passwords are at hand", async () => {
  const of = async (mechanisms: ("plain" | "cram-md5")[], asked?: typeof ASKED) => {
    const session = waiter();
    await new DovecotAuth({ mechanisms, hostname: "x" }).fail(session, asked);
    return session.pauses;
  };
  assertEquals(await of(["plain"], ASKED), [...Array(3).fill("333..1000"), "2000..2000"]);
  assertEquals(await of(["plain"]), ["2000..2000"]);
  assertEquals(await of(["plain", "cram-md5"], ASKED), ["2000..2000"]);
});

Deno.test("DovecotAuth lets who has failed wait, in whatever case the name was", async () => {
  const penalty = new AuthPenalty();
  const auth = new DovecotAuth({ mechanisms: ["plain"], hostname: "x", pauseMs: [0, 0], penalty });
  const session = waiter();
  await auth.begin(session);
  await auth.fail(session, ASKED);
  await auth.begin(session);
  await auth.fail(session, { ...ASKED, username: "A" });
  await auth.begin(session);
  await auth.fail(session, { ...ASKED, password: "c" });
  await auth.begin(session);
  assertEquals(session.pauses, ["4000..4000", "4000..4000", "8000..8000"]);
});

Deno.test("DovecotAuth names what it offers in Dovecot's order", () => {
  const auth = new DovecotAuth({ mechanisms: ["cram-md5", "login", "plain"], hostname: "x" });
  assertEquals(auth.names(), ["PLAIN", "LOGIN", "CRAM-MD5"]);
  assertEquals(auth.names({ hidden: true }), ["CRAM-MD5"]);
  assertEquals([auth.find("pLaIn"), auth.find("NTLM")], ["plain", undefined]);
});
