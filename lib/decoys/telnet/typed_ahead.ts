/**
 * What a client typed before it was asked. The genuine `login` throws it away; a sensor does not.
 * @module
 */
import type { Session } from "../decoy.ts";

/** Most lines of one such burst that are reported. */
const MAX_LINES = 32;

/** First words of scanners that speak another protocol. */
const SCANNER_WORDS = new Set(["get", "head", "post", "options", "help", "quit", "ehlo", "helo"]);
/** First words of the lines that bots send blindly after a password. */
const COMMAND_WORDS = new Set(
  ("enable system shell sh linuxshell bash ash su sudo cat echo cd ls ps wget curl tftp ftpget " +
    "busybox uname id whoami exit quit start config terminal development chmod rm cp mount kill " +
    "while export history free nproc dd /bin/busybox").split(" "),
);

/**
 * Reports lines that were thrown away: pairs of a name and a password, or commands.
 * @param session to whom.
 * @param lines in order, escaped.
 * @param username the name that is waiting for its password, if one is.
 */
export function reportTypedAhead(
  session: Session,
  lines: readonly string[],
  username: string | undefined,
): void {
  const rest = lines.slice(0, MAX_LINES);
  if (username !== undefined) {
    const secret = rest.shift();
    if (secret !== undefined) {
      session.emit("auth.attempt", { method: "password", username, secret });
    }
  }
  while (rest.length > 0) {
    const line = rest.shift()!;
    const [verb = "", ...words] = line.trim().split(" ");
    const argument = words.join(" ");
    if (verb === "") continue;
    if (SCANNER_WORDS.has(verb.toLowerCase())) {
      session.emit("command", { verb, argument });
    } else if (COMMAND_WORDS.has(verb.toLowerCase()) || verb.startsWith("/")) {
      session.emit("command", { verb, argument, changes: true });
    } else if (rest.length > 0) {
      const secret = rest.shift()!;
      session.emit("auth.attempt", { method: "password", username: line, secret });
    }
  }
}
