/**
 * An SSH client's part of the wire form.
 *
 * A KEXINIT may hold 256 KiB of names, and JSON may double each byte of them, so every list has a
 * maximum of its own: together they fit an event, and a flood in one does not push out the others.
 * @module
 */
import { Buffer } from "node:buffer";
import { boundText } from "./bound.ts";
import type { EventMap } from "./event.ts";
import { classes, type Part, quote } from "./part.ts";

/** Longest version line kept, in bytes; RFC 4253 §4.2 allows 255. */
const MAX_VERSION_BYTES = 1024;
/** Longest source of a HASSH kept, in bytes; that of a current OpenSSH has 1,100. */
const MAX_HASSH_BYTES = 4096;
/** Longest name kept, in bytes; RFC 4251 §6 allows 64. */
const MAX_NAME_BYTES = 128;
/** What is kept of a list of algorithms; a scanner that knows them all sends 60 names, 1.5 KB. */
const MAX_ALGORITHMS: ListBound = { names: 128, bytes: 3072 };
/** What is kept of a list for compression or languages. */
const MAX_OTHERS: ListBound = { names: 32, bytes: 512 };

const PROTOCOL = classes(["network"], ["protocol"]);

/**
 * Makes the part of an `ssh.client` event.
 * @param data what the client said.
 */
export function encodeSshClient(data: EventMap["ssh.client"]): Part {
  const version = boundText(data.clientVersion, MAX_VERSION_BYTES);
  const { hassh, chosen } = data;
  const source = data.hasshAlgorithms === undefined
    ? undefined
    : boundText(data.hasshAlgorithms, MAX_HASSH_BYTES);
  const lists = new ListBounder();
  const ssh = {
    client_version: version.text,
    client_version_truncated: version.fullBytes === undefined ? undefined : true,
    client_version_bytes: version.fullBytes,
    hassh,
    hassh_algorithms: source?.text,
    hassh_algorithms_truncated: source?.fullBytes === undefined ? undefined : true,
    hassh_algorithms_bytes: source?.fullBytes,
    kex_algorithms: lists.bound(data.kexAlgorithms, MAX_ALGORITHMS),
    host_key_algorithms: lists.bound(data.hostKeyAlgorithms, MAX_ALGORITHMS),
    ciphers_client_to_server: lists.bound(data.ciphersClientToServer, MAX_ALGORITHMS),
    ciphers_server_to_client: lists.bound(data.ciphersServerToClient, MAX_ALGORITHMS),
    macs_client_to_server: lists.bound(data.macsClientToServer, MAX_ALGORITHMS),
    macs_server_to_client: lists.bound(data.macsServerToClient, MAX_ALGORITHMS),
    compression_client_to_server: lists.bound(data.compressionClientToServer, MAX_OTHERS),
    compression_server_to_client: lists.bound(data.compressionServerToClient, MAX_OTHERS),
    languages_client_to_server: lists.bound(data.languagesClientToServer, MAX_OTHERS),
    languages_server_to_client: lists.bound(data.languagesServerToClient, MAX_OTHERS),
    first_kex_packet_follows: data.firstKexPacketFollows,
    chosen: chosen && {
      kex: boundName(chosen.kex),
      host_key: boundName(chosen.hostKey),
      cipher_client_to_server: boundName(chosen.cipherClientToServer),
      cipher_server_to_client: boundName(chosen.cipherServerToClient),
      mac_client_to_server: boundName(chosen.macClientToServer),
      mac_server_to_client: boundName(chosen.macServerToClient),
    },
  };
  return {
    classes: PROTOCOL,
    severity: 10,
    message: `{decoy} client ${quote(version.text)} from {from}` +
      (hassh === undefined ? "" : `, HASSH ${hassh}`),
    fields: { hashes: hassh === undefined ? undefined : [hassh] },
    duckblind: {
      ssh: {
        ...ssh,
        algorithms_truncated: lists.isCut ? true : undefined,
        algorithms_count: lists.isCut ? lists.count : undefined,
      },
    },
  };
}

/** Most names of a list, and most bytes of them all. */
interface ListBound {
  readonly names: number;
  readonly bytes: number;
}

/** Cuts lists and remembers whether anything is missing. */
class ListBounder {
  /** Names of all lists as they came. */
  count = 0;
  isCut = false;

  /** The names of a list as far as they fit. */
  bound(names: readonly string[] | undefined, most: ListBound): string[] | undefined {
    if (names === undefined) return undefined;
    this.count += names.length;
    const kept: string[] = [];
    let room = most.bytes;
    for (const whole of names) {
      const { text, fullBytes } = boundText(whole, MAX_NAME_BYTES);
      room -= Buffer.byteLength(text);
      if (room < 0 || kept.length === most.names) {
        this.isCut = true;
        break;
      }
      if (fullBytes !== undefined) this.isCut = true;
      kept.push(text);
    }
    return kept;
  }
}

function boundName(name: string | undefined): string | undefined {
  return name === undefined ? undefined : boundText(name, MAX_NAME_BYTES).text;
}
