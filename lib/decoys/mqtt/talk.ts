/**
 * A client that was let in: its packets, and what the broker answers.
 * @module
 */
import type { Session } from "../decoy.ts";
import { Breach, Reason } from "./breach.ts";
import { answer, type Talk } from "./attendance.ts";
import type { Broker } from "./broker.ts";
import type { Connect } from "./connect.ts";
import { type Packet, readFirst, readPacket, take } from "./input.ts";
import { Link } from "./link.ts";
import { handlePublish } from "./publish.ts";
import {
  ALLOWED,
  encodeProperties,
  Id,
  numberOf,
  type Properties,
  readProperties,
} from "./properties.ts";
import type { Reporter } from "./reporter.ts";
import type { Server } from "./server.ts";
import { handleSubscribe, handleUnsubscribe } from "./subscribe.ts";
import { Fields, packet, sized, uint16 } from "./wire.ts";

/** Longest time that a session stays by itself, in seconds: for ever, in MQTT 3. */
const FOR_EVER_S = 0xffff_ffff;
/** The broker looks after silent clients every few seconds, in ms. */
const ROUND_MS = 3_000;
const NOTHING = new Uint8Array(0);

/** Serves a client until one of both goes. */
export async function serveClient(
  session: Session,
  { server, reporter, connect }: { server: Server; reporter: Reporter; connect: Connect },
): Promise<void> {
  const broker = server.source(session.peer.ip, session.now());
  const talk = enter({ session, server, reporter, broker, connect });
  try {
    await loop(talk);
    await talk.link.sent();
  } catch (error) {
    if (!(error instanceof Breach)) throw error;
    if (connect.version === 5 && error.reason !== undefined) {
      talk.link.send(packet(0xe0, [error.reason]));
    }
    await talk.link.sent();
  } finally {
    leave(talk);
  }
}

function enter(
  { session, server, broker, connect, reporter }: {
    session: Session;
    server: Server;
    broker: Broker;
    connect: Connect;
    reporter: Reporter;
  },
): Talk {
  const nowMs = session.now();
  const { counts } = broker.sys;
  counts.sockets++;
  counts.connections++;
  const id = connect.clientId || server.nextClientId(nowMs);
  const { client, isKnown } = broker.client(id, nowMs);
  client.link?.end();
  if (connect.isClean) client.forget();
  const link = new Link(session);
  client.link = link;
  client.version = connect.version;
  client.staysS = connect.version === 5
    ? numberOf(connect.properties, Id.sessionExpiry) ?? 0
    : connect.isClean
    ? 0
    : FOR_EVER_S;
  const isResumed = isKnown && !connect.isClean;
  const hasWill = connect.will !== undefined;
  const aliases = new Map<number, string>();
  const talk: Talk = {
    ...{ session, server, reporter, broker, client, connect, link, aliases, hasWill },
  };
  answer(talk, packet(0x20, [isResumed ? 1 : 0, 0], acceptance(connect, id)));
  client.resume(nowMs);
  return talk;
}

/** What the broker says of itself to a client of MQTT 5. */
function acceptance({ version, clientId }: Connect, id: string): number[] {
  if (version !== 5) return [];
  return encodeProperties([
    { id: Id.aliasMaximum, raw: uint16(10) },
    ...(clientId === "" ? [{ id: 0x12, raw: sized(id) }] : []),
    { id: Id.receiveMaximum, raw: uint16(20) },
  ]);
}

function leave({ client, link, broker, connect, hasWill, session }: Talk): void {
  const nowMs = session.now();
  const { will } = connect;
  if (will !== undefined && hasWill) broker.publish({ ...will, atMs: nowMs }, client, nowMs);
  if (client.link !== link) return;
  client.link = undefined;
  client.seenMs = nowMs;
  broker.leave(client);
}

async function loop(talk: Talk): Promise<void> {
  const { session, connect, broker, link, reporter } = talk;
  for (;;) {
    if (connect.keepAliveS > 0) {
      session.expireAfter(connect.keepAliveS * 1500 + ROUND_MS, NOTHING);
    } else session.expireAfter(FOR_EVER_S * 1000, NOTHING);
    await link.sent();
    await waitWithFigures(talk);
    const first = await readFirst(session);
    if (first === undefined || talk.client.link !== link) return;
    const next = await readPacket(session, first, talk.server);
    if (next === undefined) return;
    try {
      if (next === "long") throw new Breach("a length of at most four bytes");
      broker.sys.counts.messagesReceived++;
      broker.sys.counts.bytesReceived += next.body.length + 2;
      if (await handle(talk, next) === "end") return;
    } catch (error) {
      if (error instanceof Breach) {
        const bytes = next === "long" ? [first] : [first, ...next.body.subarray(0, 255)];
        reporter.nonsense(error.message, new Uint8Array(bytes), 0);
      }
      throw error;
    }
  }
}

