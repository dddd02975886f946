/**
 * The differential harness: the same bytes to the genuine product and to the decoy, and the same
 * answers, ways of closing and, coarsely, delays expected from both.
 *
 * ```ts
 * differentialTest(vsftpd, "ftp answers as vsftpd 3.0.3", async (t, genuine) => {
 *   await using decoy = serveDecoy(await makeDecoy(ftp));
 *   await assertSame(t, { genuine, decoy: decoy.address, conversations, masks });
 * });
 * ```
 * Runs under `deno task differential` alone: a test without the right to run programs is ignored.
 * @module
 */
import { assertEquals } from "@std/assert";
import type { Decoy } from "../../lib/decoys/decoy.ts";
import {
  type Address,
  type Conversation,
  converse,
  DEFAULT_QUIET_MS,
  DEFAULT_WAIT_MS,
  type StepResult,
} from "./client.ts";
import { freePort, type Genuine, makeWorkDir } from "./process.ts";
import { assertConforms } from "../support/conformance.ts";
import { allEvents } from "../support/events.ts";
import { startTestHost, type TestHost, type TestHostOptions } from "../support/host.ts";

/** Conversations that run at a time: the machine's delays must not drown the product's. */
const CONCURRENCY = 6;
/** `slackMs` of a comparison that has none, in ms. */
const DELAY_SLACK_MS = 400;
/** The same before the greeting: a daemon forks for each connection, and several come at a time. */
const GREETING_SLACK_MS = 1500;

/** How much of what was sent a report shows, in characters. */
const MAX_SENT_SHOWN = 400;

/** Longer than any time that a product itself gives a peer, in ms. */
const NO_LIMIT_MS = 600_000;

/** What must differ between the two, such as dates: replaced on both sides before comparing. */
export interface Mask {
  /** Matched against what came in one step, one character a byte. */
  readonly pattern: RegExp;
  readonly replacement: string;
}

/** Who is compared, and by what. */
export interface Comparison {
  readonly genuine: Address;
  readonly decoy: Address;
  readonly conversations: readonly Conversation[];
  readonly masks?: readonly Mask[];
  /** Delays that differ by no more than this and half of the longer are the same, in ms. */
  readonly slackMs?: number;
}

/**
 * Registers a test that runs a genuine product; ignored without the right to run programs.
 * @param genuine started before and ended after.
 * @param name the test's sentence.
 * @param body gets the product's address.
 */
export function differentialTest(
  genuine: Genuine,
  name: string,
  body: (t: Deno.TestContext, genuine: Address) => Promise<void>,
): void {
  const mayRun = Deno.permissions.querySync({ name: "run" }).state === "granted";
  Deno.test({
    name: mayRun ? name : `${name} (ignored: run deno task differential)`,
    ignore: !mayRun,
    fn: async (t) => {
      const workDir = await makeWorkDir();
      try {
        const running = await genuine.start({ port: freePort(), workDir });
        try {
          await body(t, running.address);
        } finally {
          await running.stop();
        }
      } finally {
        await Deno.remove(workDir, { recursive: true });
      }
    },
  });
}

/**
 * Says each conversation to both and compares, one test step a conversation.
 * @param t the test.
 * @param comparison conversations of one name are told apart by their segmentation.
 */
export async function assertSame(t: Deno.TestContext, comparison: Comparison): Promise<void> {
  const { genuine, decoy, conversations, masks = [], slackMs = DELAY_SLACK_MS } = comparison;
  const differences = ([expected, actual]: Pair, conversation: Conversation) => {
    const { isResetAllowed = false, isCutAllowed = false } = conversation;
    const options = { masks, isResetAllowed, isCutAllowed };
    return {
      expected: comparable(expected, options),
      actual: comparable(actual, options),
      delays: differentDelays([expected, actual], slackMs),
    };
  };
  const converseBoth = async (conversation: Conversation): Promise<Pair> => {
    const say = (address: Address) => converse(address, conversation);
    return await Promise.all([say(genuine), say(decoy)]);
  };
  const results = await mapPool(conversations, async (conversation) => {
    return differences(await converseBoth(conversation), conversation);
  });
  for (const [i, conversation] of conversations.entries()) {
    const { segmentation = "whole" } = conversation;
    await t.step(`${conversation.name}, ${segmentation}`, async () => {
      let result = results[i]!;
      // On a busy machine an answer may come in parts: once more, by itself and with more patience.
      const isSame = JSON.stringify(result.actual) === JSON.stringify(result.expected);
      if (!isSame || result.delays.length > 0) {
        result = differences(await converseBoth(patient(conversation)), conversation);
      }
      assertEquals(result.actual, result.expected);
      assertEquals(result.delays, []);
    });
  }
  assertEquals(results.length > 0, true, "no conversations");
}

