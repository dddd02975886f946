/**
 * Messages, and packets that carry them.
 * @module
 */
import type { Version } from "./connect.ts";
import { encodeProperties, Id, type Properties } from "./properties.ts";
import { packet, sized, uint16, varint } from "./wire.ts";

/** A message. */
export interface Message {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: number;
  readonly isRetained: boolean;
  readonly properties: Properties;
  /** When it came, in ms since 1970. */
  readonly atMs: number;
}

/** How it goes to one client. */
export interface Delivery {
  readonly qos: number;
  readonly isRetained: boolean;
  readonly isAgain?: boolean;
  /** Number of the packet, for a quality of service above 0. */
  readonly id: number;
  /** Numbers of the subscriptions that it is for. */
  readonly subscriptions: readonly number[];
}

/**
 * A PUBLISH packet.
 * @param message what it carries.
 * @param delivery how.
 * @param to version of the client, and the time.
 */
export function encodePublish(
  message: Message,
  delivery: Delivery,
  { version, nowMs }: { version: Version; nowMs: number },
): Uint8Array {
  const { qos, isRetained, isAgain = false, id, subscriptions } = delivery;
  const first = 0x30 | (isAgain ? 0x08 : 0) | qos << 1 | (isRetained ? 0x01 : 0);
  const number = qos === 0 ? [] : uint16(id);
  const properties = version === 5 ? publishProperties(message, subscriptions, nowMs) : [];
  return packet(first, sized(message.topic), number, properties, message.payload);
}

/** Whether a message is still worth sending. */
export function isFresh(message: Message, nowMs: number): boolean {
  const expiry = message.properties.find(({ id }) => id === Id.messageExpiry);
  return expiry === undefined || nowMs - message.atMs < expiry.number * 1000;
}

/** Those of the message, then numbers of subscriptions, and what is left of its life. */
function publishProperties(
  message: Message,
  subscriptions: readonly number[],
  nowMs: number,
): number[] {
  const own = message.properties.filter(({ id }) =>
    id !== Id.messageExpiry && id !== Id.alias && id !== Id.subscription
  );
  const numbers = subscriptions.map((number) => ({
    id: Id.subscription,
    raw: varint(number),
  }));
  const expiry = message.properties.find(({ id }) => id === Id.messageExpiry);
  if (expiry === undefined) return encodeProperties([...own, ...numbers]);
  const left = Math.max(0, expiry.number - Math.floor((nowMs - message.atMs) / 1000));
  const raw = [...uint16(left >>> 16), ...uint16(left)];
  return encodeProperties([...own, ...numbers, { id: Id.messageExpiry, raw }]);
}
