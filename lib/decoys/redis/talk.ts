/**
 * Holds one connection's dialogue: reads, answers in order, and closes as the genuine server does.
 * @module
 */
import { ProtocolError } from "../../errors.ts";
import type { Session } from "../decoy.ts";
import { Client, Gone } from "./client.ts";
import { dispatch, type Outcome } from "./dispatch.ts";
import { HANDLERS } from "./handlers.ts";
import { type Command, Fault, Parser } from "./parser.ts";
import { OUT_OF_MEMORY } from "./refusal.ts";
import { Reporter } from "./report.ts";
import type { Server } from "./server.ts";

/** Answers are sent when there are so many, in bytes, though more commands wait. */
const FLUSH_BYTES = 65_536;

/**
 * Serves one connection.
 * @param session the connection.
 * @param server that is played.
 * @throws {ProtocolError} when the bytes are no commands.
 */
export async function talk(session: Session, server: Server): Promise<void> {
  const client = new Client(session, server);
  const { source } = client;
  const watch = (db: number, key: string) => {
    if (client.watched.has(`${db}:${key}`)) client.isWatchBroken = true;
  };
  source.clients.add(client);
  source.onTouched.add(watch);
  try {
    await converse(client);
  } catch (error) {
    if (!(error instanceof Gone)) throw error;
  } finally {
    source.clients.delete(client);
    source.onTouched.delete(watch);
  }
}

async function converse(client: Client): Promise<void> {
  const { session, server, replies } = client;
  const parser = new Parser();
  const reporter = new Reporter(client);
  for (;;) {
    const chunk = await client.read();
    if (chunk === null) {
      if (client.isCut) session.closeAbruptly();
      return;
    }
    server.counters.bytesIn += chunk.length;
    parser.feed(chunk);
    let command: Command | undefined;
    try {
      while ((command = parser.next(client.isStranger)) !== undefined) {
        const answering = answer(client, command, reporter);
        if (answering !== undefined) await answering;
        if (client.isCut || client.isClosing) break;
        if (replies.size > FLUSH_BYTES) await client.flush();
      }
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      replies.raw(`-ERR Protocol error: ${error.message.replace(/[\r\n]/g, " ")}\r\n`);
      await client.flush();
      session.closeAbruptly();
      throw new ProtocolError(error.message.replace(/[^ -~]/g, "?"), parser.offset);
    }
    if (client.isCut) {
      session.closeAbruptly();
      return;
    }
    await client.flush();
    if (client.isClosing) {
      session.closeAbruptly();
      return;
    }
  }
}

/** Answers a command; a promise only where it has to wait. */
function answer(client: Client, command: Command, reporter: Reporter): Promise<void> | undefined {
  const { replies } = client;
  if (client.replyMode === "skip-next") client.replyMode = "skip";
  const mark = replies.mark();
  const done = (outcome: Outcome) => {
    reporter.command(command, outcome);
    const mode: string = client.replyMode;
    if (mode === "skip" || mode === "off" || mode === "skip-next") replies.rollback(mark);
    if (mode === "skip") client.replyMode = "on";
  };
  if (command.isCut) {
    replies.error(OUT_OF_MEMORY);
    done({ reply: "OOM" });
    return undefined;
  }
  client.isInline = command.isInline;
  const outcome = dispatch(client, command.argv, HANDLERS);
  if (outcome instanceof Promise) return outcome.then(done);
  done(outcome);
  return undefined;
}
