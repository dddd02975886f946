/**
 * Credentials in requests: `Authorization` fields, login forms, and login addresses.
 * @module
 */
import type { EventMap } from "../../events/event.ts";
import { escapeBytes, escapeText } from "../../net/escape.ts";
import { headerValues, type RequestHead } from "./head.ts";
import type { Part } from "./multipart.ts";
import { escapeOctets, latin1 } from "../../net/latin1.ts";

/** One credential, as events have it. */
export type Credential = EventMap["auth.attempt"];

/** Most fields of a form that are looked at. */
const MAX_FIELDS = 200;
/** How much of a user name or a secret is kept, in characters as sent. */
const MAX_VALUE_LENGTH = 4096;
/** Most credentials of one request. */
const MAX_CREDENTIALS = 8;

/** Names of fields without anything but letters and digits, in lower case. */
const USER_NAMES = new Set([
  ..."user username usr uname un login loginname loginid loginuser log email mail emailaddress"
    .split(" "),
  ..."userid uid name account acct accountname accountid id jusername pmausername osusername".split(
    " ",
  ),
  ..."httpduser authuser adminuser adminname txtuser txtusername signin identifier identity".split(
    " ",
  ),
  ..."principal nick nickname member memberid customer operator handle svpnname".split(" "),
]);
const SECRET_NAMES = new Set([
  ..."pass password passwd passwort passw pwd psw psd pswd pword secret pin pincode jpassword"
    .split(" "),
  ..."pmapassword ospassword httpdpassword userpass userpassword loginpass loginpassword".split(
    " ",
  ),
  ..."adminpass adminpassword authpass txtpass txtpassword passphrase passcode contrasena senha"
    .split(" "),
  ..."motdepasse mdp clave credential otp token2fa upass pw pwd1 password1 pass1 svpnpassword"
    .split(" "),
]);
const USER_PATTERN = /(?:user(?:name|id)?|login(?:name)?|email|account)$/;
const SECRET_PATTERN = /(?:pass(?:word|wd|phrase|code)?|pwd|psw|secret)$/;

/** A field: name and value, with controls still raw, made by `escape` when it is reported. */
interface Field {
  readonly name: string;
  readonly value: string;
  readonly escape: (value: string) => string;
}

/** What came with a request besides its head. */
export interface RequestContent {
  /** Value of `Content-Type`. */
  readonly type: string;
  /** What was kept of the body. */
  readonly body: Uint8Array;
  /** Parts of a `multipart/form-data` body. */
  readonly parts: readonly Part[];
}

/**
 * Finds all credentials of a request.
 * @param head its head.
 * @param content its body.
 * @returns one entry for each secret, in the order head, address, body.
 */
export function findCredentials(head: RequestHead, content: RequestContent): Credential[] {
  const found: Credential[] = [];
  for (const name of ["authorization", "proxy-authorization"]) {
    for (const value of headerValues(head, name)) {
      const credential = parseAuthorization(value, head);
      if (credential !== undefined) found.push(credential);
    }
  }
  const query = head.target.indexOf("?");
  if (query >= 0) found.push(...formCredential(parseUrlEncoded(head.target.slice(query + 1))));
  if (content.body.length > 0 || content.parts.length > 0) {
    const form = formCredential(bodyFields(content));
    found.push(...form.length > 0 ? form : xmlRpcCredentials(content.body));
  }
  return found.slice(0, MAX_CREDENTIALS);
}

/**
 * Reads an `Authorization` field: RFC 7617, RFC 7616, RFC 6750.
 * @param value octets.
 * @param head of the request, for the method that a digest covers.
 */
export function parseAuthorization(value: string, head: RequestHead): Credential | undefined {
  const [, scheme = "", rest = ""] = /^([^ \t]+)[ \t]*([^]*)$/.exec(value) ?? [];
  switch (scheme.toLowerCase()) {
    case "basic":
      return parseBasic(rest);
    case "bearer":
      return { method: "bearer", username: "", secret: escapeOctets(cut(rest)) };
    case "digest":
      return parseDigest(rest, head.method);
    default:
      return undefined;
  }
}

function parseBasic(token: string): Credential {
  const bytes = decodeBase64(token);
  // What is no base64 is kept as it came.
  if (bytes === undefined) {
    return { method: "basic", username: "", secret: escapeOctets(cut(token)) };
  }
  const colon = bytes.indexOf(0x3a);
  const end = colon < 0 ? bytes.length : colon;
  return {
    method: "basic",
    username: escapeBytes(cutBytes(bytes.subarray(0, end))),
    ...(colon < 0 ? {} : { secret: escapeBytes(cutBytes(bytes.subarray(colon + 1))) }),
  };
}

function parseDigest(text: string, method: string): Credential {
  const parameters = new Map<string, string>();
  const pattern = /([A-Za-z0-9_-]{1,32})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\[^])*)"|([^,\s"]*))/g;
  for (const [, name, quoted, bare] of text.matchAll(pattern)) {
    if (parameters.size >= 32) break;
    parameters.set(name!.toLowerCase(), quoted?.replace(/\\([^])/g, "$1") ?? bare!);
  }
  const get = (name: string) => parameters.get(name) ?? "";
  const username = escapeOctets(cut(get("username")));
  const response = get("response").toLowerCase();
  const algorithm = get("algorithm").toUpperCase();
  const words = [
    ...["", "", get("username"), get("realm"), method, "", get("uri"), "", get("nonce")],
    ...[get("cnonce"), get("nc"), get("qop"), "MD5", response],
  ];
  const isCrackable = /^[0-9a-f]{32}$/.test(response) && get("nonce") !== "" &&
    (algorithm === "" || algorithm === "MD5") && (get("qop") === "" || get("qop") === "auth") &&
    words.every((word) => /^[\x21-\x29\x2b-\x7e ]*$/.test(word));
  const domain = get("realm") === "" ? {} : { domain: escapeOctets(cut(get("realm"))) };
  return isCrackable
    ? {
      method: "digest",
      username,
      ...domain,
      hash: `$sip$*${words.join("*")}`,
      hashcatMode: 11400,
    }
    : { method: "digest", username, ...domain };
}

