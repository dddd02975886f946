import { httpProxy } from "../../lib/decoys/http_proxy.ts";
import { makeDecoy } from "../support/transcript.ts";
import type { Conversation } from "./client.ts";
import { squid, SQUID_NAME } from "./genuine/squid.ts";
import { assertSame, differentialTest, type Mask, segmented, serveDecoy } from "./harness.ts";

const OPTIONS = { hostname: SQUID_NAME };

/** Requests by their first line, with a Host header; `|` stands between them. */
const LINES = (String.raw`GET http://example.com/ HTTP/1.1|GET http://example.com/ HTTP/1.0|` +
  "GET http://example.com HTTP/1.1|GET http://EXAMPLE.com:80/A?b#c HTTP/1.1|" +
  "GET http://example.com:8080/ HTTP/1.1|GET http://example.com:22/ HTTP/1.1|" +
  "GET https://example.com/ HTTP/1.1|GET ftp://u:p@example.com/x HTTP/1.1|" +
  "GET http://u:p@example.com/x HTTP/1.1|GET gopher://x/ HTTP/1.1|GET foo://x/ HTTP/1.1|" +
  "GET http:/x HTTP/1.1|GET http:// HTTP/1.1|GET http:///x HTTP/1.1|GET x HTTP/1.1|" +
  "GET /x HTTP/1.1|GET * HTTP/1.1|OPTIONS http://x/ HTTP/1.1|TRACE http://x/ HTTP/1.1|" +
  "TRACE / HTTP/1.0|PUT http://x/ HTTP/1.1|DELETE http://x/ HTTP/1.1|HEAD http://x/ HTTP/1.1|" +
  "HEAD / HTTP/1.1|PURGE http://x/ HTTP/1.1|FOO http://x/ HTTP/1.1|get http://x/ HTTP/1.1|" +
  "CONNECT example.com:443 HTTP/1.1|CONNECT example.com:80 HTTP/1.1|CONNECT x:25 HTTP/1.0|" +
  "CONNECT example.com HTTP/1.1|CONNECT http://example.com/ HTTP/1.1|" +
  "CONNECT example.com:443/x HTTP/1.1|CONNECT [::1]:443 HTTP/1.1|CONNECT 1.2.3.4:443 HTTP/1.0|" +
  "CONNECT :443 HTTP/1.1|CONNECT x:0 HTTP/1.1|CONNECT x:99999 HTTP/1.1|CONNECT / HTTP/1.1|" +
  "CONNECT EXAMPLE.com:443 HTTP/1.1|CONNECT x: HTTP/1.1|CONNECT x:a HTTP/1.1|" +
  "CONNECT x:443:1 HTTP/1.1|CONNECT a..b:443 HTTP/1.1|CONNECT u@x:443 HTTP/1.1|" +
  "CONNECT a b:443 HTTP/1.1|CONNECT [::1 HTTP/1.1|CONNECT * HTTP/1.1|GET http://x/ HTTP/1.2|" +
  "GET http://x/ HTTP/2.0|GET http://x/ HTTP/0.9|GET http://x/ HTTP/1.1 |" +
  "GET  http://x/  HTTP/1.1|GET\thttp://x/\tHTTP/1.1|GET http://x/ http/1.1|" +
  "GET http://x/a b HTTP/1.1|GET http://x/|GET /|GET|POST /|abc def| GET http://x/ HTTP/1.1|" +
  "GET http://x/\x01 HTTP/1.1|GET /\x7f HTTP/1.1|GET http://x/\xff HTTP/1.1|GET http://x/<b>\"'& HTTP/1.1|" +
  "GET http://x_y/ HTTP/1.1|GET http://x%20y/ HTTP/1.1|GET http://x y/ HTTP/1.1|" +
  "GET http://[::1]/ HTTP/1.1|GET http://[::1/ HTTP/1.1|GET http://x:/ HTTP/1.1|" +
  "GET http://x:0/ HTTP/1.1|GET http://x:99999/ HTTP/1.1|GET http://x:8a/ HTTP/1.1|" +
  "GET http://a..b/ HTTP/1.1|GET http://.a/ HTTP/1.1|GET http://a./ HTTP/1.1|" +
  "GET http://127.1/ HTTP/1.1|GET cache_object://localhost/info HTTP/1.1|" +
  "GET cache_object://localhost/menu@pass HTTP/1.0|GET /squid-internal-mgr/menu?x HTTP/1.1|" +
  `GET http://${SQUID_NAME}:3128/squid-internal-mgr/menu HTTP/1.1|PRI * HTTP/2.0|` +
  "GET urn:x:y HTTP/1.1|GET whois://x/ HTTP/1.1|GET wais://x/ HTTP/1.1|GET coap://x/ HTTP/1.1|" +
  "GET http://x/../a HTTP/1.1|GET http://X?y HTTP/1.1|GET http://x#y HTTP/1.1|" +
  "GET https://x:80/ HTTP/1.1|GET HTTP://x/ HTTP/1.1|GET http://x:080/ HTTP/1.1|" +
  "GET http://a@b@c/ HTTP/1.1|GET http://x:+80/ HTTP/1.1|GET http://x:-80/ HTTP/1.1|" +
  "GET http://x:80:90/ HTTP/1.1|GET http:x HTTP/1.1|GET file:///etc/passwd HTTP/1.1|" +
  "GET http://\xc3\xa4/ HTTP/1.1|GET / HTTP/1337|GET //x/y HTTP/1.1").split("|");

