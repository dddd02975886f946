/**
 * What all parts of a talk with one client know.
 * @module
 */
import { latin1 } from "../../net/latin1.ts";
import { escapeBytes } from "../../net/escape.ts";
import type { Session } from "../decoy.ts";
import type { Input } from "./input.ts";
import { errorResponse, type Refusal } from "./messages.ts";

/** Options of the decoy as its parts use them. */
export interface Settings {
  /** How clients are asked for a password. */
  readonly auth: "scram-sha-256" | "md5" | "password";
  /** Whether clients that ask for TLS get it. */
  readonly hasTls: boolean;
  /** Whether no line of pg_hba.conf is for the client. */
  readonly refusesHost: boolean;
  /** Secret of which the salts of users are made. */
  readonly saltSecret: Uint8Array;
  /** Time for what comes before the login, and for the login, in ms each. */
  readonly timeoutMs: number;
}

/** What a client told of itself in its startup packet. */
export interface Startup {
  /** As sent, at most 63 bytes. */
  readonly user: Uint8Array;
  /** As sent, at most 63 bytes; of a client that names none, the user's. */
  readonly database: Uint8Array;
  /** Whether it wants to replicate a whole cluster. */
  readonly isReplication: boolean;
}

/** One client. */
export interface Talk {
  readonly session: Session;
  readonly input: Input;
  readonly settings: Settings;
}

/** How much of what was left unread is told, in bytes. */
const MAX_TOLD_BYTES = 1024;

/**
 * Reports that a client's bytes made no sense.
 * @param talk with the client.
 * @param expected what would have been right, as a noun phrase.
 * @param last what was read last and belongs to what is left unread.
 */
export function reportError(
  { session, input }: Talk,
  expected: string,
  last: Uint8Array = new Uint8Array(0),
): void {
  const rest = input.rest.subarray(0, MAX_TOLD_BYTES);
  const firstBytes = new Uint8Array(last.length + rest.length);
  firstBytes.set(last);
  firstBytes.set(rest, last.length);
  session.emit("protocol.error", {
    offset: input.offset,
    expected,
    ...(firstBytes.length === 0 ? {} : { firstBytes }),
  });
}

/**
 * Refuses; the connection is over then.
 * @param talk with the client.
 * @param refusal what it is told.
 */
export async function refuse({ session }: Talk, refusal: Refusal): Promise<void> {
  await session.write(errorResponse(refusal));
}

/**
 * Refuses a login as every wrong password is refused: auth_failed of auth.c.
 * @param talk with the client.
 * @param user as in the startup packet.
 */
export async function refuseLogin(talk: Talk, user: Uint8Array): Promise<void> {
  await refuse(talk, {
    code: "28P01",
    text: `password authentication failed for user "${latin1(user)}"`,
    source: "auth.c:334 auth_failed",
  });
}

/**
 * Reports a login.
 * @param talk with the client.
 * @param startup who logs in where.
 * @param proof method and what came.
 */
export function reportLogin(
  { session }: Talk,
  { user, database }: Startup,
  proof: {
    method: "password" | "postgres-md5" | "scram-sha-256";
    secret?: string;
    hash?: string;
    hashcatMode?: number;
  },
): void {
  session.emit("auth.attempt", {
    ...proof,
    username: escapeBytes(user),
    service: escapeBytes(database),
  });
}
