/**
 * What a stream answers to what is published to it.
 * @module
 */
import { JetStreamApiError } from "./library.ts";

/** Longest answer that is looked at, in bytes: a stream's has some dozens, an error's some hundreds. */
const MAX_ANSWER_BYTES = 16_384;

const decoder = new TextDecoder();

/** A stream's word that it has a message for good. */
export interface PubAck {
  /** Its name. */
  readonly stream: string;
  /** Whether it had it already, by its id. */
  readonly isDuplicate: boolean;
}

/**
 * Reads an answer.
 * @param body as it came; anybody who may publish to our inbox can have sent it.
 * @returns what the stream acknowledges, or why that is none: a `JetStreamApiError` for its refusal.
 */
export function readPubAck(body: Uint8Array): PubAck | Error {
  const answer = parse(body);
  if (answer === undefined) return new Error("somebody else than a stream answered");
  const { stream, seq, duplicate, error } = answer;
  if (error !== undefined && error !== null) return refusalOf(error);
  return typeof stream === "string" && stream !== "" && typeof seq === "number"
    ? { stream, isDuplicate: duplicate === true }
    : new Error("somebody else than a stream answered");
}

function parse(body: Uint8Array): Record<string, unknown> | undefined {
  if (body.length === 0 || body.length > MAX_ANSWER_BYTES) return undefined;
  try {
    const value: unknown = JSON.parse(decoder.decode(body));
    return typeof value === "object" && value !== null
      ? value as Record<string, unknown>
      : undefined;
  } catch {
    return undefined; // no JSON, so no stream's answer
  }
}

/** Whoever sent it may have sent anything; the library wants numbers and a text. */
function refusalOf(error: unknown): Error {
  const { code, err_code, description } = Object(error) as Record<string, unknown>;
  return new JetStreamApiError({
    code: typeof code === "number" ? code : 0,
    err_code: typeof err_code === "number" ? err_code : 0,
    description: typeof description === "string" ? description : "no reason given",
  });
}
