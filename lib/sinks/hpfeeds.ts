/**
 * Hpfeeds sink: publishes events on a channel of an existing honeynet's broker.
 *
 * The protocol does not acknowledge what is published; batches are confirmed as far as TCP can: see
 * `handover.ts`. A broker keeps nothing for subscribers that are not there.
 * @module
 */
import { choice, count, flag, secret, v } from "../config/schema.ts";
import { peerAddress, TLS_ENTRIES, tlsReads, toHost } from "./peer_options.ts";
import type { SinkKind } from "./sink.ts";

const encoder = new TextEncoder();

/** A name that goes with a length of one byte. */
const ShortName = (description: string) =>
  v.pipe(
    v.string("must be a text"),
    v.minLength(1, "must have at least one character"),
    v.check((value) => encoder.encode(value).length <= 255, "must have at most 255 bytes"),
    v.description(description),
  );

const Options = v.strictObject({
  address: peerAddress("broker.example:10000"),
  ident: ShortName("Who we are"),
  secret: secret("Secret of ident").wrapped,
  channel: ShortName("Channel that gets the events"),
  tls: flag(false, "Whether TLS is spoken"),
  ...TLS_ENTRIES,
  format: choice("ecs", ["ecs", "opencanary", "ocsf", "cef"], "What the events look like"),
  confirm: choice(
    "close",
    ["close", "none"],
    "close ends a connection after each batch and waits until the broker has too",
  ),
  resend_events: count(
    1000,
    0,
    100_000,
    "With confirm none: most events sent again when a connection has ended",
  ),
});

/** Options of the sink. */
export type HpfeedsOptions = v.InferOutput<typeof Options>;

/** `kind: hpfeeds`. */
export const hpfeedsSink: SinkKind<HpfeedsOptions> = {
  kind: "hpfeeds",
  isDurable: true,
  options: Options,
  // A connection for each batch, so not a batch for each event.
  defaults: { batch_ms: 1000 },
  reads: (options) => options.tls ? tlsReads(options) : [],
  hosts: ({ address }) => [toHost(address)],
  open: async (options, context) => {
    const { HpfeedsSink } = await import("./hpfeeds/hpfeeds_sink.ts");
    return new HpfeedsSink(options, context);
  },
};
