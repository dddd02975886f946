/**
 * What went wrong with NATS, in words for an operator.
 * @module
 */
import { LimitError, ProtocolError } from "../errors.ts";
import { escapeText } from "../net/escape.ts";
import {
  AuthorizationError,
  JetStreamApiError,
  NoRespondersError,
  PermissionViolationError,
  TimeoutError,
  UserAuthenticationExpiredError,
} from "./library.ts";

/** Longest text of another party in a message, in characters. */
const MAX_REASON = 300;

/** `err_code`: the stream did not store a message, mostly because it has as much as it may have. */
const STORE_FAILED = 10077;

/** Errors of the library that say what happened. */
const TELLING = [
  AuthorizationError,
  JetStreamApiError,
  NoRespondersError,
  PermissionViolationError,
  TimeoutError,
  UserAuthenticationExpiredError,
];

/**
 * Whether nobody was there to answer a request.
 * @param error what was thrown.
 */
export function isSilence(error: unknown): boolean {
  return rootOf(error) instanceof NoRespondersError;
}

/**
 * Whether the server does not let us do what we asked for.
 * @param error what was thrown.
 */
export function isDenied(error: unknown): boolean {
  return rootOf(error) instanceof PermissionViolationError;
}

/**
 * Describes what was thrown.
 * @param error of the library, the runtime or our own.
 * @returns a clause in one line; what the server said is escaped and cut.
 */
export function describeNatsError(error: unknown): string {
  const cause = rootOf(error);
  if (cause instanceof AuthorizationError) {
    return `it refused the login (${
      quote(cause.message)
    }), must be a user, token, nkey or creds that it knows`;
  }
  if (cause instanceof UserAuthenticationExpiredError) return "the login has expired";
  if (cause instanceof PermissionViolationError) {
    return `the user may not ${cause.operation === "publish" ? "publish to" : "subscribe to"} ` +
      `${quote(cause.subject)}`;
  }
  if (cause instanceof NoRespondersError) return "nobody answers (503 no responders)";
  if (cause instanceof JetStreamApiError) {
    if (cause.code === STORE_FAILED) {
      return `the stream is full or cannot store: ${quote(cause.message)}`;
    }
    return `it answered ${cause.status} ${quote(cause.message)} (${cause.code})`;
  }
  if (cause instanceof TimeoutError) return "no answer in time";
  if (cause instanceof ProtocolError) {
    return `it does not speak NATS: byte ${cause.offset} is something else, must be ${cause.message}`;
  }
  if (cause instanceof LimitError) {
    return `it went over ${cause.limit}, the maximum is ${cause.max}`;
  }
  if (cause instanceof Deno.errors.ConnectionRefused) return "connection refused";
  return quote(
    cause instanceof Error ? cause.message : String(cause ?? "it closed the connection"),
  );
}

/** The library wraps what says more than the wrapping; our own errors and the system's are not wrapped. */
function rootOf(error: unknown): unknown {
  let at = error;
  for (let depth = 0; depth < 4 && at instanceof Error; depth++) {
    const known: unknown = at;
    if (TELLING.some((kind) => known instanceof kind)) return at;
    at = at.cause;
  }
  return error;
}

function quote(text: string): string {
  return escapeText(text.slice(0, MAX_REASON)).replaceAll(/\\x0[ad]/g, " ");
}
