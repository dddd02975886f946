/**
 * Ignore rules: whose events are not worth it, by source, decoy and port.
 * @module
 */
import { type Cidr, cidrHolds, parseCidr, parseIp } from "../net/address.ts";
import type { Scope } from "./ecs.ts";
import type { IgnoreRule } from "./emitter.ts";

/** A rule as the config has it; all parts that are there must fit. */
export interface IgnoreConfig {
  readonly source?: readonly string[] | undefined;
  readonly decoys?: readonly string[] | undefined;
  readonly ports?: readonly number[] | undefined;
  readonly action: "suppress" | "lower";
  readonly max_severity: number;
}

/**
 * Makes one rule of a list; the first that fits decides. The encrypted service is never ignored: who
 * finds it is always worth knowing.
 * @param rules as the config has them, validated.
 * @returns `undefined` for an empty list.
 */
export function makeIgnoreRule(rules: readonly IgnoreConfig[]): IgnoreRule | undefined {
  if (rules.length === 0) return undefined;
  const compiled = rules.map((rule) => ({
    ...rule,
    blocks: rule.source?.map((text) => parseCidr(text)!),
  }));
  const known = new WeakMap<Scope, ReturnType<IgnoreRule>>();
  return (scope) => {
    if (scope.peer === undefined || scope.kind === "service") return undefined;
    if (known.has(scope)) return known.get(scope);
    const rule = compiled.find((rule) => fits(rule, scope));
    const verdict = rule === undefined
      ? undefined
      : rule.action === "suppress"
      ? { suppress: true as const }
      : { maxSeverity: rule.max_severity };
    known.set(scope, verdict);
    return verdict;
  };
}

function fits(
  rule: Pick<IgnoreConfig, "decoys" | "ports"> & { blocks?: readonly Cidr[] | undefined },
  scope: Scope,
): boolean {
  const { peer, local } = scope;
  if (rule.decoys !== undefined && !rule.decoys.includes(scope.provider)) return false;
  if (rule.ports !== undefined && !rule.ports.includes(local?.port ?? 0)) return false;
  if (rule.blocks === undefined) return true;
  const address = parseIp(peer!.ip);
  return address !== undefined && rule.blocks.some((block) => cidrHolds(block, address));
}
