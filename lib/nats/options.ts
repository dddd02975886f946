/**
 * Keys of a config that say how to reach NATS: the same for whoever publishes and whoever collects.
 * @module
 */
import { count, flag, secret, text, v } from "../config/schema.ts";
import { parseHostPort } from "../net/address.ts";
import { SUBJECT_PREFIX } from "./subject.ts";

/** Most servers that may be named. */
const MAX_SERVERS = 16;

/** Schema entries, to be spread into a section. */
export const SERVER_KEYS = {
  servers: v.pipe(
    v.array(
      v.pipe(
        v.string("must be host:port with port 1 to 65535"),
        v.regex(
          /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):\d{1,5}$/,
          "must be host:port with port 1 to 65535",
        ),
        v.check(
          (value) => (parseHostPort(value)?.port ?? 0) > 0,
          "must be host:port with port 1 to 65535",
        ),
      ),
      "must be a list of host:port",
    ),
    v.minLength(1, "must have at least one entry"),
    v.maxLength(MAX_SERVERS, `must have at most ${MAX_SERVERS} entries`),
    v.description("Servers of one cluster as host:port; no others are dialled"),
  ),
  tls: flag(false, "Whether TLS is a must; it begins where the server's greeting ends"),
  tls_first: flag(
    false,
    "Whether TLS begins before the server's greeting: its `handshake_first`",
  ),
  ca: text("", 1024, "PEM file of authorities to trust besides those that everybody trusts"),
  cert: secret("Our certificate chain in PEM; takes `tls_first`"),
  key: secret("Its private key in PEM"),
  user: text("", 256, "User name"),
  password: secret("Its password"),
  token: secret("Token"),
  nkey: secret("Seed of an nkey, which begins with SU"),
  creds: secret("Credentials as `nsc` writes them: a JWT and a seed"),
  domain: v.optional(
    v.pipe(
      v.string("must be a text"),
      v.regex(/^[A-Za-z0-9_-]{0,64}$/, "must have at most 64 of a-z, A-Z, 0-9, dash, underscore"),
      v.description("JetStream domain; empty for the server's own"),
    ),
    "",
  ),
  inbox_prefix: v.optional(
    v.pipe(
      v.string("must be a text"),
      v.regex(
        SUBJECT_PREFIX,
        "must have parts of a-z, A-Z, 0-9, dash, underscore with dots between",
      ),
      v.description(
        "What the subjects of answers to us begin with; one of its own keeps them ours",
      ),
    ),
    "_INBOX",
  ),
  connect_ms: count(5000, 100, 60_000, "Longest time to connect to one server, in ms"),
} as const;

const Keys = v.strictObject(SERVER_KEYS);

/** How to reach NATS, as a config has it. */
export type ServerOptions = v.InferOutput<typeof Keys>;

/** What several keys together must be; to be piped behind a section that has `SERVER_KEYS`. */
export function serverRules<Options extends ServerOptions>() {
  return v.rawCheck<Options>(({ dataset, addIssue }) => {
    const message = dataset.typed ? findProblem(dataset.value) : undefined;
    if (message !== undefined) addIssue({ message });
  });
}

function findProblem(options: ServerOptions): string | undefined {
  const { user, password, token, nkey, creds, cert, key, ca, tls, tls_first } = options;
  const ways = [user === "" ? undefined : user, token, nkey, creds];
  if (ways.filter((way) => way !== undefined).length > 1) {
    return "must have one of user, token, nkey and creds at most";
  }
  if (password !== undefined && user === "") return "must have user where it has password";
  if ((cert === undefined) !== (key === undefined)) {
    return "must have both cert and key, or neither";
  }
  if (ca !== "" && !tls && !tls_first) return "must have tls: true where it has ca";
  // Deno shows no certificate in a handshake that begins on an open connection.
  if (cert !== undefined && !tls_first) return "must have tls_first: true where it has cert";
  return undefined;
}

/**
 * Addresses that are dialled.
 * @param options as the config has them.
 * @returns `host:port` each.
 */
export function serverHosts(options: ServerOptions): string[] {
  return [...options.servers];
}

/**
 * Files that are read, besides those of secrets.
 * @param options as the config has them.
 */
export function serverFiles(options: ServerOptions): string[] {
  return options.ca === "" ? [] : [options.ca];
}
