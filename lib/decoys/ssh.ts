/**
 * SSH decoy (RFC 4251 to 4254): the transport and the authentication of OpenSSH's sshd or of Dropbear,
 * with all that they offer, and nobody admitted.
 *
 * Played are the version exchange, every key exchange, cipher, MAC and host key algorithm in the
 * genuine server's lists, re-keying where it allows that before a login, and the authentication with
 * its pauses and limits. Left out: all that comes after a login, and compression, which begins there.
 * Events: `ssh.client` as soon as the client's KEXINIT is in, `auth.attempt` for each try (`none` is no
 * credential), `protocol.error` for what makes no sense, `limit.hit` when too many wait to log in.
 * @module
 */
import { choice, count, flag, text, v } from "../config/schema.ts";
import type { Decoy, DecoyKind } from "./decoy.ts";

const Options = v.strictObject({
  product: choice(
    "openssh-9.2-debian12",
    ["openssh-9.2-debian12", "openssh-9.6-ubuntu24", "dropbear-2022.83"],
    "The server that is played.",
  ),
  version: v.optional(v.pipe(
    v.string("must be a text"),
    v.regex(
      /^SSH-2\.0-[!-~][ -~]{0,243}$/,
      "must begin with SSH-2.0- and have at most 252 printable characters",
    ),
    v.description("Version line in place of the product's, to follow its security updates."),
  )),
  host_keys: v.optional(
    v.pipe(
      v.array(v.pipe(v.string("must be a path"), v.minLength(1, "must not be empty"))),
      v.minLength(1, "must have at least 1 entry"),
      v.maxLength(8, "must have at most 8 entries"),
      v.description("Private keys of a real host in place of the sensor's own, such as its files."),
    ),
  ),
  moduli: text("", 4096, "File of groups for group exchange, as in moduli(5); empty is Debian's."),
  banner: text("", 4096, "Text that clients show before the login."),
  keyboard_interactive: flag(false, "Whether keyboard-interactive is offered (OpenSSH)."),
  max_attempts: v.optional(v.pipe(
    v.number("must be a whole number from 1 to 1000"),
    v.integer("must be a whole number from 1 to 1000"),
    v.minValue(1, "must be 1 to 1000"),
    v.maxValue(1000, "must be 1 to 1000"),
    v.description("Failures after which the connection ends; the default is the product's."),
  )),
  fail_delay_ms: v.optional(v.pipe(
    v.number("must be a whole number from 0 to 60000"),
    v.integer("must be a whole number from 0 to 60000"),
    v.minValue(0, "must be 0 to 60000"),
    v.maxValue(60_000, "must be 0 to 60000"),
    v.description("Pause after a wrong password, in ms, on average; the default is the product's."),
  )),
  login_grace_ms: count(0, 0, 3_600_000, "Time for all of a login, in ms; 0 is the product's."),
  max_startups: v.optional(v.pipe(
    v.string("must be a text such as 10:30:100"),
    v.regex(
      /^\d{1,5}(:\d{1,3}:\d{1,5})?$/,
      "must be start:rate:full, such as 10:30:100, or one number",
    ),
    v.description(
      "Connections before a login, as in sshd_config(5); the default is the product's.",
    ),
  )),
});
type Options = v.InferOutput<typeof Options>;

/** Options as a config has them, with their defaults. */
export type SshOptions = Options;

/**
 * `kind: ssh`; keys: `product`, `version`, `host_keys`, `moduli`, `banner`, `keyboard_interactive`,
 * `max_attempts`, `fail_delay_ms`, `login_grace_ms`, `max_startups`.
 */
export const ssh: DecoyKind<Options> = {
  kind: "ssh",
  defaultPort: 22,
  options: Options,
  paths: ({ host_keys = [], moduli }) => [...host_keys, ...(moduli === "" ? [] : [moduli])],
  create: async (options, context): Promise<Decoy> => {
    // Loaded only by configs that have it: the ciphers and curves take memory.
    const { createSshDecoy } = await import("./ssh/create.ts");
    return await createSshDecoy(options, context);
  },
};
