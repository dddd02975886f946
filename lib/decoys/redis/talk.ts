/**
 * Holds one connection's dialogue: reads, answers in order, and closes as the genuine server does.
 * @module
 */
import { ProtocolError } from "../../errors.ts";
import type { Session } from "../decoy.ts";
import { Client, Gone } from "./client.ts";
import { dispatch } from "./dispatch.ts";
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
    const chunk = await nextChunk(client);
    if (chunk === null) return;
    server.counters.bytesIn += chunk.length;
    parser.feed(chunk);
    let command: Command | undefined;
    try {
      while ((command = parser.next(client.isStranger)) !== undefined) {
        await answer(client, command, reporter);
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

/** What the peer says next; `null` when it or the server has ended. */
async function nextChunk(client: Client): Promise<Uint8Array | null> {
  const read = client.read();
  read.catch(() => {/* met by the race */});
  const first = await Promise.race([read, client.ended]);
  return first ?? null;
}

async function answer(client: Client, command: Command, reporter: Reporter): Promise<void> {
  const { replies } = client;
  if (client.replyMode === "skip-next") client.replyMode = "skip";
  const mark = replies.mark();
  if (command.isCut) {
    replies.error(OUT_OF_MEMORY);
    reporter.command(command, { reply: "OOM" });
  } else {
    const outcome = await dispatch(client, command.argv, HANDLERS);
    reporter.command(command, outcome);
  }
  const mode: string = client.replyMode;
  if (mode === "skip" || mode === "off" || mode === "skip-next") replies.rollback(mark);
  if (mode === "skip") client.replyMode = "on";
}
