/**
 * Puts `CCCCCCCCCCCCCCCC` in the place of the challenge that a VNC server sends, and
 * `{{HANDSHAKE}}` in that of its part of a handshake.
 * @module
 */
import { latin1, latin1Bytes } from "../../lib/net/latin1.ts";
import { wireBytes, wireText } from "./transcript.ts";

/** A challenge stands at the end of what a server says, alone or behind types. */
export const CHALLENGE =
  // deno-lint-ignore no-control-regex -- bytes
  /(?<=^(?:RFB 003.008\n)?(?:\0\0\0\x02|[\x01\x02][\x13\x02]{1,2})?(?:\0\x02)?(?:\0[\x01-\x06](?:\0\0[\0\x01][^])+)?)[^]{16}$/;

/** What a server says of itself in TLS. */
// deno-lint-ignore no-control-regex -- bytes
const FLIGHT = /\x16\x03\x03[^]+?\x16\x03\x03\0\x04\x0e\0\0\0/;

/**
 * Masks a line of a played transcript: what was sent, or the challenge within an event.
 * @param line as `play` gives it.
 */
export function maskChallenge(line: string): string {
  if (line.startsWith("! ")) return line.replace(/(?<=\$vnc\$\*)[0-9A-F]{32}/, "{{CHALLENGE}}");
  if (!line.startsWith("< ")) return line;
  const said = latin1(wireBytes(line.slice(2))).replace(FLIGHT, "{{HANDSHAKE}}");
  return `< ${wireText(latin1Bytes(said.replace(CHALLENGE, "C".repeat(16))))}`;
}
