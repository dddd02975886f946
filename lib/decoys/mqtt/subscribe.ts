/**
 * SUBSCRIBE and UNSUBSCRIBE.
 * @module
 */
import { Breach, Reason } from "./breach.ts";
import type { Subscription } from "./client.ts";
import { ALLOWED, Id, numberOf, readProperties } from "./properties.ts";
import { quote } from "./reporter.ts";
import { answer, type Talk } from "./attendance.ts";
import { isFilter, sharedFilter } from "./topics.ts";
import { type Fields, packet, uint16 } from "./wire.ts";

/** Most filters of one packet that are looked at. */
const MAX_FILTERS = 1000;
/** Most retained messages that one packet brings. */
const MAX_RETAINED = 1200;

/** What a retained message is sent for. */
interface Wanted {
  readonly filter: string;
  readonly subscription: Subscription;
}

/** Answers SUBSCRIBE: with what was granted, and then what is retained. */
export function handleSubscribe(talk: Talk, first: number, fields: Fields): void {
  const { connect: { version }, client, broker, reporter, session } = talk;
  checkFlags(version, first);
  const id = readNumber(fields);
  const properties = version === 5 ? readProperties(fields, ALLOWED.subscribe) : [];
  const number = numberOf(properties, Id.subscription);
  if (number === 0) throw new Breach("a subscription number above 0", Reason.malformed);
  const granted: number[] = [];
  const wanted: Wanted[] = [];
  while (fields.left > 0) {
    const filter = readFilter(fields);
    const options = fields.byte();
    reporter.command("SUBSCRIBE", `${quote(filter)} qos=${options & 0x03}`, options & 0x03);
    const subscription = readOptions(options, version, number);
    if (granted.length >= MAX_FILTERS) throw new Breach("fewer filters");
    const isNew = client.subscribe(filter, subscription);
    granted.push(subscription.qos);
    const handling = version === 5 ? options >> 4 & 0x03 : 0;
    const isDue = handling === 0 || (handling === 1 && isNew);
    if (isDue && !filter.startsWith("$share/")) wanted.push({ filter, subscription });
  }
  if (granted.length === 0 && version !== 3) throw new Breach("a filter", Reason.malformed);
  answer(talk, packet(0x90, uint16(id), version === 5 ? [0] : [], granted));
  const nowMs = session.now();
  let left = MAX_RETAINED;
  for (const { filter, subscription } of wanted) {
    const { qos, number } = subscription;
    for (const message of broker.retained(sharedFilter(filter).filter, nowMs)) {
      if (left-- <= 0) return;
      client.deliver(message, {
        qos: Math.min(qos, message.qos),
        isRetained: true,
        subscriptions: number === undefined ? [] : [number],
      }, nowMs);
    }
  }
}

/** Answers UNSUBSCRIBE. */
export function handleUnsubscribe(talk: Talk, first: number, fields: Fields): void {
  const { connect: { version }, client, reporter } = talk;
  checkFlags(version, first);
  const id = readNumber(fields);
  if (version === 5) readProperties(fields, ALLOWED.unsubscribe);
  const reasons: number[] = [];
  if (fields.left === 0 && version !== 3) throw new Breach("a filter", Reason.malformed);
  while (fields.left > 0) {
    const filter = readFilter(fields);
    reporter.command("UNSUBSCRIBE", quote(filter));
    if (reasons.length >= MAX_FILTERS) throw new Breach("fewer filters");
    reasons.push(client.subscriptions.delete(filter) ? 0x00 : 0x11);
  }
  answer(talk, packet(0xb0, uint16(id), version === 5 ? [0, ...reasons] : []));
}

function checkFlags(version: number, first: number): void {
  if (version !== 3 && (first & 0x0f) !== 2) throw new Breach("flags 2", Reason.malformed);
}

function readNumber(fields: Fields): number {
  const id = fields.uint16();
  if (id === 0) throw new Breach("a number of a packet above 0", Reason.malformed);
  return id;
}

function readFilter(fields: Fields): string {
  const filter = fields.text();
  if (!isFilter(filter)) throw new Breach("a filter", Reason.malformed);
  return filter;
}

function readOptions(options: number, version: number, number: number | undefined): Subscription {
  const isOdd = version === 5
    ? (options & 0xc0) !== 0 || (options & 0x30) === 0x30
    : (options & 0xfc) !== 0;
  if (isOdd || (options & 0x03) === 3) {
    throw new Breach("a quality of service of at most 2", Reason.malformed);
  }
  return {
    qos: options & 0x03,
    isNotOwn: (options & 0x04) !== 0,
    keepsRetain: (options & 0x08) !== 0,
    number,
  };
}
