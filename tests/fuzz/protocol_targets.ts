/**
 * The decoders of the protocols: the service's frames, telnet's commands, HTTP's heads, bodies and
 * forms. What comes in other segments must give the same.
 * @module
 */
import {
  ApacheChunkedBody,
  type BodyParser,
  NginxChunkedBody,
} from "../../lib/decoys/http/body.ts";
import { ApacheHeadParser } from "../../lib/decoys/http/apache_head.ts";
import { findCredentials } from "../../lib/decoys/http/credentials.ts";
import { headerValue, type HeadParser, type RequestHead } from "../../lib/decoys/http/head.ts";
import { boundaryOf, MultipartReader } from "../../lib/decoys/http/multipart.ts";
import { NginxHeadParser } from "../../lib/decoys/http/nginx_head.ts";
import { MAX_SUBNEGOTIATION_BYTES, TelnetParser } from "../../lib/decoys/telnet/parser.ts";
import { LimitError } from "../../lib/errors.ts";
import { ByteReader } from "../../lib/net/byte_reader.ts";
import { escapeBytes } from "../../lib/net/escape.ts";
import {
  EVENTS_OPTIONS,
  formatError,
  formatListStart,
  formatOk,
  MAX_LINE_BYTES,
  parseListStart,
  parseReply,
  parseRequest,
  parseSelection,
  RequestError,
  TAIL_OPTIONS,
} from "../../lib/service/frames.ts";
import { MemoryStream } from "../support/memory_stream.ts";
import { decoded, isSame, textSeeds } from "./decoder_targets.ts";
import { checkEvent, fuzzScope } from "./event_checks.ts";
import { latin1 } from "./mutate.ts";
import { Random } from "./random.ts";
import { readSeeds } from "./seeds.ts";
import { type Case, check, cutRandomly, join, type Outcome, type Target } from "./target.ts";

/** Targets in `lib/service` and below `lib/decoys`. */
export function protocolTargets(): Target[] {
  const http = readSeeds("http");
  return [
    { name: "frames", seeds: REQUESTS, run: runFrames },
    { name: "telnet_parser", seeds: readSeeds("telnet"), run: runTelnetParser },
    { name: "nginx_head", seeds: http, run: (input) => runHead(input, NginxHeadParser) },
    { name: "apache_head", seeds: http, run: (input) => runHead(input, ApacheHeadParser) },
    { name: "nginx_chunked", seeds: BODIES, run: (input) => runBody(input, NginxChunkedBody) },
    { name: "apache_chunked", seeds: BODIES, run: (input) => runBody(input, ApacheChunkedBody) },
    { name: "multipart", seeds: MULTIPARTS, run: runMultipart },
    { name: "credentials", seeds: FORMS, run: runCredentials },
  ];
}

const REQUESTS = textSeeds("requests", [
  ..."HELP|PING|STATUS\r\nDECOYS\r\nQUIT\r\n|AUTH alice 0123456789abcdef\r\n|SESSION 01X\n".split(
    "|",
  ),
  "EVENTS since=1 limit=10 type=command,payload decoy=ftp,http source=::ffff:192.0.2.1\r\n",
  "TAIL since=0 min_severity=50 from=2026-11-21T12:00:00.5+01:00 to=2026-11-21T12:00:00Z " +
  "heartbeat=30 session=x\r\n",
  "+OK 100 next=4711\r\n{}\r\n.\r\n-ERR bad-request no\r\n# 17\r\n",
]);

async function runFrames({ messages, choices }: Case): Promise<Outcome> {
  const random = new Random(choices);
  const bytes = join(messages);
  const stream = new MemoryStream();
  for (const piece of cutRandomly(bytes, random)) stream.send(piece);
  stream.end();
  const reader = new ByteReader(stream);
  let output = 0;
  let rest: Uint8Array = bytes;
  for (;;) {
    let line: Uint8Array | null;
    try {
      line = await reader.line(MAX_LINE_BYTES);
    } catch (error) {
      if (error instanceof LimitError) break;
      throw error;
    }
    const lf = rest.indexOf(0x0a);
    check((line === null) === lf < 0, "lines are whole", () => `${lf}`);
    if (line === null) break;
    const model = rest.subarray(0, lf > 0 && rest[lf - 1] === 0x0d ? lf - 1 : lf);
    check(isSame(line, model), "lines are whole", () => escapeBytes(line));
    rest = rest.subarray(lf + 1);
    output += request(line);
    answer(latin1(line));
  }
  return decoded(bytes, output);
}

