/**
 * Makes the decoy: one negotiation from the version to the refusal.
 *
 * A byte that cannot be ends it at once and without a word, also when more is due: Dante judges each
 * field as it comes.
 * @module
 */
import { escapeBytes } from "../../net/escape.ts";
import type { Decoy, Session } from "../decoy.ts";
import type { SocksOptions } from "../socks.ts";
import { Ended, Input } from "./input.ts";
import { answerRequest } from "./reply.ts";
import { readRequest4, readRequest5 } from "./request.ts";

/** Methods of RFC 1928 §3. */
const NO_AUTHENTICATION = 0;
const USERNAME = 2;
const NO_ACCEPTABLE = 0xff;
/** Its clock ticks once a second: a negotiation lives up to so much longer, in ms. */
const TICK_MS = 1000;
const NOTHING = new Uint8Array(0);

/**
 * Makes a decoy.
 * @param options of the config.
 */
export function createSocksDecoy(options: SocksOptions): Decoy {
  return { serve: (session) => serve(session, options) };
}

async function serve(session: Session, options: SocksOptions): Promise<void> {
  session.expireAfter(options.negotiate_timeout_ms + TICK_MS, NOTHING, true);
  session.closeAbruptly();
  const input = new Input(session);
  try {
    await negotiate(session, input, options);
  } catch (error) {
    if (!(error instanceof Ended)) throw error; // else there is nobody to be answered
  }
}

async function negotiate(session: Session, input: Input, options: SocksOptions): Promise<void> {
  const version = await input.byte();
  if (version === 4) return await request(session, input, { version, options, isFirst: true });
  if (version !== 5) return senseless(session, input, "version 4 or 5");
  const offered = await input.take(await input.byte());
  const method = choose(offered, options.auth);
  await session.write(new Uint8Array([5, method]));
  if (method === USERNAME) return await refuseLogin(session, input);
  if (method === NO_AUTHENTICATION) {
    const version = await input.byte();
    if (version === 4 || version === 5) {
      return await request(session, input, { version, options, isFirst: false });
    }
    return senseless(session, input, "version 5");
  }
  session.emit("command", {
    verb: "METHODS",
    argument: offered.join(" "),
    reply: String(NO_ACCEPTABLE),
  });
}

/** The method that is played; a login comes first where both are allowed. */
function choose(offered: Uint8Array, auth: SocksOptions["auth"]): number {
  if (auth !== "none" && offered.includes(USERNAME)) return USERNAME;
  if (auth !== "username" && offered.includes(NO_AUTHENTICATION)) return NO_AUTHENTICATION;
  return NO_ACCEPTABLE;
}

/** RFC 1929: version 1, a name and a password, each behind its length. */
async function refuseLogin(session: Session, input: Input): Promise<void> {
  if (await input.byte() !== 1) return senseless(session, input, "version 1 of RFC 1929");
  const username = await input.take(await input.byte());
  const secret = await input.take(await input.byte());
  session.emit("auth.attempt", {
    method: "password",
    username: escapeBytes(username),
    secret: escapeBytes(secret),
  });
  await session.write(new Uint8Array([1, 1]));
}

/** Reads where the peer wants to go, and does not take it there. */
async function request(
  session: Session,
  input: Input,
  { version, options, isFirst }: { version: 4 | 5; options: SocksOptions; isFirst: boolean },
): Promise<void> {
  const read = version === 4 ? await readRequest4(input) : await readRequest5(input);
  if (typeof read === "string") return senseless(session, input, read);
  // SOCKS 4 knows no passwords: where one is due, it has no acceptable method.
  const isDenied = isFirst && options.auth === "username";
  await answerRequest(session, read, { options, isDenied });
}

function senseless(session: Session, input: Input, expected: string): void {
  session.emit("protocol.error", { offset: input.offset - 1, expected });
}
