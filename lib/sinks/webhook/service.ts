/**
 * What the services have in common: a message for each report, and what an answer means.
 * @module
 */
import type { Options } from "./options.ts";
import type { Report } from "../report.ts";

/** A service that people read. */
export interface Service {
  /**
   * Makes the message of a report, within the service's bounds.
   * @param report what is told.
   * @param settings what else the service wants to know.
   * @returns what becomes the JSON of the body.
   */
  message(report: Report, settings: ServiceSettings): unknown;
  /**
   * What an answer means.
   * @param answer any.
   * @returns `undefined` when its status says that.
   */
  judge?(answer: Heard): Verdict | undefined;
  /**
   * Completes the URL.
   * @param url of the config.
   * @param settings what else the service wants to know.
   */
  locate?(url: URL, settings: ServiceSettings): void;
}

/** Options of services, secrets resolved. */
export interface ServiceSettings {
  readonly token: string;
  readonly chatId: NonNullable<Options["chat_id"]>;
  readonly topic: string;
  readonly routingKey: string;
}

/** An answer as services look at it. */
export interface Heard {
  readonly status: number;
  /** The begin of the body. */
  readonly text: string;
  /** The body as an object; `undefined` when it is none. */
  readonly json: Readonly<Record<string, unknown>> | undefined;
}

/** What an answer means: it is there, or what trying again would bring. */
export type Verdict = "delivered" | {
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
};

/** Longest pause that a body can ask for, in ms. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/**
 * A pause that a body asks for.
 * @param seconds as it stands there.
 * @returns what a verdict takes; nothing when it is no pause.
 */
export function pauseOf(seconds: unknown): { retryAfterMs?: number } {
  if (typeof seconds !== "number" || !(seconds >= 0)) return {};
  return { retryAfterMs: Math.min(Math.ceil(1000 * seconds), MAX_RETRY_AFTER_MS) };
}

/**
 * Whether a status is a success.
 * @param status of HTTP.
 */
export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}
