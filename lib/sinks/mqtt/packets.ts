/**
 * Packets of an MQTT client that only publishes: MQTT 3.1.1 and MQTT 5, section 3 of each.
 *
 * ```text
 * 0 type (4 bits) and flags; then the length, 1 to 4 bytes of 7 bits each, low ones first; then the rest
 * ```
 * @module
 */
import { Buffer } from "node:buffer";
import type { ByteReader } from "../../net/byte_reader.ts";
import { Fields, Malformed } from "./fields.ts";

/** Protocol version, as the config has it. */
export type MqttVersion = "3.1.1" | "5";

/** Types of packets that a broker may send us. */
export const PacketType = { connack: 2, puback: 4, pingresp: 13, disconnect: 14 } as const;

/** Longest packet taken from a broker, in bytes: none that it may send us needs more. */
const MAX_PACKET_BYTES = 65_536;
/** Names and levels of the protocol: MQTT 3.1.1 §3.1.2.2, MQTT 5 §3.1.2.2. */
const LEVELS: Record<MqttVersion, number> = { "3.1.1": 4, "5": 5 };

/** Tests the connection. */
export const PINGREQ = new Uint8Array([0xc0, 0]);
/** Ends the connection in order. */
export const DISCONNECT = new Uint8Array([0xe0, 0]);

/** Who connects. */
export interface ConnectFields {
  readonly version: MqttVersion;
  readonly clientId: string;
  readonly keepAliveS: number;
  readonly username?: string;
  readonly password?: string;
}

/** A packet of a broker. */
export interface Packet {
  readonly type: number;
  readonly body: Uint8Array;
}

/** What a broker says to a CONNECT. */
export interface Connack {
  /** 0 for yes. */
  readonly code: number;
  readonly reason: string;
  /** Bounds that only MQTT 5 has. */
  readonly receiveMaximum: number;
  readonly maxPacketBytes: number;
  readonly keepAliveS?: number;
}

/** What a broker says to a PUBLISH. */
export interface Puback {
  readonly id: number;
  /** Below 128 for yes. */
  readonly code: number;
  readonly reason: string;
}

/** Makes a CONNECT with a clean session: MQTT 3.1.1 §3.1. */
export function encodeConnect(fields: ConnectFields): Uint8Array {
  const { version, clientId, keepAliveS, username, password } = fields;
  const flags = 0x02 | (username === undefined ? 0 : 0x80) | (password === undefined ? 0 : 0x40);
  return encodePacket(0x10, [
    sized("MQTT"),
    Buffer.of(LEVELS[version], flags, keepAliveS >> 8, keepAliveS & 0xff),
    noProperties(version),
    sized(clientId),
    ...(username === undefined ? [] : [sized(username)]),
    ...(password === undefined ? [] : [sized(password)]),
  ]);
}

/**
 * Makes a PUBLISH with QoS 1, not retained: MQTT 3.1.1 §3.3.
 * @param message topic and payload.
 * @param id 1 to 65535.
 * @param version of the protocol.
 */
export function encodePublish(
  message: { readonly topic: string; readonly payload: string },
  id: number,
  version: MqttVersion,
): Uint8Array {
  return encodePacket(0x32, [
    sized(message.topic),
    Buffer.of(id >> 8, id & 0xff),
    noProperties(version),
    Buffer.from(message.payload),
  ]);
}

/**
 * Reads a packet.
 * @param reader of the connection.
 * @throws {Malformed} for one that is longer than any that is meant for us.
 * @throws {Deno.errors.UnexpectedEof} at the broker's end.
 */
export async function readPacket(reader: ByteReader): Promise<Packet> {
  const [first] = await reader.bytes(1) as unknown as [number];
  let length = 0;
  for (let shift = 0;; shift += 7) {
    if (shift === 28) throw new Malformed("a length of more than four bytes");
    const [byte] = await reader.bytes(1) as unknown as [number];
    length += (byte & 0x7f) << shift;
    if ((byte & 0x80) === 0) break;
  }
  if (length > MAX_PACKET_BYTES) throw new Malformed(`a packet of ${length} bytes`);
  return { type: first >> 4, body: await reader.bytes(length) };
}

/**
 * Reads a CONNACK: MQTT 3.1.1 §3.2, MQTT 5 §3.2.
 * @throws {Malformed}
 */
export function parseConnack(body: Uint8Array, version: MqttVersion): Connack {
  const fields = new Fields(body);
  fields.byte(); // whether there is a session: ours are clean
  const code = fields.byte();
  const properties = version === "5" && fields.left > 0 ? fields.properties() : undefined;
  const keepAliveS = properties?.numbers.get(0x13);
  return {
    code,
    reason: properties?.reason ?? "",
    receiveMaximum: properties?.numbers.get(0x21) ?? 65_535,
    maxPacketBytes: properties?.numbers.get(0x27) ?? Infinity,
    ...(keepAliveS === undefined ? {} : { keepAliveS }),
  };
}

/**
 * Reads a PUBACK: MQTT 3.1.1 §3.4, MQTT 5 §3.4.
 * @throws {Malformed}
 */
export function parsePuback(body: Uint8Array): Puback {
  const fields = new Fields(body);
  const id = fields.uint16();
  const code = fields.left > 0 ? fields.byte() : 0;
  return { id, code, reason: fields.left > 0 ? fields.properties().reason : "" };
}

/**
 * Reads a DISCONNECT, which brokers send with MQTT 5 only: §3.14.
 * @throws {Malformed}
 */
export function parseDisconnect(body: Uint8Array): { code: number; reason: string } {
  const fields = new Fields(body);
  const code = fields.left > 0 ? fields.byte() : 0;
  return { code, reason: fields.left > 0 ? fields.properties().reason : "" };
}

function noProperties(version: MqttVersion): Uint8Array {
  return version === "5" ? Buffer.of(0) : Buffer.of();
}

function encodePacket(first: number, parts: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(parts);
  const head = [first];
  let length = body.length;
  do {
    head.push(length > 0x7f ? length & 0x7f | 0x80 : length);
    length >>>= 7;
  } while (length > 0);
  return Buffer.concat([Buffer.from(head), body]);
}

/** A text with its length before it: MQTT 3.1.1 §1.5.3. */
function sized(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 0xff), bytes]);
}
