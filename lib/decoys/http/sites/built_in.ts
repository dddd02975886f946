/**
 * The built-in sites: login pages of our own design.
 * @module
 */
import type { DecoyContext } from "../../decoy.ts";
import { type App, Site, SiteFile } from "../site.ts";
import type { SiteDesign } from "./design.ts";
import { intranet } from "./intranet.ts";
import { nas } from "./nas.ts";
import { makePersona, type Persona } from "./persona.ts";
import { router } from "./router.ts";
import { vpn } from "./vpn.ts";

const DESIGNS = { intranet, nas, router, vpn } satisfies Record<
  string,
  (persona: Persona) => SiteDesign
>;

/** Name of a built-in site. */
export type BuiltInSite = keyof typeof DESIGNS;
/** All built-in sites. */
export const BUILT_IN_SITES = Object.keys(DESIGNS) as BuiltInSite[];

/**
 * Makes a built-in site.
 * @param name which.
 * @param options the decoy's context, when the site was set up, and whose it is.
 */
export function builtInSite(
  name: BuiltInSite,
  options: { context: DecoyContext; modifiedMs: number; organization: string },
): Site {
  const persona = makePersona(options.context, options);
  const design = DESIGNS[name](persona);
  const encoder = new TextEncoder();
  const files = Object.entries(design.files).map(([path, content], i) => {
    const bytes = typeof content === "string" ? encoder.encode(content) : content;
    // Files of one delivery: the same day, seconds apart.
    return new SiteFile(path, bytes, persona.modifiedMs + (i >> 1) * 1000);
  });
  return new Site(files, makeApp(design));
}

function makeApp(design: SiteDesign): App {
  const encoder = new TextEncoder();
  const paths = new Set([design.loginPath, ...design.appPaths]);
  return {
    owns: (path) => paths.has(path),
    answer(request) {
      const common = design.headers(request.sessionId, request.isSecure);
      const isLogin = request.path === design.loginPath &&
        (request.method === "POST" || request.hasCredentials);
      if (!isLogin) {
        return {
          status: 302,
          headers: [...common, ["Location", design.homePath]],
          type: "text/html; charset=UTF-8",
          body: new Uint8Array(0),
          pauseMs: [0, 0],
        };
      }
      const { body, headers, ...rest } = design.failure(request);
      return {
        ...rest,
        headers: [...common, ...headers],
        body: encoder.encode(body),
        pauseMs: request.hasCredentials ? design.pauseMs : [0, 0],
      };
    },
  };
}
