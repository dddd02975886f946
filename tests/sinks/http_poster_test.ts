import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { v } from "../../lib/config/schema.ts";
import { SinkError } from "../../lib/errors.ts";
import {
  encodeInSlices,
  hostPortOf,
  HttpPoster,
  httpUrl,
  urlBelow,
} from "../../lib/sinks/http_poster.ts";
import { HttpReceiver } from "../support/http_receiver.ts";
import { tempFolder } from "../support/temp_folder.ts";
import { testKeys } from "../support/test_tls.ts";

const encoder = new TextEncoder();
const PLAIN = { ca: "", gzip: false };

function soon(): AbortSignal {
  return AbortSignal.timeout(10_000);
}

Deno.test("httpUrl() takes addresses, and nothing with a secret or a query in it", () => {
  const schema = httpUrl("an address");
  for (
    const url of ["http://a", "https://a.example:9200/b/c", "http://[::1]:80", "https://192.0.2.1/"]
  ) {
    assert(v.safeParse(schema, url).success, url);
  }
  const wrong = [
    "",
    "a",
    "ftp://a",
    "http://",
    "http://a b",
    "http://u:p@a",
    "http://a?b",
    "http://a#b",
  ]
    .concat("http://a:99999", "http://[::1", "javascript:alert(1)", "env:URL");
  for (const url of wrong) assert(!v.safeParse(schema, url).success, url);
});

Deno.test("hostPortOf() has the port also where it is the scheme's own", () => {
  assertEquals(hostPortOf("https://a.example"), "a.example:443");
  assertEquals(hostPortOf("http://a.example/x"), "a.example:80");
  assertEquals(hostPortOf("https://[2001:db8::1]:9200"), "[2001:db8::1]:9200");
});

Deno.test("urlBelow() has one slash between address and path", () => {
  for (const base of ["http://a/b", "http://a/b/", "http://a/b//"]) {
    assertEquals(urlBelow(base, "/c"), "http://a/b/c");
  }
});

Deno.test("encodeInSlices() makes one body of all", async () => {
  const numbers = Array.from({ length: 1050 }, (_, i) => i);
  const body = await encodeInSlices(numbers, (n) => `ä${n}\n`);
  assertEquals(new TextDecoder().decode(body), numbers.map((n) => `ä${n}\n`).join(""));
  assertEquals(await encodeInSlices([], String), new Uint8Array());
});

Deno.test("encodeInSlices() lets the network have its turn", async () => {
  await using receiver = new HttpReceiver(() => new Response());
  using poster = new HttpPoster("there", PLAIN);
  let isOver = false;
  const encoding = (async () => {
    while (!isOver) await encodeInSlices(Array(10_000).fill(1), String);
  })();
  // Else neither the call nor its deadline would ever come.
  await poster.send({ url: receiver.url, headers: {} }, soon());
  isOver = true;
  await encoding;
});

Deno.test("HttpPoster compresses large bodies only, whole", async () => {
  await using receiver = new HttpReceiver(() => new Response());
  using poster = new HttpPoster("there", { ca: "", gzip: true });
  const large = Array.from({ length: 50_000 }, (_, i) => `${i * 7919 % 10_007} `).join("");
  for (const text of ["small", large]) {
    await poster.send({ url: receiver.url, headers: {}, body: encoder.encode(text) }, soon());
  }
  assertEquals(receiver.calls.map(({ body }) => body), ["small", large]);
  const encodings = receiver.calls.map(({ headers }) => headers.get("content-encoding"));
  assertEquals(encodings, [null, "gzip"]);
});

Deno.test("HttpPoster sends no body with a GET, and the method that it is told", async () => {
  await using receiver = new HttpReceiver(() => new Response("yes"));
  using poster = new HttpPoster("there", PLAIN);
  await poster.send({ url: receiver.url, method: "GET", headers: {} }, soon());
  await poster.send(
    { url: receiver.url, method: "PUT", headers: {}, body: new Uint8Array(1) },
    soon(),
  );
  assertEquals(receiver.calls.map(({ method }) => method), ["GET", "PUT"]);
});

Deno.test("HttpPoster keeps its connection, but takes another after a failure, with HTTP/2 too", async () => {
  using folder = tempFolder();
  const { cert, key, ca } = await testKeys();
  Deno.writeTextFileSync(`${folder.path}/ca.pem`, ca);
  const never = Promise.withResolvers<Response>();
  const ports: number[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {}, cert, key },
    (_request, { remoteAddr }) => {
      ports.push((remoteAddr as Deno.NetAddr).port);
      return ports.length === 3 ? never.promise : new Response();
    },
  );
  {
    using poster = new HttpPoster("there", { ca: `${folder.path}/ca.pem`, gzip: false });
    const url = `https://127.0.0.1:${server.addr.port}`;
    const send = (signal = soon()) => poster.send({ url, headers: {} }, signal);
    await send();
    await send();
    await assertRejects(() => send(AbortSignal.timeout(100)), SinkError, "deadline");
    await send();
    assertEquals(ports[0], ports[1]);
    assertEquals(ports[1], ports[2]);
    assertNotEquals(ports[2], ports[3]);
  }
  never.resolve(new Response());
  await server.shutdown();
});

Deno.test("HttpPoster that was disposed calls nobody", async () => {
  await using receiver = new HttpReceiver(() => new Response());
  const poster = new HttpPoster("there", PLAIN);
  poster[Symbol.dispose]();
  const send = () => poster.send({ url: receiver.url, headers: {} }, soon());
  await assertRejects(send, SinkError, "given up");
  assertEquals(receiver.calls, []);
});
