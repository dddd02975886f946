/**
 * AUTHENTICATE (RFC 3501 §6.2.2, RFC 4959) as Dovecot answers it.
 * @module
 */
import type { DovecotAuth } from "../../net/dovecot_auth.ts";
import type { KeptOutput } from "../../net/kept_output.ts";
import { latin1Bytes } from "../../net/latin1.ts";
import {
  cString,
  decodeBase64,
  encodeBase64,
  hasBase64Alphabet,
  SaslExchange,
  type SaslStep,
} from "../../net/sasl.ts";
import type { Session } from "../decoy.ts";
import { type CommandParser, InputEnd } from "./parser.ts";
import type { Reporter } from "./reporter.ts";

/** How long it waits for a response, in ms, and what it says then. */
const IDLE_MS = 180_000;
const IDLE_WORDS = latin1Bytes("* BYE Disconnected for inactivity during authentication.\r\n");

/** Whom an exchange is between. */
export interface Talk {
  readonly session: Session;
  readonly parser: CommandParser;
  readonly output: KeptOutput;
  readonly reporter: Reporter;
  readonly auth: DovecotAuth;
  /** Whether a password may come in clear. */
  readonly mayTellPassword: boolean;
}

/**
 * Holds an exchange.
 * @param talk behind the command's name.
 * @returns the reply without its tag; `bad` for what is no command.
 */
export async function authenticate(talk: Talk): Promise<string | InputEnd> {
  const { session, parser, output, reporter, auth } = talk;
  const name = await parser.word();
  if (name instanceof InputEnd) return name;
  const initial = await parser.response();
  if (initial instanceof InputEnd) return initial;
  const said = [name, initial].filter((word) => word !== "").join(" ");
  const refuse = (reply: string) => {
    reporter.command("AUTHENTICATE", said, reply.startsWith("NO") ? "NO" : "BAD");
    return reply;
  };
  if (name === "") return refuse("bad");
  const mechanism = auth.find(cString(name));
  if (mechanism === undefined) return refuse("NO [ALERT] Unsupported authentication mechanism.");
  const server = { hostname: auth.hostname, nowMs: session.now() };
  const exchange = new SaslExchange(mechanism, server);
  const first = initial === "" ? undefined : decodeBase64(initial === "=" ? "" : initial);
  if (mechanism !== "cram-md5" && !talk.mayTellPassword) {
    if (first !== undefined) report(talk, exchange.begin(first), said);
    else reporter.command("AUTHENTICATE", said, "NO");
    return "NO [PRIVACYREQUIRED] Plaintext authentication disabled.";
  }
  if (initial !== "" && first === undefined) {
    return refuse("BAD Invalid base64 data in initial response");
  }
  await output.flush();
  await auth.begin(session);
  return await hold(talk, exchange, { begun: exchange.begin(first), said });
}

/** Asks and hears until the login has failed. */
async function hold(
  talk: Talk,
  exchange: SaslExchange,
  { begun, said }: { begun: SaslStep; said: string },
): Promise<string | InputEnd> {
  const { session, parser, output, reporter, auth } = talk;
  let step = begun;
  const giveUp = (response: string) => {
    const told = [said, exchange.username ?? "", response].filter((word) => word !== "");
    reporter.command("AUTHENTICATE", told.join(" "), "BAD");
  };
  while (step.kind === "challenge") {
    output.add(`+ ${encodeBase64(step.data)}\r\n`);
    session.expireAfter(IDLE_MS, IDLE_WORDS);
    const response = await parser.response();
    if (response instanceof InputEnd) {
      giveUp("");
      return response;
    }
    if (!hasBase64Alphabet(response)) {
      giveUp(response);
      return response === "*"
        ? "BAD Authentication aborted by client."
        : "NO [ALERT] Invalid base64 in response";
    }
    const bytes = decodeBase64(response);
    if (bytes === undefined) {
      giveUp(response);
      return "BAD Invalid base64 data in continued response";
    }
    step = exchange.respond(bytes);
  }
  report(talk, step, [said, exchange.username ?? ""].join(" ").trim());
  await output.flush();
  await auth.fail(session, step.asked);
  return "NO [AUTHENTICATIONFAILED] Authentication failed.";
}

/** Reports what came of an exchange: a credential, or else the command. */
function report({ reporter }: Talk, step: SaslStep, said: string): void {
  if (step.kind === "failed" && step.authorization !== undefined) {
    reporter.command("AUTHENTICATE", `for ${step.authorization}`);
  }
  if (step.kind === "failed" && step.credential !== undefined) {
    reporter.credential(step.credential);
  } else {
    reporter.command("AUTHENTICATE", said, "NO");
  }
}
