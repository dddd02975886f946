import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { Authentication } from "../../../lib/decoys/ssh/auth.ts";
import type { AuthOptions } from "../../../lib/decoys/ssh/auth_profile.ts";
import { makeHostKey } from "../../../lib/decoys/ssh/keys/host_key.ts";
import { readPrivateKey } from "../../../lib/decoys/ssh/keys/private_key_format.ts";
import { fingerprint } from "../../../lib/decoys/ssh/keys/public_key.ts";
import { DROPBEAR } from "../../../lib/decoys/ssh/products/dropbear.ts";
import { OPENSSH_DEBIAN_12, OPENSSH_UBUNTU_24 } from "../../../lib/decoys/ssh/products/openssh.ts";
import { WireWriter } from "../../../lib/decoys/ssh/wire.ts";
import { memorySession } from "../../support/memory_session.ts";
import { authRequest, describe, message, passwordRequest } from "../../support/ssh_messages.ts";
import { readFixture, readPublic } from "./keys/fixtures.ts";

const HOSTBOUND = "publickey-hostbound-v00@openssh.com";
const SESSION_ID = new Uint8Array(32).fill(9);
const HOST_KEY = readPublic("ed25519");
const FAILURE = 'FAILURE "publickey,password" false';

/** An authentication that says what it does. */
function start(
  { product = OPENSSH_DEBIAN_12, ...options }: Partial<AuthOptions> & {
    product?: typeof DROPBEAR;
  } = {},
) {
  const made = memorySession();
  const said: string[] = [];
  let extended = 0;
  const authentication = new Authentication({
    session: made.session,
    profile: product.auth,
    options: {
      ...{ maxAttempts: 6, failDelayMs: 0, banner: "", offersKeyboardInteractive: false },
      secret: new Uint8Array(32),
      ...options,
    },
    sessionId: () => SESSION_ID,
    hostKey: () => HOST_KEY,
    send: (payload) => said.push(describe(payload)),
    extendAgain: () => void extended++,
  });
  return {
    ...made,
    authentication,
    extended: () => extended,
    /** Sends a request: what is said, and how it ends. */
    request: async (payload: Uint8Array) => {
      const refusal = await authentication.request(payload);
      return refusal === undefined ? said.splice(0) : refusal;
    },
    answers: async (payload: Uint8Array) => {
      const refusal = await authentication.answers(payload);
      return refusal === undefined ? said.splice(0) : refusal;
    },
  };
}

/** A request by a key, signed as RFC 4252 §7 asks. */
async function signed(name: string, algorithm: string, sessionId = SESSION_ID) {
  const request = authRequest("git", "publickey", true, algorithm, readPublic(name));
  const key = makeHostKey(readPrivateKey(readFixture(`${name}.key`)));
  const data = new WireWriter(512).string(sessionId).raw(request).bytes();
  return new WireWriter(1024).raw(request).string(await key.sign(algorithm, data)).bytes().slice();
}

Deno.test("a password is reported and refused, whatever it is", async () => {
  const { request, events } = start();
  assertEquals(await request(passwordRequest("ro\x1bot", "hunter 2\0")), [FAILURE]);
  assertEquals(await request(authRequest("ro\x1bot", "password", true, "old", "n\xffw")), [
    FAILURE,
  ]);
  const common = { username: "ro\\x1bot", service: "ssh-connection", method: "password" };
  assertEquals(events, [
    { id: "auth.attempt", data: { ...common, secret: "hunter 2\\x00" } },
    { id: "auth.attempt", data: { ...common, secret: "old", newSecret: "n\\xffw" } },
  ]);
});

Deno.test("none is answered at once the first time, and counts from then on", async () => {
  const { request, events } = start({ maxAttempts: 2 });
  assertEquals(await request(authRequest("root", "none")), [FAILURE]);
  assertEquals(await request(authRequest("root", "none")), [FAILURE]);
  assertEquals(await request(authRequest("root", "none")), {
    disconnect: "Too many authentication failures",
  });
  assertEquals(events.map(({ data }) => data.method), ["none", "none", "none"]);
});

