import { assertEquals, assertMatch } from "@std/assert";
import { Apache } from "../../../lib/decoys/http/apache.ts";
import { Nginx } from "../../../lib/decoys/http/nginx.ts";
import { type Lure, Site, SiteFile } from "../../../lib/decoys/http/site.ts";
import { v } from "../../../lib/config/schema.ts";
import { http } from "../../../lib/decoys/http.ts";
import { talk } from "../../../lib/decoys/http/talk.ts";
import { play, TEST_CONTEXT, wireBytes } from "../../support/transcript.ts";

const encoder = new TextEncoder();
const MODIFIED_MS = Date.UTC(2026, 3, 1);

/** A site with two files and a page planted, and who took what. */
function planted(): { site: Site; taken: string[] } {
  const taken: string[] = [];
  const lure = (path: string, text: string, pageType?: string): Lure => ({
    path,
    ...(pageType === undefined ? {} : { pageType }),
    content: (nowMs) => encoder.encode(pageType === undefined ? text : `${text} ${nowMs}`),
    taken: (session) => taken.push(`${path} ${session.peer.ip}`),
  });
  const site = new Site([new SiteFile("/index.html", encoder.encode("<p>\n"), MODIFIED_MS)]);
  site.plant([
    lure("/.env", "DB_PASSWORD=x\n"),
    lure("/.git/config", "[core]\n"),
    lure("/server-status", "now", "text/html; charset=ISO-8859-1"),
  ]);
  return { site, taken };
}

for (const name of ["nginx", "Apache"] as const) {
  const visit = async (...requests: string[]) => {
    const { site, taken } = planted();
    const product = name === "nginx"
      ? new Nginx(site)
      : new Apache(site, { serverName: "x", boundary: "0123456789abcdef" });
    const settings = { product, captureBytes: 16, shownPort: 80, sessionId: () => "0".repeat(32) };
    const sends = requests.map((request) => wireBytes(`${request}\\r\\nHost: x\\r\\n\\r\\n`));
    const { lines } = await play({ serve: (session) => talk(session, settings) }, sends);
    return { said: lines.filter((line) => line.startsWith("< ")).join("\n"), taken };
  };

  Deno.test(`${name} serves what is planted, and says who took it`, async () => {
    const file = await visit("GET /.env HTTP/1.1");
    assertMatch(file.said, /200 OK.*Wed, 01 Apr 2026 00:00:00 GMT.*DB_PASSWORD=x\\n$/);
    assertEquals(file.taken, ["/.env 203.0.113.7"]);
    const page = await visit("GET /server-status HTTP/1.1", "GET /server-status?auto HTTP/1.1");
    assertMatch(page.said, /200 OK.*charset=ISO-8859-1.*now \d{13}/);
    assertEquals(page.taken, ["/server-status 203.0.113.7", "/server-status 203.0.113.7"]);
  });

  Deno.test(`${name} tells nobody of bait that was not given away`, async () => {
    const { said, taken } = await visit(
      "HEAD /.env HTTP/1.1",
      "POST /.env HTTP/1.1",
      "GET /.env HTTP/1.1\\r\\nIf-None-Match: *",
      "GET /.ENV HTTP/1.1",
      "GET /.git/config2 HTTP/1.1",
      "GET / HTTP/1.1",
    );
    assertEquals(said.includes("404 Not Found"), true);
    const isPostServed = name === "Apache"; // its handler of files takes a POST for a GET
    assertEquals(taken, isPostServed ? ["/.env 203.0.113.7"] : []);
  });

  Deno.test(`${name} counts a part as taken, and a folder of bait as a folder`, async () => {
    const part = await visit("GET /.env HTTP/1.1\\r\\nRange: bytes=0-1");
    assertMatch(part.said, /206 Partial Content/);
    assertEquals(part.taken.length, 1);
    const folder = await visit("GET /.git HTTP/1.1", "GET /.git/config HTTP/1.1");
    assertMatch(folder.said, /301 Moved Permanently.*\[core\]/s);
    assertEquals(folder.taken, ["/.git/config 203.0.113.7"]);
  });
}

Deno.test("http serves the lures of its context, and tells who took one, compressed or not", async () => {
  const lures = [
    { id: "env", place: "/.env", content: encoder.encode("KEY=x\n"), mediaType: "text/plain" },
    {
      id: "status",
      place: "/server-status",
      content: encoder.encode("<h1>Apache Server Status</h1>\n".repeat(8)),
      mediaType: "text/html; charset=ISO-8859-1",
    },
  ].map((lure) => ({ ...lure, markers: [] }));
  for (const product of ["nginx-1.22.1", "apache-2.4.71"]) {
    const options = v.parse(http.options, { product });
    const decoy = await http.create(options, { ...TEST_CONTEXT, lures });
    for (const [place, id] of [["/.env", "env"], ["/server-status", "status"]] as const) {
      const request = `GET ${place} HTTP/1.1\\r\\nHost: x\\r\\nAccept-Encoding: gzip\\r\\n\\r\\n`;
      const { events } = await play(decoy, [wireBytes(request)]);
      const touched = events.filter((event) => event.id === "lure.touched");
      assertEquals(touched.map(({ data }) => data), [{ lure: id, place }]);
    }
  }
});
