/**
 * The client's answer to the greeting, as parse_client_handshake_packet of MariaDB's sql_acl.cc reads
 * it: in the form of MySQL 4.1 or in the one before that.
 *
 * ```text
 * 4.1: 0..3 capabilities u32 LE, 4..7 largest packet u32 LE, 8 character set, 28..31 further
 *      capabilities of MariaDB, 32.. user NUL, answer, [database NUL], [plugin NUL], [attributes]
 * 3.20: 0..1 capabilities u16 LE, 2..4 largest packet u24 LE, 5.. user NUL, answer, [database]
 * ```
 * @module
 */

/** Capabilities that matter here: MySQL's documentation, group__group__cs__capabilities__flags. */
export const CAPABILITY = {
  connectWithDb: 1 << 3,
  protocol41: 1 << 9,
  ssl: 1 << 11,
  secureConnection: 1 << 15,
  pluginAuth: 1 << 19,
  connectAttributes: 1 << 20,
  longAuthData: 1 << 21,
} as const;

/** Least length of the form of MySQL 4.1, in bytes. */
const LEAST_BYTES_41 = 32;
const LEAST_BYTES = 2;
const USER_AT = 5;

/** What a client answered. */
export interface Handshake {
  /** All of its capabilities, as it said them. */
  readonly capabilities: number;
  readonly has41: boolean;
  readonly maxPacketBytes: number;
  /** Number of a collation; absent in the old form. */
  readonly characterSet: number | undefined;
  readonly user: Uint8Array;
  /** What a plugin made of the password. */
  readonly answer: Uint8Array;
  readonly database: Uint8Array | undefined;
  /** What made the answer, as the client names it or as the server guesses. */
  readonly plugin: string;
  /** Whether the client can be asked to use another plugin. */
  readonly knowsPlugins: boolean;
  /** Names and values in turns; `undefined` when they are wrong, and empty without. */
  readonly attributes: readonly Uint8Array[] | undefined;
}

/** An answer that makes no sense, as far as it goes. */
export interface BadHandshake {
  /** Whether the client says that it knows SQLSTATE, or is too short to say anything. */
  readonly has41: boolean;
  /** How much of it made sense, in bytes. */
  readonly offset: number;
}

/**
 * Whether a packet asks for TLS, and what it says of the client then.
 * @param payload of the first packet.
 * @returns the client's capabilities; `undefined` when it does not ask.
 */
export function readTlsRequest(payload: Uint8Array): number | undefined {
  if (payload.length < LEAST_BYTES) return undefined;
  const low = payload[0]! | (payload[1]! << 8);
  const has41 = (low & CAPABILITY.protocol41) !== 0;
  if ((low & CAPABILITY.ssl) === 0 || (has41 && payload.length < LEAST_BYTES_41)) return undefined;
  return has41 ? (low | (payload[2]! << 16) | (payload[3]! << 24)) >>> 0 : low;
}

/**
 * Reads the answer.
 * @param payload of the packet, or its beginning.
 * @param serverCapabilities what the greeting offered; all else that the client says is ignored.
 * @param said capabilities that a request for TLS has said: those in the packet are not read then.
 */
export function parseHandshake(
  payload: Uint8Array,
  serverCapabilities: number,
  said?: number,
): Handshake | BadHandshake {
  const { length } = payload;
  const u16 = (at: number) => payload[at]! | (payload[at + 1]! << 8);
  const u32 = (at: number) => (u16(at) | (u16(at + 2) << 16)) >>> 0;
  if (length < LEAST_BYTES && said === undefined) return { has41: true, offset: length };
  const has41 = ((said ?? u16(0)) & CAPABILITY.protocol41) !== 0;
  if (length < (has41 ? LEAST_BYTES_41 : USER_AT)) return { has41, offset: length };
  const capabilities = said ?? (has41 ? u32(0) : u16(0));
  const has = (flag: number) => (capabilities & serverCapabilities & flag) !== 0;
  const bad = (offset: number): BadHandshake => ({ has41, offset });
  const endOf = (from: number) => {
    const at = payload.indexOf(0, from);
    return at < 0 ? length : at;
  };

  const userAt = has41 ? LEAST_BYTES_41 : USER_AT;
  const userEnd = endOf(userAt);
  let at = userEnd + 1;
  if (at > length) return bad(length);
  let size: number | undefined;
  if (!has(CAPABILITY.secureConnection)) size = endOf(at) - at;
  else if (!has(CAPABILITY.longAuthData)) size = payload[at++] ?? 0;
  else [size, at] = readLength(payload, at);
  if (size === undefined || at > length) return bad(at);
  const answerEnd = at + size;
  // In the old form a NUL ends the answer; the server looks for the database behind it.
  const dbAt = has(CAPABILITY.secureConnection) ? answerEnd : answerEnd + 1;
  const hasDb = has(CAPABILITY.connectWithDb);
  if (answerEnd + (hasDb ? 1 : 0) > length) return bad(at);
  const dbEnd = hasDb ? endOf(dbAt) : dbAt;
  let next = hasDb ? answerEnd + (dbEnd - dbAt) + 1 : answerEnd;
  const answer = payload.subarray(at, answerEnd);
  const knowsPlugins = has(CAPABILITY.pluginAuth) && next < length;
  let plugin = "mysql_native_password";
  if (knowsPlugins) {
    const pluginEnd = endOf(next);
    plugin = String.fromCharCode(...payload.subarray(next, Math.min(pluginEnd, next + 256)));
    next = pluginEnd + 1;
  } else if (!has(CAPABILITY.secureConnection) && answer.length > 0) plugin = "mysql_old_password";
  return {
    capabilities,
    has41,
    maxPacketBytes: has41 ? u32(4) : u16(2) | (payload[4]! << 16),
    characterSet: has41 ? payload[8]! : undefined,
    user: payload.subarray(userAt, userEnd),
    answer,
    database: hasDb ? payload.subarray(dbAt, dbEnd) : undefined,
    plugin,
    knowsPlugins,
    attributes: has(CAPABILITY.connectAttributes) ? readAttributes(payload, next) : [],
  };
}

/** Attributes behind their length; `undefined` when that is wrong. What they are is not looked at. */
function readAttributes(payload: Uint8Array, from: number): Uint8Array[] | undefined {
  if (from >= payload.length) return undefined;
  const [total, start] = readLength(payload, from);
  if (total === undefined || start + total > payload.length) return undefined;
  const end = start + total;
  const texts: Uint8Array[] = [];
  for (let at = start; at < end;) {
    const [size, textAt] = readLength(payload.subarray(0, end), at);
    if (size === undefined || textAt + size > end) {
      texts.push(payload.subarray(at, end)); // told as it is
      break;
    }
    texts.push(payload.subarray(textAt, textAt + size));
    at = textAt + size;
  }
  return texts;
}

/** A length of 1, 3, 4 or 9 bytes, and where what follows it begins. */
function readLength(bytes: Uint8Array, at: number): [length: number | undefined, next: number] {
  const first = bytes[at];
  if (first === undefined) return [0, at + 1];
  if (first < 0xfb) return [first, at + 1];
  const size = { 0xfc: 2, 0xfd: 3, 0xfe: 8 }[first];
  if (size === undefined || at + 1 + size > bytes.length) return [undefined, at + 1];
  let value = 0;
  for (let i = size; i > 0; i--) value = value * 256 + bytes[at + i]!;
  return [value <= bytes.length ? value : undefined, at + 1 + size];
}
