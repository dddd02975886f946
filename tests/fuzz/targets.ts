/**
 * Everything that is fuzzed.
 * @module
 */
import { clientHelloTarget } from "./client_hello_target.ts";
import { decoderTargets } from "./decoder_targets.ts";
import { decoyTargets } from "./decoy_targets.ts";
import { fleetTargets } from "./fleet_targets.ts";
import { protocolTargets } from "./protocol_targets.ts";
import { sshDecoderTargets } from "./ssh_decoder_targets.ts";
import { sshTargets } from "./ssh_targets.ts";
import type { Target } from "./target.ts";

/**
 * Makes the targets.
 * @param name only those whose name begins with it; empty for all.
 */
export async function allTargets(name = ""): Promise<Target[]> {
  const targets = [
    ...await decoyTargets(),
    ...await sshTargets(),
    ...sshDecoderTargets(),
    ...protocolTargets(),
    ...decoderTargets(),
    ...fleetTargets(),
    clientHelloTarget(),
  ];
  return targets.filter((target) => target.name.startsWith(name));
}
