/**
 * One command as its handler sees it.
 * @module
 */
import type { CommandFacts } from "./catalogue.ts";
import type { Client } from "./client.ts";
import type { Keyspace } from "./keyspace.ts";
import type { Replies } from "./replies.ts";
import type { Server } from "./server.ts";
import type { Source } from "./source.ts";

/** A command that runs. */
export interface Call {
  /** Its words, the name first. */
  readonly argv: readonly string[];
  readonly facts: CommandFacts;
  readonly client: Client;
  readonly source: Source;
  readonly server: Server;
  /** Where the answer goes. */
  readonly out: Replies;
  /** The database chosen. */
  readonly db: Keyspace;
  /** Wall clock, in ms. */
  readonly nowMs: number;
  /** Whether it is one of a transaction: it must not wait then. */
  readonly isInTransaction: boolean;
}

/**
 * Answers a command.
 * @throws {Refusal} for an error, before anything was answered or changed.
 */
export type Handler = (call: Call) => void | Promise<void>;

/** Handlers by the full name of the command. */
export type Handlers = Readonly<Record<string, Handler>>;