/**
 * The conversations, each in several segmentations.
 * @param conversations their own segmentation is replaced.
 * @param segmentations all three when absent.
 */
export function segmented(
  conversations: readonly Conversation[],
  segmentations: readonly NonNullable<Conversation["segmentation"]>[] = [
    "whole",
    "bytes",
    "merged",
  ],
): Conversation[] {
  return conversations.flatMap((conversation) =>
    segmentations.map((segmentation) => ({ ...conversation, segmentation }))
  );
}

/** A decoy behind the sensor's own host. */
export interface ServedDecoy extends AsyncDisposable {
  readonly address: Address;
  readonly host: TestHost;
}

/**
 * Serves a decoy as the sensor does, on a free port of 127.0.0.1, with its own pauses; at the end
 * every event that came of it is checked against the wire form.
 * @param decoy who answers.
 * @param options the TLS that it speaks.
 */
export function serveDecoy(
  decoy: Decoy,
  options: Pick<TestHostOptions, "tls" | "isSecure"> = {},
): ServedDecoy {
  const limits = { idleMs: NO_LIMIT_MS, lifetimeMs: NO_LIMIT_MS };
  const host = startTestHost(decoy, { limits, ...options });
  return {
    address: { hostname: "127.0.0.1", port: host.port },
    host,
    async [Symbol.asyncDispose]() {
      await host.host.stop(0);
      const events = allEvents(host.journal);
      await host[Symbol.asyncDispose]();
      for (const event of events) assertConforms(event.json);
    },
  };
}

/** What the genuine product and the decoy did. */
type Pair = readonly [genuine: StepResult[], decoy: StepResult[]];

/** The same with longer waits. */
function patient(conversation: Conversation): Conversation {
  const { waitMs = DEFAULT_WAIT_MS, quietMs = DEFAULT_QUIET_MS } = conversation;
  return { ...conversation, waitMs: waitMs * 2, quietMs: Math.max(quietMs * 2, 400) };
}

/** Steps whose delays are not even coarsely the same, as text. */
function differentDelays([expected, actual]: Pair, slackMs: number): string[] {
  return expected.flatMap((step, i) => {
    const [a, b] = [step.delayMs, actual[i]?.delayMs];
    if (a === undefined || b === undefined) return [];
    const isGreeting = step.sent === "";
    if (isSameDelay(a, b, isGreeting ? Math.max(slackMs, GREETING_SLACK_MS) : slackMs)) return [];
    return [`after ${step.sent}: genuine ${a.toFixed()} ms, decoy ${b.toFixed()} ms`];
  });
}

/** What is compared to the byte. */
function comparable(
  steps: readonly StepResult[],
  { masks, isResetAllowed, isCutAllowed }: {
    masks: readonly Mask[];
    isResetAllowed: boolean;
    isCutAllowed: boolean;
  },
): unknown[] {
  return steps.map(({ sent, received, ending }) => ({
    sent: sent.length > MAX_SENT_SHOWN ? `${sent.slice(0, MAX_SENT_SHOWN)}...` : sent,
    received: masks.reduce((text, mask) => text.replace(mask.pattern, mask.replacement), received),
    ending: (isResetAllowed && ending === "rst") || (isCutAllowed && ending === "cut")
      ? "fin"
      : ending,
  }));
}

function isSameDelay(a: number, b: number, slackMs: number): boolean {
  return Math.abs(a - b) <= slackMs + Math.max(a, b) / 2;
}

/** Runs `work` on all items, some at a time, and keeps their order. */
async function mapPool<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  await Promise.all(Array.from({ length: CONCURRENCY }, async () => {
    for (const [i, item] of queue) results[i] = await work(item);
  }));
  return results;
}
