/**
 * What a command of SMTP comes to.
 * @module
 */

/** An answer, and what it means for the session. */
export interface Outcome {
  /** The last answer; absent when it was sent already. */
  readonly reply?: string;
  /** Whether it counts as an error. */
  readonly isError?: boolean;
  /** Whether the session ends. */
  readonly isOver?: boolean;
  /** Whether it is reported by what has answered it. */
  readonly isReported?: boolean;
}

/**
 * An answer that counts as an error.
 * @param reply the answer.
 */
export function error(reply: string): Outcome {
  return { reply, isError: true };
}
