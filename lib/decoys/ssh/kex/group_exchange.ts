/**
 * Which group a client is given: RFC 4419 §3, as OpenSSH 9.2 does it (`kexgexs.c`, `choose_dh`).
 *
 * The client says the least, the preferred and the largest size of the prime (message 34; the older
 * 30 is not known to OpenSSH any more), gets a group (31), and then `dhMethod` goes on with it, with
 * the three numbers as they came, and the group, in the exchange hash.
 * @module
 */
import { randomInt } from "node:crypto";
import { fixedGroup, type Group } from "./dh_groups.ts";
import type { Moduli } from "./moduli.ts";

/** Smallest prime that is given, in bits. */
const MIN_BITS = 2048;
/** Largest, in bits. */
const MAX_BITS = 8192;

/** What a client asks for: sizes of a prime, in bits, as they came. */
export interface GroupRequest {
  /** The least. */
  readonly min: number;
  /** The preferred one. */
  readonly n: number;
  /** The largest. */
  readonly max: number;
}

/**
 * Chooses a group: of the smallest size that is not below the preferred one, or else the largest.
 * @param moduli the groups that there are.
 * @param request what the client asks for.
 * @returns one of that size by chance; a fixed group when none of them suits; `undefined` when the
 *   request makes no sense, and then the connection ends.
 */
export function chooseGroup(moduli: Moduli, request: GroupRequest): Group | undefined {
  if (request.max < request.min || request.n < request.min || request.max < request.n) {
    return undefined;
  }
  const min = Math.max(MIN_BITS, request.min);
  const max = Math.min(MAX_BITS, request.max);
  const wanted = Math.min(MAX_BITS, Math.max(MIN_BITS, request.n));
  // `kexgexs.c` looks at the largest alone, and then the monitor at all three.
  if (max < MIN_BITS || max < min || wanted < min || max < wanted) return undefined;
  let best = 0;
  for (const { bits } of moduli) {
    if (bits > max || bits < min) continue;
    if ((bits > wanted && bits < best) || (bits > best && best < wanted)) best = bits;
  }
  const suitable = moduli.filter(({ bits }) => bits === best);
  return suitable.length > 0 ? suitable[randomInt(suitable.length)] : fallback(max);
}

/** What OpenSSH falls back on (`dh_new_group_fallback`). */
function fallback(max: number): Group {
  if (max < 3072) return fixedGroup(14);
  return fixedGroup(max < 6144 ? 16 : 18);
}
