/**
 * A command of the text protocol while it is answered.
 * @module
 */
import type { Connection } from "./connection.ts";

/** One command. */
export interface Command {
  readonly connection: Connection;
  /** Its words, from `latin1`; no more than the server would count. */
  readonly words: readonly string[];
  /** Everything behind the first word. */
  readonly argument: string;
  /** Whether the client asked for silence. */
  isSilent: boolean;
  /** First line of the answer; the first one given counts. */
  reply: string;
  /** Whether something was changed, or would have been. */
  changes: boolean;
}

/** How it ends: the next may come, the connection is closed when all is sent, or at once. */
export type After = "next" | "quit" | "close";

/** Answers a command. */
export type Handler = (command: Command) => After | Promise<After>;

/** What is said to a command whose words are too few, too many, or unknown. */
export const ERROR = "ERROR";
/** What is said to one whose words make no sense. */
export const BAD_FORMAT = "CLIENT_ERROR bad command line format";
/** What is said to a value that does not end where it should. */
export const BAD_CHUNK = "CLIENT_ERROR bad data chunk";
/** What is said to a value that is larger than the server takes. */
export const TOO_LARGE = "SERVER_ERROR object too large for cache";
/** What is said when there is no memory for a value. */
export const NO_MEMORY = "SERVER_ERROR out of memory storing object";
/** Longest key, in bytes. */
export const MAX_KEY_BYTES = 250;
/** Largest number of bytes that a value may be said to have. */
export const MAX_VALUE_BYTES = 0x7fff_ffff - 2;

/**
 * Adds a line to what is to be sent, and keeps it for the report.
 * @param command gets the answer.
 * @param text without its end.
 * @param isError whether it is sent to a client that asked for silence, too.
 * @returns always that the next command may come.
 */
export function say(command: Command, text: string, isError = false): After {
  if (command.reply === "") command.reply = text;
  if (!command.isSilent || isError) command.connection.send(`${text}\r\n`);
  return "next";
}

/** Whether a command has as many words as it must, its name included. */
export function hasWords({ words }: Command, least: number, most = least): boolean {
  return words.length >= least && words.length <= most;
}

/** Looks whether the client asks for silence: by `noreply` as its last word. */
export function minds(command: Command): void {
  command.isSilent = command.words.length > 1 && command.words.at(-1) === "noreply";
}
