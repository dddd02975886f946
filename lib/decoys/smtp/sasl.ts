/**
 * AUTH (RFC 4954) as Postfix answers it, with Dovecot behind it.
 * @module
 */
import type { DovecotAuth } from "../../net/dovecot_auth.ts";
import {
  decodeBase64,
  encodeBase64,
  hasBase64Alphabet,
  SaslExchange,
  type SaslStep,
} from "../../net/sasl.ts";
import type { Session } from "../decoy.ts";
import type { Channel } from "./channel.ts";
import type { Reporter } from "./reporter.ts";

/** Longest response of a peer, CR included, in bytes: `smtpd_sasl_response_limit`. */
const MAX_RESPONSE_BYTES = 12_288;

const FAILED = "535 5.7.8 Error: authentication failed: ";

/** Whom an exchange is between. */
export interface Talk {
  readonly session: Session;
  readonly channel: Channel;
  readonly reporter: Reporter;
  readonly auth: DovecotAuth;
  /** Sends an answer, as slowly as errors before it demand. */
  reply(text: string): Promise<void>;
}

/**
 * Holds an exchange up to its last answer, which is left to the caller.
 * @param talk whom it is between.
 * @param name the mechanism's, as it came.
 * @param initial the initial response, if there is one.
 * @returns the last answer; `null` when the peer has ended.
 */
export async function authenticate(
  talk: Talk,
  name: string,
  initial: string | undefined,
): Promise<string | null> {
  const { session, channel, reporter, auth } = talk;
  const said = initial === undefined ? name : `${name} ${initial}`;
  const giveUp = (reply: string, ...more: readonly string[]) => {
    reporter.command("AUTH", [said, ...more].filter((word) => word !== "").join(" "), reply);
    return reply;
  };
  const mechanism = auth.find(name);
  if (mechanism === undefined) return giveUp(FAILED + "Invalid authentication mechanism");
  const exchange = new SaslExchange(mechanism, { hostname: auth.hostname, nowMs: session.now() });
  const first = initial === undefined ? undefined : decodeBase64(initial === "=" ? "" : initial);
  if (initial !== undefined && first === undefined) {
    return giveUp(FAILED + "Invalid base64 data in initial response");
  }
  await auth.begin(session);
  let step = exchange.begin(first);
  while (step.kind === "challenge") {
    await talk.reply(`334 ${encodeBase64(step.data)}`);
    const line = await channel.line(MAX_RESPONSE_BYTES);
    const username = exchange.username ?? "";
    if (line === null) {
      giveUp("", username);
      return null;
    }
    if (!line.isWhole) {
      reporter.limit("response_bytes", MAX_RESPONSE_BYTES);
      giveUp("500", username);
      return await channel.skipLine() ? "500 5.5.6 SASL response limit exceeded" : null;
    }
    if (line.text === "*") return giveUp("501 5.7.0 Authentication aborted", username, "*");
    const bytes = hasBase64Alphabet(line.text) ? decodeBase64(line.text) : undefined;
    if (bytes === undefined) {
      return giveUp(FAILED + "Invalid base64 data in continued response", username, line.text);
    }
    step = exchange.respond(bytes);
  }
  report(reporter, step, [said, exchange.username ?? ""].join(" ").trim());
  await auth.fail(session, step.asked);
  return FAILED + "(reason unavailable)";
}

/** Reports what came of an exchange: a credential, or else the command. */
function report(reporter: Reporter, step: SaslStep, said: string): void {
  if (step.kind !== "failed") return;
  if (step.authorization !== undefined) {
    reporter.command("AUTH", `for ${step.authorization}`, "");
  }
  if (step.credential !== undefined) reporter.credential(step.credential);
  else reporter.command("AUTH", said, "535");
}