const REQUESTS: Conversation[] = LINES.map((line) => ({
  name: `request ${JSON.stringify(line)}`,
  sends: [`${line}\r\nHost: x\r\n\r\n`],
}));

const GET = "GET http://x/ HTTP/1.1\r\n";
const FIELDS: Conversation[] = [
  "",
  "Host: x\r\nConnection: close\r\n",
  "Host: x\r\nProxy-Connection: close\r\n",
  "Host: x\r\nConnection: keep-alive, foo\r\n",
  "Host: x\r\nBad Header\r\n",
  "Host: x\r\nBad Name: y\r\n",
  "Host: x\r\n: y\r\n",
  "Host: x\r\nA : y\r\n",
  "Host: x\r\nA: b\r\n c\r\n",
  " Host: x\r\n",
  "Host: x\r\nA: \0b\r\n",
  "Host: x\r\nA: b\rc\r\n",
  "Host: x\r\nContent-Length: a\r\n",
  "Host: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
  "Host: x\r\nContent-Length: -1\r\n",
  "Host: x\r\nContent-Length: 5\r\n",
  "Host: x\r\nContent-Length: 0\r\n",
  "Host: x\r\nTransfer-Encoding: foo\r\n",
  "Host: x\r\nExpect: 100-continue\r\n",
  "Host: other:99\r\nExpect: <foo>\r\nX-a:\r\naccept:   x  \r\nProxy-Authorization: Basic YTpi\r\n",
  "Host: x\r\nAccept-Language: en-us,en;q=0.5\r\n",
  "Host: x\r\nAccept-Language: zz,en-GB\r\n",
  "Host: x\r\nAccept-Language: EN\r\n",
  "Host: x\r\nAccept-Language: en-xx, *\r\n",
  "Host: a\r\nHost: b\r\n",
  `Host: x\r\nA: ${"b".repeat(65_000)}\r\n`,
  `Host: x\r\nA: ${"b".repeat(70_000)}\r\n`,
  `Host: x\r\n${"A: b\r\n".repeat(200)}`,
].map((fields) => ({
  name: `fields ${JSON.stringify(fields).slice(0, 80)} (${fields.length})`,
  sends: [`${GET}${fields}\r\n`],
}));

