/**
 * VNC authentication: RFC 6143 §7.2.2, SSecurityVncAuth.cxx.
 * @module
 */
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { escapeBytes } from "../../net/escape.ts";
import type { Answer } from "./guesser.ts";
import { refuseLater, reportError, take, type Talk } from "./talk.ts";

const CHALLENGE_BYTES = 16;

/**
 * Sends a challenge, takes the answer and refuses it. The answer is reported once: with the password, if
 * that is found while the client waits for its refusal or shortly after.
 * @param talk with the client.
 */
export async function askVncPassword(talk: Talk): Promise<void> {
  const { session, input, settings } = talk;
  const challenge = randomBytes(CHALLENGE_BYTES);
  await talk.write(challenge);
  // TigerVNC looks at what it has only when more comes: what came before the challenge waits for that.
  if (input.rest.length > 0 && !await input.news()) {
    return reportError(talk, "nothing before the challenge");
  }
  const response = await take(talk, CHALLENGE_BYTES, "an answer to the challenge");
  if (response === undefined) return;
  const answer: Answer = { challenge, response };
  const guess = settings.guesser.guess(answer, session.peer.ip);
  try {
    await refuseLater(talk, "Authentication failure");
  } finally {
    guess.hurry();
    const password = await guess.found;
    session.emit("auth.attempt", {
      method: "vnc-des",
      username: "",
      hash: johnLine(answer),
      ...(password === undefined ? {} : { secret: escapeBytes(password) }),
    });
  }
}

/** The line that john's format `vnc` reads. */
function johnLine({ challenge, response }: Answer): string {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex").toUpperCase();
  return `$vnc$*${hex(challenge)}*${hex(response)}`;
}
