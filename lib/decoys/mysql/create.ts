/**
 * Makes the decoy: how one talk goes.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import { shortLived } from "../../net/slab.ts";
import type { Decoy, DecoyContext, Session } from "../decoy.ts";
import type { MysqlOptions } from "../mysql.ts";
import { Attempt } from "./attempt.ts";
import { characterSetOf } from "./charsets.ts";
import { mariadb } from "./mariadb.ts";
import { mysql8 } from "./mysql8.ts";
import { Packets } from "./packets.ts";
import { rsaKey } from "./rsa_key.ts";
import { hold, type Settings, type Talk } from "./talk.ts";

const PRODUCTS = { "mariadb-10.11.19-debian12": mariadb, "mysql-8.0": mysql8 } as const;
/** A server that has run for a while has had some connections: up to this many. */
const MAX_FIRST_THREAD = 5000;
const SALT_BYTES = 20;

/**
 * Makes a decoy.
 * @param options of the config.
 * @param context gives what is chosen once.
 */
export async function createMysqlDecoy(
  options: MysqlOptions,
  context: DecoyContext,
): Promise<Decoy> {
  const product = PRODUCTS[options.product];
  const secret = context.seed("mysql accounts");
  const settings: Settings = {
    product: options.version === "" ? product : { ...product, version: options.version },
    asksClear: options.clear_password,
    accounts: options.accounts,
    hasTls: options.ssl ?? product === mysql8,
    readMs: options.read_timeout_ms,
    pauseMs: [options.pause_min_ms, options.pause_max_ms],
    secret,
    rsa: product === mysql8 ? await rsaKey(context.store) : undefined,
  };
  const first = Buffer.from(context.seed("mysql thread ids")).readUInt32LE() % MAX_FIRST_THREAD;
  let threadId = first + 5;
  return { serve: (session) => serve(session, settings, threadId++) };
}

async function serve(session: Session, settings: Settings, threadId: number): Promise<void> {
  const salt = makeSalt(session, settings, threadId);
  const talk: Talk = {
    session,
    packets: new Packets(session, settings.readMs),
    settings,
    salt,
    attempt: new Attempt(session, salt),
    has41: true,
    characters: characterSetOf(undefined),
  };
  session.closeAbruptly();
  try {
    await hold(talk, threadId);
  } finally {
    talk.attempt.end();
  }
}

/** Another one for each connection, which nobody foresees who does not know the sensor's secret. */
function makeSalt(session: Session, { product, secret }: Settings, threadId: number): Uint8Array {
  const random = createHmac("sha512", secret)
    .update(`${session.now()} ${threadId} ${session.peer.ip} ${session.peer.port}`).digest();
  const salt = shortLived(SALT_BYTES);
  for (let i = 0; i < SALT_BYTES; i++) {
    salt[i] = product.saltByte(random[2 * i]! | (random[2 * i + 1]! << 8));
  }
  return salt;
}
