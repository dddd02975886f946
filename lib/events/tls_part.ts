/**
 * A TLS client's part of the wire form.
 *
 * A hello may hold 64 KiB of numbers, each of which is nine bytes as text, so every list has a maximum
 * of its own: together they fit an event.
 * @module
 */
import { Buffer } from "node:buffer";
import { boundText } from "./bound.ts";
import type { EventMap } from "./event.ts";
import { classes, type Part, quote } from "./part.ts";

/** Longest server name kept, in bytes; RFC 1035 allows 253. */
const MAX_NAME_BYTES = 2048;
/** Longest source of a JA3 kept, in bytes; that of a browser has 200. */
const MAX_SOURCE_BYTES = 4096;
/** Most cipher suites kept; a scanner that knows them all sends 400. */
const MAX_CIPHERS = 512;
/** Most entries kept of another list of numbers. */
const MAX_NUMBERS = 128;
/** Most versions and application protocols kept, and most bytes of the latter. */
const MAX_NAMES = 32;
const MAX_NAMES_BYTES = 4096;

const PROTOCOL = classes(["network"], ["protocol"]);

/**
 * Makes the part of a `tls.client-hello` event.
 * @param data what the client said, and what became of it.
 * @param firstBytes base64 of what came instead, as far as it may be told.
 */
export function encodeTlsClientHello(
  data: EventMap["tls.client-hello"],
  firstBytes: string | undefined,
): Part {
  const { ja3, ja4, serverName, established, version, notTls } = data;
  const name = serverName === undefined ? undefined : boundText(serverName, MAX_NAME_BYTES);
  const source = data.ja3Source === undefined
    ? undefined
    : boundText(data.ja3Source, MAX_SOURCE_BYTES);
  const lists = new ListBounder();
  const ciphers = lists.numbers(data.ciphers, data.sslv2 ? 6 : 4, MAX_CIPHERS);
  const tls = {
    ja3_source: source?.text,
    ja3_source_truncated: source?.fullBytes === undefined ? undefined : true,
    ja3_source_bytes: source?.fullBytes,
    ja4,
    server_name_truncated: name?.fullBytes === undefined ? undefined : true,
    server_name_bytes: name?.fullBytes,
    alpn: lists.names(data.alpn),
    versions: lists.names(data.versions),
    extensions: lists.numbers(data.extensions, 4, MAX_NUMBERS),
    groups: lists.numbers(data.groups, 4, MAX_NUMBERS),
    signature_algorithms: lists.numbers(data.signatureAlgorithms, 4, MAX_NUMBERS),
    grease: data.grease,
    sslv2: data.sslv2,
    malformed: data.malformed === undefined ? undefined : boundText(data.malformed).text,
    not_tls: notTls,
  };
  return {
    classes: PROTOCOL,
    severity: 10,
    message: describe(data),
    fields: { hashes: ja3 === undefined ? undefined : [ja3] },
    tls: {
      established,
      version,
      client: notTls === undefined
        ? { ja3, server_name: name?.text, supported_ciphers: ciphers }
        : undefined,
    },
    duckblind: {
      tls: {
        ...tls,
        lists_truncated: lists.isCut ? true : undefined,
        lists_count: lists.isCut ? lists.count : undefined,
      },
      first_bytes: firstBytes,
    },
  };
}

/** The sentence; what the peer chose stands before the place of its address. */
function describe(
  { serverName, ja4, notTls, malformed, established }: EventMap["tls.client-hello"],
) {
  if (notTls === "nothing") return "{decoy} nothing came where TLS was due, from {from}";
  if (notTls !== undefined) return "{decoy} no TLS came where it was due, from {from}";
  return `{decoy} ${malformed === undefined ? "" : "malformed "}TLS client hello` +
    (serverName === undefined ? "" : ` for ${quote(serverName)}`) + " from {from}" +
    (ja4 === undefined ? "" : `, JA4 ${ja4}`) +
    (established === false ? ", no handshake" : "");
}

/** Cuts lists and remembers whether anything is missing. */
class ListBounder {
  /** Entries of all lists as they came. */
  count = 0;
  isCut = false;

  /** Numbers in hex, `digits` each, as far as they are few enough. */
  numbers(
    values: readonly number[] | undefined,
    digits: number,
    most: number,
  ): string[] | undefined {
    if (values === undefined) return undefined;
    this.count += values.length;
    if (values.length > most) this.isCut = true;
    return values.slice(0, most).map((n) => `0x${n.toString(16).padStart(digits, "0")}`);
  }

  /** Names as far as they fit. */
  names(names: readonly string[] | undefined): string[] | undefined {
    if (names === undefined) return undefined;
    this.count += names.length;
    const kept: string[] = [];
    let room = MAX_NAMES_BYTES;
    for (const name of names) {
      room -= Buffer.byteLength(name);
      if (room < 0 || kept.length === MAX_NAMES) {
        this.isCut = true;
        break;
      }
      kept.push(name);
    }
    return kept;
  }
}
