/**
 * A durable pull consumer: messages come in, are stored together, and are acknowledged after the commit.
 *
 * What is not acknowledged, because this collector ended or its disk is full, goes to another collector
 * of the same consumer, or comes again; the journal knows it by its id.
 * @module
 */
import { connectNats, type NatsLink } from "../../nats/connection.ts";
import { describeNatsError, isDenied, isSilence } from "../../nats/failures.ts";
import {
  AckPolicy,
  type ConsumerMessages,
  DeliverPolicy,
  JetStreamApiError,
  type JsMsg,
} from "../../nats/library.ts";
import { explainSilence } from "../../nats/stream.ts";
import { parseSubject } from "../../nats/subject.ts";
import { settlesWithin } from "../../net/settles_within.ts";
import type { Collector, CollectorContext } from "../collector.ts";
import type { NatsCollectorOptions } from "../nats.ts";
import { gather } from "./gathering.ts";

/** Most messages of one commit. */
const BATCH_MESSAGES = 500;
/** Most bytes that may be on their way, if each message is as large as it may be. */
const HELD_BYTES = 128 * 1_048_576;
/** How long the server waits for news before it says that there are none, in ms. */
const PULL_MS = 30_000;
/** Longest time to connect, and to find or make the consumer, in ms. */
const OPEN_MS = 30_000;
/** How long acknowledgements may take to leave at the end, in ms. */
const FLUSH_MS = 1000;
/** `err_code`s: there is no such stream, no such consumer. */
const STREAM_NOT_FOUND = 10059;
const CONSUMER_NOT_FOUND = 10014;
const NS_PER_S = 1_000_000_000;

const encoder = new TextEncoder();

/**
 * Makes a collector; it connects when it is run.
 * @param options as the config has them.
 * @param context takes what comes.
 */
export function openNatsCollector(
  options: NatsCollectorOptions,
  context: CollectorContext,
): Collector {
  return { run: (signal) => run(signal, { options, context }) };
}

/** A message; the library's type leaves out the subject that waits for what became of it. */
type Delivery = JsMsg & { readonly reply: string };

interface Plan {
  readonly options: NatsCollectorOptions;
  readonly context: CollectorContext;
}

async function run(stopping: AbortSignal, plan: Plan): Promise<void> {
  const signal = AbortSignal.any([stopping, AbortSignal.timeout(OPEN_MS)]);
  const { name, sensor, secret } = plan.context;
  const link = await connectNats(plan.options, {
    name: `duckblind ${sensor} ${name}`,
    secret: (reference) => secret(reference),
    signal,
  });
  try {
    const { messages, most } = await begin(link, plan, signal);
    const onStop = () => messages.stop();
    stopping.addEventListener("abort", onStop, { once: true });
    if (stopping.aborted) messages.stop();
    try {
      await gather(messages, {
        most: Math.min(BATCH_MESSAGES, most),
        store: (batch) => store(batch as readonly Delivery[], { link, plan }),
        stop: () => messages.stop(),
      });
    } finally {
      messages.stop();
      stopping.removeEventListener("abort", onStop);
      await settlesWithin(link.isOpen ? link.nc.flush() : link.closed, FLUSH_MS);
    }
    if (!stopping.aborted) throw new Error("it closed the connection");
  } catch (error) {
    if (stopping.aborted) return;
    const detail = link.trouble || describe(error, plan.options);
    throw new Error(`Cannot collect from NATS at ${link.server}: ${detail}`, { cause: error });
  } finally {
    link.close();
    await link.closed;
  }
}

/** Finds or makes the consumer, and asks it for messages: so many may be on their way. */
async function begin(
  link: NatsLink,
  { options, context }: Plan,
  signal: AbortSignal,
): Promise<{ messages: ConsumerMessages; most: number }> {
  const onAbort = () => link.close();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const { num_pending } = await findConsumer(link, options);
    const consumer = await link.js.consumers.get(options.stream, options.durable);
    context.onReached(num_pending);
    const most = Math.min(options.fetch_events, await findMost(link, options.stream));
    const messages = await consumer.consume({
      max_messages: most,
      expires: PULL_MS,
      abort_on_missing_resource: true,
    }) as ConsumerMessages;
    return { messages, most };
  } catch (error) {
    if (!isSilence(error)) throw error;
    throw new Error(await explainSilence(link, `${options.prefix}.>`), { cause: error });
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/**
 * How many messages may be on their way: whoever may publish can make each as large as the stream, or
 * else the server, lets it be.
 */
async function findMost(link: NatsLink, stream: string): Promise<number> {
  let largest = link.maxPayload;
  try {
    const { config } = await link.manager.streams.info(stream);
    if (config?.max_msg_size > 0) largest = Math.min(largest, config.max_msg_size);
  } catch (error) {
    // Who may not ask has to expect the largest.
    if (!isDenied(error)) throw error;
  }
  return Math.max(1, Math.floor(HELD_BYTES / largest));
}

async function findConsumer(
  link: NatsLink,
  options: NatsCollectorOptions,
): Promise<{ num_pending: number }> {
  const { consumers } = link.manager;
  try {
    return await consumers.info(options.stream, options.durable);
  } catch (error) {
    const isAbsent = error instanceof JetStreamApiError && error.code === CONSUMER_NOT_FOUND;
    if (!isAbsent || !options.create_consumer) throw error;
    return await consumers.add(options.stream, {
      durable_name: options.durable,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      filter_subject: `${options.prefix}.>`,
      ack_wait: options.ack_wait_s * NS_PER_S,
      max_ack_pending: options.max_ack_pending,
      max_deliver: -1,
    });
  }
}

/** Stores a batch, and says of each message what became of it. */
async function store(
  batch: readonly Delivery[],
  { link, plan: { options, context } }: { link: NatsLink; plan: Plan },
): Promise<void> {
  // Few sensors and actions, over and over.
  const sensors = new Map<string, string | undefined>();
  const arrivals = batch.map(({ subject, data }) => {
    if (!sensors.has(subject)) {
      sensors.set(subject, parseSubject(options.prefix, subject)?.sensor);
    }
    return { body: data, sensor: sensors.get(subject) };
  });
  let verdicts: boolean[];
  try {
    verdicts = await context.take(arrivals);
  } catch (error) {
    link.send(encodeVerdicts(batch, () => "-NAK"));
    throw error;
  }
  link.send(encodeVerdicts(batch, (index) => verdicts[index] ? "+ACK" : "+TERM"));
  context.onReached(batch.at(-1)!.info.pending);
}

/** All of a batch in one, where the library would send a message for each. */
function encodeVerdicts(
  batch: readonly Delivery[],
  verdictOf: (index: number) => string,
): Uint8Array {
  let text = "";
  for (const [index, { reply }] of batch.entries()) {
    const verdict = verdictOf(index);
    // Without a reply subject nobody waits for it.
    if (reply !== "") text += `PUB ${reply} ${verdict.length}\r\n${verdict}\r\n`;
  }
  return encoder.encode(text);
}

function describe(error: unknown, { stream, durable }: NatsCollectorOptions): string {
  if (error instanceof JetStreamApiError) {
    if (error.code === STREAM_NOT_FOUND) {
      return `there is no stream ${JSON.stringify(stream)}, must be one to which sensors publish`;
    }
    if (error.code === CONSUMER_NOT_FOUND) {
      return `stream ${JSON.stringify(stream)} has no consumer ${JSON.stringify(durable)}, ` +
        "must have it (or create_consumer: true)";
    }
  }
  return describeNatsError(error);
}
