import { assertEquals } from "@std/assert";
import { parseInetAton } from "../../lib/net/inet_aton.ts";

Deno.test("parseInetAton() reads one to four parts, decimal, octal or hexadecimal", () => {
  const cases: Record<string, string | undefined> = {
    "1.2.3.4": "1.2.3.4",
    "1.2.3": "1.2.0.3",
    "1.2": "1.0.0.2",
    "300": "0.0.1.44",
    "4294967295": "255.255.255.255",
    "0x7f.1": "127.0.0.1",
    "0177.0.0.01": "127.0.0.1",
    "4294967296": undefined,
    "1.256.1": undefined,
    "1.2.3.256": undefined,
    "08.1.1.1": undefined,
    "1.2.3.4.5": undefined,
    "1..2": undefined,
    " 1.2.3.4": undefined,
    "0x": undefined,
    "": undefined,
  };
  for (const [text, expected] of Object.entries(cases)) {
    assertEquals(parseInetAton(text)?.join("."), expected, JSON.stringify(text));
  }
});
