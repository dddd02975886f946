/**
 * Duckblind sink: this sensor's events to another Duckblind, which collects those of a fleet.
 *
 * `duckblind enroll` there and `duckblind join` here make the entry, the token and the pinned authority.
 * @module
 */
import { isSecretReference, text, v } from "../config/schema.ts";
import { peerAddress, toHost } from "./peer_options.ts";
import type { SinkKind } from "./sink.ts";

const Options = v.strictObject({
  address: peerAddress("collector.example:9443"),
  ca: v.pipe(
    v.string("must be a path"),
    v.minLength(1, "must be a path"),
    v.maxLength(1024, "must have at most 1024 characters"),
    v.description("PEM file of the collector's authority: no other is trusted"),
  ),
  token: v.pipe(
    v.string("must be env:NAME or file:PATH, where name and token are"),
    v.maxLength(1024, "must have at most 1024 characters"),
    v.check(isSecretReference, "must be env:NAME or file:PATH, where name and token are"),
    v.description("The line NAME TOKEN that duckblind enroll or token add gave; env: or file:"),
  ),
  server_name: text("", 253, "Name that its certificate must have; empty for the address's"),
});

/** What the entry says. */
export type DuckblindOptions = v.InferOutput<typeof Options>;

/** `kind: duckblind`; keys: `address`, `ca`, `token`, `server_name`. */
export const duckblindSink: SinkKind<DuckblindOptions> = {
  kind: "duckblind",
  isDurable: true,
  opensAtOnce: true,
  options: Options,
  defaults: { batch_events: 1000, timeout_ms: 30_000 },
  hosts: ({ address }) => [toHost(address)],
  reads: ({ ca }) => [ca],
  open: async (options, context) => {
    const { Publisher } = await import("./duckblind/publisher.ts");
    return new Publisher(options, context);
  },
};
