/**
 * The server's side of SCRAM-SHA-256 (RFC 5802, RFC 7677) as auth-scram.c of PostgreSQL 15 plays it
 * for somebody who cannot log in, with each of its complaints.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHmac, randomBytes } from "node:crypto";
import { Attributes, base64Length, ScramError, show } from "./scram_attributes.ts";
import { latin1 } from "../../net/latin1.ts";

/** SCRAM_RAW_NONCE_LEN, in bytes. */
const NONCE_BYTES = 18;
/** SCRAM_DEFAULT_SALT_LEN, in bytes. */
const SALT_BYTES = 16;
/** SCRAM_DEFAULT_ITERATIONS. */
const ITERATIONS = 4096;
/** SCRAM_KEY_LEN, in bytes. */
const PROOF_BYTES = 32;
/** Most characters of a name in a complaint: sanitize_str. */
const MAX_SHOWN = 30;
const FIRST = "read_client_first_message";
/** Lengths of the hashes of certificates: SHA-256, 384, 512. */
const HASH_BYTES: readonly number[] = [32, 48, 64];

/** One exchange: first message, challenge, final message. */
export class Scram {
  readonly #user: Uint8Array;
  readonly #saltSecret: Uint8Array;
  readonly #isTls: boolean;
  /** Whether the mechanism is SCRAM-SHA-256-PLUS. */
  #isBound = false;
  #flag = "";
  /** What stands before that: GS2 header. */
  #header = "";
  #firstBare = "";
  #challenge = "";
  #nonce = "";
  #finalWithoutProof = "";
  #proof = "";

  /**
   * @param user as in the startup packet.
   * @param saltSecret makes the salt, which is the same at each try of the same user.
   * @param options `isTls`: whether there is a certificate that the login can be bound to.
   */
  constructor(user: Uint8Array, saltSecret: Uint8Array, { isTls }: { isTls: boolean }) {
    this.#user = user;
    this.#saltSecret = saltSecret;
    this.#isTls = isTls;
  }

  /**
   * The client chooses.
   * @param mechanism its name.
   * @returns whether that is offered.
   */
  select(mechanism: string): boolean {
    this.#isBound = this.#isTls && mechanism === "SCRAM-SHA-256-PLUS";
    return this.#isBound || mechanism === "SCRAM-SHA-256";
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
    const reader = new Attributes(text);
    this.#flag = text[0]!;
    this.#readFlag(reader, text);
    const { at } = reader;
    if (text[at] === "a") {
      throw new ScramError("no authorization identity", {
        code: "0A000",
        text: "client uses authorization identity, but it is not supported",
        source: `auth-scram.c:1036 ${FIRST}`,
      });
    }
    if (text[at] !== ",") {
      const detail = `Unexpected attribute "${show(text[at])}" in client-first-message.`;
      throw ScramError.malformed(detail, `1040 ${FIRST}`);
    }
    reader.at++;
    this.#header = text.slice(0, reader.at);
    this.#firstBare = text.slice(reader.at);
    if (text[reader.at] === "m") {
      throw new ScramError("no mandatory extension", {
        code: "0A000",
        text: "client requires an unsupported SCRAM extension",
        source: `auth-scram.c:1057 ${FIRST}`,
      });
    }
    reader.value("n");
    const nonce = reader.value("r");
    if (!/^[!-~]*$/.test(nonce)) {
      throw new ScramError("a printable nonce", {
        code: "08P01",
        text: "non-printable characters in SCRAM nonce",
        source: `auth-scram.c:1071 ${FIRST}`,
      });
    }
    while (reader.at < text.length) reader.any();
    return nonce;
  }

  /** Whether the client would bind its login to the certificate, which it must if it chose that. */
  #readFlag(reader: Attributes, text: string): void {
    if (this.#flag === "p" && this.#isBound) {
      const type = reader.value("p");
      if (type === "tls-server-end-point") return;
      const shown = type.slice(0, MAX_SHOWN).replaceAll(/[^!-~]/g, "?");
      throw new ScramError("tls-server-end-point", {
        code: "08P01",
        text: `unsupported SCRAM channel-binding type "${shown}"`,
        source: `auth-scram.c:1019 ${FIRST}`,
      });
    }
    if (this.#flag === "p") {
      throw ScramError.malformed(
        "The client selected SCRAM-SHA-256 without channel binding, but the SCRAM message " +
          "includes channel binding data.",
        `1007 ${FIRST}`,
      );
    }
    if (this.#flag !== "n" && this.#flag !== "y") {
      const detail = `Unexpected channel-binding flag "${show(text[0])}".`;
      throw ScramError.malformed(detail, `1025 ${FIRST}`);
    }
    const isN = this.#flag === "n";
    if (this.#isBound) {
      throw ScramError.malformed(
        "The client selected SCRAM-SHA-256-PLUS, but the SCRAM message does not include " +
          "channel binding data.",
        `${isN ? 956 : 978} ${FIRST}`,
      );
    }
    if (!isN && this.#isTls) {
      throw new ScramError("channel binding, which is offered", {
        code: "28000",
        text: "SCRAM channel binding negotiation error",
        detail: "The client supports SCRAM channel binding but thinks the server does not.  " +
          "However, this server does support channel binding.",
        source: `auth-scram.c:985 ${FIRST}`,
      });
    }
    if (text[1] !== ",") {
      const detail = `Comma expected, but found character "${show(text[1])}".`;
      throw ScramError.malformed(detail, `${isN ? 963 : 993} ${FIRST}`);
    }
    reader.at = 2;
  }

  /** read_client_final_message and what follows it. */
  #readFinal(text: string): void {
    const routine = "read_client_final_message";
    const reader = new Attributes(text);
    const binding = reader.value("c");
    if (this.#isBound && !this.#isBinding(binding)) {
      throw new ScramError("the certificate's hash", {
        code: "28000",
        text: "SCRAM channel binding check failed",
        source: `auth-scram.c:1317 ${routine}`,
      });
    }
    if (!this.#isBound && binding !== (this.#flag === "n" ? "biws" : "eSws")) {
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

  /** Whether it has the form of a binding; which certificate the client saw is not known here. */
  #isBinding(binding: string): boolean {
    const bytes = Buffer.from(binding, "base64");
    return bytes.toString("latin1").startsWith(this.#header) &&
      HASH_BYTES.includes(bytes.length - this.#header.length);
  }
}
