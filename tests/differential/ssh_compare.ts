/**
 * The differential harness for SSH: the same conversations to the genuine server and to the decoy, by
 * a client that may be wrong at any point, and the same packets, ends and, coarsely, delays from both.
 * @module
 */
import { assertEquals } from "@std/assert";
import { SshClient } from "../support/ssh_client.ts";
import { type Step, type StepAnswer, talk, type TalkOptions } from "../support/ssh_talk.ts";
import type { Address } from "./client.ts";

/** A conversation. */
export interface Talk extends TalkOptions {
  /** Names it; with the segmentation, the only one of its kind. */
  readonly name: string;
  readonly steps: readonly Step[];
  /**
   * Whether FIN and RST are the same: when the server leaves input unread, which of them the client
   * sees is a race.
   */
  readonly isResetAllowed?: boolean;
  /** Delays that differ by no more than this and half of the longer are the same, in ms. */
  readonly slackMs?: number;
}

/** A genuine server and the decoy beside it. */
export interface Pair {
  readonly genuine: Address;
  readonly decoy: Address;
}

/** Who is compared, and by what. */
export interface TalkComparison extends Pair {
  /** Further ones of the same, for servers that bear few connections. */
  readonly others?: readonly Pair[];
  readonly talks: readonly Talk[];
  /** How many talks at a time with each pair. */
  readonly concurrency?: number;
}

/** Wait for an answer, in ms. */
const WAIT_MS = 100;
/** Wait for the end of an answer, in ms. */
const QUIET_MS = 30;
/** The same when the first comparison failed: the machine may have been busy. */
const PATIENT_WAIT_MS = 1000;
const PATIENT_QUIET_MS = 250;
/** `slackMs` when absent. */
const SLACK_MS = 250;
/** A server that is full closes without a word; how often, and after how many ms, to come again. */
const CONNECT_TRIES = 20;
const CONNECT_PAUSE_MS = 150;

/** Says all talks to both, and compares: a test step each. */
export async function assertSameTalks(t: Deno.TestContext, of: TalkComparison): Promise<void> {
  const { talks, others = [], concurrency = 8 } = of;
  const results: (string[] | undefined)[] = [];
  const queue = talks.entries();
  const pairs = [of, ...others].flatMap((pair) => Array.from({ length: concurrency }, () => pair));
  await Promise.all(pairs.map(async (pair) => {
    for (const [i, one] of queue) results[i] = await differences(one, pair);
  }));
  for (const [i, one] of talks.entries()) {
    await t.step(`${one.name}, ${one.segmentation ?? "whole"}`, async () => {
      let result = results[i]!;
      if (result.length > 0) result = await differences(patient(one), of);
      assertEquals(result, [], "genuine and decoy differ");
    });
  }
  assertEquals(talks.length > 0, true, "no talks");
}

/** Each talk in several segmentations. */
export function segmentedTalks(
  talks: readonly Talk[],
  segmentations: readonly NonNullable<Talk["segmentation"]>[] = ["whole", "bytes", "merged"],
): Talk[] {
  return talks.flatMap((one) =>
    segmentations.map((segmentation) => ({
      ...one,
      segmentation,
      ...(segmentation === "merged" ? { waitMs: 1000 } : {}),
    }))
  );
}

/** What differs between the two, as text. */
export async function differences(one: Talk, of: Pair): Promise<string[]> {
  const say = (address: Address) => converse(address, one);
  const [genuine, decoy] = await Promise.all([say(of.genuine), say(of.decoy)]);
  return compare({ genuine, decoy }, one);
}

/** Holds a talk with one server. */
export async function converse(address: Address, one: Talk): Promise<StepAnswer[]> {
  const options = { waitMs: WAIT_MS, quietMs: QUIET_MS, ...one };
  let client = await SshClient.connect(address);
  for (let tries = 1; tries < CONNECT_TRIES; tries++) {
    // One that is full says nothing and closes; the others greet.
    await client.until(() => client.received.length > 0, 3000);
    if (client.received.length > 0) break;
    await client.close();
    await new Promise((resolve) => setTimeout(resolve, CONNECT_PAUSE_MS));
    client = await SshClient.connect(address);
  }
  return await talk(client, one.steps, options);
}

/** Compares step by step; with what was the first step's greeting among what came. */
function compare(
  { genuine, decoy }: { genuine: readonly StepAnswer[]; decoy: readonly StepAnswer[] },
  { isResetAllowed = false, slackMs = SLACK_MS }: Talk,
): string[] {
  const found: string[] = [];
  for (let i = 0; i < Math.max(genuine.length, decoy.length); i++) {
    const [expected, actual] = [genuine[i], decoy[i]].map((answer) => {
      if (answer === undefined) return "nothing: it was over";
      const ending = isResetAllowed && answer.ending === "rst" ? "fin" : answer.ending;
      return [...answer.received, ending].join(" | ");
    });
    const label = genuine[i]?.label ?? decoy[i]!.label;
    if (expected !== actual) {
      found.push(`${label}: genuine ${expected}`, `${label}: decoy   ${actual}`);
      break;
    }
    const [a, b] = [genuine[i]?.delayMs, decoy[i]?.delayMs];
    if (a === undefined || b === undefined) continue;
    if (Math.abs(a - b) > slackMs + Math.max(a, b) / 2) {
      found.push(`${label}: genuine after ${a.toFixed()} ms, decoy after ${b.toFixed()} ms`);
    }
  }
  return found;
}

function patient(one: Talk): Talk {
  return {
    ...one,
    steps: one.steps.map((step) => ({
      ...step,
      ...(step.waitMs === undefined ? {} : { waitMs: step.waitMs * 1.5 }),
    })),
    waitMs: PATIENT_WAIT_MS,
    quietMs: PATIENT_QUIET_MS,
  };
}
