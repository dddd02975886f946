/**
 * The server's side of SCRAM-SHA-256 (RFC 5802, RFC 7677) as auth-scram.c of PostgreSQL 15 plays it
 * for somebody who cannot log in, with each of its complaints.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHmac, randomBytes } from "node:crypto";
import type { Refusal } from "./messages.ts";
import { latin1 } from "./talk.ts";

/** SCRAM_RAW_NONCE_LEN, in bytes. */
const NONCE_BYTES = 18;
/** SCRAM_DEFAULT_SALT_LEN, in bytes. */
const SALT_BYTES = 16;
/** SCRAM_DEFAULT_ITERATIONS. */
const ITERATIONS = 4096;
/** SCRAM_KEY_LEN, in bytes. */
const PROOF_BYTES = 32;
const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** A message that the server does not take; `message` says what would have been right. */
export class ScramError extends Error {
  /** What the client is told. */
  readonly refusal: Refusal;

  /**
   * @param expected a noun phrase.
   * @param refusal what the client is told.
   */
  constructor(expected: string, refusal: Refusal) {
    super(expected);
    this.refusal = refusal;
  }

  /**
   * A message whose fields do not fit into it.
   * @param text what the client is told.
   * @param place line and routine in pqformat.c.
   */
  static format(text: string, place: string): ScramError {
    const refusal = { code: "08P01", text, source: `pqformat.c:${place}` };
    return new ScramError("a SASL response whose length is right", refusal);
  }

  /**
   * A message that is no SCRAM.
   * @param detail what is wrong.
   * @param place line and routine in auth-scram.c.
   */
  static malformed(detail: string, place: string): ScramError {
    return new ScramError("a SCRAM message", {
      code: "08P01",
      text: "malformed SCRAM message",
      detail,
      source: `auth-scram.c:${place}`,
    });
  }
}

/** One exchange: first message, challenge, final message. */
export class Scram {
  readonly #user: Uint8Array;
  readonly #saltSecret: Uint8Array;
  #flag = "";
  #firstBare = "";
  #challenge = "";
  #nonce = "";
  #finalWithoutProof = "";
  #proof = "";

  /**
   * @param user as in the startup packet.
   * @param saltSecret makes the salt, which is the same at each try of the same user.
   */
  constructor(user: Uint8Array, saltSecret: Uint8Array) {
    this.#user = user;
    this.#saltSecret = saltSecret;
  }

