/**
 * Properties of MQTT 5: §2.2.2.
 * @module
 */
import { Breach, Reason } from "./breach.ts";
import { Fields, type Fields as FieldReader, sized, uint16, varint } from "./wire.ts";

/** Properties by their identifier. */
export const Id = {
  payloadFormat: 0x01,
  messageExpiry: 0x02,
  contentType: 0x03,
  responseTopic: 0x08,
  correlation: 0x09,
  subscription: 0x0b,
  sessionExpiry: 0x11,
  authMethod: 0x15,
  authData: 0x16,
  problemInformation: 0x17,
  willDelay: 0x18,
  responseInformation: 0x19,
  reasonText: 0x1f,
  receiveMaximum: 0x21,
  aliasMaximum: 0x22,
  alias: 0x23,
  user: 0x26,
  maximumPacket: 0x27,
} as const;

type Type = "byte" | "uint16" | "uint32" | "varint" | "text" | "binary" | "pair";

const TYPES: Readonly<Record<number, Type>> = {
  [Id.payloadFormat]: "byte",
  [Id.messageExpiry]: "uint32",
  [Id.contentType]: "text",
  [Id.responseTopic]: "text",
  [Id.correlation]: "binary",
  [Id.subscription]: "varint",
  [Id.sessionExpiry]: "uint32",
  [Id.authMethod]: "text",
  [Id.authData]: "binary",
  [Id.problemInformation]: "byte",
  [Id.willDelay]: "uint32",
  [Id.responseInformation]: "byte",
  [Id.reasonText]: "text",
  [Id.receiveMaximum]: "uint16",
  [Id.aliasMaximum]: "uint16",
  [Id.alias]: "uint16",
  [Id.user]: "pair",
  [Id.maximumPacket]: "uint32",
};

const OF_MESSAGES = [
  Id.payloadFormat,
  Id.messageExpiry,
  Id.contentType,
  Id.responseTopic,
  Id.correlation,
  Id.user,
];

/** Which may stand where. */
export const ALLOWED = {
  connect: new Set<number>([
    ...[Id.sessionExpiry, Id.authMethod, Id.authData, Id.problemInformation],
    ...[Id.responseInformation, Id.receiveMaximum, Id.aliasMaximum, Id.user, Id.maximumPacket],
  ]),
  will: new Set<number>([...OF_MESSAGES, Id.willDelay]),
  publish: new Set<number>([...OF_MESSAGES, Id.alias, Id.subscription]),
  subscribe: new Set<number>([Id.subscription, Id.user]),
  unsubscribe: new Set<number>([Id.user]),
  acknowledge: new Set<number>([Id.reasonText, Id.user]),
  disconnect: new Set<number>([Id.sessionExpiry, Id.reasonText, Id.user]),
} as const;

/** One property. */
export interface Property {
  readonly id: number;
  /** The value, when it is a number. */
  readonly number: number;
  /** The value as text, when it is one; of a pair both. */
  readonly texts: readonly string[];
  /** The value as it came. */
  readonly raw: Uint8Array;
}

/** Properties in the order in which they came. */
export type Properties = readonly Property[];

/**
 * Takes properties, with their length before them.
 * @param fields of a packet.
 * @param allowed of `ALLOWED`.
 * @throws {Breach} when they are not well-formed, or do not belong there.
 */
export function readProperties(fields: FieldReader, allowed: ReadonlySet<number>): Properties {
  const part = new Fields(fields.bytes(fields.varint()));
  const properties: Property[] = [];
  while (part.left > 0) {
    const id = part.varint();
    const type = TYPES[id];
    if (type === undefined || !allowed.has(id)) {
      throw new Breach("a property of this packet", Reason.malformed);
    }
    if (id !== Id.user && properties.some((property) => property.id === id)) {
      throw new Breach("each property once");
    }
    properties.push(readProperty(part, id, type));
  }
  return properties;
}

/**
 * Finds a number.
 * @param properties where.
 * @param id of `Id`.
 */
export function numberOf(properties: Properties, id: number): number | undefined {
  return properties.find((property) => property.id === id)?.number;
}

/** Properties as they are sent, with their length before them. */
export function encodeProperties(
  properties: readonly { readonly id: number; readonly raw: Uint8Array | readonly number[] }[],
): number[] {
  const bytes = properties.flatMap(({ id, raw }) => [id, ...raw]);
  return [...varint(bytes.length), ...bytes];
}

function readProperty(part: Fields, id: number, type: Type): Property {
  let number = 0;
  let texts: string[] = [];
  let raw: Uint8Array | number[];
  if (type === "text" || type === "pair") {
    texts = type === "pair" ? [part.text({}), part.text({})] : [part.text({})];
    raw = texts.flatMap((text) => [...sized(text)]);
  } else if (type === "binary") {
    raw = sized(part.binary());
  } else {
    number = part[type]();
    raw = type === "byte"
      ? [number]
      : type === "uint16"
      ? uint16(number)
      : type === "uint32"
      ? [...uint16(number >>> 16), ...uint16(number)]
      : varint(number);
  }
  return { id, number, texts, raw: new Uint8Array(raw) };
}
