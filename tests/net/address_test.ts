import { assertEquals } from "@std/assert";
import {
  cidrHolds,
  formatHostPort,
  normalizeIp,
  parseCidr,
  parseHostPort,
  parseIp,
  sourceKey,
} from "../../lib/net/address.ts";

Deno.test("parseHostPort() reads IPv4, IPv6 in brackets and names", () => {
  assertEquals(parseHostPort("127.0.0.1:80"), { hostname: "127.0.0.1", port: 80 });
  assertEquals(parseHostPort("[::1]:80"), { hostname: "::1", port: 80 });
  assertEquals(parseHostPort("[::ffff:1.2.3.4]:1"), { hostname: "::ffff:1.2.3.4", port: 1 });
  assertEquals(parseHostPort("srv-1.example.org:65535")?.port, 65_535);
  assertEquals(parseHostPort("0.0.0.0:0")?.port, 0);
});

Deno.test("parseHostPort() refuses everything else", () => {
  const wrong = [
    "",
    ":80",
    "80",
    "127.0.0.1",
    "127.0.0.1:",
    "127.0.0.1:65536",
    "127.0.0.1:-1",
    "127.0.0.1:8x",
    "127.0.0.1: 80",
    "256.0.0.1:80",
    "1.2.3:80",
    "::1:80",
    "[::1]",
    "[::1:80",
    "[127.0.0.1]:80",
    "[::g]:80",
    "[fe80::1%eth0]:80",
    "a b:80",
  ];
  for (const text of wrong) assertEquals(parseHostPort(text), undefined, text);
});

Deno.test("formatHostPort() is what parseHostPort() reads", () => {
  for (const text of ["127.0.0.1:80", "[::]:443", "localhost:1"]) {
    assertEquals(formatHostPort(parseHostPort(text)!), text);
  }
});

Deno.test("parseIp() reads every form of IPv6", () => {
  const hex = (text: string) =>
    Array.from(parseIp(text) ?? [], (byte) => byte.toString(16).padStart(2, "0")).join("");
  const zeros = (count: number) => "00".repeat(count);
  assertEquals(hex("::"), zeros(16));
  assertEquals(hex("::1"), zeros(15) + "01");
  assertEquals(hex("1::"), "0001" + zeros(14));
  assertEquals(hex("2001:DB8::a:1"), "20010db8" + zeros(8) + "000a0001");
  assertEquals(hex("1:2:3:4:5:6:7:8"), "00010002000300040005000600070008");
  assertEquals(hex("1:2:3:4:5:6:7::"), "00010002000300040005000600070000");
  assertEquals(hex("::ffff:192.0.2.1"), zeros(10) + "ffffc0000201");
  assertEquals(hex("1:2:3:4:5:6:1.2.3.4"), "00010002000300040005000601020304");
});

Deno.test("parseIp() refuses what is neither IPv4 nor IPv6", () => {
  const wrong = [
    "",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "1.2.3.1e1",
    "1.2.3.00",
    "010.0.0.1",
    "::ffff:1.2.3.04",
    " 1.2.3.4",
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7::8",
    "::12345",
    "::1.2.3",
    "1.2.3.4::",
    "::1%lo",
  ];
  for (const text of wrong) assertEquals(parseIp(text), undefined, text);
});

Deno.test("parseCidr() reads blocks and bare addresses", () => {
  assertEquals(parseCidr("10.0.0.0/8")?.bits, 8);
  assertEquals(parseCidr("10.0.0.1")?.bits, 32);
  assertEquals(parseCidr("::/0")?.bits, 0);
  assertEquals(parseCidr("2001:db8::1")?.bits, 128);
  for (const text of ["10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/8/8", "x/8", "1.2.3.4/-1"]) {
    assertEquals(parseCidr(text), undefined, text);
  }
});

Deno.test("cidrHolds() compares exactly the leading bits", () => {
  const holds = (block: string, ip: string) => cidrHolds(parseCidr(block)!, parseIp(ip)!);
  assertEquals(holds("10.1.2.128/25", "10.1.2.255"), true);
  assertEquals(holds("10.1.2.128/25", "10.1.2.127"), false);
  assertEquals(holds("10.1.2.3/32", "10.1.2.3"), true);
  assertEquals(holds("10.1.2.3/32", "10.1.2.2"), false);
  assertEquals(holds("0.0.0.0/0", "255.1.1.1"), true);
  assertEquals(holds("2001:db8::/33", "2001:db8:7fff::1"), true);
  assertEquals(holds("2001:db8::/33", "2001:db8:8000::1"), false);
});

Deno.test("cidrHolds() keeps IPv4 and IPv6 apart", () => {
  assertEquals(cidrHolds(parseCidr("::/0")!, parseIp("10.0.0.1")!), false);
  assertEquals(cidrHolds(parseCidr("0.0.0.0/0")!, parseIp("::1")!), false);
});

Deno.test("normalizeIp() writes mapped addresses as IPv4, without zone, in lower case", () => {
  assertEquals(normalizeIp("::ffff:192.0.2.1"), "192.0.2.1");
  assertEquals(normalizeIp("::FFFF:192.0.2.1"), "192.0.2.1");
  assertEquals(normalizeIp("fe80::1%eth0"), "fe80::1");
  assertEquals(normalizeIp("2001:DB8::1"), "2001:db8::1");
  assertEquals(normalizeIp("192.0.2.1"), "192.0.2.1");
});

Deno.test("sourceKey() counts an IPv6 /64 as one source, an IPv4 address as one", () => {
  assertEquals(sourceKey("192.0.2.1"), "192.0.2.1");
  assertEquals(sourceKey("2001:db8::1"), sourceKey("2001:db8::ffff:1:2:3"));
  assertEquals(sourceKey("2001:db8::1") === sourceKey("2001:db8:0:1::1"), false);
});
