/**
 * How a product answers to authentication requests (RFC 4252), all of which fail.
 * @module
 */
import type { AuthRequest } from "./auth_request.ts";
import type { Refusal } from "./product.ts";

/** The options of the decoy that change what it answers. */
export interface AuthOptions {
  /** Failures after which the talk ends. */
  readonly maxAttempts: number;
  /** The mean pause after a wrong password, in ms; 0 for none. */
  readonly failDelayMs: number;
  /** Text that is shown before the first answer; empty for none. */
  readonly banner: string;
  /** Whether `keyboard-interactive` is offered. */
  readonly offersKeyboardInteractive: boolean;
  /** Bytes that are the same at each start, for what depends on a user's name. */
  readonly secret: Uint8Array;
}

/** What an answer is made from. */
export interface AuthState {
  /** Requests so far, this one included. */
  readonly attempts: number;
  /** Failures so far. */
  readonly failures: number;
  /** Name and service of the first request; `undefined` before it. */
  readonly first: { readonly user: string; readonly service: string } | undefined;
  /** Blob of the host key of the first exchange. */
  readonly hostKey: Uint8Array;
  /** Wall clock, in ms since 1970. */
  readonly nowMs: number;
}

/** What is done about a request. */
export type AuthAnswer =
  | Refusal
  | {
    /** USERAUTH_FAILURE, or a prompt of `keyboard-interactive`. */
    readonly reply: "failure" | "prompt";
    /** How long the server works on it, in ms. */
    readonly pauseMs: number;
    /** Whether it counts as a failure. */
    readonly counts: boolean;
  };

/** How a product authenticates. */
export interface AuthProfile {
  /** What is done about a SERVICE_REQUEST for another service than `ssh-userauth`. */
  refuseService(name: string): Refusal;
  /** The user that a request is about, Latin-1. */
  userOf(request: AuthRequest): string;
  /** The list in USERAUTH_FAILURE. */
  methods(options: AuthOptions): string;
  /** What is done about a request. */
  answer(request: AuthRequest, state: AuthState, options: AuthOptions): AuthAnswer;
  /**
   * What is done about the answer to a prompt.
   * @param nowMs wall clock, in ms since 1970.
   */
  answerPrompt(nowMs: number, options: AuthOptions): AuthAnswer;
  /** The language tag of the banner. */
  readonly bannerLanguage: string;
  /** What is done instead of the last answer when there were too many failures. */
  readonly tooMany: Refusal;
  /** Prompt of `keyboard-interactive`. */
  readonly prompt: string;
  /** Whether a second EXT_INFO follows the first request (OpenSSH 9.6 and later). */
  readonly extendsInAuth: boolean;
}
