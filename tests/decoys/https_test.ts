import { assert, assertEquals, assertMatch } from "@std/assert";
import { v } from "../../lib/config/schema.ts";
import type { Decoy } from "../../lib/decoys/decoy.ts";
import { http, https } from "../../lib/decoys/http.ts";
import { readAll, startTestHost, type TestHost } from "../support/host.ts";
import { startTestTls, testKeys, testRelay } from "../support/test_tls.ts";
import { TEST_CONTEXT } from "../support/transcript.ts";

const encoder = new TextEncoder();
const PRODUCTS = ["nginx-1.22.1", "apache-2.4.71"] as const;

function makeHttps(options: Record<string, unknown> = {}): Promise<Decoy> {
  return Promise.resolve(https.create(v.parse(https.options, options), TEST_CONTEXT));
}

/** What a server says until it ends; in TLS, or in clear. */
async function ask(host: TestHost, request: string, isSecure = true): Promise<string> {
  const conn = await host.connect();
  using stream = isSecure ? await startTestTls(conn) : conn;
  await stream.write(encoder.encode(request));
  return new TextDecoder().decode(await readAll(stream));
}

const CLOSE = "Connection: close\r\n\r\n";

for (const product of PRODUCTS) {
  Deno.test(`https as ${product} serves its pages in TLS, and tells who asks`, async () => {
    await using relay = await testRelay();
    await using host = startTestHost(await makeHttps({ product }), { tls: relay, isSecure: true });
    const page = await ask(host, `GET / HTTP/1.1\r\nHost: x\r\n${CLOSE}`);
    assertMatch(page, /^HTTP\/1\.1 200 OK\r\n[^]*Sign in/);
    const [hello] = await host.waitFor("tls-client-hello");
    assertEquals(hello.tls.established, true);
    assertMatch(hello.duckblind.tls.ja4, /^t13d/);
    const [request] = await host.waitFor("http-request");
    assertEquals(request.url.original, "/");
  });

  Deno.test(`https as ${product} names itself in redirects by its scheme and port`, async () => {
    await using relay = await testRelay();
    for (const [shown_port, shown] of [[443, ""], [80, ":80"], [8443, ":8443"]] as const) {
      const decoy = await makeHttps({ product, shown_port });
      await using host = startTestHost(decoy, { tls: relay, isSecure: true });
      const redirect = await ask(host, `GET /assets HTTP/1.1\r\nHost: a.example\r\n${CLOSE}`);
      assertEquals(
        /\r\nLocation: (.*)\r\n/.exec(redirect)?.[1],
        `https://a.example${shown}/assets/`,
      );
    }
  });

  Deno.test(`https as ${product} refuses requests in clear, and keeps their credentials`, async () => {
    await using relay = await testRelay();
    await using host = startTestHost(await makeHttps({ product }), { tls: relay, isSecure: true });
    const body = "username=eve&password=s3cret";
    const refusal = await ask(
      host,
      "POST /login.php HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n" +
        `Authorization: Basic YTpi\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      false,
    );
    assertMatch(refusal, /^HTTP\/1\.1 400 Bad Request\r\n/);
    assertMatch(refusal, /plain HTTP/);
    const attempts = await host.waitFor("credential-attempt", 2);
    assertEquals(
      attempts.map(({ user, duckblind }) => [user.name, duckblind.credential.password]),
      [["a", "b"], ["eve", "s3cret"]],
    );
    const [hello] = await host.waitFor("tls-client-hello");
    assert(!hello.tls?.established);
    await host.waitFor("connection-closed");
  });
}

Deno.test("https marks cookies as Secure where an application of today would", async () => {
  await using relay = await testRelay();
  for (
    const [site, path, isMarked] of [
      ["nas", "/api/v2/session", true],
      ["vpn", "/portal/auth/login", true],
      ["router", "/login.cgi", false],
      ["intranet", "/login.php", false], // PHP's session.cookie_secure is off
    ] as const
  ) {
    const request = `GET ${path} HTTP/1.1\r\nHost: x\r\n${CLOSE}`;
    const cookie = (answer: string) => /\r\nSet-Cookie: (.*)\r\n/.exec(answer)![1]!;
    await using host = startTestHost(await makeHttps({ site }), { tls: relay, isSecure: true });
    assertEquals(/; Secure;/.test(cookie(await ask(host, request))), isMarked, site);
    const clear = await http.create(v.parse(http.options, { site }), TEST_CONTEXT);
    await using plain = startTestHost(clear);
    assertEquals(/Secure/.test(cookie(await ask(plain, request, false))), false, site);
  }
});

Deno.test("https as Apache wants a host of whoever has named a server", async () => {
  await using relay = await testRelay();
  const decoy = await makeHttps({ product: "apache-2.4.71" });
  await using host = startTestHost(decoy, { tls: relay, isSecure: true });
  assertMatch(await ask(host, "GET / HTTP/1.0\r\n\r\n"), /^HTTP\/1\.1 400 /);
  using conn = await Deno.connectTls({
    hostname: "127.0.0.1", // no name is sent for an address
    port: host.port,
    caCerts: [(await testKeys()).ca],
  });
  await conn.write(encoder.encode("GET / HTTP/1.0\r\n\r\n"));
  assertMatch(new TextDecoder().decode(await readAll(conn)), /^HTTP\/1\.1 200 /);
});
