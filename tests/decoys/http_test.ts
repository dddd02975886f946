import { assert, assertEquals } from "@std/assert";
import { v } from "../../lib/config/schema.ts";
import type { Decoy } from "../../lib/decoys/decoy.ts";
import { http } from "../../lib/decoys/http.ts";
import { sha256Hex } from "../../lib/net/digest.ts";
import {
  assertTranscript,
  makeDecoy,
  parseTranscript,
  play,
  type Played,
  wireBytes,
} from "../support/transcript.ts";
import { SAMPLE_CONTEXT } from "./http/sample_site.ts";

const dir = new URL("./transcripts/http/", import.meta.url);
const PRODUCTS = ["nginx-1.22.1", "apache-2.4.71"] as const;

function makeSample(options: Record<string, unknown>): Promise<Decoy> {
  const parsed = v.parse(http.options, { site: { folder: "sample" }, ...options });
  return Promise.resolve(http.create(parsed, SAMPLE_CONTEXT));
}

/** What a decoy says to a client whose bytes are written as transcripts have them. */
async function ask(decoy: Decoy, ...sends: string[]): Promise<Played & { said: string }> {
  const played = await play(decoy, sends.map(wireBytes));
  const said = played.lines.filter((line) => line.startsWith("< ")).map((line) => line.slice(2));
  return { ...played, said: said.join("") };
}

for (const product of PRODUCTS) {
  Deno.test(`http as ${product} plays its transcripts`, async (t) => {
    let count = 0;
    for await (const { name, isFile } of Deno.readDir(new URL(`${product}/`, dir))) {
      if (!isFile) continue;
      count++;
      const file = new URL(`${product}/${name}`, dir);
      const isLogin = (await Deno.readTextFile(file)).includes("login.php");
      const decoy = await makeSample({ product, ...(isLogin ? { site: "intranet" } : {}) });
      await t.step(name, (t) => assertTranscript(t, decoy, file));
    }
    assert(count > 10, "no transcripts");
  });

  Deno.test(`http as ${product} plays the transcripts of what no request is`, async (t) => {
    // Byte by byte nginx refuses the first wrong one, and the event has no more than that.
    let count = 0;
    for await (const { name } of Deno.readDir(new URL(`${product}/whole/`, dir))) {
      count++;
      await t.step(name, async () => {
        const text = await Deno.readTextFile(new URL(`${product}/whole/${name}`, dir));
        const steps = parseTranscript(text);
        const sends = steps.filter(({ kind }) => kind === ">").map(({ text }) =>
          text === "<EOF>" ? null : wireBytes(text)
        );
        const played = await play(await makeSample({ product }), sends);
        assertEquals(played.lines, steps.map(({ kind, text }) => `${kind} ${text}`));
      });
    }
    assert(count > 2, "no transcripts");
  });

  Deno.test(`http as ${product} sends what transcripts have, cut anywhere`, async () => {
    const decoy = await makeSample({ product });
    const request = "POST /nope HTTP/1.1\\r\\nHost: x\\r\\nTransfer-Encoding: chunked\\r\\n" +
      "Connection: close\\r\\n\\r\\n5\\r\\nhello\\r\\n0\\r\\n\\r\\n";
    const whole = await ask(decoy, request);
    const bytes = wireBytes(request);
    for (let at = 1; at < bytes.length; at++) {
      const cut = await play(decoy, [bytes.subarray(0, at), bytes.subarray(at)]);
      const said = cut.lines.filter((line) => line.startsWith("< ")).map((line) => line.slice(2));
      assertEquals([said.join(""), cut.events], [whole.said, whole.events], `cut at ${at}`);
    }
  });
}

Deno.test("http as nginx closes after 1000 requests, as Apache after 101", async () => {
  for (const [product, limit] of [["nginx-1.22.1", 1000], ["apache-2.4.71", 101]] as const) {
    const decoy = await makeSample({ product });
    const request = "HEAD /robots.txt HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n";
    const { said, lines, events } = await ask(decoy, request.repeat(limit + 3));
    assertEquals(said.split("HTTP/1.1 200 OK").length - 1, limit);
    assertEquals(said.split("Connection: close").length - 1, 1);
    assertEquals(events.length, limit);
    assertEquals(lines.at(-1), "= done");
  }
});

Deno.test("http keeps so much of a body as it is told, and hashes all of it", async () => {
  const decoy = await makeSample({ capture_bytes: 10 });
  const { events } = await ask(
    decoy,
    `POST /nope HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 50000\\r\\n\\r\\n${"A".repeat(50_000)}`,
  );
  const { data } = events[0] as {
    data: { body: Uint8Array; bodyBytes: number; bodySha256: string };
  };
  assertEquals(data.body.length, 10);
  assertEquals(data.bodyBytes, 50_000);
  assertEquals(data.bodySha256, sha256Hex(new Uint8Array(50_000).fill(0x41)));
});

Deno.test("http refuses options that make no sense", () => {
  for (
    const options of [
      { product: "iis" },
      { site: "shop" },
      { site: { folder: "" } },
      { site: { folder: "x", index: "y" } },
      { capture_bytes: -1 },
      { shown_port: 70_000 },
      { unknown: 1 },
    ]
  ) {
    assertEquals(v.safeParse(http.options, options).success, false, JSON.stringify(options));
  }
});

Deno.test("http names its folder to those who must read it", () => {
  assertEquals(http.paths!(v.parse(http.options, { site: { folder: "/srv/www" } })), ["/srv/www"]);
  assertEquals(http.paths!(v.parse(http.options, {})), []);
});

Deno.test("http shows another port than its own when it is told to", async () => {
  for (const product of PRODUCTS) {
    const decoy = await makeSample({ product, shown_port: 8080 });
    const { said } = await ask(decoy, "GET /docs HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n");
    assert(said.includes("Location: http://x:8080/docs/\\r\\n"), said);
  }
});

Deno.test("http has the welcome page of its product as its default site", async () => {
  for (
    const [product, title] of [["nginx-1.22.1", "Welcome to nginx!"], ["apache-2.4.71", "works"]]
  ) {
    const decoy = await makeDecoy(http, { product, site: "default" });
    const { said } = await ask(decoy, "GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n");
    assert(said.startsWith("HTTP/1.1 200 OK"), said);
    assert(said.includes(title!), said);
  }
});
