/**
 * Logins to the proxy: what is offered, and what peers try. Nobody is let in.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHmac, randomBytes } from "node:crypto";
import { escapeOctets } from "../../net/latin1.ts";
import type { Session } from "../decoy.ts";
import { findNtlm, makeChallenge, readAnswer } from "./ntlm.ts";

/** What is offered, by the option, in the order of `auth_param` lines. */
const SCHEMES = {
  none: [],
  basic: ["Basic"],
  digest: ["Digest", "Basic"],
  ntlm: ["NTLM", "Basic"],
  negotiate: ["Negotiate", "NTLM", "Basic"],
} as const;

/** Settings of logins. */
export interface AuthSettings {
  readonly auth: keyof typeof SCHEMES;
  readonly realm: string;
  readonly hostname: string;
  /** Marks nonces as ours. */
  readonly secret: Uint8Array;
}

/** Logins of one connection. */
export class Login {
  readonly #session: Session;
  readonly #settings: AuthSettings;
  /** The challenge that the next message of NTLM answers. */
  #challenge: Uint8Array | undefined;

  /** @param session to which attempts are reported. */
  constructor(session: Session, settings: AuthSettings) {
    this.#session = session;
    this.#settings = settings;
  }

  /**
   * Takes what a peer tried.
   * @param value of `Proxy-Authorization`, one character a byte; `undefined` for none.
   * @param request `method` of the request; whether the connection stays.
   * @returns values of `Proxy-Authenticate`, and whether the connection ends all the same.
   */
  answer(
    value: string | undefined,
    request: { method: string; isPersistent: boolean },
  ): { challenges: string[]; ends: boolean } {
    const [scheme = "", rest = ""] = split(value ?? "");
    const isNtlm = scheme === "ntlm" || scheme === "negotiate";
    const pending = this.#challenge;
    this.#challenge = undefined;
    const offered = SCHEMES[this.#settings.auth].some((name) => name.toLowerCase() === scheme);
    let isStale = false;
    if (isNtlm) {
      const bytes = Buffer.from(rest, "base64");
      const found = findNtlm(bytes);
      if (pending !== undefined || found?.type === 3) this.#tell(scheme, rest, found, pending);
      else if (offered && request.isPersistent) {
        return { challenges: [this.#ask(scheme)], ends: false };
      }
    } else if (value !== undefined && value !== "") {
      isStale = this.#try(scheme, rest, { value, method: request.method });
    }
    const challenges = SCHEMES[this.#settings.auth].flatMap((name) =>
      this.#offer(name, { isStale, isPersistent: request.isPersistent })
    );
    return { challenges, ends: pending !== undefined && value !== undefined && !isNtlm };
  }

  /** Type 2 of NTLM. */
  #ask(scheme: string): string {
    const name = scheme === "ntlm" ? "NTLM" : "Negotiate";
    this.#challenge = randomBytes(8);
    const server = { hostname: this.#settings.hostname, nowMs: this.#session.now() };
    return `${name} ${makeChallenge(this.#challenge, server).toString("base64")}`;
  }

  /** Type 3 of NTLM, or whatever came in its place. */
  #tell(
    scheme: string,
    rest: string,
    found: ReturnType<typeof findNtlm>,
    challenge: Uint8Array | undefined,
  ): void {
    if (found?.type === 3 && found.message.length >= 52) {
      // Without a challenge of ours it answers one that somebody else chose: zeros stand for it.
      const answer = readAnswer(found.message, challenge ?? new Uint8Array(8));
      this.#session.emit("auth.attempt", answer);
    } else {
      this.#session.emit("auth.attempt", {
        method: "token",
        username: "",
        secret: escapeOctets(`${scheme} ${rest}`),
      });
    }
  }

  /** A login in one message; tells whether its nonce is not ours. */
  #try(scheme: string, rest: string, request: { value: string; method: string }): boolean {
    if (scheme === "basic") {
      const decoded = Buffer.from(rest, "base64").toString("latin1");
      const colon = decoded.indexOf(":");
      if (decoded === "" && rest === "") return false;
      this.#session.emit("auth.attempt", {
        method: "basic",
        username: colon < 0 ? escapeOctets(decoded) : escapeOctets(decoded.slice(0, colon)),
        secret: colon < 0 ? "" : escapeOctets(decoded.slice(colon + 1)),
      });
      return false;
    }
    if (scheme === "digest") {
      const fields = parseDigest(rest);
      this.#session.emit("auth.attempt", {
        method: "digest",
        username: escapeOctets(fields.get("username") ?? ""),
        ...digestHash(fields, request.method),
      });
      return fields.has("nonce") && !this.#isOurNonce(fields.get("nonce")!);
    }
    const isBearer = scheme === "bearer";
    this.#session.emit("auth.attempt", {
      method: isBearer ? "bearer" : "token",
      username: "",
      secret: escapeOctets(isBearer ? rest : request.value),
    });
    return false;
  }

  #offer(
    name: "Basic" | "Digest" | "NTLM" | "Negotiate",
    how: { isStale: boolean; isPersistent: boolean },
  ): string[] {
    const { realm } = this.#settings;
    if (name === "Basic") return [`Basic realm="${realm}"`];
    if (name === "Digest") {
      const nonce = this.#makeNonce(randomBytes(8).toString("hex"));
      return [`Digest realm="${realm}", nonce="${nonce}", qop="auth", stale=${how.isStale}`];
    }
    return how.isPersistent ? [name] : []; // a login of several messages needs the connection
  }

  #makeNonce(random: string): string {
    const mark = createHmac("sha256", this.#settings.secret).update(random).digest("hex");
    return random + mark.slice(0, 16);
  }

  #isOurNonce(nonce: string): boolean {
    return /^[0-9a-f]{32}$/.test(nonce) && this.#makeNonce(nonce.slice(0, 16)) === nonce;
  }
}

/** The scheme in lower case, and what follows it. */
function split(value: string): [scheme: string, rest: string] {
  const [, scheme = "", rest = ""] = /^(\S*)\s*(.*)$/s.exec(value)!;
  return [scheme.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()), rest];
}

/** Names and values of a Digest, quoted or not. */
function parseDigest(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (
    const [, name, quoted, plain] of text.matchAll(
      /(\w{1,32})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))/gs,
    )
  ) {
    if (fields.size < 32) {
      fields.set(name!.toLowerCase(), quoted?.replace(/\\(.)/gs, "$1") ?? plain!);
    }
  }
  return fields;
}

/** The line for hashcat 11400, which knows what SIP and HTTP have in common. */
function digestHash(
  fields: Map<string, string>,
  method: string,
): { hash?: string; hashcatMode?: number } {
  const get = (name: string) => fields.get(name) ?? "";
  const response = get("response").toLowerCase();
  const words = [
    ...["", "", get("username"), get("realm"), method, "", get("uri"), "", get("nonce")],
    ...[get("cnonce"), get("nc"), get("qop"), "MD5", response],
  ];
  const isCrackable = /^[0-9a-f]{32}$/.test(response) && get("nonce") !== "" &&
    /^(?:MD5)?$/i.test(get("algorithm")) && /^(?:auth)?$/.test(get("qop")) &&
    words.every((word) => /^[\x20-\x29\x2b-\x7e]*$/.test(word));
  return isCrackable ? { hash: `$sip$*${words.join("*")}`, hashcatMode: 11_400 } : {};
}