/** Who has subscribed to the broker's figures gets them whenever they change. */
async function waitWithFigures({ session, client, broker, link }: Talk): Promise<void> {
  while ([...client.subscriptions.keys()].some((filter) => filter.startsWith("$SYS"))) {
    const nowMs = session.now();
    if (await session.arrival(broker.sys.untilNextMs(nowMs))) return;
    broker.publishFigures(session.now());
    await link.sent();
    if (client.link !== link) return;
  }
}

async function handle(talk: Talk, { first, body, left }: Packet): Promise<"next" | "end"> {
  const { client, connect: { version }, session } = talk;
  const nowMs = session.now();
  const fields = new Fields(body);
  if (left > 0 && first >> 4 !== 3) {
    if (!await take(session, left, () => {})) return "end";
    throw new Breach("a shorter packet");
  }
  switch (first >> 4) {
    case 3:
      return await handlePublish(talk, { first, body, left });
    case 4:
      client.acknowledged(readAnswer(talk, fields), nowMs);
      return "next";
    case 5:
      client.received(readAnswer(talk, fields));
      return "next";
    case 6: {
      if (version !== 3 && (first & 0x0f) !== 2) throw new Breach("a PUBREL with flags 2");
      const id = readAnswer(talk, fields);
      const message = client.incoming.get(id);
      client.incoming.delete(id);
      if (message !== undefined) talk.broker.publish(message, client, nowMs);
      answer(talk, packet(0x70, uint16(id)));
      return "next";
    }
    case 7:
      client.completed(readAnswer(talk, fields), nowMs);
      return "next";
    case 8:
      handleSubscribe(talk, first, fields);
      return "next";
    case 9: // SUBACK
    case 11: // UNSUBACK
      if (version === 5) throw new Breach("a packet of a client");
      return "next";
    case 10:
      handleUnsubscribe(talk, first, fields);
      return "next";
    case 12:
      answer(talk, new Uint8Array([0xd0, 0x00]));
      return "next";
    case 13: // PINGRESP
      return "next";
    case 14:
      disconnect(talk, first, fields);
      return "end";
    case 0:
      throw new Breach("a packet of a known kind", Reason.protocol);
  }
  throw new Breach("a packet that a client sends after its login");
}

/** The number in a packet that answers one of ours; in MQTT 5 a reason and properties may follow. */
function readAnswer({ connect: { version } }: Talk, fields: Fields): number {
  if (fields.left < 2) throw new Breach("a number of a packet");
  const id = fields.uint16();
  if (id === 0) throw new Breach("a number of a packet above 0");
  if (version === 5 && fields.left > 0) {
    fields.byte();
    if (fields.left > 0) readSilently(fields, ALLOWED.acknowledge);
  }
  return id;
}

/** Properties where a mistake ends the connection without a word. */
function readSilently(fields: Fields, allowed: ReadonlySet<number>): Properties {
  try {
    return readProperties(fields, allowed);
  } catch (error) {
    if (error instanceof Breach) throw new Breach(error.message);
    throw error;
  }
}

function disconnect(talk: Talk, first: number, fields: Fields): void {
  const { connect: { version, properties }, reporter, client } = talk;
  let reason = 0;
  if (version === 5 && fields.left > 0) {
    reason = fields.byte();
    if (fields.left > 0) {
      const own = readSilently(fields, ALLOWED.disconnect);
      const stays = numberOf(own, Id.sessionExpiry);
      if (stays !== undefined) {
        if (stays > 0 && (numberOf(properties, Id.sessionExpiry) ?? 0) === 0) {
          throw new Breach("a session that stays from the start", Reason.protocol);
        }
        client.staysS = stays;
      }
    }
  }
  if (version !== 3 && (first & 0x0f) !== 0) throw new Breach("a DISCONNECT without flags");
  if (version !== 5 && fields.left > 0) throw new Breach("a DISCONNECT without more");
  reporter.command("DISCONNECT", reason === 0 ? "" : `0x${reason.toString(16)}`);
  talk.hasWill = reason === 0x04 && talk.hasWill;
}
