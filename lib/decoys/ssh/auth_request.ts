/**
 * SSH_MSG_USERAUTH_REQUEST (RFC 4252 §5, §7 to §9, RFC 4256 §3.1): what a peer tries.
 *
 * Reads as far as the fields go: what a peer sends is never lost because the rest is odd.
 * @module
 */
import { latin1 } from "../../net/latin1.ts";
import { WireError, WireReader } from "./wire.ts";

/** A public key that is offered. */
export interface OfferedKey {
  /** The algorithm by its name, Latin-1. */
  readonly algorithm: string;
  readonly blob: Uint8Array;
  /** The signature blob, when there is one. */
  readonly signature?: Uint8Array;
  /** What the signature is over, without the session identifier in front. */
  readonly signed?: Uint8Array;
  /** The host key that the client takes us for (OpenSSH PROTOCOL §1.12). */
  readonly hostKey?: Uint8Array;
}

/** A request. */
export interface AuthRequest {
  /** Names as they came, Latin-1. */
  readonly user: string;
  readonly service: string;
  /** Without a NUL at its end: what it means is plain. */
  readonly method: string;
  /** The same as bytes. */
  readonly userBytes: Uint8Array;
  readonly serviceBytes: Uint8Array;
  readonly methodBytes: Uint8Array;
  readonly password?: Uint8Array;
  readonly newPassword?: Uint8Array;
  /** Whether a password change was asked for. */
  readonly isChange?: boolean;
  readonly key?: OfferedKey;
  /** `hostbased`: names that the client gives itself. */
  readonly clientHost?: Uint8Array;
  readonly clientUser?: Uint8Array;
  /** `keyboard-interactive`: how the client would be asked, a list of names, Latin-1. */
  readonly submethods?: string;
  /** Whether names, or the method's fields, are cut short. */
  readonly isCutShort: boolean;
  /** Whether bytes stand behind the last field. */
  readonly hasTrailing: boolean;
}

type Fields = { -readonly [K in keyof AuthRequest]?: AuthRequest[K] };

/** The method that also names the host key (OpenSSH PROTOCOL §1.12). */
const HOSTBOUND = "publickey-hostbound-v00@openssh.com";

/**
 * Reads a request.
 * @param payload with the message number.
 */
export function decodeAuthRequest(payload: Uint8Array): AuthRequest {
  const reader = new WireReader(payload, 1);
  const fields: Fields = {};
  let isCutShort = false;
  try {
    fields.userBytes = reader.string();
    fields.serviceBytes = reader.string();
    fields.methodBytes = reader.string();
    readMethod(latin1(fields.methodBytes).replace(/\0$/, ""), { reader, payload, fields });
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    isCutShort = true;
  }
  const { userBytes = EMPTY, serviceBytes = EMPTY, methodBytes = EMPTY } = fields;
  return {
    ...fields,
    userBytes,
    serviceBytes,
    methodBytes,
    user: latin1(userBytes),
    service: latin1(serviceBytes),
    method: latin1(methodBytes).replace(/\0$/, ""),
    isCutShort,
    hasTrailing: !isCutShort && reader.left > 0,
  };
}

/**
 * Reads SSH_MSG_USERAUTH_INFO_RESPONSE (RFC 4256 §3.4).
 * @param payload with the message number.
 * @returns as many answers as are there, at most 100, and whether they are as many as it says.
 */
export function decodeAnswers(payload: Uint8Array): { answers: Uint8Array[]; isWhole: boolean } {
  const reader = new WireReader(payload, 1);
  const answers: Uint8Array[] = [];
  try {
    const count = reader.u32();
    while (answers.length < Math.min(count, MAX_ANSWERS)) answers.push(reader.string());
    return { answers, isWhole: count === answers.length && reader.left === 0 };
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return { answers, isWhole: false };
  }
}

const EMPTY = new Uint8Array(0);
/** Most answers that are read of one message. */
const MAX_ANSWERS = 100;

interface Reading {
  readonly reader: WireReader;
  readonly payload: Uint8Array;
  readonly fields: Fields;
}

function readMethod(method: string, { reader, payload, fields }: Reading): void {
  switch (method) {
    case "password":
      fields.isChange = reader.bool();
      fields.password = reader.string();
      if (fields.isChange) fields.newPassword = reader.string();
      break;
    case "publickey":
    case HOSTBOUND: {
      const hasSignature = reader.bool();
      const algorithm = latin1(reader.string());
      fields.key = { algorithm, blob: reader.string() };
      if (method === HOSTBOUND) fields.key = { ...fields.key, hostKey: reader.string() };
      if (!hasSignature) break;
      const signed = payload.subarray(0, reader.offset);
      fields.key = { ...fields.key, signature: reader.string(), signed };
      break;
    }
    case "hostbased": {
      const algorithm = latin1(reader.string());
      const blob = reader.string();
      fields.key = { algorithm, blob };
      fields.clientHost = reader.string();
      fields.clientUser = reader.string();
      const signed = payload.subarray(0, reader.offset);
      fields.key = { algorithm, blob, signature: reader.string(), signed };
      break;
    }
    case "keyboard-interactive":
      reader.string(); // language
      fields.submethods = latin1(reader.string());
      break;
    default:
      if (method !== "none") reader.rest(); // what another method carries is not known
  }
}
