/**
 * Subjects: what events are published under.
 * @module
 */

/** Longest text of which a token is made, in UTF-16 units: no sensor's name is longer. */
const MAX_NAME_LENGTH = 128;

const SAFE = /^[A-Za-z0-9_-]$/;
/** What is a token already: nearly every name, for every event. */
const TOKEN = /^[A-Za-z0-9_-]{1,128}$/;
const encoder = new TextEncoder();

/** What a prefix may be: tokens with dots between them, without wildcards. */
export const SUBJECT_PREFIX = /^[A-Za-z0-9_-]{1,64}(?:\.[A-Za-z0-9_-]{1,64}){0,7}$/;

/**
 * Makes one token of a subject of a text: nothing in it has a meaning to NATS, and no other text makes
 * the same one, so that a server's permissions can tell sensors apart.
 * @param text such as the name of a sensor.
 * @returns letters, digits, dash and underscore as they are; all else as `%XX` (RFC 3986 §2.1).
 * @example
 * ```ts
 * import { subjectToken } from "./subject.ts";
 * console.assert(subjectToken("web-1.example.org") === "web-1%2Eexample%2Eorg");
 * console.assert(subjectToken("> *") === "%3E%20%2A");
 * ```
 */
export function subjectToken(text: string): string {
  if (TOKEN.test(text)) return text;
  let token = "";
  for (const byte of encoder.encode(text.slice(0, MAX_NAME_LENGTH))) {
    const character = String.fromCharCode(byte);
    token += SAFE.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return token || "%";
}

/**
 * The subject of an event.
 * @param prefix as `SUBJECT_PREFIX` allows it.
 * @param sensor name of the sensor whose event it is.
 * @param action its `event.action`.
 */
export function eventSubject(prefix: string, sensor: string, action: string): string {
  return `${prefix}.${subjectToken(sensor)}.${subjectToken(action)}`;
}

/**
 * Reads the subject of an event.
 * @param prefix that it must have.
 * @param subject as it came.
 * @returns whose event it is, by a name that `subjectToken` made a token of; `undefined` when it is no
 * such subject.
 */
export function parseSubject(
  prefix: string,
  subject: string,
): { sensor: string; action: string } | undefined {
  if (!subject.startsWith(prefix + ".")) return undefined;
  const tokens = subject.slice(prefix.length + 1).split(".");
  const names = tokens.map(readToken);
  const [sensor, action] = names;
  return names.length === 2 && sensor !== undefined && action !== undefined
    ? { sensor, action }
    : undefined;
}

function readToken(token: string): string | undefined {
  if (TOKEN.test(token)) return token;
  try {
    const text = token === "%" ? "" : decodeURIComponent(token);
    return subjectToken(text) === token ? text : undefined;
  } catch {
    return undefined; // a percent sign that begins nothing
  }
}
