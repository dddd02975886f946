/**
 * The kinds of collectors there are. A written list: typed, greppable, compiled in.
 * @module
 */
import type { CollectorKind } from "./collector.ts";
import { natsCollector } from "./nats.ts";

/** Every kind of collector. */
// deno-lint-ignore no-explicit-any -- each kind has options of its own; the config validates them
export const COLLECTOR_KINDS: readonly CollectorKind<any>[] = [
  natsCollector,
];

/**
 * Finds a kind.
 * @param kind as in `kind:` of the config.
 * @returns the kind, or `undefined` if there is none of that name.
 */
// deno-lint-ignore no-explicit-any -- as above
export function findCollectorKind(kind: string): CollectorKind<any> | undefined {
  return COLLECTOR_KINDS.find((entry) => entry.kind === kind);
}
