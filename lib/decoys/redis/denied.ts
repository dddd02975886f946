/**
 * What the user `default` may not run: this server's operator has forbidden scripts and replicas, as
 * careful ones do. A decoy runs nothing, and gives no copy of itself.
 * @module
 */
import type { CommandFacts } from "./catalogue.ts";

/** The rules of `default`, as ACL LIST shows them. */
export const RULES = "+@all -@scripting -psync -sync";

/**
 * Whether `default` may not run a command.
 * @param facts of the command.
 */
export function isDenied({ categories, name }: CommandFacts): boolean {
  return categories.has("@scripting") || name === "sync" || name === "psync";
}