Deno.test("the last failure of maxAttempts ends the talk in its place", async () => {
  for (const maxAttempts of [1, 3, 6]) {
    const { request, events } = start({ maxAttempts });
    for (let i = 1; i < maxAttempts; i++) {
      assertEquals(await request(passwordRequest("root", `${i}`)), [FAILURE]);
    }
    assertEquals(await request(passwordRequest("root", "last")), {
      disconnect: "Too many authentication failures",
    });
    assertEquals(events.length, maxAttempts);
  }
  const dropbear = start({ product: DROPBEAR, maxAttempts: 2 });
  // Dropbear counts neither `none` nor keys that it does not know.
  const offer = authRequest("root", "publickey", false, "ssh-ed25519", readPublic("ed25519"));
  for (let i = 0; i < 4; i++) {
    assertEquals(await dropbear.request(authRequest("root", "none")), [FAILURE]);
    assertEquals(await dropbear.request(offer), [FAILURE]);
  }
  assertEquals(await dropbear.request(passwordRequest("root", "1")), [FAILURE]);
  assertEquals(await dropbear.request(passwordRequest("root", "2")), "silence");
});

Deno.test("a key is reported with its fingerprint, and a signature with whether it is right", async () => {
  for (
    const [name, algorithm, bits] of [
      ["ed25519", "ssh-ed25519", 256],
      ["ecdsa", "ecdsa-sha2-nistp256", 256],
      ["rsa", "rsa-sha2-512", 3072],
    ] as const
  ) {
    const { request, events } = start();
    const blob = readPublic(name);
    const offer = authRequest("git", "publickey", false, algorithm, blob);
    assertEquals(await request(offer), [FAILURE]);
    assertEquals(await request(await signed(name, algorithm)), [FAILURE]);
    assertEquals(await request(await signed(name, algorithm, new Uint8Array(32))), [FAILURE]);
    const publicKey = {
      ...{ type: algorithm.replace(/^rsa.*/, "ssh-rsa"), sha256: fingerprint(blob), bits },
      ...{ blob, algorithm },
    };
    assertEquals(events.map(({ data }) => data.publicKey), [
      { ...publicKey, signed: false },
      { ...publicKey, signed: true, signatureValid: true },
      { ...publicKey, signed: true, signatureValid: false },
    ]);
    assertEquals(new Set(events.map(({ data }) => data.method)), new Set(["publickey"]));
  }
});

Deno.test("a key that is none is reported as it came", async () => {
  const { request, events } = start();
  const payload = authRequest("git", "publickey", true, "x-y\n", "\0\0\0\x03abcdef", "sig");
  assertEquals(await request(payload), [FAILURE]);
  const { type, bits, algorithm, signatureValid } = events[0]!.data.publicKey;
  assertEquals([type, bits, algorithm, signatureValid], ["abc", undefined, "x-y\\x0a", undefined]);
});

Deno.test("a key that is bound to a host is taken only with the right host's key", async () => {
  const { request, events } = start();
  const bound = (host: Uint8Array | string) =>
    authRequest("git", HOSTBOUND, false, "ssh-ed25519", readPublic("ed25519"), host);
  assertEquals(await request(bound(HOST_KEY)), [FAILURE]);
  assertEquals(await request(bound(readPublic("rsa"))), "silence");
  assertEquals(events.map(({ data }) => data.method), ["publickey", "publickey"]);
});

Deno.test("hostbased is reported with the names that the client gives itself", async () => {
  const { request, events } = start();
  const blob = readPublic("ed25519");
  const payload = authRequest("x", "hostbased", "ssh-ed25519", blob, "pc.\x07", "bob", "sig");
  assertEquals(await request(payload), [FAILURE]);
  const { method, clientHost, clientUser, publicKey } = events[0]!.data;
  assertEquals([method, clientHost, clientUser], ["hostbased", "pc.\\x07", "bob"]);
  assertEquals([publicKey.signed, publicKey.signatureValid], [true, false]);
});