const HOST = "Host: x\r\n\r\n";
const TALKS: Conversation[] = [
  {
    name: "HTTP/1.0 that stays",
    sends: ["GET http://x/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"],
  },
  {
    name: "HTTP/1.0 that stays with a proxy",
    sends: ["GET http://x/ HTTP/1.0\r\nProxy-Connection: Keep-Alive\r\n\r\n"],
  },
  {
    name: "invalid length of a POST",
    sends: [`POST http://x/ HTTP/1.1\r\nContent-Length: a\r\n${HOST}`],
  },
  { name: "HEAD with a body", sends: [`HEAD http://x/ HTTP/1.1\r\nContent-Length: 3\r\n${HOST}`] },
  { name: "CONNECT that expects", sends: [`CONNECT x:25 HTTP/1.1\r\nExpect: f\r\n${HOST}`] },
  { name: "empty lines first", sends: [`\r\n\r\n\n${GET}${HOST}`] },
  { name: "empty lines only", sends: ["\r\n\r\n", null] },
  { name: "LF alone", sends: ["GET http://x/ HTTP/1.1\nHost: x\n\n"] },
  { name: "silence", sends: [""] },
  { name: "end at once", sends: [null] },
  { name: "end within the line", sends: ["GET http://x", null] },
  { name: "end within the fields", sends: [`${GET}Host: x\r\n`, null] },
  { name: "no version", sends: ["GET http://x/\r\n"] },
  ...[
    "HELP\r\n",
    "EHLO x\r\n",
    "SSH-2.0-x\r\n",
    "\x16\x03\x01\x00\x2f\x01\r\n",
    "\x05\x01\x00",
    "\0",
  ]
    .map((data): Conversation => ({
      name: `stranger ${JSON.stringify(data)}`,
      sends: [data, null],
    })),
  ...[8174, 9000, 70_000].map((size): Conversation => ({
    name: `a URL of ${size} bytes`,
    sends: [`GET ${"http://x/".padEnd(size, "a")} HTTP/1.1\r\n${HOST}`],
  })),
  { name: "a long word", sends: ["A".repeat(70_000)] },
  { name: "a method of 32 bytes", sends: [`${"A".repeat(32)} http://x/ HTTP/1.1\r\n${HOST}`] },
  { name: "a method of 33 bytes", sends: [`${"A".repeat(33)} http://x/ HTTP/1.1\r\n${HOST}`] },
  { name: "two requests", sends: [GET + HOST, GET + HOST] },
  { name: "four at once", sends: [(GET + HOST).repeat(4)] },
  {
    name: "a body",
    sends: [`POST http://x/ HTTP/1.1\r\nContent-Length: 3\r\n${HOST}abc${GET}${HOST}`],
  },
  {
    name: "a body that is late",
    sends: [`POST http://x/ HTTP/1.1\r\nContent-Length: 3\r\n${HOST}`, "abc", GET + HOST],
  },
  {
    name: "a chunked body",
    sends: [
      `POST http://x/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n${HOST}3\r\nabc\r\n0\r\n\r\n${GET}${HOST}`,
    ],
  },
  { name: "a body without length", sends: [`POST http://x/ HTTP/1.1\r\n${HOST}abc`, null] },
  { name: "CONNECT and more", sends: [`CONNECT x:443 HTTP/1.1\r\n${HOST}${GET}${HOST}`] },
  { name: "a bad request behind a good one", sends: [GET + HOST, `GET / HTTP/1.1\r\n${HOST}`] },
  { name: "junk behind a request", sends: [`${GET}${HOST}junk\r\n\r\n`] },
  { name: "end behind a request", sends: [GET + HOST, null] },
];

const SEGMENTED = segmented([
  { name: "GET", sends: [GET + HOST] },
  { name: "CONNECT", sends: [`CONNECT x:443 HTTP/1.1\r\n${HOST}`, GET + HOST] },
  { name: "no proxy request", sends: ["GET / HTTP/1.0\r\n\r\n"] },
]);

const MASKS: readonly Mask[] = [
  { pattern: /\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT/g, replacement: "DATE" },
  { pattern: new RegExp(`${SQUID_NAME}:(?!3128)\\d+`, "g"), replacement: "SELF" },
  { pattern: /nonce="[0-9a-f]{32}"/g, replacement: "NONCE" },
];

const quick = (conversations: readonly Conversation[]) =>
  conversations.map((conversation) => ({
    ...conversation,
    greetingMs: 0,
    waitMs: 200,
    quietMs: 40,
    isResetAllowed: true,
  }));

differentialTest(squid(), "http-proxy denies everything as Squid 5.7", async (t, genuine) => {
  await using decoy = serveDecoy(await makeDecoy(httpProxy, OPTIONS));
  const conversations = quick([...REQUESTS, ...FIELDS, ...TALKS, ...SEGMENTED]);
  await assertSame(t, { genuine, decoy: decoy.address, conversations, masks: MASKS });
});

/** A request with a login. */
function tries(login: string, line = GET): string {
  return `${line}Host: x\r\nProxy-Authorization: ${login}\r\n\r\n`;
}

