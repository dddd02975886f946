import { v } from "../../lib/config/schema.ts";
import { https } from "../../lib/decoys/http.ts";
import { SAMPLE_CONTEXT } from "../decoys/http/sample_site.ts";
import { testKeys, testRelay } from "../support/test_tls.ts";
import type { Conversation } from "./client.ts";
import { apache } from "./genuine/apache.ts";
import { nginx } from "./genuine/nginx.ts";
import { assertSame, differentialTest, segmented, serveDecoy } from "./harness.ts";
import { MASKS, writeSite } from "./http_sample.ts";

/** Both answer at once or not at all. */
const HASTE = { greetingMs: 0, waitMs: 250, quietMs: 100 } as const;

const get = (target: string, fields = "Host: x\r\n", version = "HTTP/1.1") =>
  `GET ${target} ${version}\r\n${fields}\r\n`;

/** Said inside of TLS: what names the scheme or the port, and ways to end. */
const SECURE: Conversation[] = ([
  ["a page", get("/")],
  ["a page and close", get("/", "Host: x\r\nConnection: close\r\n")],
  ["nothing there", get("/nope", "", "HTTP/1.0")],
  ["two requests", get("/nope") + get("/")],
  ["one after the other", get("/nope"), get("/")],
  ["a directory", get("/docs")],
  ["a directory with a query", get("/docs?a=b")],
  ["a directory, no host", get("/docs", "", "HTTP/1.0")],
  ["a directory of a host", get("/docs", "Host: Some.Example\r\n")],
  ["a directory of a host and port", get("/docs", "Host: x:443\r\n")],
  ["a directory of a host and another port", get("/docs", "Host: x:80\r\n")],
  ["an absolute target", get("https://other.example/docs")],
  ["an absolute target with port", get("https://other.example:443/docs")],
  ["an absolute target in clear", get("http://other.example:80/docs")],
  ["a list", get("/assets/")],
  ["no host", get("/", "")],
  ["a bad method", "get / HTTP/1.1\r\nHost: x\r\n\r\n"],
  ["no version", "GET /\r\n"],
  ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["a body", "POST /nope HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"],
  ["TLS in TLS", "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03"],
  ["clear words", "EHLO x\r\n"],
] as const).map(([name, ...sends]) => ({ name: `TLS: ${name}`, sends, ...HASTE }));

/** Said in clear to the port of TLS. */
const CLEAR: Conversation[] = segmented(
  ([
    ["a page", get("/")],
    ["a page of HTTP/1.0", get("/", "", "HTTP/1.0")],
    ["no host", get("/", "")],
    ["no version", "GET /\r\n"],
    ["HEAD", "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["OPTIONS", "OPTIONS / HTTP/1.0\r\n\r\n"],
    ["PUT", "PUT / HTTP/1.0\r\n\r\n"],
    ["CONNECT", "CONNECT a:1 HTTP/1.0\r\n\r\n"],
    ["an odd method", "GETX / HTTP/1.0\r\n\r\n"],
    ["a bad method", "get / HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["RTSP", "OPTIONS / RTSP/1.0\r\n\r\n"],
    ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["HTTP/3", get("/", "Host: x\r\n", "HTTP/3.0")],
    ["a bad host", get("/", "Host: a b\r\n")],
    ["a host and port", get("/", "Host: foo:99\r\n")],
    ["Chrome", get("/", "Host: x\r\nUser-Agent: Chrome/1\r\n")],
    ["close", get("/", "Host: x\r\nConnection: close\r\n")],
    ["keep-alive", get("/", "Host: x\r\nConnection: keep-alive\r\n", "HTTP/1.0")],
    ["a body", "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"],
    ["a large body", `POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n`],
    ["chunks", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["half a line", "GET / HT"],
    ["half a head", "GET / HTTP/1.1\r\nHo"],
    ["half a head, and the end", "GET / HTTP/1.1\r\nHo", null],
    ["half a word", "G", "ET / HTTP/1.0\r\n\r\n"],
    ["four bytes", "POST"],
    ["five bytes", "HEAD "],
    ["five bytes of another", "CONNE"],
    ["an empty line", "\r\n"],
    ["an empty line and a request", "\r\nGET / HTTP/1.0\r\n\r\n"],
    ["SSH", "SSH-2.0-x\r\n"],
    ["SMTP", "EHLO x\r\n"],
    ["zeros", "\0\0\0\0\0\0\0\0\0\0\0\0"],
    ["the end", null],
    ["nothing", ""],
    ["a record's first byte", "\x16"],
    ["a record of no version", "\x16GET / HTTP/1.0\r\n\r\n"],
    ["a record, and the end", "\x16\x03\x01\x00\xa5", null],
    ["SSL 2.0, but not quite", "\x80\0\0\0\0\0\0\0"],
  ] as const).map(([name, ...sends]) => ({ name: `clear: ${name}`, sends, ...HASTE })),
  ["whole", "bytes"],
);

for (const [product, genuine] of [["nginx-1.22.1", nginx], ["apache-2.4.71", apache]] as const) {
  differentialTest(
    genuine(writeSite, testKeys),
    `https answers as ${product}`,
    async (t, address) => {
      await using relay = await testRelay();
      const { ca } = await testKeys();
      const make = (shown_port: number) =>
        https.create(
          v.parse(https.options, {
            product,
            site: { folder: "sample" },
            server_name: "127.0.0.1",
            shown_port,
          }),
          SAMPLE_CONTEXT,
        );
      const options = { tls: relay, isSecure: true };
      await using decoy = serveDecoy(await make(address.port), options);
      const conversations = [
        ...segmented(SECURE, ["whole", "bytes"]).map((talk) => ({ ...talk, tlsFrom: ca })),
        ...CLEAR,
      ];
      await assertSame(t, {
        genuine: address,
        decoy: decoy.address,
        conversations,
        masks: MASKS,
      });
    },
  );
}
