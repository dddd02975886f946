/**
 * The decoders that every decoy and the sensor itself stand on, each against what it promises.
 * @module
 */
import { defaultConfig } from "../../lib/config/default.ts";
import { parseConfig } from "../../lib/config/config.ts";
import { LURE_NAMES } from "../../lib/lures/kinds.ts";
import { DECOY_KINDS } from "../../lib/decoys/registry.ts";
import { ConfigError, LimitError } from "../../lib/errors.ts";
import { boundBase64, boundText } from "../../lib/events/bound.ts";
import {
  cidrHolds,
  formatHostPort,
  normalizeIp,
  parseCidr,
  parseHostPort,
  parseIp,
  sourceKey,
} from "../../lib/net/address.ts";
import { ByteReader } from "../../lib/net/byte_reader.ts";
import { escapeBytes, escapeText, unescapeBytes } from "../../lib/net/escape.ts";
import { SINK_KINDS } from "../../lib/sinks/registry.ts";
import { MemoryStream } from "../support/memory_stream.ts";
import { latin1 } from "./mutate.ts";
import { Random } from "./random.ts";
import {
  type Case,
  check,
  cutRandomly,
  join,
  type Outcome,
  type Seed,
  type Target,
} from "./target.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Seeds of texts, one message each. */
export function textSeeds(name: string, texts: readonly string[]): Seed[] {
  return texts.map((text) => ({ name, messages: [encoder.encode(text)] }));
}

/** What a decoder's run comes to. */
export function decoded(input: Uint8Array, outputLength: number): Outcome {
  return { input: input.length, output: outputLength, events: 0 };
}

/** Whether two byte sequences are the same. */
export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Targets in `lib/net`, `lib/events` and `lib/config`. */
export function decoderTargets(): Target[] {
  return [
    { name: "escape", seeds: ODD_TEXTS, run: runEscape },
    { name: "bound", seeds: ODD_TEXTS, run: runBound },
    { name: "byte_reader", seeds: ODD_TEXTS, run: runByteReader },
    { name: "address", seeds: ADDRESSES, maxBytes: 512, run: runAddress },
    { name: "config", seeds: CONFIGS, maxBytes: 16_384, run: runConfig },
  ];
}

const ODD_TEXTS = textSeeds("texts", [
  "plain text\r\nsecond line\n\n\rthird",
  "back\\slash \\x41 \\\\x00 \0\x1b[2J\x7f",
  "Gr\u00fc\u00dfe \u{1f600} \u202e\u200b\ufeff \ue000 \u0300 \uffff \u{10ffff}",
  "a".repeat(8190) + "\\\\\x00" + "\u20ac".repeat(3000),
]);

