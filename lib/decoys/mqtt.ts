/**
 * MQTT decoy: a broker that lets nobody in, or one that is open to everyone.
 *
 * Played are MQTT 3.1, 3.1.1 and 5: the login with client id, will, name and password, and for an
 * open broker subscriptions, retained messages, all qualities of service, sessions that stay, and
 * the `$SYS` topics. Each source has a broker of its own: what one publishes, no other gets. Left
 * out: MQTT over WebSockets, bridges, and extended authentication, which the genuine server has not
 * without a plug-in either.
 * Events: `auth.attempt`, `command`, `payload` (messages and wills), `protocol.error`, `limit.hit`.
 * @module
 */
import { choice, count, flag, v } from "../config/schema.ts";
import type { Decoy, DecoyKind } from "./decoy.ts";

const Options = v.strictObject({
  product: choice("mosquitto-2.0.11", ["mosquitto-2.0.11"], "The broker that is played."),
  anonymous: flag(false, "Whether everyone is let in, with any name and password or none."),
  capture_bytes: count(65_536, 0, 1_048_576, "How much of a message is reported, in bytes."),
});
type Options = v.InferOutput<typeof Options>;

/** Options as a config has them, with their defaults. */
export type MqttOptions = Options;

/** `kind: mqtt`; keys: `product`, `anonymous`, `capture_bytes`. */
export const mqtt: DecoyKind<Options> = {
  kind: "mqtt",
  defaultPort: 1883,
  options: Options,
  create: async (options, context): Promise<Decoy> => {
    const { createMqttDecoy } = await import("./mqtt/create.ts");
    return createMqttDecoy(options, context);
  },
};
