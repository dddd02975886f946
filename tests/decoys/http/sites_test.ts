import { assert, assertEquals } from "@std/assert";
import { http } from "../../../lib/decoys/http.ts";
import { SiteFile } from "../../../lib/decoys/http/site.ts";
import { BUILT_IN_SITES, builtInSite } from "../../../lib/decoys/http/sites/built_in.ts";
import { folderFiles } from "../../../lib/decoys/http/sites/folder.ts";
import { makeDecoy, play, TEST_CONTEXT } from "../../support/transcript.ts";
import { SAMPLE_CONTEXT } from "./sample_site.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const OPTIONS = { context: TEST_CONTEXT, modifiedMs: Date.UTC(2026, 4, 4), organization: "" };
/** What would tell on us in anything that a peer sees. */
const GIVEAWAY = /duckblind|honey|decoy|sensor|deception|canary/i;

/** What a decoy says and reports for one request. */
async function ask(options: Record<string, unknown>, request: string) {
  const played = await play(await makeDecoy(http, options), [encoder.encode(request)]);
  const said = played.lines.filter((line) => line.startsWith("< ")).join("");
  return { ...played, said };
}

for (const name of BUILT_IN_SITES) {
  Deno.test(`site ${name} stands alone, and every address in it answers`, async () => {
    const site = builtInSite(name, OPTIONS);
    const page = decoder.decode(site.file("/index.html")!.bytes);
    const addresses = [...page.matchAll(/(?:href|src|action)="([^"#]*)"/g)].map((match) =>
      match[1]!
    );
    assert(addresses.length > 3, "the page has no style, no icon or no form");
    for (const address of addresses) {
      const path = address.replace(/\?.*$/, "");
      assert(path.startsWith("/") && !path.startsWith("//"), `${address} is not of this site`);
      assert(site.file(path) !== undefined || site.isApp(path), `${address} is not there`);
    }
    for (const path of ["/favicon.ico", "/robots.txt"]) assert(site.file(path) !== undefined, path);
    for (const product of ["nginx-1.22.1", "apache-2.4.71"]) {
      for (const address of ["/", ...addresses]) {
        const { said } = await ask(
          { site: name, product },
          `GET ${address} HTTP/1.1\r\nHost: x\r\n\r\n`,
        );
        assert(/^< HTTP\/1.1 (?:200|302) /.test(said), `${address}: ${said.slice(0, 100)}`);
        assert(!GIVEAWAY.test(said), address);
        assert(
          !/https?:\/\/(?!www\.w3\.org\/2000\/svg|x[/:])/.test(said),
          `${address} leads elsewhere`,
        );
      }
    }
  });

  Deno.test(`site ${name} takes a login, pauses, and refuses it`, async () => {
    const site = builtInSite(name, OPTIONS);
    const page = decoder.decode(site.file("/index.html")!.bytes);
    const path = /<form[^>]* action="([^"]*)"/.exec(page)![1]!;
    const fields = [...page.matchAll(/<input[^>]* name="(\w+)"/g)].map((match) => match[1]!);
    const body = fields.map((field) => `${field}=v-${field}`).join("&");
    for (const product of ["nginx-1.22.1", "apache-2.4.71"]) {
      const { said, events, lines } = await ask(
        { site: name, product },
        `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n` +
          `Content-Length: ${body.length}\r\n\r\n${body}`,
      );
      assertEquals(events.map(({ id }) => id), ["http.request", "auth.attempt"]);
      const { username, secret } = events[1]!.data as { username: string; secret: string };
      assert(/^v-(?:user|account)/.test(username), username);
      assert(/^v-(?:pass|psw)/.test(secret), secret);
      assert(lines.some((line) => /^~ [1-9]\d{2,3}\.\.\d+$/.test(line)), "no pause");
      assert(said.startsWith("< HTTP/1.1 200 OK"), said);
      assert(/Set-Cookie: /.test(said) && !/ETag|Last-Modified|Accept-Ranges/.test(said), said);
      assert(/fail|not correct|wrong|bad_credentials/i.test(said), said);
    }
  });

  Deno.test(`site ${name} is not the same on two sensors`, () => {
    const other = {
      ...TEST_CONTEXT,
      hostname: "other",
      seed: (label: string) => new Uint8Array(32).map((_, i) => label.length * 7 + i),
    };
    const bytes = (context: typeof TEST_CONTEXT) =>
      builtInSite(name, { ...OPTIONS, context }).file("/index.html")!.bytes;
    assert(decoder.decode(bytes(TEST_CONTEXT)) !== decoder.decode(bytes(other)));
    assertEquals(bytes(TEST_CONTEXT), bytes(TEST_CONTEXT));
  });

  Deno.test(`site ${name} has a favicon of two sizes`, () => {
    const { bytes } = builtInSite(name, OPTIONS).file("/favicon.ico")!;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    assertEquals([view.getUint16(0, true), view.getUint16(2, true), view.getUint16(4, true)], [
      0,
      1,
      2,
    ]);
    for (const [i, size] of [16, 32].entries()) {
      const entry = 6 + 16 * i;
      const [length, at] = [view.getUint32(entry + 8, true), view.getUint32(entry + 12, true)];
      assertEquals([bytes[entry], bytes[entry + 1], view.getUint16(entry + 6, true)], [
        size,
        size,
        32,
      ]);
      assert(at + length <= bytes.length, "an image goes over the end");
      assertEquals([view.getUint32(at, true), view.getInt32(at + 8, true)], [40, size * 2]);
      const pixels = bytes.subarray(at + 40, at + 40 + size * size * 4);
      assert(new Set(pixels).size > 3, "nothing is drawn");
    }
  });
}

