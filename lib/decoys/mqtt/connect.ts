/**
 * CONNECT: what a client says of itself, and what the broker makes of it before it looks for a
 * login.
 * @module
 */
import { escapeBytes } from "../../net/escape.ts";
import { Breach, Reason } from "./breach.ts";
import { ALLOWED, Id, numberOf, type Properties, readProperties } from "./properties.ts";
import { isTopic } from "./topics.ts";
import { Fields, isText } from "./wire.ts";

/** Versions of the protocol, by their number on the wire. */
export type Version = 3 | 4 | 5;

/** What is published when the client vanishes. */
export interface Will {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: number;
  readonly isRetained: boolean;
  readonly properties: Properties;
}

/** What a client said of itself. */
export interface Connect {
  readonly version: Version;
  readonly isClean: boolean;
  /** Longest silence, in seconds; 0 for any. */
  readonly keepAliveS: number;
  readonly properties: Properties;
  readonly clientId: string;
  readonly will: Will | undefined;
  readonly username: Uint8Array | undefined;
  readonly password: Uint8Array | undefined;
}

/** A refusal with an answer. */
export interface Refusal {
  readonly refusal: Uint8Array;
  readonly expected: string;
}

const BAD_VERSION = new Uint8Array([0x20, 0x02, 0x00, 0x01]);
const BAD_ID = new Uint8Array([0x20, 0x02, 0x00, 0x02]);
const NAMES: Readonly<Record<string, readonly number[]>> = { MQIsdp: [3], MQTT: [4, 5] };
/** A bridge says so by this bit of its version. */
const BRIDGE = 0x80;

/**
 * Reads a CONNECT.
 * @param first byte of the packet.
 * @param body the rest of it.
 * @param told is told of names and passwords in the moment in which they are read: what is wrong
 * behind them must not lose them.
 * @throws {Breach} when the connection is to be closed without a word.
 */
export function readConnect(
  first: number,
  body: Uint8Array,
  told: (partial: Partial<Connect>) => void,
): Connect | Refusal {
  const fields = new Fields(body);
  const name = fields.text();
  const versions = NAMES[name];
  if (versions === undefined) throw new Breach("the name of a protocol, MQTT or MQIsdp");
  const sent = fields.byte();
  const version = (sent & ~BRIDGE) as Version;
  if (!versions.includes(version)) {
    return { refusal: BAD_VERSION, expected: "version 3, 4 or 5 of the protocol" };
  }
  if (version === 5 && sent !== version) throw new Breach("version 5 of the protocol");
  if (version !== 3 && (first & 0x0f) !== 0) throw new Breach("reserved bits that are 0");
  const flags = readFlags(fields.byte(), version);
  const keepAliveS = fields.uint16();
  const properties = version === 5 ? readProperties(fields, ALLOWED.connect) : [];
  checkProperties(properties);
  const clientId = fields.text();
  told({ version, clientId, keepAliveS });
  const isNameless = clientId === "" && (version === 3 || (version === 4 && !flags.isClean));
  if (isNameless) return { refusal: BAD_ID, expected: "a client id" };
  const will = flags.hasWill ? readWill(fields, flags, version) : undefined;
  if (will !== undefined) told({ version, clientId, keepAliveS, will });
  // MQTT 3.1 passes over a name or password that is promised and does not come.
  const read = () => version === 3 && fields.left === 0 ? undefined : fields.binary();
  const username = flags.hasUsername ? read() : undefined;
  const known = { version, clientId, keepAliveS, ...(will && { will }) };
  told({ ...known, ...(username && { username }) });
  const password = flags.hasPassword ? read() : undefined;
  told({ ...known, ...(username && { username }), ...(password && { password }) });
  if (version !== 3 && username !== undefined && !isText(username)) {
    throw new Breach("a user name in UTF-8");
  }
  if (fields.left > 0) throw new Breach("nothing behind the password");
  const { isClean } = flags;
  return { version, isClean, keepAliveS, properties, clientId, will, username, password };
}

/** A CONNECT as a report has it. */
export function describeConnect(connect: Partial<Connect>): string {
  const { version = 4, clientId = "", keepAliveS = 0, will, isClean } = connect;
  const text = (value: string) => `"${escapeBytes(new TextEncoder().encode(value))}"`;
  return [
    `MQTT ${version === 3 ? "3.1" : version === 4 ? "3.1.1" : "5"}`,
    `client=${text(clientId)}`,
    `keepalive=${keepAliveS}`,
    ...(isClean === undefined ? [] : [isClean ? "clean" : "resume"]),
    ...(will === undefined ? [] : [
      `will=${text(will.topic)}`,
      `qos=${will.qos}`,
      ...(will.isRetained ? ["retain"] : []),
    ]),
  ].join(" ");
}

interface Flags {
  readonly isClean: boolean;
  readonly hasWill: boolean;
  readonly willQos: number;
  readonly isWillRetained: boolean;
  readonly hasUsername: boolean;
  readonly hasPassword: boolean;
}

function readFlags(byte: number, version: Version): Flags {
  if (version !== 3 && (byte & 0x01) !== 0) throw new Breach("a reserved flag that is 0");
  const flags = {
    isClean: (byte & 0x02) !== 0,
    hasWill: (byte & 0x04) !== 0,
    willQos: byte >> 3 & 0x03,
    isWillRetained: (byte & 0x20) !== 0,
    hasUsername: (byte & 0x80) !== 0,
    hasPassword: (byte & 0x40) !== 0,
  };
  if (flags.willQos === 3) throw new Breach("a quality of service of at most 2");
  const isOdd = !flags.hasWill && (flags.willQos > 0 || flags.isWillRetained);
  if (isOdd && version !== 3) throw new Breach("flags of a will with a will");
  if (flags.hasPassword && !flags.hasUsername && version !== 5) {
    throw new Breach("a password with a user name");
  }
  return flags;
}

function checkProperties(properties: Properties): void {
  const isFlag = (id: number) => (numberOf(properties, id) ?? 0) <= 1;
  if (
    numberOf(properties, Id.receiveMaximum) === 0 || numberOf(properties, Id.maximumPacket) === 0 ||
    !isFlag(Id.responseInformation) || !isFlag(Id.problemInformation)
  ) throw new Breach("properties with values that they may have");
}

function readWill(fields: Fields, flags: Flags, version: Version): Will {
  const properties = version === 5 ? readProperties(fields, ALLOWED.will) : [];
  const topic = fields.text();
  const payload = fields.binary();
  if (!isTopic(topic)) throw new Breach("a will with a topic", Reason.malformed);
  return { topic, payload, qos: flags.willQos, isRetained: flags.isWillRetained, properties };
}
