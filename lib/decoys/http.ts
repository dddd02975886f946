/**
 * HTTP decoy: a web server with a site, and a login that nobody passes.
 *
 * Plays HTTP/0.9, 1.0 and 1.1 (RFC 9110, RFC 9112) as nginx 1.22.1 and Apache 2.4.71 of Debian 12 do:
 * reading, limits, pages, header order, ranges, conditions, compression and waiting are those of the
 * genuine packages, compared byte by byte. `https` is the same with TLS from the first byte on, and
 * tells whoever speaks none as they do. Left out: HTTP/2, proxying, WebDAV, CGI.
 * Events: `http.request`, `auth.attempt` (`basic`, `bearer`, `digest`, `form`), `payload`.
 * @module
 */
import { sha256Hex } from "../net/digest.ts";
import { choice, count, section, text, v } from "../config/schema.ts";
import type { Decoy, DecoyContext, DecoyKind, PlantedLure, Session } from "./decoy.ts";
import { Apache } from "./http/apache.ts";
import { Nginx } from "./http/nginx.ts";
import { utf8Octets } from "./http/octets.ts";
import type { Product } from "./http/product.ts";
import { type Lure, Site } from "./http/site.ts";
import { BUILT_IN_SITES, builtInSite } from "./http/sites/built_in.ts";
import { folderFiles } from "./http/sites/folder.ts";
import { welcomeFiles } from "./http/sites/welcome.ts";
import { talk, type TalkSettings } from "./http/talk.ts";

const Folder = section({
  folder: v.pipe(
    v.string("must be a path"),
    v.minLength(1, "must not be empty"),
    v.maxLength(1024, "must have at most 1024 characters"),
    v.description("Folder whose files are served; at most 2000 files and 64 MiB."),
  ),
});

const Options = section({
  product: choice("nginx-1.22.1", ["nginx-1.22.1", "apache-2.4.71"], "Which server it is."),
  site: v.optional(
    v.pipe(
      v.union(
        [v.picklist(["default", ...BUILT_IN_SITES]), Folder],
        `must be default, ${BUILT_IN_SITES.join(", ")}, or {folder: PATH}`,
      ),
      v.description("What it serves: a built-in login page, the product's own page, or a folder."),
    ),
    "intranet",
  ),
  organization: text(
    "",
    80,
    "Whose login page it is; empty for a name that differs from sensor to sensor.",
  ),
  capture_bytes: count(16_384, 0, 1_048_576, "How many bytes of a body or an upload are kept."),
  server_name: text(
    "127.0.1.1",
    253,
    "Name that Apache's own pages show when a request names no host.",
  ),
  shown_port: count(
    0,
    0,
    65_535,
    "Port in redirects and pages; 0 for the one connected to. Set it behind a port redirect.",
  ),
});
type Options = v.InferOutput<typeof Options>;

/** `kind: http`; keys: `product`, `site`, `organization`, `capture_bytes`, `server_name`, `shown_port`. */
export const http: DecoyKind<Options> = {
  kind: "http",
  defaultPort: 80,
  options: Options,
  paths: ({ site }) => typeof site === "string" ? [] : [site.folder],
  async create(options, context): Promise<Decoy> {
    const site = await makeSite(options, context);
    site.plant(context.lures.map(toLure));
    const secret = context.seed("http session cookies");
    const settings: TalkSettings = {
      product: makeProduct(options, site, context),
      captureBytes: options.capture_bytes,
      shownPort: options.shown_port,
      sessionId: (session, answered) => {
        const { peer } = session;
        const label = `${session.now()} ${peer.ip} ${peer.port} ${answered}`;
        return sha256Hex(new Uint8Array([...secret, ...encoder.encode(label)])).slice(0, 32);
      },
    };
    return {
      serve: (session) => talk(session, settings),
      serveClear: (session) => talkInClear(session, settings),
    };
  },
};

/** `kind: https`: `http` with TLS. */
export const https: DecoyKind<Options> = {
  ...http,
  kind: "https",
  defaultPort: 443,
  tls: "implicit",
};

const encoder = new TextEncoder();
/** First bytes by which both products tell TLS from HTTP. */
const TLS_HANDSHAKE = 0x16;
const SSL2_RECORD = 0x80;
/** Sites were set up on some working day between these, in ms since 1970. */
const FIRST_SETUP_MS = Date.UTC(2026, 1, 2, 8);
const SETUP_DAYS = 200;

/** Answers a peer that speaks no TLS where it is spoken. */
async function talkInClear(session: Session, settings: TalkSettings): Promise<void> {
  const first = await session.read();
  if (first === null) return;
  // What begins like a record and is none: OpenSSL is asked, and closes without a word.
  if (first[0] === TLS_HANDSHAKE || first[0]! >= SSL2_RECORD) return session.closeAbruptly();
  session.unread(first);
  await talk(session, { ...settings, product: settings.product.inClear() });
}

/** A lure as a site has it: what is HTML without a file's name for it is made by a program. */
function toLure({ id, place, content, mediaType }: PlantedLure): Lure {
  const path = utf8Octets(place);
  const isPage = mediaType.startsWith("text/html") && !/\.[^/]*$/.test(path);
  return {
    path,
    ...(isPage ? { pageType: mediaType } : {}),
    content: () => content,
    taken: (session) => session.emit("lure.touched", { lure: id, place }),
  };
}

async function makeSite(
  { site, product, organization }: Options,
  context: DecoyContext,
): Promise<Site> {
  if (typeof site !== "string") return new Site(await folderFiles(context, site.folder));
  const [day = 0, hour = 0, minute = 0, second = 0] = context.seed("http site age");
  const modifiedMs = FIRST_SETUP_MS + (day * SETUP_DAYS >> 8) * 86_400_000 +
    (hour % 9) * 3_600_000 + (minute % 60) * 60_000 + (second % 60) * 1000;
  return site === "default"
    ? new Site(welcomeFiles(product === "nginx-1.22.1" ? "nginx" : "apache", modifiedMs))
    : builtInSite(site, { context, modifiedMs, organization });
}

function makeProduct(
  { product, server_name }: Options,
  site: Site,
  context: DecoyContext,
): Product {
  if (product === "nginx-1.22.1") return new Nginx(site);
  const boundary = sha256Hex(context.seed("http boundary")).slice(0, 16).replace(/^0+/, "");
  return new Apache(site, { serverName: server_name, boundary });
}
