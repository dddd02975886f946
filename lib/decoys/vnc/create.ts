/**
 * Makes the decoy: how one talk goes, as SConnection.cxx of TigerVNC 1.12 holds it.
 * @module
 */
import { Buffer } from "node:buffer";
import type { Decoy, DecoyContext, Session } from "../decoy.ts";
import type { VncOptions } from "../vnc.ts";
import { Blacklist } from "./blacklist.ts";
import { Guesser } from "./guesser.ts";
import { Input } from "./input.ts";
import {
  failure,
  reportChoice,
  reportError,
  type Settings,
  take,
  type Talk,
  word,
} from "./talk.ts";
import { parseVersion, spokenMinor, VERSION_BYTES } from "./version.ts";
import { askVncPassword } from "./vnc_auth.ts";
import { talkVeNCrypt } from "./vencrypt.ts";
import { isExtended, typeNumber, VENCRYPT, VNC_AUTH } from "./types.ts";

const LF = 10;
const GREETING = Buffer.from("RFB 003.008\n");
/** What a blocked source is told, in the oldest version, which all understand. */
const BLOCKED = Buffer.concat([
  Buffer.from("RFB 003.003\n"),
  failure(0, "Too many security failures"),
]);

/**
 * Makes a decoy.
 * @param options of the config.
 * @param context lets long computations give way.
 */
export function createVncDecoy(options: VncOptions, context: DecoyContext): Decoy {
  const subtypes = options.security_types.map(typeNumber);
  const settings: Settings = {
    types: [
      ...(subtypes.some(isExtended) ? [VENCRYPT] : []),
      ...subtypes.filter((type) => !isExtended(type)),
    ],
    subtypes,
    guesser: new Guesser(options.words, context.giveWay),
    pauseMs: options.pause_ms,
    systemPauseMs: [options.system_pause_min_ms, options.system_pause_max_ms],
  };
  const { blacklist_threshold: threshold, blacklist_timeout_s: timeoutS } = options;
  const blacklist = options.blacklist ? new Blacklist(threshold, timeoutS) : undefined;
  return {
    serve: async (session) => {
      session.closeAbruptly();
      if (blacklist?.isBlocked(session.peer.ip, session.now())) {
        session.emit("limit.hit", { limit: "vnc_blacklist", max: threshold });
        return await session.write(BLOCKED);
      }
      await serve(session, settings);
    },
  };
}

async function serve(session: Session, settings: Settings): Promise<void> {
  const talk: Talk = {
    session,
    input: new Input(session),
    settings,
    write: (data) => session.write(data),
    minor: 8,
  };
  await session.write(GREETING);
  const line = await take(talk, VERSION_BYTES, "a version line");
  if (line === undefined) return;
  const version = parseVersion(line);
  if (version === undefined) {
    return reportError(talk, "a version line of RFB", line);
  }
  reportChoice(talk, "VERSION", line.at(-1) === LF ? line.subarray(0, -1) : line);
  const { major, minor } = version;
  if (major !== 3) {
    const text = `Client needs protocol version ${major}.${minor}, server has 3.8`;
    return await session.write(noTypes(text));
  }
  talk.minor = spokenMinor(minor);
  const type = talk.minor === 3 ? await dictateType(talk) : await offerTypes(talk);
  if (type === VENCRYPT) await talkVeNCrypt(talk);
  else if (type === VNC_AUTH) await askVncPassword(talk);
}

/** A list of no types, and why. */
function noTypes(text: string): Uint8Array {
  return Buffer.concat([Buffer.alloc(1), word(text.length), Buffer.from(text, "latin1")]);
}

/** RFB 3.3: the server decides. */
async function dictateType({ session, settings }: Talk): Promise<number | undefined> {
  const type = settings.types.find((type) => type === VNC_AUTH);
  await session.write(
    type === undefined ? failure(0, "No supported security type for 3.3 client") : word(type),
  );
  return type;
}

/** RFB 3.7 and later: the client decides. */
async function offerTypes(talk: Talk): Promise<number | undefined> {
  const { types } = talk.settings;
  await talk.session.write(Uint8Array.of(types.length, ...types));
  const chosen = await take(talk, 1, "a security type");
  if (chosen === undefined) return undefined;
  reportChoice(talk, "SECURITY", String(chosen[0]));
  if (types.includes(chosen[0]!)) return chosen[0];
  reportError(talk, "an offered security type", chosen);
  return undefined;
}
