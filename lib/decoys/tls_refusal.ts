/**
 * The alerts by which OpenSSL 3.0 with Debian's settings turns clients away before a handshake, where
 * the runtime's TLS library would say something else, or speak with them.
 *
 * An alert's record: 0 type (21)   1..2 version   3..4 length (2)   5 level (2, fatal)   6 description
 * @module
 */
import type { ClientHello, NotTls } from "../net/client_hello.ts";

const TLS_1_3 = 0x0304;
const TLS_1_2 = 0x0303;
const TLS_1_0 = 0x0301;
const SSL_3_0 = 0x0300;
const CHANGE_CIPHER_SPEC = 20;
const ALERT = 21;
const HANDSHAKE = 22;
const FATAL = 2;
/** Longest payload of a record without compression: RFC 8446 §5.1. */
const MAX_PAYLOAD_BYTES = 16_384;

/** Descriptions: RFC 8446 §6.2. */
const UNEXPECTED_MESSAGE = 10;
const RECORD_OVERFLOW = 22;
const HANDSHAKE_FAILURE = 40;
const ILLEGAL_PARAMETER = 47;
const DECODE_ERROR = 50;
const PROTOCOL_VERSION = 70;
const INTERNAL_ERROR = 80;

/** Alerts for what is wrong with the records of a hello, by what the reader says of it. */
const OF_RECORDS: Readonly<Record<string, number>> = {
  "a record longer than 16384 bytes": RECORD_OVERFLOW,
  "too many records": UNEXPECTED_MESSAGE,
  "another record in between": UNEXPECTED_MESSAGE,
  "longer than 64 KiB": ILLEGAL_PARAMETER,
  "longer than 64 KiB with its records": ILLEGAL_PARAMETER,
};

/**
 * The highest version that is known of those that a client offers.
 * @param hello what it said.
 * @returns 0 when it did not come as far as that.
 */
export function bestVersion({ supportedVersions, legacyVersion }: ClientHello): number {
  const known = supportedVersions.filter((version) => version <= TLS_1_3);
  return known.length > 0 ? Math.max(...known) : Math.min(legacyVersion, TLS_1_2);
}

/**
 * The alert for a client that is not spoken with.
 * @param found what it sent.
 * @param raw the same, as it came.
 * @returns `undefined` for a client that is.
 */
export function refusalOf(
  found: ClientHello | NotTls,
  raw: Uint8Array,
): Uint8Array | undefined {
  return found.kind === "not-tls" ? ofNoHello(found, raw) : ofHello(found);
}

function ofNoHello({ reason }: NotTls, raw: Uint8Array): Uint8Array | undefined {
  const [type = 0, major = 0, minor = 0, high = 0, low = 0] = raw;
  if (reason === "other-message") return alert(TLS_1_2, UNEXPECTED_MESSAGE);
  if (reason === "too-much") {
    const isLong = high * 256 + low > MAX_PAYLOAD_BYTES;
    return alert(TLS_1_2, isLong ? RECORD_OVERFLOW : UNEXPECTED_MESSAGE);
  }
  if (reason !== "other-record" || type === HANDSHAKE) return undefined;
  // The record's version is taken for the connection's, but for one type: observed.
  return alert(type !== CHANGE_CIPHER_SPEC ? major * 256 + minor : TLS_1_2, UNEXPECTED_MESSAGE);
}

function ofHello(hello: ClientHello): Uint8Array | undefined {
  const { isSslv2, malformed, compressionMethods } = hello;
  const ofRecords = OF_RECORDS[malformed ?? ""];
  if (ofRecords !== undefined) return alert(TLS_1_2, ofRecords);
  const version = bestVersion(hello);
  if (version === 0 && malformed !== undefined) return alert(TLS_1_2, DECODE_ERROR);
  if (version < SSL_3_0) return alert(isSslv2 ? TLS_1_2 : version, PROTOCOL_VERSION);
  if (version < TLS_1_0) return alert(SSL_3_0, HANDSHAKE_FAILURE);
  if (version < TLS_1_2) return alert(version, INTERNAL_ERROR);
  if (isSslv2) return alert(TLS_1_2, HANDSHAKE_FAILURE);
  const isBare = version < TLS_1_3 && compressionMethods.length > 0;
  return isBare && !compressionMethods.includes(0) ? alert(TLS_1_2, DECODE_ERROR) : undefined;
}

function alert(version: number, description: number): Uint8Array {
  return new Uint8Array([ALERT, version >> 8, version & 0xff, 0, 2, FATAL, description]);
}