Deno.test("keyboard-interactive prompts, and takes the answer as a password", async () => {
  const { request, answers, events, authentication } = start({ offersKeyboardInteractive: true });
  const ask = authRequest("bob", "keyboard-interactive", "", "pam");
  const prompt = Buffer.from(
    message(60, "", "", "", 1, "Password: ", false).subarray(1),
  ).toString("hex");
  assertEquals(await request(ask), [`60 ${prompt}`]);
  assertEquals([authentication.isPrompting, events.length], [true, 0]);
  const all = 'FAILURE "publickey,password,keyboard-interactive" false';
  assertEquals(await answers(message(61, 1, "se\ncret")), [all]);
  assertEquals(authentication.isPrompting, false);
  await request(ask);
  assertEquals(await answers(message(61, 2, "a", "b")), "silence");
  const common = { method: "keyboard-interactive", username: "bob", service: "ssh-connection" };
  assertEquals(events.map(({ data }) => data), [
    { ...common, secret: "se\\x0acret" },
    { ...common, secret: "a", responses: ["a", "b"] },
  ]);
});

Deno.test("another request takes the place of a prompt", async () => {
  const { request, authentication } = start({ offersKeyboardInteractive: true });
  await request(authRequest("bob", "keyboard-interactive", "", ""));
  await request(passwordRequest("bob", "x"));
  assertEquals(authentication.isPrompting, false);
});

Deno.test("keyboard-interactive by other means than PAM is one more failure", async () => {
  const { request, authentication } = start({ offersKeyboardInteractive: true });
  const all = 'FAILURE "publickey,password,keyboard-interactive" false';
  assertEquals(await request(authRequest("bob", "keyboard-interactive", "", "skey,bsd")), [all]);
  assertEquals(authentication.isPrompting, false);
  await request(authRequest("bob", "keyboard-interactive", "", "skey,pam"));
  assertEquals(authentication.isPrompting, true);
});

Deno.test("keyboard-interactive that is not offered is one more failure", async () => {
  const { request, events } = start();
  assertEquals(await request(authRequest("bob", "keyboard-interactive", "", "")), [FAILURE]);
  assertEquals(events, []);
});

Deno.test("a method that nobody knows is reported as a command", async () => {
  const { request, events } = start();
  assertEquals(await request(authRequest("a b", "gssapi-\n", 1, "x")), [FAILURE]);
  assertEquals(events, [{
    id: "command",
    data: { verb: "USERAUTH_REQUEST", argument: "a b ssh-connection gssapi-\\x0a" },
  }]);
});

Deno.test("the banner comes once, before the first answer", async () => {
  const { request, extended } = start({ banner: "Hands off\n" });
  const banner = 'BANNER "Hands off\\\\x0a" ""';
  assertEquals(await request(authRequest("root", "none")), [banner, FAILURE]);
  assertEquals(await request(passwordRequest("root", "x")), [FAILURE]);
  assertEquals(extended(), 1);
  const dropbear = start({ product: DROPBEAR, banner: "x" });
  assertEquals(await dropbear.request(authRequest("root", "none")), ['BANNER "x" "en"', FAILURE]);
});

Deno.test("another user or service than the first ends the talk", async () => {
  const change = async (payload: Uint8Array, product = OPENSSH_DEBIAN_12) => {
    const { request, events } = start({ product });
    await request(authRequest("root", "none"));
    const answer = await request(payload);
    assertEquals(events.length, 2); // what was tried is told all the same
    return answer;
  };
  const words = "Change of username or service not allowed: (root,ssh-connection) -> ";
  assertEquals(await change(passwordRequest("admin", "x")), {
    disconnect: words + "(admin,ssh-connection)",
  });
  assertEquals(await change(message(50, "root", "ftp", "none")), {
    disconnect: words + "(root,ftp)",
  });
  assertEquals(await change(passwordRequest("admin", "x"), DROPBEAR), "silence");
  // A style behind a colon, or a C text's end, is no other user.
  assertEquals(await change(passwordRequest("root:x", "x")), [FAILURE]);
  assertEquals(await change(message(50, "root\0", "ssh-connection\0", "none\0")), [FAILURE]);
});

