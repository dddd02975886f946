/**
 * MySQL 8.0 of Ubuntu 24.04, from MySQL's documentation: Debian has no package of it, so unlike
 * MariaDB it was compared with no genuine server.
 *
 * Passwords come in clear here from clients that use TLS, or that ask for the server's RSA key: its
 * default plugin wants the password itself from everybody whom it has not seen yet.
 * @module
 */
import { createHmac } from "node:crypto";
import { isNul, withoutNul } from "./attempt.ts";
import { decodeName, encodeUtf8, isConvertible } from "./charsets.ts";
import type { Handshake } from "./handshake.ts";
import {
  isLocal,
  type Product,
  receive,
  REFUSALS,
  refuse,
  refuseLogin,
  refuseOdd,
  switchTo,
  type Talk,
} from "./talk.ts";

/** USERNAME_CHAR_LENGTH. */
const MAX_NAME_CHARACTERS = 32;
const SCRAMBLE_BYTES = 20;
const SHA2_SCRAMBLE_BYTES = 32;
const NATIVE = "mysql_native_password";
const CACHING = "caching_sha2_password";
const SHA256 = "sha256_password";
const CLEAR = "mysql_clear_password";
/** Plugins of accounts that do not exist, chosen by chance for each name. */
const PLUGINS = [CACHING, NATIVE, SHA256] as const;
/** What a client of each plugin sends to have the RSA key. */
const KEY_REQUESTS: Readonly<Record<string, number>> = { [CACHING]: 2, [SHA256]: 1 };
/** The password was not seen before: perform_full_authentication. */
const WANT_PASSWORD = Uint8Array.of(1, 4);
const MORE_DATA = 1;

/** Plays MySQL. */
export const mysql8: Product = {
  version: "8.0.46-0ubuntu0.24.04.5",
  name: "MySQL",
  capabilities: 0xdffff7ff | 0,
  characterSet: 255,
  filler: new Array<number>(10).fill(0),
  plugin: CACHING,
  // Seven bits, and neither NUL nor `$`: generate_user_salt.
  saltByte: (random) => {
    const byte = random & 0x7f;
    return byte === 0 || byte === 0x24 ? byte + 1 : byte;
  },
  judge,
};

async function judge(talk: Talk, handshake: Handshake): Promise<void> {
  const { settings, characters } = talk;
  const { database, plugin, answer, knowsPlugins, attributes, user } = handshake;
  if (attributes === undefined || (database && !isConvertible(database, characters))) {
    return await refuseOdd(talk, answer);
  }
  const points = decodeName(user, characters, MAX_NAME_CHARACTERS);
  const name = encodeUtf8(points);
  // The system's own user, by the socket alone.
  const isRoot = new TextDecoder().decode(name) === "root";
  if (isLocal(talk) && isRoot) return await refuseLogin(talk, points, undefined);
  const wanted = settings.asksClear && knowsPlugins ? CLEAR : pluginOf(talk, name);
  let bytes: Uint8Array = answer;
  if (plugin.toLowerCase() !== wanted) {
    if (!knowsPlugins) {
      return await refuse(talk, {
        ...REFUSALS.oldClient,
        text: REFUSALS.oldClient.text.replace("MariaDB", "MySQL"),
      });
    }
    const second = await switchTo(talk, wanted, wanted === CLEAR ? {} : { data: talk.salt });
    if (second === undefined) return;
    if (wanted !== CLEAR) talk.attempt.answer(wanted, second);
    bytes = second;
  }
  if (wanted === CLEAR) {
    const secret = withoutNul(bytes);
    talk.attempt.secret(secret);
    return await refuseLogin(talk, points, secret.length > 0);
  }
  if (wanted === NATIVE) {
    if (bytes.length > 0 && bytes.length !== SCRAMBLE_BYTES) return await refuseOdd(talk, bytes);
    return await refuseLogin(talk, points, bytes.length > 0);
  }
  if (bytes.length === 0 || isNul(bytes)) return await refuseLogin(talk, points, false);
  if (wanted === CACHING) {
    if (bytes.length !== SHA2_SCRAMBLE_BYTES) return await refuseLogin(talk, points, true);
    await talk.packets.send(WANT_PASSWORD);
    const third = await receive(talk);
    if (third === undefined) return;
    bytes = third;
  }
  if (await takePassword(talk, wanted, bytes)) await refuseLogin(talk, points, true);
}

/** The plugin of an account: MySQL 8's default, or what chance gave a name that is nobody's. */
function pluginOf({ settings }: Talk, name: Uint8Array): string {
  if (settings.accounts.includes(new TextDecoder().decode(name))) return CACHING;
  const digest = createHmac("sha256", settings.secret).update(name).digest();
  return PLUGINS[digest.readUInt32LE() % PLUGINS.length]!;
}

/** A password inside of TLS, or encrypted for the server's key; false when the client has gone. */
async function takePassword(talk: Talk, plugin: string, first: Uint8Array): Promise<boolean> {
  const { session, settings, packets, attempt, salt } = talk;
  if (session.isSecure) {
    attempt.secret(withoutNul(first));
    return true;
  }
  let bytes: Uint8Array = first;
  const { rsa } = settings;
  if (rsa === undefined) return true;
  if (bytes.length === 1 && bytes[0] === KEY_REQUESTS[plugin]) {
    const key = rsa.publicKey;
    const payload = new Uint8Array(1 + key.length);
    payload[0] = MORE_DATA;
    payload.set(key, 1);
    await packets.send(payload);
    const encrypted = await receive(talk);
    if (encrypted === undefined) return false;
    bytes = encrypted;
  }
  const masked = rsa.decrypt(bytes);
  if (masked !== undefined) {
    attempt.secret(withoutNul(masked.map((byte, i) => byte ^ salt[i % salt.length]!)));
  }
  return true;
}
