/**
 * Makes the decoy: how one talk goes up to the login, and who is let in.
 * @module
 */
import type { Decoy, DecoyContext, Session } from "../decoy.ts";
import type { MqttOptions } from "../mqtt.ts";
import { Breach, Reason } from "./breach.ts";
import { type Connect, describeConnect, readConnect, type Refusal } from "./connect.ts";
import { readFirst, readPacket } from "./input.ts";
import { Id } from "./properties.ts";
import { Reporter } from "./reporter.ts";
import { Server } from "./server.ts";
import { serveClient } from "./talk.ts";

const CONNECT = 0x10;
/** How long the broker waits for a CONNECT, in ms: one and a half of 60 seconds, and its own round. */
const LOGIN_MS = 93_000;
const NOTHING = new Uint8Array(0);

/**
 * Makes a decoy.
 * @param options of the config.
 * @param context gives what must look chosen once.
 */
export function createMqttDecoy(
  options: MqttOptions,
  context: DecoyContext,
): Decoy {
  const { anonymous: isOpen, capture_bytes: captureBytes } = options;
  const messages = context.lures.map(({ place, content }) => ({ topic: place, payload: content }));
  const server = new Server({ isOpen, captureBytes, messages }, context.seed("mqtt"));
  return { serve: (session) => serve(session, server) };
}

async function serve(session: Session, server: Server): Promise<void> {
  session.closeAbruptly();
  session.expireAfter(LOGIN_MS, NOTHING);
  const reporter = new Reporter(session, server.settings.captureBytes);
  const first = await readFirst(session);
  if (first === undefined) return;
  if ((first & 0xf0) !== CONNECT) {
    return reporter.nonsense("a CONNECT packet", new Uint8Array([first]), 0);
  }
  const packet = await readPacket(session, first, server);
  if (packet === undefined) return;
  if (packet === "long" || packet.left > 0) {
    return reporter.nonsense("a CONNECT packet", new Uint8Array([first]), 0);
  }
  const connect = login(packet.body, first, reporter);
  if (connect === undefined) return;
  const refusal = refusalOf(connect, server);
  if (refusal !== undefined) return await session.write(refusal);
  await serveClient(session, { server, reporter, connect: connect as Connect });
}

/** What the client says of itself, told at once; `undefined` when that makes no sense. */
function login(
  body: Uint8Array,
  first: number,
  reporter: Reporter,
): Connect | Refusal | undefined {
  let partial: Partial<Connect> = {};
  try {
    const connect = readConnect(first, body, (known) => partial = known);
    const isRefused = "refusal" in connect;
    tell(reporter, isRefused ? partial : connect);
    if (isRefused) reporter.nonsense(connect.expected, body, 0);
    return connect;
  } catch (error) {
    if (!(error instanceof Breach)) throw error;
    tell(reporter, partial);
    reporter.nonsense(error.message, body, 0);
    return undefined;
  }
}

function tell(reporter: Reporter, connect: Partial<Connect>): void {
  const { will, username, password } = connect;
  if (connect.version !== undefined) reporter.command("CONNECT", describeConnect(connect));
  if (will !== undefined) reporter.payload(will.topic, will.payload);
  reporter.attempt(username, password);
}

/** What is said to a client that is not let in. */
function refusalOf(connect: Connect | Refusal, { settings }: Server): Uint8Array | undefined {
  if ("refusal" in connect) return connect.refusal;
  const refuse = (reason: number) => new Uint8Array([0x20, 0x03, 0x00, reason, 0x00]);
  if (connect.properties.some(({ id }) => id === Id.authMethod)) {
    return refuse(Reason.badAuthMethod);
  }
  if (settings.isOpen) return undefined;
  return connect.version === 5
    ? refuse(Reason.notAuthorized)
    : new Uint8Array([0x20, 0x02, 0x00, 0x05]);
}
