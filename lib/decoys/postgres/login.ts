/**
 * Asks for a password and refuses it, as in auth.c and auth-sasl.c of PostgreSQL 15.
 * @module
 */
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { escapeBytes } from "../../net/escape.ts";
import { latin1 } from "../../net/latin1.ts";
import { readInt32 } from "./input.ts";
import { ASK_CLEAR_PASSWORD, ASK_SASL, ASK_SASL_TLS, authentication } from "./messages.ts";
import { Scram } from "./scram.ts";
import { ScramError } from "./scram_attributes.ts";
import { refuse, refuseLogin, reportError, reportLogin, type Startup, type Talk } from "./talk.ts";

/** Longest password message, its length included: PG_MAX_AUTH_TOKEN_LENGTH. */
const MAX_PASSWORD_BYTES = 65_535;
/** Longest SASL message, its length included: PG_MAX_SASL_MESSAGE_LENGTH. */
const MAX_SASL_BYTES = 1024;
const LETTER_P = 0x70;

/**
 * Holds the rest of a talk: nobody gets in.
 * @param talk with the client.
 * @param startup who it says it is.
 */
export async function refuseEverybody(talk: Talk, startup: Startup): Promise<void> {
  const { session, settings } = talk;
  if (settings.refusesHost) return await refuseHost(talk, startup);
  switch (settings.auth) {
    case "scram-sha-256":
      return await askScram(talk, startup);
    case "md5": {
      const salt = randomBytes(4);
      await session.write(authentication(5, salt));
      return await takePassword(talk, startup, salt);
    }
    case "password":
      await session.write(ASK_CLEAR_PASSWORD);
      return await takePassword(talk, startup);
  }
}

/** What a client hears for whom pg_hba.conf has no line: ClientAuthentication. */
async function refuseHost(talk: Talk, { user, database, isReplication }: Startup): Promise<void> {
  const { ip } = talk.session.peer;
  const encryption = talk.session.isSecure ? "SSL encryption" : "no encryption";
  const names = isReplication
    ? `replication connection from host "${ip}", user "${latin1(user)}", ${encryption}`
    : `host "${ip}", user "${latin1(user)}", database "${latin1(database)}", ${encryption}`;
  await refuse(talk, {
    code: "28000",
    text: `no pg_hba.conf entry for ${names}`,
    source: `auth.c:${isReplication ? 536 : 544} ClientAuthentication`,
  });
}

/** The body of a message, or why there is none. */
async function readBody(talk: Talk, maxBytes: number): Promise<Uint8Array | undefined> {
  const head = await talk.input.take(4);
  if (head === null) return undefined;
  const length = readInt32(head);
  if (length < 4 || length > maxBytes) {
    reportError(talk, `a message of 4 to ${maxBytes} bytes`);
    return undefined;
  }
  if (length === 4) return new Uint8Array(0);
  return await talk.input.take(length - 4) ?? undefined;
}

/** A password in clear, or hashed with a salt: recv_password_packet. */
async function takePassword(talk: Talk, startup: Startup, salt?: Uint8Array): Promise<void> {
  const type = await talk.input.take(1);
  if (type === null) return;
  if (type[0] !== LETTER_P) {
    reportError(talk, "a password", type);
    return await refuse(talk, {
      code: "08P01",
      text: `expected password response, got message type ${type[0]}`,
      source: "auth.c:718 recv_password_packet",
    });
  }
  const body = await readBody(talk, MAX_PASSWORD_BYTES);
  if (body === undefined) return;
  const isWhole = body.indexOf(0) === body.length - 1 && body.length > 0;
  reportPassword(talk, startup, { bytes: isWhole ? body.subarray(0, -1) : body, salt });
  if (!isWhole) {
    reportError(talk, "a password with one NUL, at its end");
    await refuse(talk, {
      code: "08P01",
      text: "invalid password packet size",
      source: "auth.c:739 recv_password_packet",
    });
  } else if (body.length === 1) {
    await refuse(talk, {
      code: "28P01",
      text: "empty password returned by client",
      source: "auth.c:757 recv_password_packet",
    });
  } else {
    await refuseLogin(talk, startup.user);
  }
}

