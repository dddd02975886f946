/**
 * MariaDB 10.11 of Debian 12 with the accounts that its package makes, and one from everywhere.
 *
 * Compared with the genuine server by `tests/differential/mysql_test.ts`. Left out: names of hosts,
 * which it asks the DNS for, and its block on hosts after 100 broken connections.
 * @module
 */
import { Buffer } from "node:buffer";
import { type Account, findAccount } from "./accounts.ts";
import { withoutNul } from "./attempt.ts";
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
const MAX_NAME_CHARACTERS = 128;
const NATIVE = "mysql_native_password";
const CLEAR = "mysql_clear_password";
/** A question of the dialog plugin, asked by whoever asks: its type, and the text. */
const PAM_PROMPT = Buffer.from("\x04Password: ", "latin1");
const SCRAMBLE_BYTES = 20;
/** Longest text of a client in a message: ErrConvString's, in characters. */
const MAX_SHOWN = 64;

/** Plays MariaDB. */
export const mariadb: Product = {
  version: "5.5.5-10.11.19-MariaDB-0+deb12u1",
  name: "MariaDB",
  capabilities: 0x81fff7fe,
  characterSet: 45,
  filler: [0, 0, 0, 0, 0, 0, 0x1d, 0, 0, 0],
  plugin: NATIVE,
  saltByte: (random) => 33 + random % 94,
  judge,
};

async function judge(talk: Talk, handshake: Handshake): Promise<void> {
  const { database, plugin, answer, attributes } = handshake;
  const { settings, characters } = talk;
  if (database !== undefined && !isConvertible(database, characters)) {
    const text = `Invalid ${characters.name} character string: '${show(database)}'`;
    return await refuse(talk, { code: 1300, state: "HY000", text });
  }
  const points = decodeName(handshake.user, characters, MAX_NAME_CHARACTERS);
  if (settings.asksClear) return await askClear(talk, handshake, points);
  const { account, isStranger } = findAccount(encodeUtf8(points), {
    remote: settings.accounts,
    isLocal: isLocal(talk),
  });
  const isSocket = account === "socket";
  let scramble: Uint8Array = answer;
  if (attributes === undefined) {
    return isSocket ? await refuseLogin(talk, points, undefined) : await refuseOdd(talk, answer);
  }
  if (plugin.toLowerCase() !== NATIVE) {
    if (plugin.toLowerCase() === "mysql_old_password") {
      if (isSocket) return await refuseLogin(talk, points, undefined);
      return await refuse(talk, REFUSALS.oldClient);
    }
    // The socket's turn comes whatever became of the password.
    const refuseSocket = () => refuseLogin(talk, points, undefined);
    const second = await switchTo(talk, NATIVE, {
      data: talk.salt,
      ...(isSocket ? { onDisorder: refuseSocket } : {}),
    });
    if (second === undefined) return;
    talk.attempt.answer(NATIVE, second);
    scramble = second;
  }
  await judgeScramble(talk, points, { account, isStranger, scramble });
}

/** native_password_authenticate, and the socket that comes after it. */
async function judgeScramble(
  talk: Talk,
  points: readonly number[],
  { account, isStranger, scramble }: {
    account: Account;
    isStranger: boolean;
    scramble: Uint8Array;
  },
): Promise<void> {
  if (account === "socket") return await refuseLogin(talk, points, undefined);
  if (scramble.length === SCRAMBLE_BYTES) return await refuseLogin(talk, points, true);
  if (scramble.length > 0) return await refuseOdd(talk, scramble);
  if (account === "locked" && !isStranger) return await refuse(talk, REFUSALS.locked);
  await refuseLogin(talk, points, false);
}

/** As a server does that asks PAM, with `pam_use_cleartext_plugin`. */
async function askClear(
  talk: Talk,
  { plugin, answer, knowsPlugins }: Handshake,
  points: readonly number[],
): Promise<void> {
  if (!knowsPlugins) return await refuse(talk, REFUSALS.oldClient);
  let bytes = plugin === CLEAR ? answer : await switchTo(talk, CLEAR);
  if (bytes === undefined) return;
  talk.attempt.secret(withoutNul(bytes));
  if (withoutNul(bytes).length === 0) {
    // What PAM asks for is passed on when there is no answer yet.
    await talk.packets.send(PAM_PROMPT);
    bytes = await receive(talk);
    if (bytes === undefined) return;
    talk.attempt.secret(withoutNul(bytes));
  }
  await talk.session.pause(...talk.settings.pauseMs);
  await refuseLogin(talk, points, false); // PAM tells nobody that there was one
}

/** Bytes as messages show them that are about bytes. */
function show(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes.subarray(0, MAX_SHOWN + 1)) {
    text += byte >= 0x20 && byte < 0x7f
      ? String.fromCharCode(byte)
      : "\\x" + byte.toString(16).toUpperCase().padStart(2, "0");
  }
  return text.length > MAX_SHOWN ? text.slice(0, MAX_SHOWN - 3) + "..." : text;
}