Deno.test("http as Apache has the pictures that its lists of directories show", async () => {
  const options = { product: "apache-2.4.71", site: "vpn" };
  const list = await ask(options, "GET /portal/static/ HTTP/1.1\r\nHost: x\r\n\r\n");
  const pictures = new Set([...list.said.matchAll(/src="([^"]+)"/g)].map((match) => match[1]!));
  assert(pictures.size >= 3, list.said);
  for (const path of pictures) {
    const { said } = await ask(options, `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    assert(said.includes("Content-Type: image/gif\\r\\n\\r\\nGIF89a\\x14\\x00\\x16\\x00"), path);
  }
});

Deno.test("builtInSite() writes an operator's name as text, not as a tag", () => {
  const site = builtInSite("vpn", { ...OPTIONS, organization: `<b>"A" & Sons` });
  const page = decoder.decode(site.file("/index.html")!.bytes);
  assert(page.includes("&#60;b&#62;&#34;A&#34; &#38; Sons") && !page.includes("<b>"));
});

Deno.test("folderFiles() reads names and contents, and refuses an empty or a huge folder", async () => {
  const files = await folderFiles(SAMPLE_CONTEXT, "sample");
  const css = files.find((file) => file.name === "/assets/style.css")!;
  assertEquals(css.extension, "css");
  assert(decoder.decode(css.bytes).startsWith("body {"));
  const listed = (count: number, size: number) => ({
    ...SAMPLE_CONTEXT,
    listFiles: () =>
      Promise.resolve(
        Array.from({ length: count }, (_, i) => ({ name: `${i}`, size, modifiedMs: 0 })),
      ),
    readFile: () => Promise.resolve(new Uint8Array(1)),
  });
  assertEquals((await folderFiles(listed(2000, 1), "x")).length, 2000);
  for (const context of [listed(0, 0), listed(2001, 1), listed(2, 40_000_000)]) {
    let message = "";
    await folderFiles(context, "x").catch((error) => message = error.message);
    assert(message.startsWith("Cannot serve x: "), message);
  }
});

Deno.test("SiteFile compresses its content once for each product", async () => {
  const file = new SiteFile("/a.css", encoder.encode("a { b: c }\n".repeat(50)), 0);
  const packed = file.gzipped(4);
  assertEquals(file.gzipped(4), packed);
  assertEquals([...packed.subarray(0, 10)], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 3]);
  assertEquals(file.gzipped(0)[8], 0);
  const stream = new Blob([packed as Uint8Array<ArrayBuffer>]).stream()
    .pipeThrough(new DecompressionStream("gzip"));
  assertEquals(await new Response(stream).bytes(), file.bytes);
});