/** Controls, and what changes how its neighbours are shown. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;

function runEscape({ messages }: Case): Outcome {
  const bytes = join(messages);
  const text = escapeBytes(bytes);
  check(!UNPRINTABLE.test(text), "escaped text is printable", () => JSON.stringify(text));
  check(isSame(unescapeBytes(text), bytes), "escapes are reversible", () => JSON.stringify(text));
  check(text.length <= 4 * bytes.length, "escaped text is bounded", () => `${text.length}`);
  check(escapeText(decoder.decode(bytes)).isWellFormed(), "text is well formed", () => text);
  // Text of anyone's may be offered to be undone: it is, or the one error says why not.
  try {
    unescapeBytes(latin1(bytes));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return decoded(bytes, text.length);
}

function runBound({ messages, choices }: Case): Outcome {
  const random = new Random(choices);
  const bytes = join(messages);
  const text = escapeBytes(bytes);
  const fullBytes = encoder.encode(text).length;
  const maxBytes = random.pick([4, 64, 256, 1024, 8192, random.below(fullBytes + 8)]);
  const bound = boundText(text, maxBytes);
  const size = encoder.encode(bound.text).length;
  check(text.startsWith(bound.text), "cut text is a prefix", () => bound.text.slice(-80));
  check(size <= maxBytes, "cut text is short enough", () => `${size} of ${maxBytes}`);
  check(bound.text.isWellFormed(), "no character is cut", () => JSON.stringify(bound.text.at(-1)));
  const isCut = bound.text.length < text.length;
  check(
    bound.fullBytes === (isCut ? fullBytes : undefined),
    "the full length is told",
    () => `${bound.fullBytes} of ${fullBytes}`,
  );
  check(!isCut || size > maxBytes - 4, "no more is cut than must be", () => `${size}, ${maxBytes}`);
  const kept = unescapeBytes(bound.text); // throws when an escape is cut in half
  check(isSame(kept, bytes.subarray(0, kept.length)), "cut text is the start", () => bound.text);
  const base64 = boundBase64(bytes);
  const back = Uint8Array.from(atob(base64.text), (character) => character.charCodeAt(0));
  check(base64.text.length <= 8192, "base64 is short enough", () => `${base64.text.length}`);
  check(isSame(back, bytes.subarray(0, back.length)), "base64 is the start", () => base64.text);
  check(base64.isCut === back.length < bytes.length, "a cut is told", () => `${base64.isCut}`);
  return decoded(bytes, size);
}

/** Reads by random calls; a model with the whole input says what each must give. */
async function runByteReader({ messages, choices }: Case): Promise<Outcome> {
  const random = new Random(choices);
  const bytes = join(messages);
  const stream = new MemoryStream();
  for (const piece of cutRandomly(bytes, random)) stream.send(piece);
  stream.end();
  let arrived = 0;
  const reader = new ByteReader(stream, (chunk) => arrived += chunk.length);
  let rest: Uint8Array = bytes;
  let taken = 0;
  const take = (count: number) => {
    const part = rest.subarray(0, count);
    rest = rest.subarray(count);
    taken += count;
    return part;
  };
  let calls = 0;
  for (; rest.length > 0; calls++) {
    check(calls <= 20 * bytes.length + 100, "it ends", () => `${calls} calls`);
    const wanted = random.length(600) + 1;
    switch (random.below(5)) {
      case 0: {
        const chunk = await reader.read();
        check(chunk !== null && chunk.length > 0, "read() gives bytes", () => String(chunk));
        const model = take(chunk!.length);
        check(isSame(chunk!, model), "read() gives what came", () => escapeBytes(chunk!));
        if (random.chance(0.4)) {
          const from = random.below(chunk!.length + 1);
          const isTail = random.chance(0.7);
          const back = isTail ? chunk!.subarray(from) : random.bytes(random.below(40));
          rest = join([back, rest]);
          reader.unread(back);
        }
        break;
      }
      case 1: {
        const count = Math.min(wanted, rest.length);
        const part = await reader.bytes(count);
        check(isSame(part, take(count)), "bytes() gives what came", () => escapeBytes(part));
        break;
      }
      case 2: {
        const lf = rest.indexOf(0x0a);
        let line: Uint8Array | null | "long";
        try {
          line = await reader.line(wanted);
        } catch (error) {
          if (!(error instanceof LimitError)) throw error;
          line = "long";
        }
        const isLong = lf < 0 ? rest.length >= wanted : lf >= wanted;
        if (isLong) check(line === "long", "line() is bounded", () => `at most ${wanted}`);
        else if (lf < 0) {
          check(line === null, "line() gives whole lines", () => String(line));
          return decoded(bytes, taken);
        } else {
          const model = take(lf + 1);
          const end = lf > 0 && model[lf - 1] === 0x0d ? lf - 1 : lf;
          const isRight = line instanceof Uint8Array && isSame(line, model.subarray(0, end));
          check(isRight, "line() gives the line", () => escapeBytes(model));
        }
        break;
      }
      case 3:
        await reader.arrival();
        check(reader.buffered > 0, "arrival() waits for input", () => `${reader.buffered} bytes`);
        break;
      default: {
        if (rest.length >= wanted || random.chance(0.8)) break;
        const error = await reader.bytes(wanted + rest.length).then(() => null, (error) => error);
        const isRight = error instanceof Deno.errors.UnexpectedEof;
        check(isRight, "bytes() tells the end", () => String(error));
        // What there is stays.
        check(reader.buffered === rest.length, "bytes() takes all or nothing", () => "");
      }
    }
  }
  const last = await reader.read();
  check(last === null && reader.ended, "the end comes after all", () => String(last));
  check(arrived === bytes.length, "all that arrives is told", () => `${arrived}`);
  return decoded(bytes, taken);
}

