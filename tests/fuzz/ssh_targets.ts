/**
 * SSH behind its version lines: a client that does real key exchanges says what a case has, payload by
 * payload, each in a packet under the keys of the moment. A finding is thus a list of payloads.
 * @module
 */
import type { Decoy } from "../../lib/decoys/decoy.ts";
import { ssh } from "../../lib/decoys/ssh.ts";
import { SshPeer } from "../support/ssh_peer.ts";
import { makeDecoy } from "../support/transcript.ts";
import { converse, type Ending, type Report } from "./conversation.ts";
import { MAX_SSH_BUFFER_BYTES } from "./decoy_targets.ts";
import { Random } from "./random.ts";
import { AUTH_SEEDS, handshake, KEX_SEEDS, SESSION_INITS } from "./ssh_seeds.ts";
import {
  type Case,
  check,
  join,
  type Outcome,
  type Seed,
  type Target,
  totalBytes,
} from "./target.ts";

/** Option sets; one is chosen for each case. */
const OPTIONS = [
  {},
  { keyboard_interactive: true, banner: "Go away\n" },
  { max_attempts: 100, fail_delay_ms: 0, keyboard_interactive: true },
  { max_attempts: 1 },
] as const;
const PRODUCTS = ["openssh-9.2-debian12", "openssh-9.6-ubuntu24", "dropbear-2022.83"] as const;

/** Message numbers that a server that admits nobody may send. */
const SAID = [1, 3, 6, 7, 20, 21, 31, 33, 51, 53, 60];
const USERAUTH_SUCCESS = 52;

/** Reports that a connection may make besides those of its messages: the client, and its oddities. */
const FREE_EVENTS = 10;

/** Targets of the key exchanges, and of what comes after. */
export async function sshTargets(): Promise<Target[]> {
  const targets: Target[] = [];
  for (const product of PRODUCTS) {
    const decoys = await Promise.all(OPTIONS.map((set) => makeDecoy(ssh, { product, ...set })));
    const add = (name: string, seeds: readonly Seed[], isAfterKeys: boolean) =>
      targets.push({
        name: `${name}/${product}`,
        seeds,
        run: (input) => runSession(input, decoys, isAfterKeys),
        describe: (choices) => JSON.stringify(planOf(choices, isAfterKeys)),
      });
    add("ssh_kex", KEX_SEEDS, false);
    add("ssh_auth", AUTH_SEEDS, true);
  }
  return targets;
}

/** What the choices of a case come to. */
function planOf(choices: string, isAfterKeys: boolean) {
  const random = new Random(choices);
  return {
    optionSet: random.below(OPTIONS.length),
    init: isAfterKeys ? random.below(SESSION_INITS.length) : undefined,
    /** Whether several payloads leave in one segment now and then. */
    isPipelined: random.chance(0.3),
    /** How often a packet's bytes are changed once more when it is sealed. */
    corruption: random.chance(0.2) ? 0.1 : 0,
    ending: random.pick<Ending>(["eof", "eof", "reset", "stall"]),
    seed: choices,
  };
}

async function runSession(
  { messages, choices }: Case,
  decoys: readonly Decoy[],
  isAfterKeys: boolean,
): Promise<Outcome> {
  const plan = planOf(choices, isAfterKeys);
  const random = new Random(`${plan.seed} run`);
  const peer = new SshPeer();
  const before = plan.init === undefined ? [] : handshake(SESSION_INITS[plan.init]!);
  // A server that has nothing to say to the first messages would hear all of them at once.
  const groups: Uint8Array[][] = before.map((payload) => [payload]);
  for (const payload of messages) {
    const isJoined = plan.isPipelined && groups.length > before.length && random.chance(0.5);
    if (isJoined) groups.at(-1)!.push(payload);
    else groups.push([payload]);
  }
  const isCorrupt = () => plan.corruption > 0 && random.chance(plan.corruption);
  let heard = 0;
  const listen = (said: readonly Uint8Array[]) => {
    while (heard < said.length) peer.take(said[heard++]!);
  };
  let said: readonly Uint8Array[] = [];
  const report = await converse(decoys[plan.optionSet]!, "ssh", {
    segments: [peer.greeting(), ...groups.map((group) => join(group))],
    silenceMs: () => 0,
    ending: plan.ending,
    mostPerWrite: Infinity,
    random: () => random.next(),
    maxBufferBytes: MAX_SSH_BUFFER_BYTES,
    wrap: (index, everything) => {
      listen(said = everything);
      if (index === 0) return peer.greeting();
      const sealed = join(groups[index - 1]!.map((payload) => peer.seal(payload)));
      if (isCorrupt()) sealed[random.below(sealed.length)]! ^= 1 << random.below(8);
      return sealed;
    },
  });
  listen(said);
  checkSession(report, peer, [...before, ...messages]);
  return { input: report.input, output: report.output, events: report.events.length };
}

function checkSession(report: Report, peer: SshPeer, messages: Case["messages"]): void {
  const { types } = peer;
  check(!types.includes(USERAUTH_SUCCESS), "nobody is admitted", () => types.join(" "));
  const odd = types.find((type) => !SAID.includes(type));
  check(odd === undefined, "says what servers say", () => `message ${odd}`);
  const sent = totalBytes(messages);
  const maxOutput = 8192 + 2048 * messages.length + 8 * sent;
  const { output, events, eventBytes } = report;
  check(output <= maxOutput, "output is bounded", () => `${output} bytes, at most ${maxOutput}`);
  const maxEvents = FREE_EVENTS + messages.length;
  check(events.length <= maxEvents, "events are bounded", () => `${events.length} of ${maxEvents}`);
  const maxEventBytes = 64 * sent + 3000 * events.length;
  check(eventBytes <= maxEventBytes, "events are bounded", () => `${eventBytes} bytes`);
  const clients = events.filter((event) => event.startsWith("ssh.client ")).length;
  check(clients <= 1, "a client is reported once", () => `${clients} times`);
}
