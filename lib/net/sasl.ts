/**
 * SASL mechanisms as Dovecot's server plays them (RFC 4616, RFC 2195, and LOGIN), which SMTP, POP3 and
 * IMAP decoys have in common, with nobody admitted.
 * @module
 */
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { escapeBytes } from "./escape.ts";
import { latin1 } from "./latin1.ts";

/** Mechanisms that can be offered, in Dovecot's order. */
export const MECHANISMS = ["plain", "login", "cram-md5"] as const;
/** One of them. */
export type Mechanism = typeof MECHANISMS[number];

/** What a peer gave away; fields of an `auth.attempt` event. */
export interface SaslCredential {
  readonly method: Mechanism;
  readonly username: string;
  readonly secret?: string;
  readonly hash?: string;
  readonly hashcatMode?: number;
}

/** What comes of a peer's answer. */
export type SaslStep =
  /** The server asks, in bytes before base64. */
  | { readonly kind: "challenge"; readonly data: string }
  /** The login failed. */
  | {
    readonly kind: "failed";
    /** What was tried, if anything was. */
    readonly credential?: SaslCredential;
    /** For whom the peer would act, if that is somebody else (RFC 4616 §2); octets. */
    readonly authorization?: string;
    /** Name and password as bytes, when Dovecot went as far as to ask its password database. */
    readonly asked?: SaslAsked;
  };

/** What a password database was asked for, as octets. */
export interface SaslAsked {
  readonly username: string;
  readonly password: string;
}

/** What tells one server's challenges from another's. */
export interface SaslServer {
  /** Host name in CRAM-MD5's challenge. */
  readonly hostname: string;
  /** Wall clock, in ms since 1970. */
  readonly nowMs: number;
}

/** Names that Dovecot looks up: `auth_username_chars`, after `%Lu`. */
const USERNAME = /^[A-Za-z0-9.\-_@]+$/;
/** Characters of base64, padding included. */
const ALPHABET = /^[A-Za-z0-9+/=]*$/;

/**
 * Whether Dovecot's auth client passes a response on: nothing but characters of base64.
 * @param text from `latin1`.
 */
export function hasBase64Alphabet(text: string): boolean {
  return ALPHABET.test(text);
}

/**
 * Decodes base64 as Dovecot's auth server does: white space is passed over, padding must be there.
 * @param text from `latin1`.
 * @returns the bytes, or `undefined` when it is none.
 * @example
 * ```ts
 * import { decodeBase64 } from "./sasl.ts";
 * console.assert(decodeBase64("YQ==")?.[0] === 0x61 && decodeBase64("YQ") === undefined);
 * ```
 */
export function decodeBase64(text: string): Uint8Array | undefined {
  const plain = text.replace(/[ \t\r\n]+/g, "");
  if (plain.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(plain)) return undefined;
  return Buffer.from(plain, "base64");
}

/**
 * Encodes a challenge.
 * @param text characters up to U+00FF.
 */
export function encodeBase64(text: string): string {
  return Buffer.from(text, "latin1").toString("base64");
}

/** One exchange, from the mechanism's name to the refusal. */
export class SaslExchange {
  readonly #mechanism: Mechanism;
  readonly #server: SaslServer;
  #challenge: string | undefined;
  #username: Uint8Array | undefined;

  /**
   * @param mechanism which one.
   * @param server whose challenges these are.
   */
  constructor(mechanism: Mechanism, server: SaslServer) {
    this.#mechanism = mechanism;
    this.#server = server;
  }

  /** The user name that came so far, as octets: LOGIN has it before the password. */
  get username(): string | undefined {
    return this.#username && latin1(this.#username);
  }

