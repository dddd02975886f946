/**
 * Login of the text protocol with a file of users (`-Y`): a `set` whose value is name and password.
 * @module
 */
import { latin1, latin1Bytes } from "../../net/latin1.ts";
import { type Connection, READ_BUFFER_BYTES } from "./connection.ts";
import { parseUint32 } from "./numbers.ts";
import { readLine, wordsOf } from "./text.ts";

const UNAUTHENTICATED = "CLIENT_ERROR unauthenticated";

/** Asks for a login until the peer goes; nobody is let in. */
export async function authenticateByText(connection: Connection): Promise<void> {
  for (;;) {
    // A line that is no more than its end is not looked at before the next one begins.
    while (connection.unread.length < 2) if (!await connection.fill()) return;
    const line = await readLine(connection, () => false);
    if (line === undefined) return;
    const words = wordsOf(line);
    const size = words[0] === "set" && words.length >= 5 ? parseUint32(words[4]!) : undefined;
    if (size === undefined) {
      const [verb = "", ...rest] = words;
      connection.command({ verb, argument: rest.join(" "), reply: "CLIENT_ERROR" });
      reply(connection, UNAUTHENTICATED);
      continue;
    }
    const count = size + 2;
    // What does not go into the buffer never comes together.
    while (connection.unread.length < count) {
      if (count > READ_BUFFER_BYTES && connection.unread.length >= READ_BUFFER_BYTES / 2) {
        return connection.nonsense("a login that fits into the read buffer");
      }
      if (count > 0x7fff_ffff || !await connection.fill()) return;
    }
    const body = latin1(connection.unread.subarray(0, count));
    connection.consume(count);
    reply(connection, tryLogin(connection, body));
  }
}

/** An answer is written over the one that waits to be sent. */
function reply(connection: Connection, text: string): void {
  if (connection.hasPending) connection.unsend();
  connection.send(`${text}\r\n`);
}

function tryLogin(connection: Connection, body: string): string {
  if (!body.endsWith("\r\n")) {
    if (connection.quota.take()) {
      const expected = "a name and a password, and CR LF";
      connection.session.emit("protocol.error", {
        offset: 0,
        expected,
        firstBytes: Uint8Array.from(latin1Bytes(body.slice(0, 256))),
      });
    }
    return "CLIENT_ERROR bad command line termination";
  }
  const text = body.slice(0, -2).split("\0", 1)[0]!;
  const [name, password] = wordsOf(text);
  connection.attempt("password", name ?? "", password ?? "");
  return name === undefined || password === undefined
    ? "CLIENT_ERROR bad authentication token format"
    : "CLIENT_ERROR authentication failure";
}
