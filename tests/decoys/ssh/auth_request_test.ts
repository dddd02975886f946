import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { decodeAnswers, decodeAuthRequest } from "../../../lib/decoys/ssh/auth_request.ts";
import { authRequest, message } from "../../support/ssh_messages.ts";

const HOSTBOUND = "publickey-hostbound-v00@openssh.com";
const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString("latin1");

Deno.test("decodeAuthRequest() reads names, as text and as bytes", () => {
  const request = decodeAuthRequest(message(50, "r\xffot", "ssh-connection", "none"));
  assertEquals([request.user, request.service, request.method], [
    "r\xffot",
    "ssh-connection",
    "none",
  ]);
  assertEquals(request.userBytes, new Uint8Array([0x72, 0xff, 0x6f, 0x74]));
  assertEquals([request.isCutShort, request.hasTrailing], [false, false]);
  assertEquals(decodeAuthRequest(authRequest("a", "none", "more")).hasTrailing, true);
});

Deno.test("decodeAuthRequest() reads a password, and a new one", () => {
  const plain = decodeAuthRequest(authRequest("a", "password", false, "p\0w"));
  assertEquals([text(plain.password), plain.newPassword, plain.isChange], [
    "p\0w",
    undefined,
    false,
  ]);
  const change = decodeAuthRequest(authRequest("a", "password", true, "old", "new"));
  assertEquals([text(change.password), text(change.newPassword), change.isChange], [
    "old",
    "new",
    true,
  ]);
});

Deno.test("decodeAuthRequest() reads an offered key, and what its signature is over", () => {
  const query = decodeAuthRequest(authRequest("a", "publickey", false, "ssh-ed25519", "blob"));
  assertEquals([query.key?.algorithm, text(query.key?.blob)], ["ssh-ed25519", "blob"]);
  assertEquals([query.key?.signature, query.key?.signed], [undefined, undefined]);
  const unsigned = authRequest("a", "publickey", true, "ssh-ed25519", "blob");
  const signed = decodeAuthRequest(
    authRequest("a", "publickey", true, "ssh-ed25519", "blob", "sig"),
  );
  assertEquals([text(signed.key?.signature), signed.key?.signed], ["sig", unsigned]);
  const bound = decodeAuthRequest(authRequest("a", HOSTBOUND, true, "x", "blob", "host", "sig"));
  assertEquals(bound.key?.signed, authRequest("a", HOSTBOUND, true, "x", "blob", "host"));
  assertEquals([text(bound.key?.hostKey), text(bound.key?.signature)], ["host", "sig"]);
});

Deno.test("decodeAuthRequest() reads a host's key and the names that it gives", () => {
  const fields = ["ssh-rsa", "blob", "pc.example.", "bob"];
  const request = decodeAuthRequest(authRequest("a", "hostbased", ...fields, "sig"));
  assertEquals([text(request.clientHost), text(request.clientUser)], ["pc.example.", "bob"]);
  assertEquals(request.key?.signed, authRequest("a", "hostbased", ...fields));
});

Deno.test("decodeAuthRequest() keeps what came before a message is cut short", () => {
  const whole = authRequest("root", "password", true, "old", "new");
  const seen = new Set<string>();
  for (let length = 1; length < whole.length; length++) {
    const request = decodeAuthRequest(whole.subarray(0, length));
    assertEquals([request.isCutShort, request.hasTrailing], [true, false], `${length} bytes`);
    seen.add([request.user, request.service, request.method, text(request.password)].join());
  }
  assertEquals([...seen], [
    ",,,",
    "root,,,",
    "root,ssh-connection,,",
    "root,ssh-connection,password,",
    "root,ssh-connection,password,old",
  ]);
});

Deno.test("decodeAuthRequest() reads nothing of methods that it does not know", () => {
  const request = decodeAuthRequest(authRequest("a", "gssapi-with-mic", 1, "oid"));
  assertEquals([request.isCutShort, request.hasTrailing, request.key], [false, false, undefined]);
});

Deno.test("decodeAnswers() reads as many answers as there are, at most 100", () => {
  const read = (payload: Uint8Array) => {
    const { answers, isWhole } = decodeAnswers(payload);
    return [answers.map(text).join("|"), isWhole];
  };
  assertEquals(read(message(61, 1, "secret")), ["secret", true]);
  assertEquals(read(message(61, 2, "a", "")), ["a|", true]);
  assertEquals(read(message(61, 0)), ["", true]);
  assertEquals(read(message(61, 1, "a", "b")), ["a", false]);
  assertEquals(read(message(61, 3, "a", "b")), ["a|b", false]);
  assertEquals(read(message(61)), ["", false]);
  const { answers, isWhole } = decodeAnswers(message(61, 101, ...Array(101).fill("x")));
  assertEquals([answers.length, isWhole], [100, false]);
});
