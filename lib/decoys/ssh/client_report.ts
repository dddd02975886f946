/**
 * What is reported of a client from its KEXINIT.
 * @module
 */
import { Buffer } from "node:buffer";
import type { EventMap } from "../../events/event.ts";
import { escapeBytes } from "../../net/escape.ts";
import { type Agreement, type ClientKexInit, hassh } from "./kex_init.ts";

type Report = EventMap["ssh.client"];

/** The client's lists and HASSH, escaped. */
export function describeClient(client: ClientKexInit): Omit<Report, "clientVersion"> {
  const { hash, source } = hassh(client);
  const names = (list: readonly string[]) => list.map(escapeLatin1);
  return {
    hassh: hash,
    hasshAlgorithms: escapeLatin1(source),
    kexAlgorithms: names(client.kex),
    hostKeyAlgorithms: names(client.hostKey),
    ciphersClientToServer: names(client.ciphersIn),
    ciphersServerToClient: names(client.ciphersOut),
    macsClientToServer: names(client.macsIn),
    macsServerToClient: names(client.macsOut),
    compressionClientToServer: names(client.compressionIn),
    compressionServerToClient: names(client.compressionOut),
    languagesClientToServer: names(client.languagesIn),
    languagesServerToClient: names(client.languagesOut),
    firstKexPacketFollows: client.firstKexPacketFollows,
  };
}

/** What was agreed on; a MAC that is not needed is absent. */
export function describeAgreement(agreement: Agreement): NonNullable<Report["chosen"]> {
  const { kex, hostKey, cipherIn, cipherOut, macIn, macOut } = agreement;
  return {
    kex,
    hostKey,
    cipherClientToServer: cipherIn,
    cipherServerToClient: cipherOut,
    ...(macIn === "" ? {} : { macClientToServer: macIn }),
    ...(macOut === "" ? {} : { macServerToClient: macOut }),
  };
}

/** What nearly all names consist of: characters that stand for themselves. */
const PLAIN = /^[ -[\]-~]*$/;

function escapeLatin1(text: string): string {
  // A client names a hundred algorithms, and this is twenty times as quick.
  return PLAIN.test(text) ? text : escapeBytes(Buffer.from(text, "latin1"));
}