const ADDRESSES = textSeeds("addresses", [
  ...["127.0.0.1:80", "[::1]:80", "host.example:65535", "[2001:db8::1.2.3.4]:1", ":80", "a:0"],
  ...["10.0.0.0/8", "2001:db8::/32", "::ffff:1.2.3.4", "1:2:3:4:5:6:7:8", "::", "fe80::1%eth0"],
]);

function runAddress({ messages }: Case): Outcome {
  const bytes = join(messages);
  const text = latin1(bytes);
  const address = parseHostPort(text);
  if (address !== undefined) {
    const again = parseHostPort(formatHostPort(address));
    const isRight = again?.hostname === address.hostname && again.port === address.port;
    check(isRight, "an address can be written and read", () => JSON.stringify(address));
  }
  const ip = parseIp(text);
  if (ip !== undefined) {
    const isIpv6 = text.includes(":");
    check(ip.length === (isIpv6 ? 16 : 4), "an address has 4 or 16 bytes", () => `${ip}`);
    // The URL standard's own parser must agree: for IPv4 it knows more forms, for IPv6 the same.
    const url = isIpv6 ? URL.parse(`http://[${text}]`) : URL.parse(`http://${ip.join(".")}`);
    const same = url === null ? undefined : parseIp(url.hostname.replaceAll(/[[\]]/g, ""));
    check(same !== undefined && isSame(same, ip), "the URL parser agrees", () => `${ip}`);
  } else if (/^[0-9a-fA-F:.]+$/.test(text) && text.includes(":")) {
    check(URL.parse(`http://[${text}]`) === null, "the URL parser refuses it, too", () => text);
  }
  const cidr = parseCidr(text);
  if (cidr !== undefined) {
    check(cidr.bits <= 8 * cidr.bytes.length, "a block has bits", () => `${cidr.bits}`);
    check(cidrHolds(cidr, cidr.bytes), "a block holds its own address", () => text);
  }
  const source = sourceKey(normalizeIp(text));
  check(source.length <= text.length + 16, "a source's key is bounded", () => source);
  return decoded(bytes, source.length);
}

const CONFIGS = [
  ...textSeeds("default", [defaultConfig("tryout"), defaultConfig("real")]),
  ...textSeeds("small", [
    'decoys:\n  - {kind: ftp, listen: ["127.0.0.1:21", "[::1]:21"], product: proftpd-1.3.8}\n',
    "sinks:\n  - kind: file\n    path: a.jsonl\n    min_severity: 20\n    types: [command]\n",
    'ignore:\n  - source: ["192.0.2.0/24"]\n    action: lower\n    max_severity: 10\n',
    "a: &a [1, 2]\nb: *a\nc: {<<: *a}\n",
    "limits: {idle_ms: 100, first_bytes: 0}\nservice: {enabled: false}\n",
  ]),
];
const KINDS = { decoys: DECOY_KINDS, sinks: SINK_KINDS, lures: LURE_NAMES };

function runConfig({ messages }: Case): Outcome {
  const bytes = join(messages);
  const text = decoder.decode(bytes);
  try {
    const config = parseConfig(text, KINDS);
    for (const { listen } of config.decoys) {
      const isRight = listen.every(({ port }) => port >= 1 && port <= 65_535);
      check(isRight, "listeners have ports", () => JSON.stringify(listen));
    }
    const names = new Set(config.decoys.map(({ name }) => name));
    check(names.size === config.decoys.length, "names differ", () => [...names].join());
    return decoded(bytes, config.decoys.length);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    check(error.problems.length > 0, "a refusal has reasons", () => error.message);
    const longest = Math.max(...error.problems.map(({ message }) => message.length));
    check(longest < 2000, "a reason is short", () => `${longest} characters`);
    return decoded(bytes, error.message.length);
  }
}