  /**
   * Takes a message.
   * @param bytes as sent; `null` for none, which is answered by an empty challenge.
   * @returns the challenge; `undefined` when the proof is in.
   * @throws {ScramError} when the server would not take it.
   */
  answer(bytes: Uint8Array | null): Uint8Array | undefined {
    if (bytes === null) return new Uint8Array(0);
    if (bytes.length === 0) {
      throw ScramError.malformed("The message is empty.", "366 scram_exchange");
    }
    if (bytes.includes(0)) {
      const detail = "Message length does not match input length.";
      throw ScramError.malformed(detail, "371 scram_exchange");
    }
    const text = latin1(bytes);
    if (this.#challenge !== "") {
      this.#readFinal(text);
      return undefined;
    }
    const clientNonce = this.#readFirst(text);
    this.#nonce = clientNonce + randomBytes(NONCE_BYTES).toString("base64");
    const salt = createHmac("sha256", this.#saltSecret).update(this.#user).digest();
    const salt64 = salt.subarray(0, SALT_BYTES).toString("base64");
    this.#challenge = `r=${this.#nonce},s=${salt64},i=${ITERATIONS}`;
    return Buffer.from(this.#challenge, "latin1");
  }

  /**
   * What a guess can be tried with, after the final message: iterations, salt, the text that was
   * authenticated, the proof, in base64. No mode of hashcat takes it: 28600 is for what a server
   * stores, which cannot be had of what a client sends.
   */
  line(): string {
    const salt = /,s=([^,]*),i=/.exec(this.#challenge.slice(2 + this.#nonce.length))![1];
    const authenticated = [this.#firstBare, this.#challenge, this.#finalWithoutProof].join(",");
    const text = Buffer.from(authenticated, "latin1").toString("base64");
    return `$scram-sha-256$${ITERATIONS}$${salt}$${text}$${this.#proof}`;
  }

  /** read_client_first_message; returns the client's nonce. */
  #readFirst(text: string): string {
    const routine = "read_client_first_message";
    const reader = new Attributes(text);
    this.#flag = text[0]!;
    if (this.#flag === "p") {
      throw ScramError.malformed(
        "The client selected SCRAM-SHA-256 without channel binding, but the SCRAM message " +
          "includes channel binding data.",
        `1007 ${routine}`,
      );
    }
    if (this.#flag !== "n" && this.#flag !== "y") {
      const detail = `Unexpected channel-binding flag "${show(text[0])}".`;
      throw ScramError.malformed(detail, `1025 ${routine}`);
    }
    if (text[1] !== ",") {
      const detail = `Comma expected, but found character "${show(text[1])}".`;
      throw ScramError.malformed(detail, `${this.#flag === "n" ? 963 : 993} ${routine}`);
    }
    if (text[2] === "a") {
      throw new ScramError("no authorization identity", {
        code: "0A000",
        text: "client uses authorization identity, but it is not supported",
        source: `auth-scram.c:1036 ${routine}`,
      });
    }
    if (text[2] !== ",") {
      const detail = `Unexpected attribute "${show(text[2])}" in client-first-message.`;
      throw ScramError.malformed(detail, `1040 ${routine}`);
    }
    this.#firstBare = text.slice(3);
    if (text[3] === "m") {
      throw new ScramError("no mandatory extension", {
        code: "0A000",
        text: "client requires an unsupported SCRAM extension",
        source: `auth-scram.c:1057 ${routine}`,
      });
    }
    reader.at = 3;
    reader.value("n");
    const nonce = reader.value("r");
    if (!/^[!-~]*$/.test(nonce)) {
      throw new ScramError("a printable nonce", {
        code: "08P01",
        text: "non-printable characters in SCRAM nonce",
        source: `auth-scram.c:1071 ${routine}`,
      });
    }
    while (reader.at < text.length) reader.any();
    return nonce;
  }

  /** read_client_final_message and what follows it. */
  #readFinal(text: string): void {
    const routine = "read_client_final_message";
    const reader = new Attributes(text);
    const binding = reader.value("c");
    if (binding !== (this.#flag === "n" ? "biws" : "eSws")) {
      throw new ScramError("the channel binding of the first message", {
        code: "08P01",
        text: "unexpected SCRAM channel-binding attribute in client-final-message",
        source: `auth-scram.c:1335 ${routine}`,
      });
    }
    const nonce = reader.value("r");
    let start: number;
    let attribute: readonly [string, string];
    do {
      start = reader.at - 1;
      attribute = reader.any();
    } while (attribute[0] !== "p");
    this.#proof = attribute[1];
    this.#finalWithoutProof = text.slice(0, start);
    if (base64Length(this.#proof) !== PROOF_BYTES) {
      throw ScramError.malformed(
        "Malformed proof in client-final-message.",
        `1353 ${routine}`,
      );
    }
    if (reader.at < text.length) {
      const detail = "Garbage found at the end of client-final-message.";
      throw ScramError.malformed(detail, `1361 ${routine}`);
    }
    if (nonce !== this.#nonce) {
      throw new ScramError("the nonce of the challenge", {
        code: "08P01",
        text: "invalid SCRAM response",
        detail: "Nonce does not match.",
        source: "auth-scram.c:404 scram_exchange",
      });
    }
  }
}

/** Reads attributes one after the other. */
class Attributes {
  /** Where the next one begins. */
  at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** read_attr_value: the value of an attribute that must come now. */
  value(name: string): string {
    const found = this.#text[this.at];
    if (found !== name) {
      const detail = `Expected attribute "${name}" but found "${show(found)}".`;
      throw ScramError.malformed(detail, "712 read_attr_value");
    }
    return this.#rest(name, "720 read_attr_value");
  }

  /** read_any_attr: whatever attribute comes now. */
  any(): readonly [name: string, value: string] {
    const name = this.#text[this.at];
    if (name === undefined) {
      const detail = "Attribute expected, but found end of string.";
      throw ScramError.malformed(detail, "825 read_any_attr");
    }
    if (!/[A-Za-z]/.test(name)) {
      const detail = `Attribute expected, but found invalid character "${show(name)}".`;
      throw ScramError.malformed(detail, "838 read_any_attr");
    }
    return [name, this.#rest(name, "848 read_any_attr")];
  }

  #rest(name: string, place: string): string {
    if (this.#text[this.at + 1] !== "=") {
      throw ScramError.malformed(`Expected character "=" for attribute "${name}".`, place);
    }
    const start = this.at + 2;
    const comma = this.#text.indexOf(",", start);
    this.at = comma < 0 ? this.#text.length : comma + 1;
    return this.#text.slice(start, comma < 0 ? undefined : comma);
  }
}

/** sanitize_char: a character as the server's complaints show it. */
function show(character: string | undefined): string {
  const code = character?.charCodeAt(0) ?? 0;
  if (code >= 0x21 && code <= 0x7e) return `'${character}'`;
  return "0x" + code.toString(16).padStart(2, "0");
}

/** How many bytes pg_b64_decode makes of a text; -1 when it takes it for none. */
function base64Length(text: string): number {
  let length = 0;
  let digits = 0;
  let end = 0;
  for (const character of text) {
    if (character === "=") {
      if (end === 0) {
        if (digits !== 2 && digits !== 3) return -1;
        end = digits - 1;
      }
    } else if (!BASE64.includes(character)) return -1;
    if (++digits === 4) {
      length += end === 0 ? 3 : end;
      digits = 0;
    }
  }
  return digits === 0 ? length : -1;
}
