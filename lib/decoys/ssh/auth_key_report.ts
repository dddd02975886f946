/**
 * What is reported of a public key that a client offers.
 * @module
 */
import { Buffer } from "node:buffer";
import type { EventMap } from "../../events/event.ts";
import { escapeBytes } from "../../net/escape.ts";
import type { OfferedKey } from "./auth_request.ts";
import { fingerprint, parsePublicKey } from "./keys/public_key.ts";
import { verifySignature } from "./keys/signature.ts";
import { WireError, WireReader, WireWriter } from "./wire.ts";

/**
 * Reads the key and checks its signature.
 * @param key as offered.
 * @param sessionId H of the first exchange: stands in front of what is signed (RFC 4252 §7).
 */
export function reportKey(
  key: OfferedKey,
  sessionId: Uint8Array,
): NonNullable<EventMap["auth.attempt"]["publicKey"]> {
  const { algorithm, blob, signature, signed } = key;
  const known = parsePublicKey(blob);
  const isValid = signature === undefined || signed === undefined
    ? undefined
    : verifySignature(algorithm, blob, {
      signature,
      data: new WireWriter(512).string(sessionId).raw(signed).bytes(),
    });
  return {
    type: known?.type ?? escapeBytes(typeName(blob)),
    sha256: known?.fingerprint ?? fingerprint(blob),
    ...(known === undefined ? {} : { bits: known.bits }),
    blob,
    algorithm: escapeBytes(Buffer.from(algorithm, "latin1")),
    signed: signature !== undefined,
    ...(isValid === undefined ? {} : { signatureValid: isValid }),
  };
}

/** Longest name of a type that is shown, in bytes. */
const MAX_NAME_BYTES = 64;

/** The name at the front of a blob that is otherwise not understood; may be empty. */
function typeName(blob: Uint8Array): Uint8Array {
  try {
    return new WireReader(blob).string().subarray(0, MAX_NAME_BYTES);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return blob.subarray(0, 0);
  }
}
