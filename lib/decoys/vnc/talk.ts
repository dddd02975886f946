/**
 * What all parts of a talk with one client know.
 * @module
 */
import { Buffer } from "node:buffer";
import { escapeBytes } from "../../net/escape.ts";
import type { Session } from "../decoy.ts";
import type { Guesser } from "./guesser.ts";
import type { Input } from "./input.ts";

/** Options of the decoy as its parts use them. */
export interface Settings {
  /** Numbers of the security types that a client may choose, in the order in which they are shown. */
  readonly types: readonly number[];
  /** The same of VeNCrypt. */
  readonly subtypes: readonly number[];
  readonly guesser: Guesser;
  /** Before each refusal, in ms. */
  readonly pauseMs: number;
  /** After a password of the system, in ms. */
  readonly systemPauseMs: readonly [min: number, max: number];
}

/** One client. */
export interface Talk {
  readonly session: Session;
  readonly input: Input;
  readonly settings: Settings;
  /** Sends bytes, inside of TLS where that is spoken. */
  write(data: Uint8Array): Promise<void>;
  /** Minor version that is spoken. */
  minor: 3 | 7 | 8;
}

/** How much of what makes no sense is told, in bytes. */
const MAX_TOLD_BYTES = 256;
/** How much is read of what a client sends where nothing is due, in bytes: TigerVNC's buffer. */
const MAX_AHEAD_BYTES = 8192;
const FAILED = 1;

/**
 * Reports that a client's bytes made no sense.
 * @param talk with the client.
 * @param expected what would have been right, as a noun phrase.
 * @param read what was taken already and belongs to it.
 */
export function reportError(
  { session, input }: Pick<Talk, "session" | "input">,
  expected: string,
  read: Uint8Array = new Uint8Array(0),
): void {
  const firstBytes = Buffer.concat([read, input.rest]).subarray(0, MAX_TOLD_BYTES);
  session.emit("protocol.error", {
    offset: input.offset - read.length,
    expected,
    ...(firstBytes.length === 0 ? {} : { firstBytes: new Uint8Array(firstBytes) }),
  });
}

/**
 * Reports what a client chose.
 * @param talk with the client.
 * @param verb `VERSION` or `SECURITY`.
 * @param argument escaped.
 */
export function reportChoice({ session }: Talk, verb: string, argument: Uint8Array | string): void {
  const text = typeof argument === "string" ? argument : escapeBytes(argument);
  session.emit("command", { verb, argument: text });
}

/**
 * Takes what a client owes.
 * @param talk with the client.
 * @param bytes how many.
 * @param what it is, as a noun phrase; it is an error to end within it.
 * @returns `undefined` when the client ended.
 */
export async function take(talk: Talk, bytes: number, what: string): Promise<Buffer | undefined> {
  const taken = await talk.input.take(bytes);
  if (taken !== null) return Buffer.from(taken);
  if (talk.input.rest.length > 0) reportError(talk, `${what} of ${bytes} bytes`);
  return undefined;
}

/**
 * Refuses a login; the connection is over then.
 * @param talk with the client.
 * @param reason which old clients are not told.
 */
export async function refuse(talk: Talk, reason: string): Promise<void> {
  await talk.write(talk.minor === 8 ? failure(FAILED, reason) : word(FAILED));
}

/**
 * Refuses a login after the pause that keeps passwords from being guessed fast, unless the client goes
 * away meanwhile.
 * @param talk with the client.
 * @param reason as in `refuse`.
 */
export async function refuseLater(talk: Talk, reason: string): Promise<void> {
  if (await outlasts(talk)) await refuse(talk, reason);
}

/** Pauses; `false` when the client has ended its side meanwhile. */
async function outlasts({ session, input, settings }: Talk): Promise<boolean> {
  const paused = session.pause(settings.pauseMs).then(() => true);
  const ended = (async () => {
    while (input.rest.length < MAX_AHEAD_BYTES && await input.news());
    return input.rest.length >= MAX_AHEAD_BYTES ? await paused : false;
  })();
  for (const promise of [paused, ended]) promise.catch(() => {}); // the session is over
  return await Promise.race([paused, ended]);
}

/**
 * A number and a text with its length, as RFB has them.
 * @param code the number.
 * @param text ASCII.
 */
export function failure(code: number, text: string): Uint8Array {
  return Buffer.concat([word(code), word(text.length), Buffer.from(text, "latin1")]);
}

/**
 * A u32 in network order.
 * @param value from 0.
 */
export function word(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
