/**
 * From a target to the path of a file, as each product does it. Texts are octet strings.
 * @module
 */

/** A path without dots, double slashes and percent signs, and the query behind `?`. */
export interface ResolvedPath {
  readonly path: string;
  /** Without `?`; `undefined` when there is none. */
  readonly query: string | undefined;
}

/** What a path that cannot be resolved is answered with. */
export type PathFault = 400 | 404;

const PLAIN = /^(?:\/[A-Za-z0-9_~!$&'()*,;=:@-][A-Za-z0-9_~!$&'()*,;=:@.-]*)*\/?$/;
const UNRESERVED = /^[A-Za-z0-9\-._~]$/;

/**
 * nginx: percent signs first, then dots and slashes (`merge_slashes on`); `#` ends the path.
 * @param pathAndQuery begins with a slash.
 */
export function resolveNginxPath(pathAndQuery: string): ResolvedPath | PathFault {
  const hash = pathAndQuery.indexOf("#");
  const text = hash < 0 ? pathAndQuery : pathAndQuery.slice(0, hash);
  const { path, query } = split(text);
  if (PLAIN.test(path)) return { path, query };
  const decoded = decode(path);
  if (decoded === undefined || decoded.includes("\0")) return 400;
  const clean = removeDots(decoded);
  return clean === undefined ? 400 : { path: clean, query };
}

/**
 * Apache: dots and slashes first, of which dots may be percent-encoded, then percent signs; an
 * encoded slash or NUL is nothing that exists.
 * @param pathAndQuery begins with a slash.
 */
export function resolveApachePath(pathAndQuery: string): ResolvedPath | PathFault {
  const { path, query } = split(pathAndQuery);
  if (PLAIN.test(path)) return { path, query };
  const unreserved = path.replace(/%([0-9A-Fa-f]{2})/g, (escape, hex: string) => {
    const character = String.fromCharCode(parseInt(hex, 16));
    return UNRESERVED.test(character) ? character : escape;
  });
  const clean = removeDots(unreserved);
  if (clean === undefined) return 400;
  const decoded = decode(clean);
  if (decoded === undefined) return 400;
  if (decoded.includes("\0") || /%2[fF]/.test(clean)) return 404;
  return { path: decoded, query };
}

/**
 * A path as it stands in a redirect: what a URL cannot hold is percent-encoded.
 * @param path as resolved.
 * @param isAllowed tells what stays.
 */
export function encodePath(path: string, isAllowed: RegExp): string {
  return path.replace(
    /[^]/g,
    (character) =>
      isAllowed.test(character)
        ? character
        : "%" + character.charCodeAt(0).toString(16).padStart(2, "0"),
  );
}

function split(text: string): ResolvedPath {
  const at = text.indexOf("?");
  return at < 0
    ? { path: text, query: undefined }
    : { path: text.slice(0, at), query: text.slice(at + 1) };
}

/** `undefined` when a percent sign begins nothing. */
function decode(path: string): string | undefined {
  if (!path.includes("%")) return path;
  if (/%(?![0-9A-Fa-f]{2})/.test(path)) return undefined;
  return path.replace(
    /%([0-9A-Fa-f]{2})/g,
    (_, hex: string) => String.fromCharCode(parseInt(hex, 16)),
  );
}

/** `undefined` when it leaves the root. */
function removeDots(path: string): string | undefined {
  const segments: string[] = [];
  const parts = path.split("/");
  for (const part of parts) {
    if (part === "" || part === ".") continue;
    if (part !== "..") segments.push(part);
    else if (segments.pop() === undefined) return undefined;
  }
  const last = parts.at(-1)!;
  const isDirectory = last === "" || last === "." || last === "..";
  return "/" + segments.join("/") + (isDirectory && segments.length > 0 ? "/" : "");
}
