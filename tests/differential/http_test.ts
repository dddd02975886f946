import { v } from "../../lib/config/schema.ts";
import { http } from "../../lib/decoys/http.ts";
import { parseGolden } from "../decoys/http/golden.ts";
import { SAMPLE_CONTEXT } from "../decoys/http/sample_site.ts";
import type { Conversation } from "./client.ts";
import { apache } from "./genuine/apache.ts";
import { nginx } from "./genuine/nginx.ts";
import { assertSame, differentialTest, segmented, serveDecoy } from "./harness.ts";
import { MASKS, writeSite } from "./http_sample.ts";

const golden = new URL("../decoys/transcripts/http/golden/", import.meta.url);

/** The recorded conversations, said again. */
async function recorded(file: string): Promise<Conversation[]> {
  const cases = parseGolden(await Deno.readTextFile(new URL(file, golden)));
  return cases.map(({ name, sends }) => ({ name, sends, ...HASTE }));
}

/** Both answer at once or not at all. */
const HASTE = { greetingMs: 0, waitMs: 250, quietMs: 100 } as const;

/** Cut into single bytes: what is long would only take long. */
const CUT: readonly Conversation[] = [
  ["a page", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"],
  ["nothing there", "GET /nope HTTP/1.0\r\n\r\n"],
  ["no version", "GET /\r\n"],
  ["no host", "GET / HTTP/1.1\r\n\r\n"],
  ["a bad method", "get / HTTP/1.1\r\nHost: x\r\n\r\n"],
  ["out of the root", "GET /../x HTTP/1.1\r\nHost: x\r\n\r\n"],
  ["a bad version", "GET / HTTP/3.0\r\nHost: x\r\n\r\n"],
  ["a bad field", "GET / HTTP/1.1\r\nHost: x\r\nA B: c\r\nD: e\r\n\r\n"],
  ["another scheme", "GET https://other.example/docs HTTP/1.1\r\nHost: x\r\n\r\n"],
  ["another scheme and port", "GET https://other.example:44/docs HTTP/1.1\r\nHost: x\r\n\r\n"],
  ["a body", "POST /nope HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"],
  [
    "chunks",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
  ],
  ["a bad chunk", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello"],
  ["two requests", "GET /nope HTTP/1.1\r\nHost: x\r\n\r\nHEAD / HTTP/1.1\r\nHost: x\r\n\r\n"],
  ["TLS", "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03"],
].map(([name, data]) => ({ name: name!, sends: [data!], ...HASTE }));

const METHODS = "GET GET GET HEAD POST POST OPTIONS PUT DELETE TRACE PROPFIND FOO CONNECT".split(
  " ",
);
const TARGETS =
  ("/ / /nope /docs /docs/ /empty /empty/ /index.html /robots.txt /assets/style.css " +
    "/noext /docs/../robots.txt /%2e%2e/x /a%2fb /%00 /.htaccess /icons/ //docs// /docs?a=b /?x " +
    "/with%20space.txt http://other.example/docs http://other.example:81/nope * /empty.html").split(
      " ",
    );
const VERSIONS = ["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/1.2", "HTTP/2.0"];
const FIELDS = [
  ["Connection", "close keep-alive foo Close,foo"],
  ["Accept-Encoding", "gzip gzip,deflate identity gzip;q=0 deflate,gzip;q=0.5 *"],
  ["Range", "bytes=0-3 bytes=-2 bytes=9999- bytes=0-0,2-2 bytes=x items=0-1"],
  ["If-None-Match", '* "x" W/"690be500-8a" "8a-642e1bf034000" "690be500-1a","1a-642e1bf034000"'],
  ["If-Match", '* "x" "690be500-8a" "8a-642e1bf034000"'],
  ["If-Modified-Since", "Thu,\t06\tNov\t2025\t00:00:00\tGMT Fri,\t07\tNov\t2025\t00:00:00\tGMT x"],
  [
    "If-Unmodified-Since",
    "Thu,\t06\tNov\t2025\t00:00:00\tGMT Wed,\t05\tNov\t2025\t00:00:00\tGMT x",
  ],
  ["If-Range", '"x" "690be500-8a" "8a-642e1bf034000" Thu,\t06\tNov\t2025\t00:00:00\tGMT'],
  ["Expect", "100-continue foo"],
  ["User-Agent", "curl/8 Chrome/1 Opera MSIE\t6.0;"],
  ["X-Odd", "a\x80b a"],
  ["Via", "x"],
  ["Host", "y"],
] as const;
const BODIES = [
  "",
  "",
  "",
  "Content-Length: 5\r\n|hello",
  "Content-Length: 0\r\n|",
  "Transfer-Encoding: chunked\r\n|3\r\nabc\r\n0\r\n\r\n",
  "Transfer-Encoding: chunked\r\n|3\r\nabcd\r\n",
  "Content-Length: x\r\n|",
];

/** Requests put together by chance, the same ones each time. */
function byChance(count: number): Conversation[] {
  let state = 0x2f6e2b1;
  const below = (limit: number) => {
    // Mulberry32.
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * limit);
  };
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const request = () => {
    let head = `${pick(METHODS)} ${pick(TARGETS)} ${pick(VERSIONS)}\r\n`;
    if (below(20) > 0) head += `Host: ${pick(["x", "x", "x:81", "X.Example", "a_b", "a b"])}\r\n`;
    for (let fields = below(4); fields > 0; fields--) {
      const [name, values] = pick(FIELDS);
      head += `${name}: ${pick(values.split(" ")).replaceAll("\t", " ")}\r\n`;
    }
    const [fields = "", body = ""] = pick(BODIES).split("|");
    return `${head}${fields}\r\n${body}`;
  };
  return Array.from({ length: count }, (_, i) => ({
    name: `by chance ${i}`,
    sends: [request() + (below(3) === 0 ? request() : "")],
    ...HASTE,
  }));
}

for (const [product, genuine] of [["nginx-1.22.1", nginx], ["apache-2.4.71", apache]] as const) {
  differentialTest(genuine(writeSite), `http answers as ${product}`, async (t, address) => {
    const options = v.parse(http.options, {
      product,
      site: { folder: "sample" },
      server_name: "127.0.0.1",
      shown_port: address.port,
    });
    await using decoy = serveDecoy(await http.create(options, SAMPLE_CONTEXT));
    const conversations = [
      ...await recorded(`${product}.txt`),
      ...segmented(CUT, ["bytes"]),
      ...byChance(400),
    ];
    await assertSame(t, { genuine: address, decoy: decoy.address, conversations, masks: MASKS });
  });
}