  /**
   * Begins.
   * @param initial the initial response, if there was one.
   */
  begin(initial: Uint8Array | undefined): SaslStep {
    switch (this.#mechanism) {
      case "plain":
        return initial === undefined ? { kind: "challenge", data: "" } : this.respond(initial);
      case "login":
        return initial === undefined || initial.length === 0
          ? { kind: "challenge", data: "Username:" }
          : this.respond(initial);
      case "cram-md5":
        this.#challenge = cramChallenge(this.#server);
        return { kind: "challenge", data: this.#challenge };
    }
  }

  /**
   * Goes on.
   * @param response the peer's, decoded.
   */
  respond(response: Uint8Array): SaslStep {
    switch (this.#mechanism) {
      case "plain":
        return plain(response);
      case "login":
        return this.#login(response);
      case "cram-md5":
        return cram(this.#challenge ?? "", response);
    }
  }

  #login(response: Uint8Array): SaslStep {
    if (this.#username !== undefined) {
      return clear("login", this.#username, response);
    }
    this.#username = response;
    return USERNAME.test(latin1(response))
      ? { kind: "challenge", data: "Password:" }
      : { kind: "failed" }; // a name that cannot be is refused before its password
  }
}

/** RFC 4616: `[authzid] NUL authcid NUL passwd`. */
function plain(message: Uint8Array): SaslStep {
  const first = message.indexOf(0);
  const second = first < 0 ? -1 : message.indexOf(0, first + 1);
  if (second < 0) {
    if (message.length === 0) return { kind: "failed" };
    // No such message, but perhaps a secret.
    return {
      kind: "failed",
      credential: { method: "plain", username: "", secret: escapeBytes(message) },
    };
  }
  const username = message.subarray(first + 1, second);
  const authorization = latin1(message.subarray(0, first));
  const secret = message.subarray(second + 1);
  if (authorization === "" || authorization === latin1(username)) {
    return clear("plain", username, secret);
  }
  // Only a master user may act for somebody else, and there is none: nothing is looked up.
  return { kind: "failed", credential: credentialOf("plain", username, secret), authorization };
}

function credentialOf(
  method: Mechanism,
  username: Uint8Array,
  secret: Uint8Array,
): SaslCredential {
  return { method, username: escapeBytes(username), secret: escapeBytes(secret) };
}

/** A name with a password in clear. */
function clear(method: Mechanism, username: Uint8Array, secret: Uint8Array): SaslStep {
  return {
    kind: "failed",
    credential: credentialOf(method, username, secret),
    ...asked(latin1(username), latin1(secret)),
  };
}

/** What a login by name and password asks for, unless the name is one that Dovecot never looks up. */
function asked(username: string, password: string): { asked?: SaslAsked } {
  return USERNAME.test(username) ? { asked: { username, password } } : {};
}

/**
 * A login by name and password in the protocol's own words, as Dovecot judges it.
 * @param username octets.
 * @param password octets.
 */
export function askedFor(username: string, password: string): SaslAsked | undefined {
  return asked(username, password).asked;
}

/** Dovecot's challenge: 16 digits, the time and the host, as a message id (RFC 2195 §2). */
function cramChallenge({ hostname, nowMs }: SaslServer): string {
  const digits = Array.from(randomBytes(16), (byte) => byte % 10).join("");
  return `<${digits}.${Math.floor(nowMs / 1000)}@${hostname}>`;
}

/** RFC 2195: `name SP digest`, where the digest is 32 hex digits of HMAC-MD5 over the challenge. */
function cram(challenge: string, message: Uint8Array): SaslStep {
  if (message.length === 0) return { kind: "failed" };
  const space = message.lastIndexOf(0x20);
  const digest = latin1(message.subarray(space + 1));
  const username = escapeBytes(message.subarray(0, Math.max(space, 0)));
  if (space < 0 || !/^[0-9a-fA-F]{32}$/.test(digest)) {
    return {
      kind: "failed",
      credential: { method: "cram-md5", username, secret: escapeBytes(message) },
    };
  }
  const response = Buffer.from(message).toString("base64");
  return {
    kind: "failed",
    credential: {
      method: "cram-md5",
      username,
      hash: `$cram_md5$${encodeBase64(challenge)}$${response}`,
      hashcatMode: 10200,
    },
  };
}

/**
 * A text as C sees it: up to its first NUL.
 * @param text octets.
 */
export function cString(text: string): string {
  const at = text.indexOf("\0");
  return at < 0 ? text : text.slice(0, at);
}
