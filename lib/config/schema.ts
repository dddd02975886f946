/**
 * The schema language of the config: valibot, imported here and nowhere else.
 *
 * A key, its type, default and range stand in one line of a schema, and the JSON Schema that editors
 * use is made from the same line.
 * @module
 */
import * as v from "valibot";

export { v };

/**
 * A whole number in a range, with a default.
 * @param fallback value of a key that is not there.
 * @param min smallest value allowed.
 * @param max largest value allowed.
 * @param description what it is, with its unit.
 * @returns the schema of an optional key.
 */
export function count(fallback: number, min: number, max: number, description: string) {
  return v.optional(
    v.pipe(
      v.number(`must be a whole number from ${min} to ${max}`),
      v.integer(`must be a whole number from ${min} to ${max}`),
      v.minValue(min, `must be ${min} to ${max}`),
      v.maxValue(max, `must be ${min} to ${max}`),
      v.description(description),
    ),
    fallback,
  );
}

/**
 * A text of bounded length, with a default.
 * @param fallback value of a key that is not there.
 * @param maxLength largest length, in UTF-16 units.
 * @param description what it is.
 * @returns the schema of an optional key.
 */
export function text(fallback: string, maxLength: number, description: string) {
  return v.optional(
    v.pipe(
      v.string("must be a text"),
      v.maxLength(maxLength, `must have at most ${maxLength} characters`),
      v.description(description),
    ),
    fallback,
  );
}

/** What begins a reference to a secret: the name of a variable, or the path of a file, follows. */
const SECRET_REFERENCE = /^(?:env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/s;

/** Begins with "is", so that what stands there is not told: it may be the secret. */
const NOT_A_REFERENCE = "is no reference, must be env:NAME or file:PATH, where the secret is";

/**
 * A reference to a secret, which itself never stands in a config: `env:NAME` or `file:PATH`. Absent
 * means none.
 * @param description what the secret is.
 * @returns the schema of an optional key; what is parsed is still the reference.
 */
export function secret(description: string) {
  return v.optional(
    v.pipe(
      v.string(NOT_A_REFERENCE),
      v.maxLength(1024, "must have at most 1024 characters"),
      v.regex(SECRET_REFERENCE, NOT_A_REFERENCE),
      v.description(`${description}; env:NAME or file:PATH`),
    ),
  );
}

/**
 * Whether a text refers to a secret.
 * @param value of a sink's option.
 */
export function isSecretReference(value: string): boolean {
  return SECRET_REFERENCE.test(value);
}

/**
 * One of a list of words, with a default.
 * @param fallback value of a key that is not there.
 * @param words what is allowed.
 * @param description what it chooses.
 * @returns the schema of an optional key.
 */
export function choice<const Words extends readonly [string, ...string[]]>(
  fallback: Words[number],
  words: Words,
  description: string,
) {
  return v.optional(
    v.pipe(
      v.picklist(words, `must be one of ${words.join(", ")}`),
      v.description(description),
    ),
    fallback as Words[number],
  );
}

/**
 * A yes or no, with a default.
 * @param fallback value of a key that is not there.
 * @param description what it switches.
 * @returns the schema of an optional key.
 */
export function flag(fallback: boolean, description: string) {
  return v.optional(
    v.pipe(v.boolean("must be true or false"), v.description(description)),
    fallback,
  );
}

/** A pause in ms that may be left to the product. */
function productPause(description: string) {
  const message = "must be a whole number from 0 to 60000";
  return v.optional(v.pipe(
    v.number(message),
    v.integer(message),
    v.minValue(0, message),
    v.maxValue(60_000, message),
    v.description(description),
  ));
}

/** The pause before a failed login is answered, as keys of a decoy's options: see `pausesFit`. */
export const LOGIN_PAUSES = {
  pause_min_ms: productPause(
    "Shortest pause before a failed login is answered; the product's own.",
  ),
  pause_max_ms: productPause("Longest pause before a failed login is answered; the product's own."),
};

/** Options with `LOGIN_PAUSES`. */
interface LoginPauses {
  readonly pause_min_ms?: number | undefined;
  readonly pause_max_ms?: number | undefined;
}

/** A check of options with `LOGIN_PAUSES`: the shortest pause is at most the longest. */
export function pausesFit<Options extends LoginPauses>() {
  return v.check<Options, string>(
    ({ pause_min_ms: min = 0, pause_max_ms: max = Infinity }) => min <= max,
    "must have pause_min_ms at most pause_max_ms",
  );
}

/**
 * A mapping with these keys and no others, whose errors name the keys there are.
 * @param entries schema of each key.
 * @returns the mapping's schema.
 */
export function section<const Entries extends v.ObjectEntries>(entries: Entries) {
  const known = Object.keys(entries).join(", ");
  return v.strictObject(
    entries,
    (issue) =>
      issue.expected === "never" ? `is not a known key, must be one of ${known}` : issue.message,
  );
}

/**
 * A mapping all of whose keys have defaults, and that may be absent.
 * @param entries schema of each key.
 * @returns the schema of an optional mapping.
 */
export function optionalSection<const Entries extends v.ObjectEntries>(entries: Entries) {
  // Valibot parses the fallback with the mapping's schema, so `{}` becomes all defaults.
  return v.optional(section(entries), {} as never);
}