function reportPassword(
  talk: Talk,
  startup: Startup,
  { bytes, salt }: { bytes: Uint8Array; salt: Uint8Array | undefined },
): void {
  const digest = /^md5([0-9a-f]{32})$/.exec(bytes.length === 35 ? latin1(bytes) : "")?.[1];
  if (salt === undefined || digest === undefined) {
    return reportLogin(talk, startup, { method: "password", secret: escapeBytes(bytes) });
  }
  // What hashcat 11100 reads: names of other characters would end a field.
  const name = latin1(startup.user);
  const isReadable = /^[!-)+-~]{1,32}$/.test(name);
  const user = isReadable ? name : `$HEX[${Buffer.from(startup.user).toString("hex")}]`;
  reportLogin(talk, startup, {
    method: "postgres-md5",
    hash: `$postgres$${user}*${Buffer.from(salt).toString("hex")}*${digest}`,
    ...(isReadable ? { hashcatMode: 11_100 } : {}),
  });
}

/** SCRAM-SHA-256: CheckSASLAuth. */
async function askScram(talk: Talk, startup: Startup): Promise<void> {
  const { session, settings, input } = talk;
  await session.write(session.isSecure ? ASK_SASL_TLS : ASK_SASL);
  const scram = new Scram(startup.user, settings.saltSecret, { isTls: session.isSecure });
  for (let isInitial = true;; isInitial = false) {
    const type = await input.take(1);
    if (type === null) return;
    if (type[0] !== LETTER_P) {
      reportError(talk, "a SASL response", type);
      return await refuse(talk, {
        code: "08P01",
        text: `expected SASL response, got message type ${type[0]}`,
        source: "auth-sasl.c:95 CheckSASLAuth",
      });
    }
    const body = await readBody(talk, MAX_SASL_BYTES);
    if (body === undefined) return await refuseLogin(talk, startup.user);
    try {
      const answer = scram.answer(isInitial ? readInitial(body, scram) : body);
      if (answer !== undefined) {
        await session.write(authentication(11, answer));
        continue;
      }
      reportLogin(talk, startup, { method: "scram-sha-256", hash: scram.line() });
      return await refuseLogin(talk, startup.user);
    } catch (error) {
      if (!(error instanceof ScramError)) throw error;
      reportOdd(talk, startup, body);
      reportError(talk, error.message);
      return await refuse(talk, error.refusal);
    }
  }
}

/** What came where SASL was due may be a password of a client that knows nothing of it. */
function reportOdd(talk: Talk, startup: Startup, body: Uint8Array): void {
  const looksLikePassword = body.length > 1 && body.indexOf(0) === body.length - 1;
  if (!looksLikePassword) return;
  const secret = escapeBytes(body.subarray(0, -1));
  reportLogin(talk, startup, { method: "password", secret });
}

/** The SCRAM message in a SASLInitialResponse; `null` for none. */
function readInitial(body: Uint8Array, scram: Scram): Uint8Array | null {
  const end = body.indexOf(0);
  if (end < 0) throw ScramError.format("invalid string in message", "624 pq_getmsgrawstring");
  if (!scram.select(latin1(body.subarray(0, end)))) {
    throw new ScramError("an offered SASL mechanism", {
      code: "08P01",
      text: "client selected an invalid SASL authentication mechanism",
      source: "auth-scram.c:256 scram_init",
    });
  }
  const missing = "insufficient data left in message";
  if (end + 5 > body.length) throw ScramError.format(missing, "533 pq_copymsgbytes");
  const length = readInt32(body, end + 1);
  const rest = body.subarray(end + 5);
  if (length !== -1 && (length < 0 || length > rest.length)) {
    throw ScramError.format(missing, "515 pq_getmsgbytes");
  }
  if (Math.max(length, 0) < rest.length) {
    throw ScramError.format("invalid message format", "640 pq_getmsgend");
  }
  return length === -1 ? null : rest;
}
