/**
 * Webhook sink: events and notices over HTTP, to programs and to the services that people read.
 *
 * Bodies, headers and signatures are described in the README, "Webhooks".
 * @module
 */
import { secretHostOf, urlOf } from "./webhook/address.ts";
import { Options } from "./webhook/options.ts";
import type { SinkKind } from "./sink.ts";

/**
 * `kind: webhook`; keys: `preset`, `url`, `host`, `method`, `headers`, `ca`, `hmac_secret`,
 * `hmac_header`, `template`, `format`, `events_per_call`, `token`, `chat_id`, `topic`, `routing_key`.
 */
export const webhookSink: SinkKind<Options> = {
  kind: "webhook",
  isDurable: true,
  isForPeople: true,
  options: Options,
  // A hard end in the middle of a batch repeats what it had delivered: few messages, not hundreds.
  defaults: { batch_events: 10, timeout_ms: 30_000 },
  hosts: (options) => {
    const address = secretHostOf(options) ?? urlOf(options);
    return [address.hostname + ":" + address.port];
  },
  reads: ({ ca }) => ca === "" ? [] : [ca],
  open: async (options, context) => {
    const { WebhookSink } = await import("./webhook/webhook_sink.ts");
    return new WebhookSink(options, context);
  },
};
