/** curl, and netcat for what curl does not do: answers are compared byte for byte. */
import { assertEquals, assertMatch } from "@std/assert";
import { testWith } from "./support/machine.ts";
import { runToEnd } from "./support/process.ts";
import { waysToStart } from "./support/program.ts";
import { assertOnce, watched } from "./support/watched.ts";
import { isAttempt, type WireEvent } from "./support/wire_event.ts";

const NGINX_404 = `<html>\r
<head><title>404 Not Found</title></head>\r
<body>\r
<center><h1>404 Not Found</h1></center>\r
<hr><center>nginx/1.22.1</center>\r
</body>\r
</html>\r
`;

/** A head with everything that changes masked. */
const NGINX_PAGE = (connection: string) =>
  `HTTP/1.1 200 OK\r
Server: nginx/1.22.1\r
Date: DATE\r
Content-Type: text/html\r
Content-Length: LENGTH\r
Last-Modified: DATE\r
Connection: ${connection}\r
ETag: "TAG"\r
Accept-Ranges: bytes\r
\r
`;

const NGINX_MISSING = (connection: string) =>
  `HTTP/1.1 404 Not Found\r
Server: nginx/1.22.1\r
Date: DATE\r
Content-Type: text/html\r
Content-Length: 153\r
Connection: ${connection}\r
\r
${NGINX_404}`;

const APACHE_PAGE = `HTTP/1.1 200 OK\r
Date: DATE\r
Server: Apache/2.4.71 (Debian)\r
Last-Modified: DATE\r
ETag: "TAG"\r
Accept-Ranges: bytes\r
Content-Length: LENGTH\r
Vary: Accept-Encoding\r
Content-Type: text/html\r
\r
`;

const APACHE_MISSING = (port: number) => {
  const page =
    `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd">
<html><head>
<title>404 Not Found</title>
</head><body>
<h1>Not Found</h1>
<p>The requested URL was not found on this server.</p>
<hr>
<address>Apache/2.4.71 (Debian) Server at 127.0.0.1 Port ${port}</address>
</body></html>
`;
  return `HTTP/1.1 404 Not Found\r
Date: DATE\r
Server: Apache/2.4.71 (Debian)\r
Content-Length: ${page.length}\r
Content-Type: text/html; charset=iso-8859-1\r
\r
${page}`;
};

/** Puts words in the place of what differs from time to time. */
function mask(answer: string): string {
  return answer
    .replace(/(Date|Last-Modified): \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT/g, "$1: DATE")
    .replace(/ETag: "[0-9a-f]+-[0-9a-f]+"/g, 'ETag: "TAG"');
}

/** The head of an answer with the length masked, once that length was found to be right. */
function maskPage(answer: string): string {
  const end = answer.indexOf("\r\n\r\n") + 4;
  const length = Number(/\r\nContent-Length: (\d+)\r\n/.exec(answer)?.[1]);
  assertEquals(new TextEncoder().encode(answer.slice(end)).length, length, "Content-Length");
  return mask(answer.slice(0, end)).replace(/Content-Length: \d+/, "Content-Length: LENGTH");
}

async function curl(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runToEnd("curl", ["-sSi", ...args]);
  assertEquals([code, stderr], [0, ""]);
  return stdout;
}

for (const { way, open } of waysToStart()) {
  testWith(
    `curl and nc are answered as by nginx and Apache, and what they asked is told (${way})`,
    { programs: ["curl", "nc"] },
    async () => {
      const events = await watched(open, async ({ program, event }) => {
        const { http, router } = program.ports;
        const nginx = `http://127.0.0.1:${http}`;
        const apache = `http://127.0.0.1:${router}`;
        assertEquals(maskPage(await curl(`${nginx}/`)), NGINX_PAGE("keep-alive"));
        assertEquals(maskPage(await curl("--http1.0", `${nginx}/?old`)), NGINX_PAGE("close"));
        assertEquals(maskPage(await curl(`${apache}/`)), APACHE_PAGE);
        const head = await curl("-I", `${nginx}/?head`);
        assertEquals(
          mask(head).replace(/Content-Length: \d+/, "Content-Length: LENGTH"),
          NGINX_PAGE("keep-alive"),
        );
        const basic = await curl("-u", "admin:s3cret", `${nginx}/private`);
        assertEquals(mask(basic), NGINX_MISSING("keep-alive"));
        const attack = await curl(`${apache}/cgi-bin/.%2e/.%2e/bin/sh`);
        assertMatch(attack, /^HTTP\/1\.1 40\d /);
        assertEquals(mask(await curl(`${apache}/nothing`)), APACHE_MISSING(router));

        // The login forms of both sites, as a browser sends them.
        await curl("-d", "account=eve&passwd=p%40ss+word", `${nginx}/api/v2/session`);
        await curl("-d", "user=mallory&psw=12345&lang=en", `${apache}/login.cgi`);
        await curl("-F", "account=trudy", "-F", "passwd=multi", `${nginx}/api/v2/session`);
        await curl(
          ...["-H", "Content-Type: application/json", "-d", '{"username":"dan","password":"j"}'],
          `${nginx}/api/login`,
        );

        const two = ["/one", "/two"].map((target, i) =>
          `GET ${target} HTTP/1.1\r\nHost: a\r\nX-oDD:  v\r\n${
            i === 0 ? "" : "Connection: close\r\n"
          }\r\n`
        );
        const pipelined = await runToEnd("nc", ["-q", "1", "127.0.0.1", String(http)], {
          stdin: two.join(""),
        });
        assertEquals(
          mask(pipelined.stdout),
          NGINX_MISSING("keep-alive") + NGINX_MISSING("close"),
        );
        await event(({ url }) => url?.original === "/two");
      });
      const request = (method: string, target: string, status: number) => {
        const found = assertOnce(
          events,
          `${method} ${target}`,
          ({ event, url, http }) =>
            event.action === "http-request" && http?.request?.method === method &&
            url?.original === target,
        );
        assertEquals(found.http?.response?.status_code, status, target);
        return found;
      };
      request("GET", "/?old", 200);
      request("HEAD", "/?head", 200);
      request("GET", "/private", 404);
      request("GET", "/nothing", 404);
      const one = request("GET", "/one", 404);
      const two = request("GET", "/two", 404);
      assertEquals(one.duckblind.session.id, two.duckblind.session.id);
      assertEquals(
        one.duckblind.http.headers.map(({ name }: { name: string }) => name),
        ["Host", "X-oDD"],
        "order and case are kept",
      );
      const attempts: [string, string, string][] = [
        ["admin", "s3cret", "basic"],
        ["eve", "p@ss word", "form"],
        ["mallory", "12345", "form"],
        ["trudy", "multi", "form"],
        ["dan", "j", "form"],
      ];
      for (const [name, password, method] of attempts) {
        const attempt = assertOnce(events, name, isAttempt(name, password));
        assertEquals(attempt.duckblind.credential.method, method);
      }
      const isAttack = ({ event, url }: WireEvent) =>
        event.action === "http-request" && (url?.original ?? "").startsWith("/cgi-bin/");
      assertEquals(assertOnce(events, "the attack", isAttack).event.severity, 40);
      assertEquals(
        events.filter(({ event }) => event.action === "credential-attempt").length,
        attempts.length,
      );
    },
  );
}
