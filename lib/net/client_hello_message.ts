/**
 * What a TLS client says first: the ClientHello message, read as far as it makes sense.
 *
 * RFC 8446 §4.1.2 and before it RFC 5246 §7.4.1.2; RFC 5246 appendix E.2 for the form of SSL 2.0.
 * ```text
 * 0..1 legacy_version   2..33 random   session_id<0..32>   cipher_suites<2..2^16-2>
 * compression_methods<1..2^8-1>   extensions<0..2^16-1>, each: 0..1 type, data<0..2^16-1>
 *
 * SSL 2.0: 0 type (1)   1..2 version   3..4, 5..6, 7..8 lengths of: cipher_specs (3 bytes each),
 * session_id, challenge
 * ```
 * Nothing here throws: what is wrong is told beside what could be read.
 * @module
 */

/** What a client offers; lists are in its order, GREASE values (RFC 8701) included. */
export interface ClientHello {
  readonly kind: "client-hello";
  /** Version of the first record, such as 0x0301; 0x0002 for the form of SSL 2.0. */
  readonly recordVersion: number;
  /** Whether it came in the form of SSL 2.0, which has no extensions. */
  readonly isSslv2: boolean;
  /** Version in the message: the highest before TLS 1.3, 0x0303 since. */
  readonly legacyVersion: number;
  readonly sessionIdBytes: number;
  /** Cipher suites; those of SSL 2.0 have three bytes. */
  readonly cipherSuites: readonly number[];
  readonly compressionMethods: readonly number[];
  /** Types of the extensions. */
  readonly extensions: readonly number[];
  /** First host name of `server_name` (0). */
  readonly serverName?: Uint8Array;
  /** Names of `application_layer_protocol_negotiation` (16). */
  readonly alpn: readonly Uint8Array[];
  /** Of `supported_versions` (43); empty without it. */
  readonly supportedVersions: readonly number[];
  /** Of `supported_groups` (10). */
  readonly supportedGroups: readonly number[];
  /** Of `ec_point_formats` (11). */
  readonly pointFormats: readonly number[];
  /** Of `signature_algorithms` (13). */
  readonly signatureAlgorithms: readonly number[];
  /** Whether any cipher suite, extension, group, version or signature algorithm is GREASE. */
  readonly hasGrease: boolean;
  /** How many records it took. */
  readonly records: number;
  /** Whether all suites and extensions were read, so that fingerprints can be made. */
  readonly isWhole: boolean;
  /** The first thing that is wrong with it. */
  readonly malformed?: string;
}

/** How a message came. */
export interface HelloFrame {
  readonly recordVersion: number;
  readonly records: number;
  /** What is wrong with the records. */
  readonly malformed?: string | undefined;
}

/** Longest session id: RFC 8446 §4.1.2. */
const MAX_SESSION_ID_BYTES = 32;
const RANDOM_BYTES = 32;

const SERVER_NAME = 0;
const SUPPORTED_GROUPS = 10;
const POINT_FORMATS = 11;
const SIGNATURE_ALGORITHMS = 13;
const ALPN = 16;
const SUPPORTED_VERSIONS = 43;

/**
 * Whether a value means nothing and is there only to keep servers tolerant.
 * @param value a cipher suite, extension, group, version or signature algorithm.
 * @example
 * ```ts
 * import { isGrease } from "./client_hello_message.ts";
 * console.assert(isGrease(0x1a1a) && !isGrease(0x1301) && !isGrease(0x1a2a));
 * ```
 */
export function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);
}

/**
 * Reads a ClientHello.
 * @param body the handshake message without its header, or as much of it as there is.
 * @param frame how it came.
 */
export function parseClientHello(body: Uint8Array, frame: HelloFrame): ClientHello {
  const cursor = new Cursor(body);
  const legacyVersion = cursor.number(2);
  cursor.take(RANDOM_BYTES);
  const sessionId = cursor.vector(1);
  const suites = new Cursor(cursor.vector(2));
  const cipherSuites = suites.numbers(2);
  const compressionMethods = new Cursor(cursor.vector(1)).numbers(1);
  const hasExtensions = cursor.left > 0;
  const extensions = hasExtensions ? cursor.vector(2) : new Uint8Array();
  const read = readExtensions(extensions);
  const malformed = frame.malformed ??
    (cursor.isCut ? "cut off" : undefined) ??
    (sessionId.length > MAX_SESSION_ID_BYTES ? "session id longer than 32 bytes" : undefined) ??
    (suites.isCut ? "odd length of cipher suites" : undefined) ??
    (cipherSuites.length === 0 ? "no cipher suites" : undefined) ??
    (compressionMethods.length === 0 ? "no compression methods" : undefined) ??
    read.malformed ??
    (cursor.left > 0 ? "bytes after the extensions" : undefined);
  return {
    kind: "client-hello",
    recordVersion: frame.recordVersion,
    isSslv2: false,
    legacyVersion,
    sessionIdBytes: sessionId.length,
    cipherSuites,
    compressionMethods,
    ...read.found,
    hasGrease: [cipherSuites, ...LISTS.map((list) => read.found[list])]
      .some((values) => values.some(isGrease)),
    records: frame.records,
    isWhole: !cursor.isCut && !suites.isCut && !read.isCut,
    ...(malformed === undefined ? {} : { malformed }),
  };
}

/**
 * Reads a ClientHello in the form of SSL 2.0.
 * @param body the message with its type, or as much of it as there is.
 * @param malformed what is wrong with its record.
 */
