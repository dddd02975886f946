/**
 * The schema of the config document: every key with its type, default and range, once.
 * @module
 */
import { parseCidr, parseHostPort } from "../net/address.ts";
import type { KnownKinds, OptionsKind } from "./config.ts";
import { choice, count, flag, optionalSection, section, text, v } from "./schema.ts";
import { sinkKeys } from "./sink_keys.ts";

const MINUTE_MS = 60_000;
const MIB = 1_048_576;

const Listen = v.pipe(
  v.string("must be host:port with port 1 to 65535"),
  // The pattern is what editors get to see; the check is what counts.
  v.regex(
    /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):\d{1,5}$/,
    "must be host:port with port 1 to 65535",
  ),
  v.check(
    (value) => (parseHostPort(value)?.port ?? 0) > 0,
    "must be host:port with port 1 to 65535",
  ),
  v.description("host:port; brackets around IPv6"),
);

const Listeners = v.pipe(
  v.array(Listen, "must be a list of host:port"),
  v.minLength(1, "must have at least one entry"),
  v.maxLength(64, "must have at most 64 entries"),
);

const Inner = (fallback: string, description: string) =>
  v.optional(
    v.pipe(
      Listen,
      v.check(
        (value) => parseHostPort(value)?.hostname.startsWith("127.") === true,
        "must be 127.x.x.x:port",
      ),
      v.description(description),
    ),
    fallback,
  );

const Name = v.pipe(
  v.string("must be a text"),
  v.regex(/^[a-z0-9][a-z0-9_.-]{0,63}$/, "must have 1 to 64 of a-z, 0-9, dot, dash, underscore"),
);

const Path = (fallback: string, description: string) =>
  v.optional(
    v.pipe(
      v.string("must be a path"),
      v.minLength(1, "must be a path"),
      v.maxLength(1024, "must have at most 1024 characters"),
      v.description(description),
    ),
    fallback,
  );

const IgnoreRule = v.pipe(
  section({
    source: v.optional(v.array(
      v.pipe(
        v.string("must be an address or a CIDR block"),
        v.check((value) => parseCidr(value) !== undefined, "must be an address or a CIDR block"),
      ),
      "must be a list of CIDR blocks",
    )),
    decoys: v.optional(v.array(Name, "must be a list of decoy names")),
    ports: v.optional(v.array(
      v.pipe(
        v.number("must be a port from 1 to 65535"),
        v.integer("must be a port from 1 to 65535"),
        v.minValue(1, "must be a port from 1 to 65535"),
        v.maxValue(65_535, "must be a port from 1 to 65535"),
      ),
      "must be a list of ports",
    )),
    action: choice("suppress", ["suppress", "lower"], "No event at all, or a lower severity"),
    max_severity: count(10, 0, 100, "With `lower`: the highest severity left"),
  }),
  v.check(
    (rule) => rule.source !== undefined || rule.decoys !== undefined || rule.ports !== undefined,
    "must have at least one of source, decoys, ports",
  ),
);

/**
 * Makes the schema.
 * @param kinds the kinds of decoys and sinks that may be named.
 * @returns the schema of the whole document.
 */
