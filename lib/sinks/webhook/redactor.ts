/**
 * Takes secrets out of what is told of a call: receivers repeat paths and headers in their answers.
 * @module
 */
import { latin1, latin1Bytes } from "../../net/latin1.ts";

/** Shorter ones are no secrets, and would take letters out of words. */
const MIN_LENGTH = 4;
/** Parts of a path at least so long may be tokens. */
const MIN_PATH_PART = 8;
/** What stands where a secret was. */
const MARK = "[secret]";

/** Knows the secrets of a call. */
export class Redactor {
  /** In every form in which they may come back; the longest first, so that no rest is left. */
  readonly #forms: readonly string[];

  /** @param secrets of any form; empty ones are passed over. */
  constructor(secrets: readonly string[]) {
    const forms = new Set(secrets.flatMap(formsOf).filter((form) => form.length >= MIN_LENGTH));
    this.#forms = [...forms].sort((a, b) => b.length - a.length);
  }

  /**
   * Takes the secrets out of a text.
   * @param text of any length.
   */
  text(text: string): string {
    let clean = text;
    for (const form of this.#forms) clean = clean.replaceAll(form, MARK);
    return clean;
  }

  /**
   * Takes the secrets out of bytes.
   * @param bytes of any length.
   */
  bytes(bytes: Uint8Array): Uint8Array {
    const text = latin1(bytes);
    const clean = this.text(text);
    return clean === text ? bytes : latin1Bytes(clean);
  }
}

/**
 * The secrets in a URL: the whole, its path and query, and those parts of them that may be tokens.
 * @param url that is called.
 */
export function secretsOfUrl(url: URL): string[] {
  const parts = url.pathname.split("/").filter((part) => part.length >= MIN_PATH_PART);
  const rest = url.pathname === "/" ? url.search : url.pathname + url.search;
  return [url.href, rest, url.search, ...parts, ...url.searchParams.values()];
}

/** A secret as it is, in a URL, in JSON, in HTML, and its UTF-8 read as Latin-1. */
function formsOf(secret: string): string[] {
  const decoded = tryDecode(secret);
  const plain = [secret, decoded, encodeURIComponent(secret), encodeURI(secret)];
  return plain.flatMap((form) => {
    const html = form.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
    return [
      form,
      JSON.stringify(form).slice(1, -1),
      html,
      html.replaceAll(">", "&gt;"),
      html.replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&#39;"),
      latin1(new TextEncoder().encode(form)),
    ];
  });
}

function tryDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a percent sign that is no escape
  }
}
