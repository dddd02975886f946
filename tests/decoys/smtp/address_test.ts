import { assertEquals } from "@std/assert";
import { isHostname, parseAddress } from "../../../lib/decoys/smtp/address.ts";
import { judge } from "../../../lib/decoys/smtp/recipients.ts";
import { tokenize } from "../../../lib/decoys/smtp/tokens.ts";

Deno.test("parseAddress() takes one address out of what RFC 822 lets stand around it", () => {
  const texts = [
    "<a@b>",
    "a@b",
    '"a"@b',
    "<@x,@y:a@b>",
    "x <a@b>",
    "< a @ b >",
    "<a@b(c)>",
    "<<a@b>>",
  ];
  for (const text of texts) assertEquals(parseAddress(text)?.text, "a@b", text);
  assertEquals(parseAddress("<>")?.text, "");
  assertEquals(parseAddress('<"a b"@c>'), { text: "a b@c", local: "a b", domain: "c" });
});

Deno.test("parseAddress() refuses none, two, and domains that cannot be", () => {
  const texts = [
    "<a@>",
    "<@>",
    "<a b@c>",
    "<a@b,c@d>",
    "<a@b>x",
    "<a@b..c>",
    "<a@-b>",
    "<a@1.2.3.4>",
  ];
  for (const text of [...texts, "<a@[x]>", `<a@${"b".repeat(64)}>`]) {
    assertEquals(parseAddress(text), undefined, text);
  }
});

Deno.test("parseAddress() takes domains beyond ASCII only with SMTPUTF8", () => {
  assertEquals(parseAddress("<a@\xc3\xa4.de>"), undefined);
  assertEquals(parseAddress("<a@\xc3\xa4.de>", { isUtf8: true })?.domain, "\xc3\xa4.de");
});

Deno.test("isHostname() knows labels", () => {
  assertEquals(["a_b", "a.b-c", "1a"].map((name) => isHostname(name)), [true, true, true]);
  assertEquals(["", "a..b", "a-", "1.2"].map((name) => isHostname(name)), Array(4).fill(false));
});

Deno.test("judge() follows an address to where it goes in the end", () => {
  const here = { domains: new Set(["here"]), ip: "192.0.2.1", users: new Set(["root"]) };
  const verdict = (text: string) => judge(parseAddress(text)!, here);
  for (
    const text of [
      "root",
      "ROOT+x@HERE.",
      "root%here",
      "here!root",
      "root@here@here",
      "root@[192.0.2.1]",
    ]
  ) {
    assertEquals(verdict(text), "local", text);
  }
  for (const text of ["x@there", "x%there", "there!x@here", "x@there@here", "root@[192.0.2.2]"]) {
    assertEquals(verdict(text), "relay", text);
  }
  assertEquals(["nosuch", "+root@here"].map(verdict), ["unknown", "unknown"]);
  assertEquals(verdict("!root"), "bad");
});

Deno.test("judge() ends with an address that routes on for ever", () => {
  const here = { domains: new Set(["here"]), ip: "192.0.2.1", users: new Set<string>() };
  const local = "x" + "%here".repeat(500);
  assertEquals(judge({ text: local, local, domain: undefined }, here), "unknown");
});

Deno.test("tokenize() keeps together what quotes and brackets enclose", () => {
  const texts = (line: string) => tokenize(line).map(({ text }) => text);
  assertEquals(texts("MAIL FROM:<a b> SIZE=1"), ["MAIL", "FROM:", "<a b>", "SIZE=1"]);
  assertEquals(texts(' \tRCPT to:"a\\" b"@c '), ["RCPT", "to:", '"a\\" b"@c']);
  assertEquals(texts('x <a<b>c> <"> ">'), ["x", "<a<b>c>", '<"> ">']);
  assertEquals(tokenize("<a").map(({ isOpen }) => isOpen), [true]);
  assertEquals(texts(""), []);
});
