/**
 * Makes the decoy: how one talk goes.
 * @module
 */
import type { Decoy, DecoyContext, Session } from "../decoy.ts";
import type { MemcachedOptions } from "../memcached.ts";
import { authenticateByText } from "./text_login.ts";
import { talkBinary } from "./binary.ts";
import { Connection } from "./connection.ts";
import { Server } from "./server.ts";
import { talkText } from "./text.ts";

/** First byte of a request in the binary protocol. */
const BINARY_REQUEST = 0x80;

/**
 * Makes a decoy.
 * @param options of the config.
 * @param context gives what must look chosen once.
 */
export function createMemcachedDecoy(
  options: MemcachedOptions,
  context: DecoyContext,
): Decoy {
  const server = new Server({
    auth: options.auth,
    memoryBytes: options.memory_mb * 1_048_576,
    captureBytes: options.capture_bytes,
    initialItems: context.lures.map(({ place, content }) => ({ key: place, value: content })),
  }, context.seed("memcached"));
  return { serve: (session) => serve(session, server) };
}

async function serve(session: Session, server: Server): Promise<void> {
  session.closeAbruptly();
  const connection = new Connection(session, server);
  try {
    if (server.settings.auth === "sasl") return await talkBinary(connection);
    if (server.settings.auth === "file") return await authenticateByText(connection);
    if (!await connection.fill()) return;
    if (connection.unread[0] === BINARY_REQUEST) await talkBinary(connection);
    else await talkText(connection);
  } finally {
    connection.close();
  }
}