/** RFC 4648, either alphabet, padding or not; `undefined` when it is none. */
function decodeBase64(text: string): Uint8Array | undefined {
  const plain = text.trim().replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, "");
  if (!/^[A-Za-z0-9+/]*$/.test(plain) || plain.length % 4 === 1) return undefined;
  return Uint8Array.from(atob(plain), (character) => character.charCodeAt(0));
}

/** The fields of a body, whatever form it has. */
function bodyFields({ type, body, parts }: RequestContent): Field[] {
  if (parts.length > 0) {
    return parts.filter((part) => part.fileName === undefined).slice(0, MAX_FIELDS)
      .map(({ name, content }) => ({
        name,
        value: latin1(content.bytes()),
        escape: escapeOctets,
      }));
  }
  const text = latin1(body);
  const isJson = /^[^;]*\bjson\b/i.test(type) || /^\s*\{/.test(text);
  if (isJson) return parseJson(body);
  // Many clients forget to say what they send.
  return /^[^;]*(?:urlencoded|text\/plain)/i.test(type) || /^[\w.[\]%-]{1,64}=/.test(text)
    ? parseUrlEncoded(text)
    : [];
}

function parseUrlEncoded(text: string): Field[] {
  return text.split("&", MAX_FIELDS).map((pair) => {
    const at = pair.indexOf("=");
    const [name, value] = at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
    return { name: decode(name), value: decode(value), escape: escapeOctets };
  });
}

/** Fields of an object, and of the objects in it. */
function parseJson(body: Uint8Array): Field[] {
  let root: unknown;
  try {
    root = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    return []; // no JSON, or cut off: it stays in the request's event
  }
  const fields: Field[] = [];
  const collect = (value: unknown, depth: number) => {
    if (typeof value !== "object" || value === null) return;
    for (const [name, entry] of Object.entries(value)) {
      if (fields.length >= MAX_FIELDS) return;
      if (typeof entry === "string" || typeof entry === "number") {
        fields.push({ name, value: String(entry), escape: escapeText });
      } else if (depth > 0) collect(entry, depth - 1);
    }
  };
  collect(root, 1);
  return fields;
}

/** A user name and a secret among fields; one credential, or none. */
function formCredential(fields: readonly Field[]): Credential[] {
  const secret = pick(fields, SECRET_NAMES, SECRET_PATTERN);
  if (secret === undefined) return [];
  const others = fields.filter((field) => field !== secret);
  const user = pick(others, USER_NAMES, USER_PATTERN);
  return [{
    method: "form",
    username: user === undefined ? "" : user.escape(cut(user.value)),
    secret: secret.escape(cut(secret.value)),
  }];
}

/** Calls of WordPress that take a user name and a password first: brute force sends many in one. */
const XML_RPC_LOGIN = /\b(?:wp|metaWeblog|blogger|mt)\.get[A-Z]\w{0,40}/;
/** A text in XML-RPC, with or without its type: the innermost element of a value. */
const XML_STRING = /<(?:string|value)>\s*(?:<!\[CDATA\[)?([^<\]]+)(?:\]\]>)?<\//g;
/** How much of one such call is looked at, in characters. */
const MAX_CALL_LENGTH = 4 * MAX_VALUE_LENGTH;

/** User names and passwords of XML-RPC calls. */
function xmlRpcCredentials(body: Uint8Array): Credential[] {
  if (!body.subarray(0, 256).includes(0x3c)) return [];
  const calls = latin1(body).split(XML_RPC_LOGIN).slice(1, MAX_CREDENTIALS + 1);
  return calls.flatMap((call): Credential[] => {
    // What closes the method's name comes first, and is of no value element of its own.
    const params = call.slice(call.indexOf("param"), MAX_CALL_LENGTH);
    const strings = [...params.matchAll(XML_STRING)];
    const [username, secret] = strings.map((match) => escapeOctets(cut(unescapeXml(match[1]!))));
    if (username === undefined || secret === undefined) return [];
    return [{ method: "form", username, secret }];
  });
}

function unescapeXml(text: string): string {
  const entities: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => entities[name]!);
}

function pick(
  fields: readonly Field[],
  names: ReadonlySet<string>,
  pattern: RegExp,
): Field | undefined {
  const keyed = fields.map((field) => ({ field, key: fieldKey(field.name) }));
  return (keyed.find(({ key }) => names.has(key)) ?? keyed.find(({ key }) => pattern.test(key)))
    ?.field;
}

/** `LoginForm[user_name]` is `username`, `txtUser` is `txtuser`. */
function fieldKey(name: string): string {
  const inner = /\[([^[\]]+)\]$/.exec(name)?.[1] ?? /[.:$]([^.:$]+)$/.exec(name)?.[1] ?? name;
  return inner.slice(0, 64).replace(/[^A-Za-z0-9]/g, "").toLowerCase();
}

/** Percent signs and plus signs of a form; what begins nothing stays. */
function decode(text: string): string {
  return text.replaceAll("+", " ").replace(
    /%([0-9A-Fa-f]{2})/g,
    (_, hex: string) => String.fromCharCode(parseInt(hex, 16)),
  );
}

/** Before it is escaped: afterwards a cut could leave half an escape. */
function cut(text: string): string {
  return text.slice(0, MAX_VALUE_LENGTH);
}

function cutBytes(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, MAX_VALUE_LENGTH);
}
