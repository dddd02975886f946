/**
 * What all parts of a talk with one client know, and how it begins and ends.
 * @module
 */
import { latin1, outgoing } from "../../net/latin1.ts";
import type { Session } from "../decoy.ts";
import { type CharacterSet, characterSetOf, showName } from "./charsets.ts";
import { Attempt, reportConnect } from "./attempt.ts";
import { CAPABILITY, type Handshake, parseHandshake, readTlsRequest } from "./handshake.ts";
import { errorPayload, type Packets, type Refusal, switchPayload } from "./packets.ts";

/** A server to be played. */
export interface Product {
  /** As in the greeting. */
  readonly version: string;
  /** As in messages, such as `MariaDB`. */
  readonly name: string;
  /** Capabilities in the greeting; those of TLS aside. */
  readonly capabilities: number;
  /** Collation in the greeting. */
  readonly characterSet: number;
  /** What stands in the greeting between the salt's length and its rest: 10 bytes. */
  readonly filler: readonly number[];
  /** Authentication plugin that the greeting names. */
  readonly plugin: string;
  /** Makes a byte of a salt of a random number below 65,536. */
  saltByte(random: number): number;
  /** Judges a login; the connection is over then. */
  judge(talk: Talk, handshake: Handshake): Promise<void>;
}

/** Options of the decoy as its parts use them. */
export interface Settings {
  readonly product: Product;
  /** Whether clients are asked to send passwords in clear. */
  readonly asksClear: boolean;
  /** Names that may log in from everywhere. */
  readonly accounts: readonly string[];
  readonly hasTls: boolean;
  readonly readMs: number;
  /** Pause before a password in clear is refused, which MariaDB's PAM makes, in ms. */
  readonly pauseMs: readonly [min: number, max: number];
  /** Secret of which what is chosen once is made. */
  readonly secret: Uint8Array;
  /** The server's RSA key: MySQL's. */
  readonly rsa: RsaKey | undefined;
}

/** A key by which clients send passwords that nobody else reads. */
export interface RsaKey {
  /** PEM. */
  readonly publicKey: Uint8Array;
  /** What a client sent; `undefined` when it is for another key. */
  decrypt(bytes: Uint8Array): Uint8Array | undefined;
}

/** One client. */
export interface Talk {
  readonly session: Session;
  readonly packets: Packets;
  readonly settings: Settings;
  readonly salt: Uint8Array;
  readonly attempt: Attempt;
  /** Whether the client knows SQLSTATE. */
  has41: boolean;
  characters: CharacterSet;
}

/** Refusals that hold nothing of the client. */
export const REFUSALS = {
  badHandshake: { code: 1043, state: "08S01", text: "Bad handshake" },
  disorder: { code: 1156, state: "08S01", text: "Got packets out of order" },
  oldClient: {
    code: 1251,
    state: "08004",
    text: "Client does not support authentication protocol requested by server; " +
      "consider upgrading MariaDB client",
  },
  locked: { code: 4151, state: "HY000", text: "Access denied, this account is locked" },
} as const satisfies Record<string, Refusal>;

/**
 * Whether a connection comes from the machine itself, which the server calls `localhost`.
 * @param talk with the client.
 */
export function isLocal({ session }: Talk): boolean {
  return session.peer.ip === "127.0.0.1" || session.peer.ip === "::1";
}

/**
 * Ends the talk with an error.
 * @param talk with the client.
 * @param refusal what it says.
 */
export async function refuse({ packets, has41 }: Talk, refusal: Refusal): Promise<void> {
  await packets.send(errorPayload(refusal, has41));
}

/**
 * Refuses a packet that makes no sense, and reports it.
 * @param talk with the client.
 * @param payload of the packet.
 */
export async function refuseOdd(talk: Talk, payload: Uint8Array): Promise<void> {
  reportOdd(talk, "an answer to the greeting", payload);
  await refuse(talk, REFUSALS.badHandshake);
}

/**
 * Refuses a login.
 * @param talk with the client.
 * @param points of the name as the server reads it.
 * @param proof whether there was a password; `undefined` when the account is for none.
 */
export async function refuseLogin(
  talk: Talk,
  points: readonly number[],
  proof: boolean | undefined,
): Promise<void> {
  const host = isLocal(talk) ? "localhost" : talk.session.peer.ip;
  const used = proof === undefined ? "" : ` (using password: ${proof ? "YES" : "NO"})`;
  await refuse(talk, {
    code: proof === undefined ? 1698 : 1045,
    state: "28000",
    text: `Access denied for user '${showName(points, talk.characters)}'@'${host}'${used}`,
  });
}

