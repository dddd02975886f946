/**
 * What a failed TLS handshake says of who tried it.
 * @module
 */
import { escapeText } from "../net/escape.ts";

/** What rustls says, and what it means; the first that matches counts. */
const MEANINGS: readonly (readonly [said: RegExp, meaning: string])[] = [
  [/corrupt message/i, "not TLS"],
  [/unexpected end of file|UnexpectedEof/i, "closed before the TLS handshake was done"],
  [/os error 104|connection reset/i, "reset before the TLS handshake was done"],
  [/os error 32|broken pipe/i, "closed before the TLS handshake was done"],
  [/NotOffered|ProtocolVersion|SignatureAlgorithmsExtensionRequired/i, "TLS version too old"],
  [/incompatible|NoCipherSuitesInCommon|NoKxGroups|HandshakeFailure/i, "no common TLS parameters"],
  [
    /fatal alert: (UnknownCA|BadCertificate|CertificateUnknown|CertificateExpired|UnsupportedCertificate)/i,
    "client refused our certificate",
  ],
];

/**
 * Describes a failed handshake.
 * @param error what the handshake threw.
 * @returns such as `not TLS`; with the library's word where that says more.
 */
export function describeHandshakeFailure(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const meaning = MEANINGS.find(([said]) => said.test(message))?.[1];
  if (meaning === undefined) return `TLS handshake failed: ${escapeText(message).slice(0, 200)}`;
  const word = /(?:incompatible|fatal alert): (\w+)/.exec(message)?.[1];
  return word === undefined ? meaning : `${meaning} (${word})`;
}