export function configSchema(kinds: KnownKinds) {
  return section({
    sensor: optionalSection({
      id: text("", 128, "Name of this sensor in events; empty for the host's name"),
      hostname: text("", 64, "Host name that decoys show; empty for the host's name"),
      data: Path("data", "Folder of the journal, the tokens and the decoys' secrets"),
      secrets: choice("plain", ["plain", "sha256", "off"], "What becomes of tried passwords"),
      log_level: choice(
        "info",
        ["debug", "info", "warning", "error", "fatal"],
        "Lowest level of diagnostics on stderr",
      ),
    }),
    limits: optionalSection({
      sessions: count(4096, 8, 1_000_000, "Connections in all, over all decoys"),
      sessions_per_decoy: count(2048, 1, 1_000_000, "Connections of one decoy"),
      sessions_per_source: count(128, 1, 1_000_000, "Connections of one IPv4 address or IPv6 /64"),
      idle_ms: count(5 * MINUTE_MS, 100, 24 * 60 * MINUTE_MS, "Longest silence, in ms"),
      lifetime_ms: count(60 * MINUTE_MS, 100, 7 * 24 * 60 * MINUTE_MS, "Longest session, in ms"),
      max_bytes_in: count(16 * MIB, 1024, 1024 * MIB, "Most bytes taken from a peer in a session"),
      max_bytes_out: count(64 * MIB, 1024, 1024 * MIB, "Most bytes sent to a peer in a session"),
      handshake_ms: count(10_000, 100, 60_000, "Longest TLS handshake, in ms"),
      first_bytes: count(256, 0, 4096, "How many of a peer's first bytes are kept"),
      stop_grace_ms: count(3000, 0, 60_000, "How long open sessions may go on at a stop, in ms"),
    }),
    journal: optionalSection({
      max_age_days: count(90, 1, 3650, "Greatest age of an event, in days"),
      max_mb: count(1024, 1, 1_048_576, "Largest size, in MiB"),
      max_sources: count(100_000, 100, 10_000_000, "Most sources remembered"),
      ring_events: count(
        20_000,
        100,
        1_000_000,
        "Events kept in memory while the disk fails, 64 MiB of them at most",
      ),
    }),
    service: optionalSection({
      enabled: flag(true, "Whether the encrypted service runs"),
      listen: v.optional(Listeners, ["0.0.0.0:9443", "[::]:9443"]),
      inner: Inner("127.0.0.1:9442", "Loopback address where its TLS ends; nobody else is let in"),
      cert: Path("certs/server.pem", "Certificate chain; made at the first start if absent"),
      key: Path("certs/server.key", "Private key"),
      ca: Path("certs/ca.pem", "CA certificate that local commands trust"),
      greeting: text("Welcome to the encrypted server!", 200, "What follows +OK at the start"),
      max_sessions: count(64, 1, 10_000, "Connections in all"),
      max_sessions_per_source: count(8, 1, 10_000, "Connections of one source before login"),
      login_ms: count(30_000, 1000, 600_000, "Longest time until login, in ms"),
      idle_ms: count(10 * MINUTE_MS, 1000, 24 * 60 * MINUTE_MS, "Longest silence, in ms"),
      failure_pause_ms: count(1000, 0, 10_000, "Pause before a refused login is answered, in ms"),
      sensor_silent_s: count(300, 10, 86_400, "Silence of a sensor that is told about, in s"),
    }),
    tls: optionalSection({
      inner: Inner(
        "127.0.0.1:9441",
        "Loopback address where decoys' TLS ends; only they are let in",
      ),
      cert: text("", 1024, "Certificate chain that decoys show; empty for one made for them"),
      key: text("", 1024, "Its private key"),
      hostname: text(
        "",
        64,
        "Name in a certificate made for them; empty for the decoys' host name",
      ),
    }),
    decoys: v.optional(
      v.pipe(
        v.array(
          entryOf(kinds.decoys, () => ({
            listen: Listeners,
            tls: flag(false, "Whether TLS is spoken from the first byte on"),
          })),
          "must be a list of decoys",
        ),
        v.maxLength(1024, "must have at most 1024 entries"),
      ),
      [],
    ),
    lures: v.optional(
      v.pipe(
        v.array(
          section({
            kind: v.picklist(kinds.lures, `must be one of ${kinds.lures.join(", ")}`),
            name: v.optional(Name),
            decoys: v.optional(v.array(Name, "must be a list of decoy names")),
            place: text("", 1024, "Path, key or topic; empty for the kind's own"),
            content: text(
              "",
              65_536,
              "What it says, with {{username}}, {{password}} and {{hostname}}",
            ),
            username: text("", 64, "User name in it; empty for the kind's own"),
          }),
          "must be a list of lures",
        ),
        v.maxLength(64, "must have at most 64 entries"),
        v.description("Small fake data that decoys serve and that is worth stealing"),
      ),
      [],
    ),
    sinks: v.optional(
      v.pipe(
        v.array(
          entryOf(kinds.sinks, sinkKeys),
          "must be a list of sinks",
        ),
        v.maxLength(64, "must have at most 64 entries"),
      ),
      [{ kind: "console" }],
    ),
    collect: v.optional(
      v.pipe(
        v.array(entryOf(kinds.collectors ?? [], () => ({})), "must be a list of collectors"),
        v.maxLength(16, "must have at most 16 entries"),
        v.description("Where events of other sensors are collected"),
      ),
      [],
    ),
    ignore: v.optional(
      v.pipe(
        v.array(IgnoreRule, "must be a list of rules"),
        v.maxLength(1024, "must have at most 1024 entries"),
      ),
      [],
    ),
  });
}

/** An entry of one of the kinds: `kind`, `name`, the common keys, and the kind's own options. */
function entryOf(kinds: readonly OptionsKind[], common: (kind: OptionsKind) => v.ObjectEntries) {
  const variants = kinds.map((kind) => {
    const { entries, pipe = [] } = kind.options as unknown as OptionsSchema;
    const entry = section({
      kind: v.literal(kind.kind),
      name: v.optional(Name),
      ...common(kind),
      ...entries,
    });
    // What a kind checks of several keys together stands behind its mapping.
    const [, ...checks] = pipe;
    return checks.length === 0 ? entry : v.pipe(entry, ...checks as []);
  });
  const names = kinds.map(({ kind }) => kind).join(", ");
  return v.variant(
    "kind",
    variants as unknown as v.VariantOptions<"kind">,
    (issue) => issue.expected === "Object" ? "must be a mapping" : `must be one of ${names}`,
  ) as unknown as v.GenericSchema<
    { kind: string; name?: string },
    { kind: string; name?: string } & Record<string, unknown>
  >;
}

/** The options of a kind: a mapping, or a pipe that begins with one. */
interface OptionsSchema {
  readonly entries: v.ObjectEntries;
  readonly pipe?: readonly unknown[];
}
