import { assert, assertEquals, assertMatch } from "@std/assert";
import { createHmac } from "node:crypto";
import { decodeBase64, encodeBase64, SaslExchange, type SaslStep } from "../../lib/net/sasl.ts";

const SERVER = { hostname: "mail.example.net", nowMs: 1_795_308_720_500 };
const bytes = (text: string) => new TextEncoder().encode(text);

/** What a failed step tells. */
function failed(step: SaslStep) {
  assert(step.kind === "failed", step.kind);
  return step;
}

Deno.test("SaslExchange makes a line for hashcat 10200 of a CRAM-MD5 answer", () => {
  const exchange = new SaslExchange("cram-md5", SERVER);
  const asked = exchange.begin(undefined);
  assert(asked.kind === "challenge");
  assertMatch(asked.data, /^<\d{16}\.1795308720@mail\.example\.net>$/);
  const digest = createHmac("md5", "wonderland").update(asked.data).digest("hex");
  const { credential } = failed(exchange.respond(bytes(`alice ${digest}`)));
  assertEquals(credential!.username, "alice");
  assertEquals(credential!.hashcatMode, 10200);
  // What hashcat does with a candidate.
  const [, mode, challenge, response] = credential!.hash!.split("$");
  assertEquals(mode, "cram_md5");
  const guess = (password: string) => {
    const text = new TextDecoder().decode(decodeBase64(challenge!));
    return "alice " + createHmac("md5", password).update(text).digest("hex");
  };
  assertEquals(encodeBase64(guess("wonderland")), response);
  assert(encodeBase64(guess("wonderful")) !== response);
});

Deno.test("SaslExchange never gives the same CRAM-MD5 challenge twice", () => {
  const challenges = Array.from({ length: 20 }, () => {
    const step = new SaslExchange("cram-md5", SERVER).begin(undefined);
    return step.kind === "challenge" ? step.data : "";
  });
  assertEquals(new Set(challenges).size, 20);
});

Deno.test("SaslExchange keeps a CRAM-MD5 answer that is none", () => {
  const exchange = new SaslExchange("cram-md5", SERVER);
  exchange.begin(undefined);
  assertEquals(failed(exchange.respond(bytes("nonsense"))).credential, {
    method: "cram-md5",
    username: "",
    secret: "nonsense",
  });
  assertEquals(failed(exchange.respond(new Uint8Array(0))).credential, undefined);
});

Deno.test("SaslExchange reads PLAIN with any bytes, and for whom the peer would act", () => {
  const plain = (text: string) =>
    failed(new SaslExchange("plain", SERVER).begin(
      Uint8Array.from(text, (character) => character.charCodeAt(0)),
    ));
  assertEquals(plain("\0alice\0wonder\xff\0land").credential, {
    method: "plain",
    username: "alice",
    secret: "wonder\\xff\\x00land",
  });
  assertEquals(plain("root\0alice\0x").authorization, "root");
  assertEquals(plain("root\0alice\0x").asked, undefined, "there is no master user");
  assertEquals(plain("alice\0alice\0x").authorization, undefined);
  assertEquals(plain("alice\0alice\0x").asked, { username: "alice", password: "x" });
  assertEquals(plain("secret").credential, { method: "plain", username: "", secret: "secret" });
  assertEquals(plain("").credential, undefined);
  assertEquals(plain("\0a b\0c").asked, undefined, "such a name is not looked up");
});

Deno.test("SaslExchange asks for LOGIN's name and password, unless the name cannot be", () => {
  const exchange = new SaslExchange("login", SERVER);
  assertEquals(exchange.begin(undefined), { kind: "challenge", data: "Username:" });
  assertEquals(exchange.respond(bytes("bob")), { kind: "challenge", data: "Password:" });
  assertEquals(exchange.username, "bob");
  assertEquals(failed(exchange.respond(bytes("builder"))).credential, {
    method: "login",
    username: "bob",
    secret: "builder",
  });
  const odd = new SaslExchange("login", SERVER);
  assertEquals(odd.begin(bytes("a b")), { kind: "failed" });
  assertEquals(odd.username, "a b");
});

Deno.test("decodeBase64() passes over white space and wants padding", () => {
  assertEquals([...decodeBase64("YW Jj")!], [...bytes("abc")]);
  for (const text of ["YW", "YWJ", "YWJj=", "Y===", "YW=j", "YW-_", "*", "YWJj\0"]) {
    assertEquals(decodeBase64(text), undefined, text);
  }
  assertEquals(decodeBase64("")!.length, 0);
});