/** A request line gives a request; what is wrong with it fits one line. */
function request(line: Uint8Array): number {
  const { verb, words } = parseRequest(line);
  check(!/[\r\n ]/.test(verb + words.join("")), "words are words", () => verb);
  for (const allowed of [EVENTS_OPTIONS, TAIL_OPTIONS]) {
    try {
      const { since = 0, limit = 1, filter } = parseSelection(words, allowed);
      check(since >= 0 && limit >= 1, "options are in range", () => `${since} ${limit}`);
      check(typeof filter === "object", "there is a filter", () => "");
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      const answer = formatError(error.code, error.message);
      // deno-lint-ignore no-control-regex -- that none is there is the point
      const isOneLine = /^-ERR [a-z-]+ [^\x00-\x1f\x7f-\x9f]*\r\n$/.test(answer);
      check(isOneLine && answer.length < 1000, "a refusal is one line", () => answer);
    }
  }
  return 0;
}

/** An answer's first line can be written as it was read. */
function answer(line: string): void {
  const reply = parseReply(line);
  if (reply?.isOk !== true) return;
  const again = parseReply(formatOk(reply.text).slice(0, -2));
  check(again?.text === reply.text, "an answer can be written and read", () => line);
  const list = parseListStart(reply.text);
  if (list === undefined) return;
  const { count, next } = parseListStart(formatListStart(list.count, list.next).slice(4, -2))!;
  check(count === list.count && next === list.next, "a list's start, too", () => line);
}

function runTelnetParser({ messages, choices }: Case): Outcome {
  const bytes = join(messages);
  const trace = (pieces: readonly Uint8Array[]) => {
    const found: string[] = [];
    const parser = new TelnetParser({
      data: (byte) => found.push(`d${byte}`),
      command: (code) => found.push(`c${code}`),
      option: (verb, option) => found.push(`o${verb} ${option}`),
      subnegotiation: (part) => {
        check(part.length <= MAX_SUBNEGOTIATION_BYTES, "it is bounded", () => `${part.length}`);
        found.push(`s${part.join()}`);
      },
    });
    for (const piece of pieces) parser.push(piece);
    return found;
  };
  const whole = trace([bytes]);
  check(whole.length <= bytes.length, "no more comes out than in", () => `${whole.length}`);
  const pieces = trace(cutRandomly(bytes, new Random(choices)));
  check(whole.join() === pieces.join(), "segments change nothing", () => whole.join());
  return decoded(bytes, whole.length);
}

/** Reads all heads of a stream, whole and in pieces. */
function runHead({ messages, choices }: Case, Parser: new () => HeadParser): Outcome {
  const bytes = join(messages);
  const read = (pieces: readonly Uint8Array[]) => {
    const parser = new Parser();
    const heads: RequestHead[] = [];
    for (const piece of pieces) {
      for (let at = 0; at < piece.length;) {
        const next = parser.feed(piece, at);
        const isRight = next > at && next <= piece.length;
        check(isRight, "a parser takes bytes", () => `${at} to ${next} of ${piece.length}`);
        at = next;
        if (parser.head === undefined) {
          check(at === piece.length, "a parser takes all", () => `${at} of ${piece.length}`);
          continue;
        }
        heads.push(parser.head);
        // After a fault the connection ends.
        if (parser.head.fault !== undefined) return heads;
        parser.reset();
        check(parser.head === undefined && parser.isIdle, "reset() forgets", () => "");
      }
    }
    const last = parser.end();
    parser.partial();
    return last === undefined ? heads : [...heads, last];
  };
  const whole = read([bytes]);
  const pieces = read(cutRandomly(bytes, new Random(choices)));
  // Of what is no request at all, as much is kept as had come.
  const text = (heads: RequestHead[]) =>
    JSON.stringify(
      heads.map((head) => head.version === "" || head.fault !== undefined ? head.fault : head),
    );
  const [a, b] = [text(whole), text(pieces)];
  check(a === b, "segments change nothing", () => `${a}\nin pieces\n${b}`);
  const size = a.length;
  check(size <= 1000 + 6 * bytes.length + 200 * whole.length, "heads are bounded", () => `${size}`);
  return decoded(bytes, size);
}

const BODIES = textSeeds("chunks", [
  "5\r\nhello\r\n0\r\n\r\n",
  "5;a=b\r\nhello\r\n00A \t\r\n0123456789\r\n0\r\nX-Trailer: y\r\nY: z\r\n\r\nGET / HTTP/1.1\r\n",
  "5\nhello\n0\n\n",
  "7fffffffffffffff\r\nx",
]);

