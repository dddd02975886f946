/**
 * A login attempt's part of the wire form.
 *
 * Everything that may be a secret goes through `secrets:`: the password, the new one, every answer, a
 * line for hashcat. What is no secret (names, a public key) is told in any case.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { boundBase64, type BoundText, boundText } from "./bound.ts";
import type { Scope, SensorIdentity } from "./ecs.ts";
import type { EventMap, PublicKeyTried } from "./event.ts";
import { classes, type Part, quote } from "./part.ts";

/** Longest user name among the related ones, in bytes: what ECS indexes of a keyword. */
const MAX_RELATED_BYTES = 1024;
/** Longest name of a domain, a client host or its user, in bytes. */
const MAX_NAME_BYTES = 1024;
/** Longest name of an algorithm or a service, in bytes; RFC 4251 §6 allows 64. */
const MAX_ALGORITHM_BYTES = 256;
/** Longest new password kept, in bytes: with name and old one it must fit an event. */
const MAX_NEW_SECRET_BYTES = 4096;
/** What is kept of several answers. */
const MAX_RESPONSES = 32;
const MAX_RESPONSES_BYTES = 4096;

/** Classes of a login that was refused. */
export const LOGIN_DENIED = classes(["authentication"], ["start", "denied"]);
const ASKED = classes(["authentication"], ["info"]);

/** How the wire form begins to say that no secret was tried; a peer's own quotes are escaped there. */
const NO_CREDENTIAL = '"credential":{"method":"none"';

/** What people call the types of keys. */
const KEY_NAMES = new Map([
  ["ssh-ed25519", "ED25519"],
  ["ssh-rsa", "RSA"],
  ["ssh-dss", "DSA"],
  ["ecdsa-sha2-nistp256", "ECDSA"],
  ["ecdsa-sha2-nistp384", "ECDSA"],
  ["ecdsa-sha2-nistp521", "ECDSA"],
  ["sk-ssh-ed25519@openssh.com", "ED25519-SK"],
  ["sk-ecdsa-sha2-nistp256@openssh.com", "ECDSA-SK"],
]);

/**
 * Whether an `auth.attempt` tried a secret, rather than ask by which methods one may.
 * @param json its wire form.
 */
export function triesCredential(json: string): boolean {
  return !json.includes(NO_CREDENTIAL);
}

/**
 * Makes the part of an `auth.attempt` event.
 * @param data the attempt.
 * @param _scope not used.
 * @param sensor says what becomes of secrets.
 */
export function encodeCredential(
  data: EventMap["auth.attempt"],
  _scope: Scope,
  sensor: SensorIdentity,
): Part {
  const { publicKey } = data;
  const username = boundText(data.username);
  const domain = boundOptional(data.domain, MAX_NAME_BYTES);
  const service = boundOptional(data.service, MAX_ALGORITHM_BYTES);
  const clientHost = boundOptional(data.clientHost, MAX_NAME_BYTES);
  const clientUser = boundOptional(data.clientUser, MAX_NAME_BYTES);
  const isNameCut = [domain, service, clientHost, clientUser].some((name) => name?.fullBytes);
  const secrets = encodeSecrets(data, sensor);
  const isQuery = data.method === "none";
  const users = [boundText(username.text, MAX_RELATED_BYTES).text, clientUser?.text ?? ""];
  return {
    classes: isQuery ? ASKED : LOGIN_DENIED,
    severity: isQuery ? 20 : 50,
    outcome: isQuery ? undefined : "failure",
    technique: isQuery ? undefined : "T1110",
    message: isQuery
      ? `{decoy} client asked for authentication methods as ${quote(username.text)} from {from}`
      : `{decoy} login as ${quote(username.text)} ${describeProof(data, secrets)} from {from}`,
    fields: {
      users: [...new Set(users)],
      hashes: publicKey && [publicKey.sha256],
    },
    user: {
      name: username.text,
      domain: domain?.text,
    },
    duckblind: {
      credential: {
        method: data.method, // first: see `NO_CREDENTIAL`
        username_truncated: username.fullBytes === undefined ? undefined : true,
        username_bytes: username.fullBytes,
        ...secrets,
        hashcat_mode: data.hashcatMode,
        public_key: publicKey && encodeKey(publicKey),
        service: service?.text,
        client_host: clientHost?.text,
        client_user: clientUser?.text,
        names_truncated: isNameCut ? true : undefined,
      },
    },
  };
}

