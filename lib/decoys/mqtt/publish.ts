/**
 * PUBLISH.
 * @module
 */
import { Capture } from "../../net/digest.ts";
import { Breach, Reason } from "./breach.ts";
import { type Packet, take } from "./input.ts";
import type { Message } from "./message.ts";
import { ALLOWED, Id, numberOf, type Properties, readProperties } from "./properties.ts";
import { quote } from "./reporter.ts";
import { answer, type Talk } from "./attendance.ts";
import { isTopic } from "./topics.ts";
import { Fields, packet, uint16 } from "./wire.ts";

/** Numbers that a client may give to topics. */
const MAX_ALIAS = 10;
/** Nobody has subscribed to it. */
const NOBODY = 0x10;

/** Answers PUBLISH, and passes it on. */
export async function handlePublish(
  talk: Talk,
  { first, body, left }: Packet,
): Promise<"next" | "end"> {
  const { connect: { version }, client, broker, reporter, session } = talk;
  const qos = first >> 1 & 0x03;
  const isRetained = (first & 0x01) !== 0;
  const fields = new Fields(body);
  if (qos === 3) throw new Breach("a quality of service of at most 2", Reason.malformed);
  const name = fields.text();
  if (name === "" && version !== 5) throw new Breach("a topic");
  const id = qos > 0 ? fields.uint16() : 0;
  if (qos > 0 && id === 0) throw new Breach("a number of a packet above 0", Reason.protocol);
  const properties = version === 5 ? readProperties(fields, ALLOWED.publish) : [];
  const topic = resolve(talk, name, properties);
  if (!isTopic(topic)) throw new Breach("a topic without wildcards", Reason.protocol);
  const payload = fields.rest();
  const isWhole = left === 0;
  const argument = `${quote(topic)} qos=${qos}${isRetained ? " retain" : ""}`;
  reporter.command("PUBLISH", argument, undefined, isRetained);
  if (isWhole) reporter.payload(topic, payload);
  else if (!await captureRest(talk, { topic, payload, left })) return "end";
  broker.sys.counts.publishReceived++;
  broker.sys.counts.publishBytesReceived += payload.length + left;
  const nowMs = session.now();
  const message: Message = { topic, payload, qos, isRetained, properties, atMs: nowMs };
  // What is too long to be kept reaches nobody; nor does what only the broker may publish.
  const isRefused = topic.startsWith("$SYS");
  const isPassedOn = isWhole && !isRefused;
  if (qos === 2) {
    if (isPassedOn) client.begin(id, message);
    const reason = isRefused && version === 5 ? [Reason.notAuthorized] : [];
    answer(talk, packet(0x50, uint16(id), reason));
    return "next";
  }
  const isWanted = isPassedOn && broker.publish(message, client, nowMs);
  if (qos === 1) {
    const reason = isRefused ? Reason.notAuthorized : isWanted ? 0 : NOBODY;
    answer(talk, packet(0x40, uint16(id), version === 5 && reason > 0 ? [reason] : []));
  }
  return "next";
}

/** The topic itself, for which a number may stand. */
function resolve({ aliases }: Talk, name: string, properties: Properties): string {
  const alias = numberOf(properties, Id.alias);
  if (alias === undefined) return name;
  if (alias === 0) throw new Breach("a number of a topic above 0", Reason.malformed);
  if (alias > MAX_ALIAS) throw new Breach("a number of a topic up to 10", Reason.aliasInvalid);
  if (name !== "") aliases.set(alias, name);
  const known = aliases.get(alias);
  if (known === undefined) throw new Breach("a number that a topic has", Reason.protocol);
  return known;
}

/** Takes the rest of a long message, and reports all of it. */
async function captureRest(
  { session, server, reporter }: Talk,
  { topic, payload, left }: { topic: string; payload: Uint8Array; left: number },
): Promise<boolean> {
  const capture = new Capture(server.settings.captureBytes);
  capture.add(payload);
  try {
    return await take(session, left, (piece) => capture.add(piece));
  } finally {
    const more = { size: capture.size, sha256: capture.sha256() };
    reporter.payload(topic, capture.bytes(), more);
  }
}
