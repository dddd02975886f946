/**
 * Kinds of lures, and the kinds of decoys that can serve them.
 * @module
 */

/** By the kind's name. */
export const LURE_KINDS = {
  "env": ["http", "https"],
  "git-config": ["http", "https"],
  "backup": ["http", "https"],
  "server-status": ["http", "https"],
  "file": ["http", "https"],
  "redis-key": ["redis"],
  "memcached-key": ["memcached"],
  "mqtt-topic": ["mqtt"],
  "git-file": ["git"],
} as const satisfies Record<string, readonly string[]>;

/** Kind of a lure. */
export type LureKind = keyof typeof LURE_KINDS;

/** All of them, in the order of the README. */
export const LURE_NAMES: readonly string[] = Object.keys(LURE_KINDS);

/**
 * Whether a kind of decoy can serve a kind of lure.
 * @param lure kind of the lure.
 * @param decoy kind of the decoy.
 */
export function canServe(lure: string, decoy: string): boolean {
  const kinds: readonly string[] = Object.hasOwn(LURE_KINDS, lure)
    ? LURE_KINDS[lure as LureKind]
    : [];
  return kinds.includes(decoy);
}
