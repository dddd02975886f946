/**
 * The stream that keeps events: made on request, and what is missing when there is none.
 * @module
 */
import { describeNatsError, isSilence } from "./failures.ts";
import type { NatsLink } from "./connection.ts";
import { DiscardPolicy, JetStreamApiError, RetentionPolicy, StorageType } from "./library.ts";

/** `err_code`: there is a stream of that name with another configuration. */
const NAME_IN_USE = 10058;
/** `err_code`: there is no stream of that name. */
const STREAM_NOT_FOUND = 10059;
const NS_PER_S = 1_000_000_000;
/** Largest message of a stream that is made here, in bytes: twice the largest event. */
const MAX_MESSAGE_BYTES = 131_072;

/** What a stream is to be. */
export interface StreamPlan {
  readonly name: string;
  readonly subjects: readonly string[];
  /** Largest size, in bytes. */
  readonly maxBytes: number;
  /** Greatest age of a message, in s; 0 for any. */
  readonly maxAgeS: number;
  readonly replicas: number;
  /** How long a message's id is remembered, in s. */
  readonly duplicateS: number;
  /** When it is full: refuse what is new, or drop what is oldest. */
  readonly discard: "new" | "old";
  /** What is kept: everything, what some consumer still wants, or what no consumer has acknowledged. */
  readonly retention: "limits" | "interest" | "workqueue";
}

/**
 * Makes a stream if there is none of its name; one that is there stays as it is.
 * @param link to the server.
 * @param plan what it is to be.
 * @returns whether it was made.
 * @throws {Error} when it is not there and cannot be made.
 */
export async function ensureStream(link: NatsLink, plan: StreamPlan): Promise<boolean> {
  try {
    if (await hasStream(link, plan.name)) return false;
    await link.manager.streams.add({
      name: plan.name,
      subjects: [...plan.subjects],
      storage: StorageType.File,
      retention: {
        limits: RetentionPolicy.Limits,
        interest: RetentionPolicy.Interest,
        workqueue: RetentionPolicy.Workqueue,
      }[plan.retention],
      discard: plan.discard === "new" ? DiscardPolicy.New : DiscardPolicy.Old,
      max_bytes: plan.maxBytes,
      max_msg_size: MAX_MESSAGE_BYTES,
      max_age: plan.maxAgeS * NS_PER_S,
      num_replicas: plan.replicas,
      duplicate_window: plan.duplicateS * NS_PER_S,
    });
    return true;
  } catch (error) {
    // Another sensor was quicker, and had it a little different.
    if (error instanceof JetStreamApiError && error.code === NAME_IN_USE) return false;
    throw new Error(
      `Cannot make stream ${JSON.stringify(plan.name)}: ${explain(link, error)}`,
      { cause: error },
    );
  }
}

/**
 * Finds out why nobody took what was published.
 * @param link to the server.
 * @param subject what it was published to.
 * @returns a clause: what is missing, and what would be right.
 */
export async function explainSilence(link: NatsLink, subject: string): Promise<string> {
  try {
    await link.manager.getAccountInfo();
    const names = await link.manager.streams.names(subject).next();
    return names.length === 0
      ? `no stream has subject ${JSON.stringify(subject)}, must be one (or create_stream: true)`
      : `stream ${
        JSON.stringify(names[0])
      } does not answer, which has the subject; its leader must be up`;
  } catch (error) {
    if (isSilence(error)) return explain(link, error);
    // We may not ask; so much is known.
    return `nobody takes subject ${JSON.stringify(subject)}, must be one of a stream's subjects`;
  }
}

async function hasStream(link: NatsLink, name: string): Promise<boolean> {
  try {
    await link.manager.streams.info(name);
    return true;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return false;
    throw error;
  }
}

/** Nobody behind JetStream's own subjects means that there is none. */
function explain(link: NatsLink, error: unknown): string {
  return isSilence(error)
    ? "JetStream does not answer, must be enabled on the server and for the account"
    : link.trouble || describeNatsError(error);
}
