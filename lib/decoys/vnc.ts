/**
 * VNC decoy: TigerVNC's server up to the login, where everybody is refused.
 *
 * Played are RFB 3.3, 3.7 and 3.8 (RFC 6143 §7.1), VNC authentication, and VeNCrypt 0.2 with passwords of
 * VNC or of the system, in clear, in TLS with a certificate or (TLS 1.2, ECDH_anon) without one; the
 * pauses and the blacklist are the genuine ones. Left out: all that comes after a login, and that the
 * genuine server talks with nobody else while PAM thinks about a password of the system.
 * Events: `auth.attempt` (of VNC authentication a line that john reads, format `vnc`; no mode of
 * hashcat takes it; the password itself when it is a known one), `command` (`VERSION`, `SECURITY`),
 * `tls.client-hello`, `limit.hit` (`vnc_blacklist`), `protocol.error`.
 * @module
 */
import { choice, count, flag, v } from "../config/schema.ts";
import type { Decoy, DecoyKind } from "./decoy.ts";

/** Most passwords of an operator's own, and the longest. */
const MAX_WORDS = 5000;
const MAX_WORD_LENGTH = 64;
/** Longest pause that may be asked for, in ms. */
const MAX_PAUSE_MS = 60_000;

const SECURITY_TYPES = ["TLSVnc", "TLSPlain", "X509Vnc", "X509Plain", "Plain", "VncAuth"] as const;

const Options = v.pipe(
  v.strictObject({
    product: choice(
      "tigervnc-1.12-debian12",
      ["tigervnc-1.12-debian12"],
      "Whose answers are given.",
    ),
    security_types: v.optional(
      v.pipe(
        v.array(
          v.picklist(SECURITY_TYPES, `must be one of ${SECURITY_TYPES.join(", ")}`),
          "must be a list",
        ),
        v.minLength(1, "must have at least one entry"),
        v.check((types) => new Set(types).size === types.length, "must have each entry once"),
        v.description(
          "How clients may log in, the preferred way first: SecurityTypes of TigerVNC.",
        ),
      ),
      ["TLSVnc", "VncAuth"],
    ),
    words: v.optional(
      v.pipe(
        v.array(
          v.pipe(
            v.string("must be a text"),
            v.maxLength(MAX_WORD_LENGTH, `must have at most ${MAX_WORD_LENGTH} characters`),
          ),
          "must be a list",
        ),
        v.maxLength(MAX_WORDS, `must have at most ${MAX_WORDS} entries`),
        v.description(
          "Passwords that are tried against what clients answer, before the built-in ones; of each " +
            "the first eight bytes count.",
        ),
      ),
      [],
    ),
    blacklist: flag(true, "Whether a source that fails too often is refused for a while."),
    blacklist_threshold: count(5, 1, 1_000_000, "Connections after which a source is refused."),
    blacklist_timeout_s: count(
      10,
      1,
      86_400,
      "Length of the first refusal, in s; then it doubles.",
    ),
    pause_ms: count(100, 0, MAX_PAUSE_MS, "Pause before a refusal, in ms."),
    system_pause_min_ms: count(
      1400,
      0,
      MAX_PAUSE_MS,
      "Shortest pause after a password of the system, in ms.",
    ),
    system_pause_max_ms: count(
      2600,
      0,
      MAX_PAUSE_MS,
      "Longest pause after a password of the system, in ms.",
    ),
  }),
  v.check(
    ({ system_pause_min_ms: min, system_pause_max_ms: max }) => min <= max,
    "must have system_pause_min_ms at most system_pause_max_ms",
  ),
);
type Options = v.InferOutput<typeof Options>;

/** Options as a config has them, with their defaults. */
export type VncOptions = Options;

/**
 * `kind: vnc`; keys: `product`, `security_types`, `words`, `blacklist`, `blacklist_threshold`,
 * `blacklist_timeout_s`, `pause_ms`, `system_pause_min_ms`, `system_pause_max_ms`.
 */
export const vnc: DecoyKind<Options> = {
  kind: "vnc",
  defaultPort: 5900,
  options: Options,
  startsTls: ({ security_types: types }) => types?.some((type) => type.startsWith("X509")) ?? false,
  create: async (options, context): Promise<Decoy> => {
    const { createVncDecoy } = await import("./vnc/create.ts");
    return createVncDecoy(options, context);
  },
};
