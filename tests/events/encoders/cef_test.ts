import { assert, assertEquals, assertThrows } from "@std/assert";
import { encodeAs } from "../../../lib/events/encoders/encoder.ts";
import { escapeText, unescapeBytes } from "../../../lib/net/escape.ts";
import { parseCef } from "./cef_parser.ts";
import { everyAction, makeEvent, type Sample, TIME_MS, transcriptEvents } from "./corpus.ts";

/** The dictionary's keys that we use, with the longest value of each in characters; `n`: a number. */
const DICTIONARY: Readonly<Record<string, number | "n">> = {
  ...{ act: 63, app: 31, cat: 1023, cn1: "n", cn1Label: 1023, cn2: "n", cn2Label: 1023 },
  ...{ cn3: "n", cn3Label: 1023, cs1: 4000, cs1Label: 1023, cs2: 4000, cs2Label: 1023 },
  ...{ cs3: 4000, cs3Label: 1023, cs4: 4000, cs4Label: 1023, cs5: 4000, cs5Label: 1023 },
  ...{ cs6: 4000, cs6Label: 1023, destinationServiceName: 1023, deviceDirection: "n" },
  ...{ deviceExternalId: 255, dpt: "n", dst: 45, externalId: 40, fileHash: 255 },
  ...{ fileType: 1023, fname: 1023, fsize: "n", in: "n", msg: 1023, out: "n", outcome: 63 },
  ...{ proto: 31, reason: 1023, request: 1023, requestClientApplication: 1023 },
  ...{ requestMethod: 1023, rt: "n", sntdom: 255, spt: "n", src: 45, suser: 1023 },
};

/** What a key of the extension must hold of the wire form, where that is one field of it. */
const SAME: Readonly<Record<string, readonly string[]>> = {
  dpt: ["destination", "port"],
  dst: ["destination", "ip"],
  externalId: ["event", "id"],
  fname: ["file", "name"],
  fsize: ["file", "size"],
  fileHash: ["file", "hash", "sha256"],
  in: ["source", "bytes"],
  msg: ["message"],
  out: ["destination", "bytes"],
  outcome: ["event", "outcome"],
  request: ["url", "original"],
  requestClientApplication: ["user_agent", "original"],
  requestMethod: ["http", "request", "method"],
  sntdom: ["user", "domain"],
  spt: ["source", "port"],
  src: ["source", "ip"],
  suser: ["user", "name"],
  cs2: ["duckblind", "credential", "password"],
  cs4: ["process", "command_line"],
};

/** A value without our escapes for spaces at its ends. */
function plain(text: string): string {
  return text.replace(/^(\\x20)+|(\\x20)+$/g, (spaces) => " ".repeat(spaces.length / 4));
}

// deno-lint-ignore no-explicit-any -- looks at whatever field it is told
function find(root: any, path: readonly string[]): unknown {
  return path.reduce((node, name) => node?.[name], root);
}

function assertCef({ event, action }: Sample): void {
  const line = encodeAs("cef", event);
  const { header, extension } = parseCef(line);
  const wire = JSON.parse(event.json);
  const severity = String(Math.round(event.severity / 10));
  assertEquals(header.slice(0, 4), ["Duckblind", "Duckblind", "1.2.3", action]);
  assertEquals(header[5], severity);
  assertEquals(extension.get("rt"), String(TIME_MS));
  for (const [key, value] of extension) {
    const longest = DICTIONARY[key];
    assert(longest !== undefined, `${key} is no key of the dictionary`);
    if (longest === "n") assert(/^\d{1,19}$/.test(value), `${key} is ${value}`);
    else assert([...value].length <= longest, `${key} has ${value.length} characters`);
    if (/^c[ns]\d$/.test(key)) assert(extension.has(`${key}Label`), `${key} has no label`);
  }
  for (const [key, path] of Object.entries(SAME)) {
    const expected = find(wire, path);
    const isThere = expected !== undefined && expected !== "";
    assertEquals(extension.has(key), isThere, `${action}: ${key}`);
    const value = plain(extension.get(key) ?? "");
    if (isThere) assert(String(expected).startsWith(value), `${key}: ${value} of ${expected}`);
    if (isThere && value.length < 1000) assertEquals(value, String(expected), key);
  }
}

Deno.test("encodeAs() cef is read back by a parser for every action of every decoy", () => {
  for (const sample of everyAction()) assertCef(sample);
});

Deno.test("encodeAs() cef is read back by a parser for all that the transcripts report", () => {
  for (const sample of transcriptEvents()) assertCef(sample);
});

Deno.test("encodeAs() cef keeps a value that looks like keys, escapes or the end of a line", () => {
  for (
    const secret of [
      "a=b dst=198.51.100.1 cs3=x",
      "a|b\\|c\\\\ =",
      "\r\nCEF:0|x|y|z|1|2|3|src=198.51.100.1",
      "  two spaces and \u202e\u2028 ",
      "\\",
      "=",
      " ",
      "日本\u{1f986}",
    ]
  ) {
    const escaped = escapeText(secret);
    const data = { method: "password", username: "u", secret: escaped } as const;
    const line = encodeAs("cef", makeEvent("ftp", "auth.attempt", data));
    assertEquals(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(line), false);
    const { extension } = parseCef(line);
    assertEquals(extension.get("dst"), "192.0.2.1");
    assertEquals(unescapeBytes(extension.get("cs2")!), new TextEncoder().encode(secret));
  }
});

Deno.test("encodeAs() cef escapes what our own config may hold: bars, controls, ends of lines", () => {
  const event = makeEvent(
    "ftp",
    "auth.attempt",
    { method: "password", username: "u", secret: "" },
    {
      ...{ name: "edge\n|=\\1\x07", version: "1|2\\3\n4", secrets: "plain", salt: "" },
    },
  );
  const { header, extension } = parseCef(encodeAs("cef", event));
  assertEquals(header[2], "1|2\\3\\x0a4");
  assertEquals(extension.get("deviceExternalId"), "edge\\x0a|=\\1\\x07");
});

Deno.test("encodeAs() cef cuts what the dictionary does not allow, and counts that", () => {
  const long = "x=\\\\".repeat(2000);
  const data = { method: "password", username: long, secret: long } as const;
  const line = encodeAs("cef", makeEvent("ftp", "auth.attempt", data));
  const { extension } = parseCef(line);
  assertEquals(extension.get("suser")!.length, 1022); // 1023 would cut an escape in half
  assertEquals(extension.get("cs2")!.length, 4000);
  assertEquals([extension.get("cn3"), extension.get("cn3Label")], ["2", "Values cut"]);
});

Deno.test("the parser of CEF refuses what is not escaped", () => {
  for (
    const line of [
      "CEF:0|a|b|c|d|e",
      "CEF:0|a|b|c|d|e|5|msg=a=b",
      "CEF:0|a|b|c|d|e|5|msg=a\\b",
      "CEF:0|a|b|c|d\\x|e|5|",
      "CEF:0|a|b|c|d|e|5|msg=a msg=b",
      "CEF:0|a|b|c|d|e|5|msg=a\nb",
    ]
  ) assertThrows(() => parseCef(line), SyntaxError);
});
