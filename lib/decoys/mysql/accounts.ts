/**
 * Which account a name is taken for: the one of that name, or, so that nobody learns which names
 * there are, always the same other one, as find_mpvio_user of MariaDB's sql_acl.cc chooses it.
 * @module
 */

/** How an account is opened. */
export type Account =
  | "native" // by a password
  | "socket" // by the system's user alone: no password is right
  | "locked"; // by an empty password, but for that it is locked

/** Accounts of a new server, for connections from the machine itself, in the server's order. */
const LOCAL: readonly (readonly [name: string, account: Account])[] = [
  ["mariadb.sys", "locked"],
  ["mysql", "socket"],
  ["root", "socket"],
];

/** Sorting weights of latin1_swedish_ci from 0xc0 on. */
const WEIGHTS = "AAAA\\[\\CEEEEIIIIDNOOOO]\xd7\xd8UUUYY\xde\xdf" +
  "AAAA\\[\\CEEEEIIIIDNOOOO]\xf7\xd8UUUYY\xde\xff";
const SPACE = 0x20;

/** The account that a login is held against. */
export interface Match {
  readonly account: Account;
  /** Whether there is none of that name, so that no answer is right. */
  readonly isStranger: boolean;
}

/**
 * Finds the account.
 * @param name in UTF-8.
 * @param remote names that may log in from everywhere, at least one.
 * @param isLocal whether the connection comes from the machine itself.
 */
export function findAccount(
  name: Uint8Array,
  { remote, isLocal }: { remote: readonly string[]; isLocal: boolean },
): Match {
  const text = new TextDecoder().decode(name);
  const own = isLocal ? LOCAL.find(([local]) => local === text)?.[1] : undefined;
  if (own !== undefined) return { account: own, isStranger: false };
  if (remote.includes(text)) return { account: "native", isStranger: false };
  const index = Number(hashName(name) % BigInt(LOCAL.length + remote.length));
  return { account: LOCAL[index]?.[1] ?? "native", isStranger: true };
}

/** my_hash_sort_simple with latin1_swedish_ci, in 64 bits. */
function hashName(name: Uint8Array): bigint {
  let length = name.length;
  while (length > 0 && name[length - 1] === SPACE) length--;
  let hash = 1n;
  let factor = 4n;
  for (const byte of name.subarray(0, length)) {
    const sum = ((hash & 63n) + factor) * BigInt(weightOf(byte)) + (hash << 8n);
    hash ^= BigInt.asUintN(64, sum);
    factor += 3n;
  }
  return hash;
}

function weightOf(byte: number): number {
  if (byte >= 0x61 && byte <= 0x7a) return byte - 0x20;
  return byte < 0xc0 ? byte : WEIGHTS.charCodeAt(byte - 0xc0);
}