const NTLM1 = "NTLM TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAAGAbEdAAAADw==";
const LOGINS: Conversation[] = [
  "Basic YWxpY2U6eA==",
  "Basic Ym9i",
  "Basic Ong=",
  "Basic Ym9iOg==",
  "Basic",
  "Basic !!!",
  "basic YTpi",
  "Bearer x",
  "x",
  "",
  'Digest username="x"',
].map((login) => ({ name: `login ${login}`, sends: [tries(login)] }));
const LOGIN_LINES: Conversation[] = [
  "GET http://x/ HTTP/1.0\r\n",
  "CONNECT x:443 HTTP/1.1\r\n",
  "CONNECT x:25 HTTP/1.1\r\n",
  "GET http://x:22/ HTTP/1.1\r\n",
  "GET http://x:777/ HTTP/1.1\r\n",
  "GET http://x:1025/ HTTP/1.1\r\n",
  "GET / HTTP/1.1\r\n",
  "GET cache_object://localhost/info HTTP/1.1\r\n",
  "HEAD http://x/ HTTP/1.1\r\n",
  `GET http://${SQUID_NAME}/squid-internal-mgr/info HTTP/1.1\r\n`,
  "GET /squid-internal-mgr/info HTTP/1.1\r\n",
  "GET /squid-internal-static/icons/x HTTP/1.1\r\n",
  "TRACE http://x/ HTTP/1.1\r\n",
].map((line) => ({ name: `login for ${line.trim()}`, sends: [tries("Basic YTpi", line)] }));
const LOGIN_TALKS: Conversation[] = [
  { name: "no login", sends: [GET + HOST] },
  { name: "a login for another", sends: [`${GET}Authorization: Basic YTpi\r\n${HOST}`] },
  { name: "a login, and again", sends: [tries("Basic YTpi"), tries("Basic Yzpk"), GET + HOST] },
  { name: "logins, pipelined", sends: [tries("Basic YTpi").repeat(2)] },
];

differentialTest(
  squid(["auth_param basic program /usr/lib/squid/basic_ncsa_auth @dir/passwd"]),
  "http-proxy asks for a password as Squid 5.7",
  async (t, genuine) => {
    await using decoy = serveDecoy(await makeDecoy(httpProxy, { ...OPTIONS, auth: "basic" }));
    const conversations = quick([
      ...LOGINS,
      ...LOGIN_LINES,
      ...LOGIN_TALKS,
      ...segmented(LOGIN_TALKS),
    ]);
    await assertSame(t, { genuine, decoy: decoy.address, conversations, masks: MASKS });
  },
);

const BASIC = "auth_param basic program /usr/lib/squid/basic_ncsa_auth @dir/passwd";
const DIGEST_LOGIN = 'Digest username="b", realm="r", nonce="n", uri="/", qop=auth, nc=00000001, ' +
  'cnonce="c", response="00000000000000000000000000000000"';

differentialTest(
  squid([
    "auth_param digest program /usr/lib/squid/digest_file_auth @dir/digest",
    "auth_param digest realm Squid proxy-caching web server",
    BASIC,
  ]),
  "http-proxy asks for a Digest as Squid 5.7",
  async (t, genuine) => {
    await using decoy = serveDecoy(await makeDecoy(httpProxy, { ...OPTIONS, auth: "digest" }));
    const conversations = quick([
      ...LOGINS,
      ...LOGIN_TALKS,
      { name: "a stale nonce", sends: [tries(DIGEST_LOGIN)] },
    ]);
    await assertSame(t, { genuine, decoy: decoy.address, conversations, masks: MASKS });
  },
);

/** The challenge of a helper that is not the decoy's. */
const TYPE2: Mask = { pattern: /NTLM TlRMTVNTUAAC[A-Za-z0-9+/=]+/g, replacement: "NTLM TYPE2" };

differentialTest(
  squid(["auth_param ntlm program /usr/lib/squid/ntlm_fake_auth", BASIC]),
  "http-proxy asks for NTLM as Squid 5.7",
  async (t, genuine) => {
    await using decoy = serveDecoy(await makeDecoy(httpProxy, { ...OPTIONS, auth: "ntlm" }));
    const third = ["NTLM TlRMTVNTUAADAAAA", "NTLM xx", NTLM1, "Basic YTpi"];
    const conversations = quick([
      ...LOGINS,
      ...LOGIN_TALKS,
      ...third.map((login): Conversation => ({
        name: `NTLM, then ${login}`,
        sends: [tries(NTLM1), tries(login), GET + HOST],
      })),
      { name: "NTLM where it cannot be", sends: [tries(NTLM1, "GET http://x/ HTTP/1.0\r\n")] },
      { name: "NTLM without a message", sends: [tries("NTLM")] },
      { name: "Negotiate where it is not offered", sends: [tries("Negotiate xx")] },
    ]);
    const masks = [...MASKS, TYPE2];
    await assertSame(t, { genuine, decoy: decoy.address, conversations, masks });
  },
);
