/**
 * SSH_MSG_KEXINIT and what two of them agree on (RFC 4253 §7.1), and the client's HASSH.
 * @module
 */
import { latin1 } from "../../net/latin1.ts";
import { createHash, randomBytes } from "node:crypto";
import { MESSAGE } from "./messages.ts";
import { WireError, WireReader, WireWriter } from "./wire.ts";

/** The ten lists in the order of the message; names as bytes read as Latin-1. */
export interface KexLists {
  readonly kex: readonly string[];
  readonly hostKey: readonly string[];
  readonly ciphersIn: readonly string[];
  readonly ciphersOut: readonly string[];
  readonly macsIn: readonly string[];
  readonly macsOut: readonly string[];
  readonly compressionIn: readonly string[];
  readonly compressionOut: readonly string[];
  readonly languagesIn: readonly string[];
  readonly languagesOut: readonly string[];
}

/** A client's message. */
export interface ClientKexInit extends KexLists {
  /** The lists as they came, Latin-1. */
  readonly texts: Readonly<Record<keyof KexLists, string>>;
  readonly firstKexPacketFollows: boolean;
}

/** What was agreed on. `In` is from client to server. */
export interface Agreement {
  readonly kex: string;
  readonly hostKey: string;
  readonly cipherIn: string;
  readonly cipherOut: string;
  /** Empty with a cipher that authenticates by itself. */
  readonly macIn: string;
  readonly macOut: string;
  readonly compressionIn: string;
  readonly compressionOut: string;
}

/** Names of the lists, in the order of the message. */
const ORDER = [
  "kex",
  "hostKey",
  "ciphersIn",
  "ciphersOut",
  "macsIn",
  "macsOut",
  "compressionIn",
  "compressionOut",
  "languagesIn",
  "languagesOut",
] as const satisfies readonly (keyof KexLists)[];

const COOKIE_BYTES = 16;

/**
 * Writes our message with a fresh cookie.
 * @param lists what we offer.
 */
export function encodeKexInit(lists: KexLists): Uint8Array {
  const writer = new WireWriter(1280).u8(MESSAGE.KEXINIT).raw(randomBytes(COOKIE_BYTES));
  for (const name of ORDER) writer.string(lists[name].join(","));
  return writer.bool(false).u32(0).bytes().slice();
}

/**
 * How a server reads a list: its names, or `undefined` when it refuses it.
 * @param text the list, Latin-1.
 * @param list which one it is.
 */
export type NamesReader = (text: string, list: keyof KexLists) => string[] | undefined;

/** How a client's message is read. */
export interface KexInitRules {
  readonly readNames: NamesReader;
  /** Whether there may be bytes behind the last field. */
  readonly allowsTrailing: boolean;
}

/**
 * Reads a client's message.
 * @param payload with the message number.
 * @param rules the product's.
 * @throws {WireError} when it is cut short, or not as the rules want it.
 */
export function decodeKexInit(payload: Uint8Array, rules: KexInitRules): ClientKexInit {
  const reader = new WireReader(payload, 1 + COOKIE_BYTES);
  // The cookie may be cut short too: the reader starts behind it, and finds that out itself.
  const texts = {} as Record<keyof KexLists, string>;
  for (const name of ORDER) texts[name] = latin1(reader.string());
  const firstKexPacketFollows = reader.bool();
  reader.u32();
  if (!rules.allowsTrailing) reader.end();
  const lists = {} as Record<keyof KexLists, string[]>;
  for (const name of ORDER) {
    const names = rules.readNames(texts[name], name);
    if (names === undefined) throw new WireError(`a list of names (${name})`, 1 + COOKIE_BYTES);
    lists[name] = names;
  }
  return { ...lists, texts, firstKexPacketFollows };
}

/**
 * The client's HASSH: MD5 over its lists for kex, ciphers, MACs and compression towards the server.
 * @returns the hash in hex, and what was hashed, Latin-1.
 */
export function hassh(client: ClientKexInit): { hash: string; source: string } {
  const { kex, ciphersIn, macsIn, compressionIn } = client.texts;
  const source = [kex, ciphersIn, macsIn, compressionIn].join(";");
  return { hash: createHash("md5").update(source, "latin1").digest("hex"), source };
}

/**
 * Chooses: of each list the client's first name that we have too. A cipher that authenticates by
 * itself needs no MAC, so none is looked for.
 * @param client what it offers.
 * @param server what we offer.
 * @param isAead whether a cipher authenticates by itself.
 * @returns the agreement, or the name of the first list without a common name.
 */
export function agree(
  client: KexLists,
  server: KexLists,
  isAead: (cipher: string) => boolean,
): Agreement | keyof KexLists {
  const first = (list: keyof KexLists) =>
    client[list].find((name) => name !== "" && server[list].includes(name));
  const kex = first("kex");
  // The genuine servers end the talk when such a name comes first, rather than go on to the next.
  if (kex === undefined || isPseudoMethod(kex)) return "kex";
  const hostKey = first("hostKey");
  if (hostKey === undefined) return "hostKey";
  const cipherIn = first("ciphersIn");
  if (cipherIn === undefined) return "ciphersIn";
  const macIn = isAead(cipherIn) ? "" : first("macsIn");
  if (macIn === undefined) return "macsIn";
  const compressionIn = first("compressionIn");
  if (compressionIn === undefined) return "compressionIn";
  const cipherOut = first("ciphersOut");
  if (cipherOut === undefined) return "ciphersOut";
  const macOut = isAead(cipherOut) ? "" : first("macsOut");
  if (macOut === undefined) return "macsOut";
  const compressionOut = first("compressionOut");
  if (compressionOut === undefined) return "compressionOut";
  return {
    kex,
    hostKey,
    cipherIn,
    cipherOut,
    macIn,
    macOut,
    compressionIn,
    compressionOut,
  };
}

/** Names in the list of methods that only say what a side can do (RFC 8308 §2.1, OpenSSH). */
function isPseudoMethod(name: string): boolean {
  return /^(?:ext-info-[cs]|kex-strict-[cs]-v00@openssh\.com|kexguess2@matt\.ucc\.asn\.au)$/.test(
    name,
  );
}