function runBody({ messages, choices }: Case, Parser: new () => BodyParser): Outcome {
  const bytes = join(messages);
  const read = (pieces: readonly Uint8Array[]) => {
    const parser = new Parser();
    const content: Uint8Array[] = [];
    let taken = 0;
    for (const piece of pieces) {
      if (parser.isDone || parser.fault !== undefined) break;
      const next = parser.feed(piece, 0, (part) => content.push(part.slice()));
      const isOver = parser.isDone || parser.fault !== undefined;
      check(isOver || next === piece.length, "a parser takes all", () => `${next}`);
      taken += next;
    }
    return { content: join(content), taken, isDone: parser.isDone, fault: parser.fault };
  };
  const [whole, pieces] = [read([bytes]), read(cutRandomly(bytes, new Random(choices)))];
  const isFault = whole.fault !== undefined && pieces.fault !== undefined;
  const isAlike = isSame(whole.content, pieces.content) && whole.isDone === pieces.isDone &&
    whole.fault === pieces.fault && (isFault || whole.taken === pieces.taken);
  check(
    isAlike,
    "segments change nothing",
    () => `${JSON.stringify(whole)} ${JSON.stringify(pieces)}`,
  );
  check(whole.content.length <= bytes.length, "content is no longer", () => "");
  return decoded(bytes, whole.content.length);
}

const MULTIPARTS = textSeeds("multipart", [
  '--x\r\nContent-Disposition: form-data; name="user"\r\n\r\nadmin\r\n--x\r\nContent-Disposition: ' +
  'form-data; name="f"; filename="a\\"b.php"\r\nContent-Type: text/plain\r\n\r\n<?php\r\n-\r\n--x--\r\n',
  "preamble\r\n--x\r\n\r\nno head\r\n--x\r\nA: b\r\n\r\n\r\n--x\r\n--x\r\n--x--",
]);

function runMultipart({ messages, choices }: Case): Outcome {
  const random = new Random(choices);
  const bytes = join(messages);
  const boundary = boundaryOf(`multipart/form-data; boundary=${random.pick(["x", '"x"', "-"])}`);
  const read = (pieces: readonly Uint8Array[]) => {
    const reader = new MultipartReader(boundary!, 100);
    for (const piece of pieces) reader.add(piece);
    return reader.parts;
  };
  const whole = read([bytes]);
  const pieces = read(cutRandomly(bytes, random));
  check(whole.length <= 64, "parts are bounded", () => `${whole.length}`);
  // The last part may be unfinished: what of it is held back differs.
  const text = (parts: typeof whole) =>
    JSON.stringify(parts.map(({ name, fileName, type, content }) => ({
      ...{ name, fileName, type },
      ...{ size: content.size, hash: content.sha256(), kept: latin1(content.bytes()) },
    })));
  const [a, b] = [text(whole), text(pieces)];
  check(a === b, "segments change nothing", () => `${a}\nin pieces\n${b}`);
  return decoded(bytes, whole.length);
}

const FORMS = [
  ...textSeeds("forms", [
    "username=root&password=%C3%A4+%00\\x&LoginForm[pass]=x",
    '{"user":"a","pass":"b","x":{"password":"\\ud800\\u0000","n":1e999}}',
    "Basic cm9vdDpodW50ZXIy",
    "Basic " + btoa("\\".repeat(6000) + ":" + "\xff".repeat(5000)),
    'Digest username="a\\"\\xff", realm="r", nonce="n", uri="/", qop=auth, nc=1, cnonce="c", ' +
    'response="0123456789abcdef0123456789abcdef"',
    "Bearer eyJhbGciOiJub25lIn0.e30.",
  ]),
];

/** Whatever stands in a field, address or body, credentials are events that conform. */
function runCredentials({ messages }: Case): Outcome {
  const bytes = join(messages);
  const text = latin1(bytes);
  const target = `/login?${text}`;
  const head: RequestHead = {
    ...{ method: "POST", target, version: "1.1", versionNumber: 1001, pathAndQuery: target },
    headers: [["Authorization", text], ["Content-Type", text.slice(0, 100)]],
  };
  const type = headerValue(head, "content-type") ?? "";
  const found = findCredentials(head, { type, body: bytes, parts: [] });
  check(found.length <= 8, "credentials are bounded", () => `${found.length}`);
  const scope = fuzzScope("http");
  for (const data of found) checkEvent(scope, { id: "auth.attempt", data }, { isSample: true });
  return { input: bytes.length, output: 0, events: found.length };
}
