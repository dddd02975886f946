/**
 * Packets of MQTT clients, as texts of one character a byte, for tests.
 * @module
 */

/** Two bytes. */
export function uint16(value: number): string {
  return String.fromCharCode(value >> 8, value & 0xff);
}

/** A text with its length before it. */
export function sized(text: string): string {
  return uint16(text.length) + text;
}

/** A number of one to four bytes. */
export function varint(value: number): string {
  return value < 0x80
    ? String.fromCharCode(value)
    : String.fromCharCode(value & 0x7f | 0x80) + varint(value >> 7);
}

/** A packet with its length. */
export function packet(first: number, body = ""): string {
  return String.fromCharCode(first) + varint(body.length) + body;
}

/** Fields of a CONNECT. */
export interface ConnectFields {
  readonly version?: number;
  readonly name?: string;
  readonly flags?: number;
  readonly keepAliveS?: number;
  readonly id?: string;
  readonly properties?: string;
  readonly rest?: string;
  readonly first?: number;
}

/** A CONNECT. */
export function connect(fields: ConnectFields = {}): string {
  const { version = 4, flags = 2, keepAliveS = 60, id = "c", properties = "", rest = "" } = fields;
  const kind = version & 0x7f;
  const name = fields.name ?? (kind === 3 ? "MQIsdp" : "MQTT");
  const body = sized(name) + String.fromCharCode(version, flags) + uint16(keepAliveS) +
    (kind === 5 ? varint(properties.length) + properties : "") + sized(id) + rest;
  return packet(fields.first ?? 0x10, body);
}

/** What packets behind the CONNECT have in common. */
export interface PacketOptions {
  readonly version?: number;
  readonly first?: number;
  readonly id?: number;
  readonly properties?: string;
}

function own({ version = 4, properties = "" }: PacketOptions): string {
  return version === 5 ? varint(properties.length) + properties : "";
}

/** A SUBSCRIBE to filters with their options. */
export function subscribe(
  filters: readonly (readonly [string, number])[],
  options: PacketOptions = {},
): string {
  const list = filters.map(([filter, option]) => sized(filter) + String.fromCharCode(option));
  return packet(options.first ?? 0x82, uint16(options.id ?? 1) + own(options) + list.join(""));
}

/** An UNSUBSCRIBE. */
export function unsubscribe(filters: readonly string[], options: PacketOptions = {}): string {
  const list = filters.map(sized).join("");
  return packet(options.first ?? 0xa2, uint16(options.id ?? 1) + own(options) + list);
}

/** A PUBLISH; with `id` for a quality of service above 0. */
export function publish(topic: string, payload: string, options: PacketOptions = {}): string {
  const id = options.id === undefined ? "" : uint16(options.id);
  return packet(options.first ?? 0x30, sized(topic) + id + own(options) + payload);
}

/** PINGREQ. */
export const PING = "\xc0\0";
/** DISCONNECT. */
export const DISCONNECT = "\xe0\0";
