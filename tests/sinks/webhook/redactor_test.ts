import { assertEquals } from "@std/assert";
import { Redactor, secretsOfUrl } from "../../../lib/sinks/webhook/redactor.ts";

Deno.test("Redactor takes secrets out in every form, the longest first", () => {
  const redactor = new Redactor(["token", "token-and-more", 'a"b&c', "schlüssel"]);
  assertEquals(redactor.text("x token-and-more token y"), "x [secret] [secret] y");
  assertEquals(
    redactor.text('{"a":"a\\"b&c"} a&quot;b&amp;c a%22b%26c'),
    [
      '{"a":"[secret]"} [secret] [secret]',
    ].join(""),
  );
  const bytes = new TextEncoder().encode("zz schlüssel zz");
  assertEquals(new TextDecoder().decode(redactor.bytes(bytes)), "zz [secret] zz");
});

Deno.test("Redactor leaves bytes without secrets as they are", () => {
  const bytes = new Uint8Array([0, 255, 254, 0x61]);
  assertEquals(new Redactor(["token", "", "abc"]).bytes(bytes), bytes);
  assertEquals(new Redactor(["", "abc"]).text("abc"), "abc", "too short to be a secret");
});

Deno.test("secretsOfUrl() finds what may be a token, and not the host", () => {
  const secrets = secretsOfUrl(new URL("https://hook.example.com/v1/T0123456/xyz?key=k%20ey"));
  const redactor = new Redactor(secrets);
  assertEquals(
    redactor.text("POST /v1/T0123456/xyz?key=k%20ey to hook.example.com: no T0123456, no k ey"),
    "POST [secret] to hook.example.com: no [secret], no [secret]",
  );
  assertEquals(
    new Redactor(secretsOfUrl(new URL("http://h.example/"))).text("GET / at h"),
    "GET / at h",
  );
});
