/**
 * How long Dovecot 2.3 lets those wait who fail to log in: an address that has failed lately waits
 * before its next try begins, and every failure is held back for a while.
 *
 * One table stands for all services of a host, as with Dovecot: whoever failed by POP3 waits in IMAP.
 * @module
 */

/** First and longest wait, in ms. */
const FIRST_MS = 2000;
const MAX_MS = 15_000;
/** Most failures that make the wait longer. */
const MAX_LEVEL = 4;
/** Most tries of an address that are remembered: a client that repeats one is misconfigured. */
const MAX_TRIES = 10;
/** Most addresses that are remembered. */
const MAX_SOURCES = 10_000;
/** Shortest and longest pause of pam_unix for a wrong password, in ms, of three even draws. */
export const PAM_MS = [1000, 3000] as const;

/** What is known of an address. */
interface Source {
  level: number;
  /** When its level last rose, in whole seconds since 1970. */
  since: number;
  /** What it tried last, the latest first. */
  readonly tries: string[];
}

/** Who failed to log in, and when. */
export class AuthPenalty {
  readonly #sources = new Map<string, Source>();

  /**
   * How long an address waits before its next try begins.
   * @param ip the address.
   * @param nowMs wall clock.
   * @returns ms; 0 for who has not failed in the last 15 s.
   */
  waitMs(ip: string, nowMs: number): number {
    const level = this.#levelOf(ip, nowMs);
    return level === 0 ? 0 : levelMs(level);
  }

  /**
   * A failed try.
   * @param ip whose.
   * @param nowMs wall clock, when the password was found wrong.
   * @param tried what tells this try from others; `undefined` when nothing was looked up.
   */
  failed(ip: string, nowMs: number, tried: string | undefined): void {
    const key = sourceKey(ip);
    const raised = Math.min(this.#levelOf(ip, nowMs) + 1, MAX_LEVEL);
    const source = this.#sources.get(key) ?? { level: 0, since: 0, tries: [] };
    this.#sources.delete(key); // it comes last: the map's first entry is the oldest
    this.#sources.set(key, source);
    const known = tried === undefined ? -1 : source.tries.indexOf(tried);
    if (known >= 0) {
      source.tries.splice(known, 1);
      source.level = raised - 1;
    } else {
      source.level = raised;
      source.since = Math.floor(nowMs / 1000);
    }
    if (tried !== undefined) source.tries.unshift(tried);
    if (source.tries.length > MAX_TRIES) source.tries.pop();
    if (this.#sources.size > MAX_SOURCES) {
      this.#sources.delete(this.#sources.keys().next().value!);
    }
  }

  /** How many addresses are remembered. */
  get size(): number {
    return this.#sources.size;
  }

  #levelOf(ip: string, nowMs: number): number {
    const source = this.#sources.get(sourceKey(ip));
    if (source === undefined) return 0;
    const elapsedMs = Math.max(0, Math.floor(nowMs / 1000) - source.since) * 1000;
    let level = source.level;
    for (let drop = MAX_LEVEL; level > 0 && elapsedMs >= levelMs(drop); drop--) level--;
    return level;
  }
}

const tables = new WeakMap<object, AuthPenalty>();

/**
 * The table that all decoys of a sensor share.
 * @param sensor what stands for the sensor, such as its store of secrets.
 */
export function authPenaltyOf(sensor: object): AuthPenalty {
  const table = tables.get(sensor) ?? new AuthPenalty();
  tables.set(sensor, table);
  return table;
}

/**
 * How long a failure is held back: until a check, each half second, finds that the clock's seconds have
 * moved on by two.
 * @param nowMs wall clock, when the login failed.
 * @returns ms.
 */
export function failureDelayMs(nowMs: number): number {
  return nowMs % 1000 < 500 ? 2000 : 1500;
}

function levelMs(level: number): number {
  return Math.min(FIRST_MS * 2 ** level, MAX_MS);
}

/** An IPv6 address counts by its first 48 bits. */
function sourceKey(ip: string): string {
  if (!ip.includes(":")) return ip;
  const [head = "", tail] = ip.split("::");
  const groups = head === "" ? [] : head.split(":");
  const rest = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Math.max(0, 8 - groups.length - rest.length);
  return [...groups, ...Array(zeros).fill("0"), ...rest].slice(0, 3).join(":") + "::";
}