/**
 * The next packet of a login.
 * @param talk with the client; if there is none, it is over.
 * @param onDisorder refuses a packet that is not the next, in place of the error for that.
 */
export async function receive(
  talk: Talk,
  onDisorder = () => refuse(talk, REFUSALS.disorder),
): Promise<Uint8Array | undefined> {
  const received = await talk.packets.receive();
  if (received.kind === "packet") return received.payload;
  if (received.kind === "disorder") {
    await onDisorder();
    const bytes = await talk.packets.rest(received.head);
    reportOdd(talk, "a packet with the next sequence number", bytes);
  }
  return undefined;
}

/**
 * Asks the client to use another plugin.
 * @param talk with the client.
 * @param plugin its name.
 * @param options `data`: what it is given; `onDisorder` as in `receive`.
 * @returns its answer; `undefined` when the talk is over.
 */
export async function switchTo(
  talk: Talk,
  plugin: string,
  { data, onDisorder }: { data?: Uint8Array; onDisorder?: () => Promise<void> } = {},
): Promise<Uint8Array | undefined> {
  await talk.packets.send(switchPayload(plugin, data));
  return await receive(talk, onDisorder);
}

/**
 * Greets, takes the answer, and lets the product judge.
 * @param talk with the client.
 * @param threadId of the connection.
 */
export async function hold(talk: Talk, threadId: number): Promise<void> {
  const { session, settings } = talk;
  const { product, hasTls } = settings;
  if (settings.accounts.length === 0 && !isLocal(talk)) {
    // Before the greeting nothing is known of the client, and there is no SQLSTATE.
    const text =
      `Host '${session.peer.ip}' is not allowed to connect to this ${product.name} server`;
    await talk.packets.send(errorPayload({ code: 1130, state: "", text }, false));
    return;
  }
  await talk.packets.send(greeting(talk, threadId));
  let payload = await receive(talk);
  if (payload === undefined) return;
  const said = hasTls ? readTlsRequest(payload) : undefined;
  if (said !== undefined) {
    talk.has41 = (said & CAPABILITY.protocol41) !== 0;
    const outcome = await session.startTls();
    if (outcome === "failed") return;
    if (outcome === "clear") return await refuse(talk, REFUSALS.badHandshake);
    payload = await receive(talk);
    if (payload === undefined) return;
  }
  const handshake = parseHandshake(payload, capabilitiesOf(settings), said);
  talk.has41 = handshake.has41;
  if (handshake.has41 && payload.length >= 32) talk.characters = characterSetOf(payload[8]);
  if (talk.characters.family === "unusable") {
    reportOdd(talk, "a character set that clients may have", payload);
    return await refuse(talk, {
      code: 1231,
      state: "42000",
      text: `Variable 'character_set_client' can't be set to the value of ` +
        `'${talk.characters.name}'`,
    });
  }
  if (!("user" in handshake)) return await refuseOdd(talk, payload);
  reportConnect(session, handshake);
  talk.attempt.begin(handshake);
  await product.judge(talk, handshake);
}

/** What the greeting offers. */
function capabilitiesOf({ product, hasTls }: Settings): number {
  return hasTls ? product.capabilities | 0x800 : product.capabilities;
}

/** Protocol::HandshakeV10. */
function greeting({ settings, salt }: Talk, threadId: number): Uint8Array {
  const { product } = settings;
  const capabilities = capabilitiesOf(settings);
  const u16 = (value: number) => String.fromCharCode(value & 0xff, (value >>> 8) & 0xff);
  const octets = latin1(salt);
  return outgoing(
    `\n${product.version}\0` +
      u16(threadId) + u16(threadId >>> 16) +
      octets.slice(0, 8) + "\0" +
      u16(capabilities) +
      String.fromCharCode(product.characterSet) +
      u16(2) + // SERVER_STATUS_AUTOCOMMIT
      u16(capabilities >>> 16) +
      String.fromCharCode(salt.length + 1, ...product.filler) +
      octets.slice(8) + `\0${product.plugin}\0`,
  );
}

/** Reports what makes no sense. */
function reportOdd({ session, packets }: Talk, expected: string, bytes: Uint8Array): void {
  session.emit("protocol.error", {
    offset: packets.offset,
    expected,
    ...(bytes.length === 0 ? {} : { firstBytes: bytes.slice(0, 1024) }),
  });
}
