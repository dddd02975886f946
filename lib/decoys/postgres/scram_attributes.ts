/**
 * The attributes of SCRAM messages, as auth-scram.c of PostgreSQL 15 reads them and complains of them.
 * @module
 */
import type { Refusal } from "./messages.ts";

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

/** Reads attributes one after the other. */
export class Attributes {
  /** Where the next one begins. */
  at = 0;
  readonly #text: string;

  /** @param text of a message, one character a byte. */
  constructor(text: string) {
    this.#text = text;
  }

  /**
   * The value of an attribute that must come now: read_attr_value.
   * @param name of the attribute.
   * @throws {ScramError} when it does not come.
   */
  value(name: string): string {
    const found = this.#text[this.at];
    if (found !== name) {
      const detail = `Expected attribute "${name}" but found "${show(found)}".`;
      throw ScramError.malformed(detail, "712 read_attr_value");
    }
    return this.#rest(name, "720 read_attr_value");
  }

  /**
   * Whatever attribute comes now: read_any_attr.
   * @throws {ScramError} when none comes.
   */
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

/**
 * A character as the server's complaints show it: sanitize_char.
 * @param character `undefined` at the end of a message.
 */
export function show(character: string | undefined): string {
  const code = character?.charCodeAt(0) ?? 0;
  if (code >= 0x21 && code <= 0x7e) return `'${character}'`;
  return "0x" + code.toString(16).padStart(2, "0");
}

/**
 * How many bytes pg_b64_decode makes of a text.
 * @param text one character a byte.
 * @returns -1 when it is no base64 to it.
 */
export function base64Length(text: string): number {
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
