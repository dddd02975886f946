/**
 * Combinations of decoys that no real host has, and by which a sensor is told.
 * @module
 */
import type { Config, DecoyConfig } from "../config/config.ts";

/** More services than this on one host make people wonder. */
const MAX_SERVICES = 8;
/** The port of SSH, and the one to which real hosts move it: not both. */
const SSH_PORTS = [22, 2222];

/** What each product comes with; those of Debian 12 are the rest. */
const DISTRIBUTIONS: readonly (readonly [pattern: RegExp, distribution: string])[] = [
  [/ubuntu24|^mysql-8/, "Ubuntu 24.04"],
  [/^dropbear|^busybox/, "a small device"],
];
const DEFAULT_DISTRIBUTION = "Debian 12";
/** Products that small devices have as often. */
const ANYWHERE = /^nginx|^mosquitto/;

/**
 * Finds them.
 * @param config a valid config.
 * @returns a sentence each, without final period.
 */
export function findGiveaways(config: Config): string[] {
  const { decoys } = config;
  return [...tooMany(decoys), ...rivals(decoys), ...strangers(decoys), ...twoSsh(decoys)];
}

function tooMany(decoys: readonly DecoyConfig[]): string[] {
  const ports = new Set(decoys.flatMap(({ listen }) => listen.map(({ port }) => port)));
  return ports.size <= MAX_SERVICES ? [] : [
    `decoys stand on ${ports.size} ports: hosts with more than ${MAX_SERVICES} services are rare`,
  ];
}

/** Two products of one kind. */
function rivals(decoys: readonly DecoyConfig[]): string[] {
  const byKind = new Map<string, Set<string>>();
  for (const decoy of decoys) {
    const product = productOf(decoy);
    if (product === undefined) continue;
    const kind = decoy.kind === "https" ? "http" : decoy.kind;
    byKind.set(kind, (byKind.get(kind) ?? new Set()).add(product));
  }
  return [...byKind].filter(([, products]) => products.size > 1).map(([kind, products]) =>
    `decoys of kind ${kind} are ${[...products].join(" and ")}: a host has one of them`
  );
}

/** Products of different distributions. */
function strangers(decoys: readonly DecoyConfig[]): string[] {
  const byDistribution = new Map<string, string>();
  for (const decoy of decoys) {
    const product = productOf(decoy);
    if (product === undefined || ANYWHERE.test(product)) continue;
    const found = DISTRIBUTIONS.find(([pattern]) => pattern.test(product));
    byDistribution.set(found?.[1] ?? DEFAULT_DISTRIBUTION, product);
  }
  if (byDistribution.size < 2) return [];
  const list = [...byDistribution].map(([distribution, product]) =>
    `${product} of ${distribution}`
  );
  return [`decoys are ${list.join(" and ")}: a host has one distribution`];
}

function twoSsh(decoys: readonly DecoyConfig[]): string[] {
  const ports = decoys.filter(({ kind }) => kind === "ssh")
    .flatMap(({ listen }) => listen.map(({ port }) => port));
  return SSH_PORTS.every((port) => ports.includes(port))
    ? [`decoys of kind ssh stand on ${SSH_PORTS.join(" and ")}: honeypots are known for that`]
    : [];
}

function productOf({ options }: DecoyConfig): string | undefined {
  return typeof options.product === "string" ? options.product : undefined;
}
