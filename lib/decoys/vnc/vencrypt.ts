/**
 * VeNCrypt 0.2: a choice of further types, some of them inside of TLS. SSecurityVeNCrypt.cxx,
 * SSecurityTLS.cxx, SSecurityPlain.cxx.
 * ```text
 * S 00 02   C 00 02   S 00, count u8, types u32   C type u32   then the type's own dialogue
 * TLS:      S 01, handshake
 * Plain:    C length of user u32, of password u32, user, password
 * ```
 * @module
 */
import { Buffer } from "node:buffer";
import { escapeBytes } from "../../net/escape.ts";
import { refuse, refuseLater, reportChoice, reportError, take, type Talk, word } from "./talk.ts";
import { AnonymousTls, chooseSuite } from "./anonymous_tls.ts";
import { HEAD_BYTES } from "./anonymous_records.ts";
import { describeOpening, peekHello } from "./hello.ts";
import { Input } from "./input.ts";
import { PLAIN, TLS_PLAIN, TLS_VNC, VNC_AUTH, X509_PLAIN, X509_VNC } from "./types.ts";
import { askVncPassword } from "./vnc_auth.ts";

const MAJOR = 0;
const MINOR = 2;
const VERSION_REFUSED = 0xff;
const TLS_BEGINS = 1;
/** An alert of TLS 1.2, close_notify, which GnuTLS sends at the end. */
const CLOSE_NOTIFY = Uint8Array.of(0x15, 3, 3, 0, 2, 1, 0);
const TLS_FAILED = "Authentication failure: TLS Handshake failed";
/** Longest name and longest password: SSecurityPlain.cxx. */
const MAX_TEXT_BYTES = 1024;

/**
 * Agrees upon a type and asks for a password by it.
 * @param talk with the client.
 */
export async function talkVeNCrypt(talk: Talk): Promise<void> {
  const { session, settings } = talk;
  await session.write(Uint8Array.of(MAJOR, MINOR));
  const version = await take(talk, 2, "a version of VeNCrypt");
  if (version === undefined) return;
  if (version[0] !== MAJOR || version[1] !== MINOR) {
    reportError(talk, "version 0.2 of VeNCrypt", version);
    await session.write(Uint8Array.of(VERSION_REFUSED));
    const isOlder = version[0] === MAJOR && version[1]! < MINOR;
    return await refuse(
      talk,
      isOlder
        ? "Authentication failure: The client cannot support the server's VeNCrypt version"
        : "Authentication failure: The client returned an unsupported VeNCrypt version",
    );
  }
  await session.write(
    Buffer.concat([Uint8Array.of(0, settings.subtypes.length), ...settings.subtypes.map(word)]),
  );
  const chosen = await take(talk, 4, "a type of VeNCrypt");
  if (chosen === undefined) return;
  const type = chosen.readUInt32BE();
  reportChoice(talk, "SECURITY", `19 ${type}`);
  if (!settings.subtypes.includes(type)) {
    reportError(talk, "an offered type of VeNCrypt", chosen);
    return await refuseLater(talk, "Authentication failure: No valid VeNCrypt sub-type");
  }
  await talkType(talk, type);
}

async function talkType(talk: Talk, type: number): Promise<void> {
  switch (type) {
    case VNC_AUTH:
      return await askVncPassword(talk);
    case PLAIN:
      return await askSystemPassword(talk);
    case TLS_VNC:
    case TLS_PLAIN:
      return await talkAnonymously(talk, type === TLS_VNC ? askVncPassword : askSystemPassword);
    case X509_VNC:
      if (await startTls(talk)) await askVncPassword(talk);
      return;
    case X509_PLAIN:
      if (await startTls(talk)) await askSystemPassword(talk);
      return;
  }
}

/** Holds a dialogue in TLS without a certificate; GnuTLS speaks it with clients that offer ECDH_anon. */
async function talkAnonymously(talk: Talk, ask: (talk: Talk) => Promise<void>): Promise<void> {
  const { session, input } = talk;
  await session.write(Uint8Array.of(TLS_BEGINS));
  if (!await hasRecordHead(input)) return await session.write(CLOSE_NOTIFY);
  const found = await peekHello(input);
  const suite = found.kind === "client-hello" ? chooseSuite(found) : undefined;
  const tls = new AnonymousTls(input, (data) => session.write(data));
  let isEstablished = false;
  try {
    if (found.kind === "client-hello" && suite !== undefined) {
      isEstablished = await tls.accept(found, suite);
    }
  } finally {
    session.emit("tls.client-hello", describeOpening(found, input.rest, isEstablished));
  }
  if (!isEstablished) {
    await session.write(CLOSE_NOTIFY);
    return await refuse(talk, TLS_FAILED);
  }
  await ask({ ...talk, input: new Input(tls), write: (data) => tls.write(data) });
  await tls.end();
}

/** Goes over to TLS with a certificate; `false` when that came to nothing, and then all is said. */
async function startTls(talk: Talk): Promise<boolean> {
  const { session, input } = talk;
  await session.write(Uint8Array.of(TLS_BEGINS));
  const hasHead = await hasRecordHead(input);
  input.release();
  const outcome = await session.startTls();
  if (outcome !== "clear") return outcome === "established";
  await session.write(CLOSE_NOTIFY);
  if (hasHead) await refuse(talk, TLS_FAILED);
  return false;
}

/** Waits for as much as a record of TLS begins with; `false` when the client ends before that. */
async function hasRecordHead(input: Input): Promise<boolean> {
  while (input.rest.length < HEAD_BYTES) {
    if (!await input.news()) return false;
  }
  return true;
}

/** A user of the system and its password, in clear but for TLS around them. */
async function askSystemPassword(talk: Talk): Promise<void> {
  const { session, settings } = talk;
  const lengths = await take(talk, 8, "the lengths of a name and a password");
  if (lengths === undefined) return;
  const [nameBytes, passwordBytes] = [lengths.readUInt32BE(), lengths.readUInt32BE(4)];
  if (nameBytes > MAX_TEXT_BYTES || passwordBytes > MAX_TEXT_BYTES) {
    reportError(talk, `a name and a password of at most ${MAX_TEXT_BYTES} bytes`, lengths);
    const what = nameBytes > MAX_TEXT_BYTES ? "username" : "password";
    return await refuseLater(talk, `Authentication failure: Too long ${what}`);
  }
  const total = nameBytes + passwordBytes;
  const both = total === 0 ? Buffer.alloc(0) : await take(talk, total, "a name and a password");
  if (both === undefined) return;
  session.emit("auth.attempt", {
    method: "password",
    username: escapeBytes(both.subarray(0, nameBytes)),
    secret: escapeBytes(both.subarray(nameBytes)),
  });
  await session.pause(...settings.systemPauseMs);
  await refuseLater(talk, "Authentication failure: invalid password or username");
}
