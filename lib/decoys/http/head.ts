/**
 * A request's head as the products read it: what is common to their parsers.
 * @module
 */

/** One header field as sent, without the colon and the space around the value: octet strings. */
export type HeaderField = readonly [name: string, value: string];

/** The head of a request, or as much of it as came before the fault. Texts are octet strings. */
export interface RequestHead {
  readonly method: string;
  /** As sent; for a line that no request is, the line itself. */
  readonly target: string;
  /** Such as `1.1`; `0.9` for a request without version; empty when it was not understood. */
  readonly version: string;
  /** Major times 1000 and minor, such as 1001; 9 for a request without version. */
  readonly versionNumber: number;
  /** All fields in order, also those that the product ignores. */
  readonly headers: readonly HeaderField[];
  /** Host in an absolute target, without port, not lowercased. */
  readonly authority?: string;
  /** Port in an absolute target, as sent. */
  readonly authorityPort?: string;
  /** The target from its path on, such as `/a?b`. */
  readonly pathAndQuery: string;
  /** Why it was refused, if it was. */
  readonly fault?: HeadFault;
}

/** What is wrong with a head. */
export interface HeadFault {
  readonly status: number;
  /** Which of several reasons for the same status: the product's own names. */
  readonly reason?: string;
}

/** Reads heads on one connection, whatever segments they come in. */
export interface HeadParser {
  /** The head, once it is complete or refused. */
  readonly head: RequestHead | undefined;
  /** Whether nothing has come since the last request that the product takes for a request's begin. */
  readonly isIdle: boolean;
  /**
   * Takes bytes up to the end of the head.
   * @param bytes what has arrived.
   * @param from first byte to take.
   * @returns one past the last byte taken.
   */
  feed(bytes: Uint8Array, from: number): number;
  /**
   * The peer has ended its side.
   * @returns the refusal with which the product answers, if it does.
   */
  end(): RequestHead | undefined;
  /** What has come of a head that is not complete, if anything. */
  partial(): RequestHead | undefined;
  /** Begins the next request. */
  reset(): void;
}

/**
 * The value of the first field of a name.
 * @param head the request.
 * @param name in lower case.
 */
export function headerValue(head: RequestHead, name: string): string | undefined {
  for (const [field, value] of head.headers) {
    if (field.length === name.length && field.toLowerCase() === name) return value;
  }
  return undefined;
}

/**
 * The values of all fields of a name, in order.
 * @param head the request.
 * @param name in lower case.
 */
export function headerValues(head: RequestHead, name: string): string[] {
  const values: string[] = [];
  for (const [field, value] of head.headers) {
    if (field.length === name.length && field.toLowerCase() === name) values.push(value);
  }
  return values;
}

/**
 * The values of all fields of a name as one list, as RFC 9110 §5.3 joins them.
 * @param head the request.
 * @param name in lower case.
 */
export function headerList(head: RequestHead, name: string): string | undefined {
  const values = headerValues(head, name);
  return values.length < 2 ? values[0] : values.join(", ");
}