export function parseSslv2ClientHello(body: Uint8Array, malformed?: string): ClientHello {
  const cursor = new Cursor(body);
  cursor.take(1);
  const legacyVersion = cursor.number(2);
  const [suiteBytes, sessionIdBytes, challengeBytes] = [2, 2, 2].map((n) => cursor.number(n));
  const suites = new Cursor(cursor.take(suiteBytes!));
  const cipherSuites = suites.numbers(3);
  const sessionId = cursor.take(sessionIdBytes!);
  cursor.take(challengeBytes!);
  const problem = malformed ??
    (cursor.isCut ? "cut off" : undefined) ??
    (suites.isCut ? "odd length of cipher suites" : undefined) ??
    (cipherSuites.length === 0 ? "no cipher suites" : undefined) ??
    (cursor.left > 0 ? "bytes after the challenge" : undefined);
  return {
    kind: "client-hello",
    recordVersion: 0x0002,
    isSslv2: true,
    legacyVersion,
    sessionIdBytes: sessionId.length,
    cipherSuites,
    compressionMethods: [],
    ...NO_EXTENSIONS,
    hasGrease: cipherSuites.some(isGrease),
    records: 1,
    isWhole: !cursor.isCut && !suites.isCut,
    ...(problem === undefined ? {} : { malformed: problem }),
  };
}

/** What extensions tell. */
type Extensions = Pick<ClientHello, "serverName" | "alpn" | (typeof LISTS)[number]>;

/** Lists of numbers that may hold GREASE. */
const LISTS = [
  "extensions",
  "supportedVersions",
  "supportedGroups",
  "pointFormats",
  "signatureAlgorithms",
] as const;

const NO_EXTENSIONS: Extensions = {
  extensions: [],
  alpn: [],
  supportedVersions: [],
  supportedGroups: [],
  pointFormats: [],
  signatureAlgorithms: [],
};

/** Reads the extensions; of those that come twice the first counts. */
function readExtensions(
  bytes: Uint8Array,
): { found: Extensions; isCut: boolean; malformed?: string | undefined } {
  const cursor = new Cursor(bytes);
  const types = new Set<number>();
  const extensions: number[] = [];
  let found: Extensions = { ...NO_EXTENSIONS, extensions };
  let malformed: string | undefined;
  while (cursor.left > 0) {
    const type = cursor.number(2);
    if (cursor.isCut) break; // half a type is none
    const data = new Cursor(cursor.vector(2));
    extensions.push(type);
    if (types.has(type)) {
      malformed ??= `extension ${type} twice`;
      continue;
    }
    types.add(type);
    const told = readExtension(type, data);
    if (told === undefined) continue;
    found = { ...found, ...told };
    if (data.isCut || data.left > 0) malformed ??= `extension ${type} makes no sense`;
  }
  return { found, isCut: cursor.isCut, malformed: cursor.isCut ? "extensions cut off" : malformed };
}

/** What an extension tells, if it is one of those that are looked into. */
function readExtension(type: number, data: Cursor): Partial<Extensions> | undefined {
  switch (type) {
    case SERVER_NAME:
      return readServerName(data);
    case SUPPORTED_GROUPS:
      return { supportedGroups: data.list(2, 2) };
    case POINT_FORMATS:
      return { pointFormats: data.list(1, 1) };
    case SIGNATURE_ALGORITHMS:
      return { signatureAlgorithms: data.list(2, 2) };
    case ALPN:
      return { alpn: readNames(data) };
    case SUPPORTED_VERSIONS:
      return { supportedVersions: data.list(1, 2) };
  }
  return undefined;
}

/** RFC 6066 §3: a list of names with types, of which there is only 0, a host name. */
function readServerName(data: Cursor): Partial<Extensions> {
  const names = new Cursor(data.vector(2));
  let serverName: Uint8Array | undefined;
  while (names.left > 0) {
    const type = names.number(1);
    const name = names.vector(2);
    if (type === 0 && name.length > 0) serverName ??= name;
  }
  data.isCut ||= names.isCut || serverName === undefined;
  return serverName === undefined ? {} : { serverName };
}

/** RFC 7301 §3.1: a list of names, none of them empty. */
function readNames(data: Cursor): Uint8Array[] {
  const list = new Cursor(data.vector(2));
  const names: Uint8Array[] = [];
  while (list.left > 0) names.push(list.vector(1));
  data.isCut ||= list.isCut || names.length === 0 || names.some((name) => name.length === 0);
  return names;
}

/** Reads from bytes. Where they end too early it gives what there is, and says so. */
class Cursor {
  readonly #bytes: Uint8Array;
  #at = 0;
  /** Whether something was asked for that was not there. */
  isCut = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** The next bytes: fewer than asked for at the end. */
  take(count: number): Uint8Array {
    const part = this.#bytes.subarray(this.#at, this.#at + count);
    this.#at += part.length;
    if (part.length < count) this.isCut = true;
    return part;
  }

  /** A big-endian number; 0 when it is not all there. */
  number(size: number): number {
    const part = this.take(size);
    return part.length < size ? 0 : part.reduce((sum, byte) => sum * 256 + byte, 0);
  }

  /** Bytes after their length, of `lengthSize` bytes. */
  vector(lengthSize: number): Uint8Array {
    return this.take(this.number(lengthSize));
  }

  /** All that is left as numbers; half a number is none. */
  numbers(size: number): number[] {
    const numbers: number[] = [];
    while (this.left >= size) numbers.push(this.number(size));
    if (this.left > 0) this.isCut = true;
    return numbers;
  }

  /** Numbers after the length of them all. */
  list(lengthSize: number, size: number): number[] {
    const inner = new Cursor(this.vector(lengthSize));
    const numbers = inner.numbers(size);
    this.isCut ||= inner.isCut || numbers.length === 0;
    return numbers;
  }
}
