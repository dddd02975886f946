/**
 * TLS within a talk: RFC 4217, as far as both products agree.
 * @module
 */
import type { Session } from "../decoy.ts";
import { latin1 } from "../../net/latin1.ts";

/** Whether a client may begin TLS, or must before it logs in. */
export type AuthTls = "none" | "offered" | "required";

/** How many bytes OpenSSL reads before it looks at them: a record's header. */
const FIRST_BYTES = 5;

/** Names of AUTH's mechanisms: RFC 4217 §2 and the drafts before it. */
export const MECHANISMS: ReadonlySet<string> = new Set(["TLS", "TLS-C", "TLS-P", "SSL"]);

/** What OpenSSL sends when the peer ends instead of a hello: a fatal alert, decode_error. */
const DECODE_ERROR = new Uint8Array([21, 3, 3, 0, 2, 2, 50]);

/**
 * Turns away a peer that sent no TLS as OpenSSL does.
 * @param s the connection, with what came still to be read.
 * @returns the library's words for it.
 */
export async function refuseClear(s: Session): Promise<string> {
  let first = "";
  while (first.length < FIRST_BYTES) {
    const chunk = await s.readAtMost(FIRST_BYTES - first.length);
    if (chunk === null) {
      await s.write(DECODE_ERROR);
      return "error:0A000126:SSL routines::unexpected eof while reading";
    }
    first += latin1(chunk);
  }
  if (/^(?:GET |POST|HEAD|PUT )/.test(first)) {
    return "error:0A00009C:SSL routines::http request";
  }
  return first === "CONNE"
    ? "error:0A00009B:SSL routines::https proxy request"
    : "error:0A00010B:SSL routines::wrong version number";
}