/** The fields that hold secrets, as far as the config wants them told. */
type Secrets = ReturnType<typeof encodeSecrets>;

function encodeSecrets(data: EventMap["auth.attempt"], sensor: SensorIdentity) {
  const { secret, newSecret, responses } = data;
  if (sensor.secrets === "sha256") {
    return {
      password_sha256: hashSecret(secret, sensor),
      new_password_sha256: hashSecret(newSecret, sensor),
      responses_sha256: responses?.slice(0, MAX_RESPONSES).map((text) => hashSecret(text, sensor)!),
    };
  }
  if (sensor.secrets === "off") return {};
  const password = boundOptional(secret);
  const newPassword = boundOptional(newSecret, MAX_NEW_SECRET_BYTES);
  const answers = responses && boundResponses(responses);
  const hash = boundOptional(data.hash);
  return {
    password: password?.text,
    password_truncated: password?.fullBytes === undefined ? undefined : true,
    password_bytes: password?.fullBytes,
    new_password: newPassword?.text,
    new_password_truncated: newPassword?.fullBytes === undefined ? undefined : true,
    new_password_bytes: newPassword?.fullBytes,
    responses: answers?.texts,
    responses_truncated: answers?.isCut ? true : undefined,
    responses_count: answers?.isCut ? responses?.length : undefined,
    hash: hash?.text,
    hash_truncated: hash?.fullBytes === undefined ? undefined : true,
    hash_bytes: hash?.fullBytes,
  };
}

function hashSecret(secret: string | undefined, sensor: SensorIdentity): string | undefined {
  if (secret === undefined) return undefined;
  return createHash("sha256").update(sensor.salt + secret).digest("hex");
}

/** Answers as far as they fit. */
function boundResponses(responses: readonly string[]): { texts: string[]; isCut: boolean } {
  const texts: string[] = [];
  let room = MAX_RESPONSES_BYTES;
  let isCut = responses.length > MAX_RESPONSES;
  for (const response of responses.slice(0, MAX_RESPONSES)) {
    const { text, fullBytes } = boundText(response, room);
    isCut ||= fullBytes !== undefined;
    room -= Buffer.byteLength(text);
    texts.push(text);
  }
  return { texts, isCut };
}

function encodeKey(key: PublicKeyTried) {
  const blob = key.blob && boundBase64(key.blob);
  const type = boundText(key.type, MAX_ALGORITHM_BYTES);
  const algorithm = boundOptional(key.algorithm, MAX_ALGORITHM_BYTES);
  const isCut = blob?.isCut || type.fullBytes !== undefined || algorithm?.fullBytes !== undefined;
  return {
    type: type.text,
    sha256: key.sha256,
    bits: key.bits,
    blob: blob?.text,
    truncated: isCut ? true : undefined,
    algorithm: algorithm?.text,
    signed: key.signed,
    signature_valid: key.signatureValid,
  };
}

/** By what a login was tried, for the sentence. */
function describeProof(data: EventMap["auth.attempt"], secrets: Secrets): string {
  const { publicKey, clientHost, clientUser } = data;
  if (publicKey !== undefined) {
    const key = `with key ${describeKey(publicKey)}`;
    if (clientHost === undefined) return key;
    return `by ${quote(clientUser ?? "")} of host ${quote(clientHost)} ${key}`;
  }
  const { password, new_password: newPassword } = secrets;
  const proof = password === undefined ? `by ${data.method}` : `with ${quote(password)}`;
  if (data.newSecret === undefined) return proof;
  return `${proof}, to be changed${newPassword === undefined ? "" : ` to ${quote(newPassword)}`},`;
}

/** A key as OpenSSH's log names it, and what its signature is worth. */
function describeKey({ type, sha256, signed, signatureValid }: PublicKeyTried): string {
  const worth = signed === undefined
    ? ""
    : !signed
    ? " (not signed)"
    : signatureValid === undefined
    ? " (signed)"
    : signatureValid
    ? " (signature valid)"
    : " (signature wrong)";
  return `${KEY_NAMES.get(type) ?? quote(type)} ${sha256}${worth}`;
}

function boundOptional(text: string | undefined, maxBytes?: number): BoundText | undefined {
  return text === undefined ? undefined : boundText(text, maxBytes);
}