Deno.test("a service with a NUL at its end stays the same service", async () => {
  const { request } = start();
  const payload = message(50, "root", "ssh-connection\0", "none");
  assertEquals(await request(payload), [FAILURE]);
  assertEquals(await request(payload), [FAILURE]);
  assertEquals(await request(authRequest("root", "none")), [FAILURE]);
});

Deno.test("requests that make no sense end the talk as the products do", async () => {
  const first = async (payload: Uint8Array, product = OPENSSH_DEBIAN_12) =>
    await start({ product }).request(payload);
  for (
    const payload of [
      message(50),
      message(50, "root", "ssh-connection"),
      message(50, "ro\0ot", "ssh-connection", "none"),
      authRequest("root", "none", "more"),
      authRequest("root", "password", false, "x", "more"),
      authRequest("root", "password", false),
      authRequest("root", "publickey", true, "ssh-ed25519", "blob"),
    ]
  ) assertEquals(await first(payload), "silence", describe(payload));
  assertEquals(await first(message(50, "root", "ftp", "none"), DROPBEAR), "silence");
  assertEquals(await first(authRequest("root", "publickey", true), DROPBEAR), "silence");
  assertEquals(await first(authRequest("root", "none", "more"), DROPBEAR), [FAILURE]);
});

Deno.test("OpenSSH pauses for PAM after a password, and by the user's name after the rest", async () => {
  const pausesOf = async (payload: Uint8Array, { nowMs = 0, failDelayMs = 2000 } = {}) => {
    const { request, pauses, clock } = start({ failDelayMs });
    clock.nowMs = nowMs;
    await request(payload);
    return pauses;
  };
  const password = passwordRequest("root", "x");
  const pauses = new Set<number>();
  for (let second = 0; second < 50; second++) {
    const [ms = 0, ...more] = await pausesOf(password, { nowMs: second * 1000 });
    assertEquals(more, []);
    // PAM's 1 to 3 s, rounded up to a doubled 5 to 9.3 ms.
    assert(ms >= 1002 && ms <= 6004, `${ms} ms`);
    // libpam draws by the second.
    assertEquals(await pausesOf(password, { nowMs: second * 1000 + 999 }), [ms]);
    pauses.add(ms);
  }
  assert(pauses.size > 1, `${pauses.size}`);
  const offer = (user: string) =>
    authRequest(user, "publickey", false, "ssh-ed25519", readPublic("ed25519"));
  const [ms = 0] = await pausesOf(offer("root"));
  assert(ms >= 5 && ms < 9.3, `${ms} ms`);
  assertEquals(await pausesOf(offer("root")), [ms]); // the same for the same name
  assert((await pausesOf(offer("bob")))[0] !== ms);
  assertEquals(await pausesOf(authRequest("root", "none")), [ms]);
  assertEquals(await pausesOf(password, { failDelayMs: 0 }), []);
});

Deno.test("Dropbear pauses for 250 to 350 ms", async () => {
  const { request, pauses } = start({ product: DROPBEAR, failDelayMs: 300, maxAttempts: 100 });
  for (let i = 0; i < 50; i++) await request(passwordRequest("root", `${i}`));
  assertEquals(pauses.length, 50);
  assert(pauses.every((ms) => ms >= 250 && ms <= 350), pauses.join(" "));
  assert(Math.max(...pauses) - Math.min(...pauses) > 20, pauses.join(" "));
});

Deno.test("only OpenSSH 9.6 sends EXT_INFO again", () => {
  assertEquals(OPENSSH_DEBIAN_12.auth.extendsInAuth, false);
  assertEquals(OPENSSH_UBUNTU_24.auth.extendsInAuth, true);
  assertEquals(DROPBEAR.auth.extendsInAuth, false);
});
