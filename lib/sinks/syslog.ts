/**
 * Syslog sink: RFC 5424 messages over UDP (RFC 5426), TCP with octet counting (RFC 6587) or TLS
 * (RFC 5425).
 *
 * Syslog has no acknowledgements. TCP and TLS confirm batches as far as these can: see `handover.ts`.
 * UDP cannot: what is lost on the way, or while nobody listens, is gone and nobody knows.
 * @module
 */
import { choice, count, flag, v } from "../config/schema.ts";
import { formatHostPort, parseHostPort, parseIp } from "../net/address.ts";
import { anyAddressFor, peerAddress, TLS_ENTRIES, tlsReads, toHost } from "./peer_options.ts";
import type { SinkKind } from "./sink.ts";
import { FACILITIES, type Facility } from "./syslog/facilities.ts";

const FACILITY_NAMES = Object.keys(FACILITIES) as [Facility, ...Facility[]];

const Keys = v.strictObject({
  address: peerAddress("syslog.example:6514"),
  protocol: choice("tls", ["udp", "tcp", "tls"], "How messages are sent; udp loses some"),
  ...TLS_ENTRIES,
  framing: choice(
    "octet-counting",
    ["octet-counting", "newline"],
    "How messages are told apart on TCP and TLS: RFC 6587",
  ),
  facility: choice("local0", FACILITY_NAMES, "Facility of all messages"),
  format: choice(
    "ecs",
    ["ecs", "opencanary", "ocsf", "cef", "text"],
    "What a message says; text for the event's own sentence",
  ),
  enterprise_number: count(
    0,
    0,
    4_294_967_295,
    "Your private enterprise number, for structured data duckblind@NUMBER; 0 for none",
  ),
  bom: flag(false, "Whether a byte order mark stands before what a message says"),
  max_message_bytes: count(
    8192,
    480,
    1_048_576,
    "Longest message, in bytes; what is longer is cut. UDP carries 65507 at most",
  ),
  confirm: choice(
    "close",
    ["close", "none"],
    "TCP and TLS: close ends a connection after each batch and waits until the receiver has too",
  ),
  resend_events: count(
    1000,
    0,
    100_000,
    "With confirm none: most events sent again when a connection has ended",
  ),
  max_per_second: count(2000, 1, 1_000_000, "UDP: most messages in a second"),
});

// Deno's rights to send datagrams go by the address that they are sent to.
const Options = v.pipe(
  Keys,
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const { address, protocol } = dataset.value;
    if (protocol !== "udp" || parseIp(parseHostPort(address)!.hostname) !== undefined) return;
    addIssue({
      message: "must have an IP address with protocol udp, not a name",
      input: address,
      path: [{
        ...{ type: "object", origin: "value", input: dataset.value },
        ...{ key: "address", value: address },
      }],
    });
  }),
);

/** Options of the sink. */
export type SyslogOptions = v.InferOutput<typeof Options>;

/** `kind: syslog`. */
export const syslogSink: SinkKind<SyslogOptions> = {
  kind: "syslog",
  isDurable: true,
  options: Options,
  // A connection for each batch, so not a batch for each event.
  defaults: { batch_ms: 1000 },
  reads: (options) => options.protocol === "tls" ? tlsReads(options) : [],
  // A socket for datagrams has to be bound to an address before it sends.
  hosts: ({ address, protocol }) =>
    protocol === "udp"
      ? [toHost(address), formatHostPort({ ...anyAddressFor(address), port: 0 })]
      : [toHost(address)],
  open: async (options, context) => {
    if (options.protocol === "udp") {
      const { DatagramSink } = await import("./syslog/datagrams.ts");
      return new DatagramSink(options);
    }
    const { StreamSink } = await import("./syslog/stream.ts");
    return new StreamSink(options, context);
  },
};
