/**
 * Publishes batches by MQTT.
 * @module
 */
import { SinkError } from "../../errors.ts";
import { encodeAs } from "../../events/encoders/encoder.ts";
import { WireEvent } from "../../events/encoders/wire_event.ts";
import { dial } from "../../net/dial.ts";
import { escapeText } from "../../net/escape.ts";
import type { MqttOptions } from "../mqtt.ts";
import { readTls, toHostPort } from "../peer_options.ts";
import type { Batch, ItemTrouble, Outcome, Sink, SinkContext } from "../sink.ts";
import { BrokerError, MqttConnection, type MqttMessage } from "./connection.ts";
import { Malformed } from "./fields.ts";
import type { Puback } from "./packets.ts";
import { describeCode, isForGood, isRefusal } from "./reasons.ts";
import { topicOf } from "./topic.ts";

/** Events encoded between two rounds of the event loop. */
const SLICE_EVENTS = 100;
/** Bytes of a PUBLISH besides topic and payload, at most. */
const MAX_HEAD_BYTES = 16;
const encoder = new TextEncoder();

/** A client of one broker. */
export class MqttSink implements Sink {
  readonly #options: MqttOptions;
  readonly #context: SinkContext;
  readonly #clientId: string;
  #connection: MqttConnection | undefined;
  #isClosed = false;

  /**
   * @param options where, as whom, and what.
   * @param context resolves the secrets.
   */
  constructor(options: MqttOptions, context: SinkContext) {
    this.#options = options;
    this.#context = context;
    // Two clients with one id take the session from each other, so that test-sink would from the sensor.
    // At most 23 letters and digits are what every broker takes: MQTT 3.1.1 §3.1.3.1.
    this.#clientId = options.client_id ||
      `duckblind${crypto.randomUUID().replaceAll("-", "").slice(0, 12)}`;
  }

  async write({ events }: Batch, signal: AbortSignal): Promise<Outcome> {
    const messages: MqttMessage[] = [];
    for (const [i, event] of events.entries()) {
      const topic = topicOf(this.#options.topic, new WireEvent(event));
      messages.push({ topic, payload: encodeAs(this.#options.format, event) });
      if (i % SLICE_EVENTS === SLICE_EVENTS - 1) await new Promise((go) => setTimeout(go, 0));
    }
    const connection = await this.#connect(signal);
    const tooLarge: ItemTrouble[] = [];
    const indexes = messages.flatMap((message, index) => {
      if (sizeOf(message) <= connection.maxPacketBytes) return [index];
      tooLarge.push({
        index,
        reason: `the broker takes ${connection.maxPacketBytes} bytes at most`,
      });
      return [];
    });
    const acks = new Map<number, Puback>();
    try {
      await connection.publish(indexes.map((index) => messages[index]!), this.#options.in_flight, {
        signal,
        onAck: (at, ack) => acks.set(indexes[at]!, ack),
      });
    } catch (error) {
      this.#hangUp();
      const done = messages.findIndex((_message, index) => !isDone(acks.get(index)));
      throw this.#failure("publish to", error, { signal, done });
    }
    const refused = [...acks].filter(([, { code }]) => isRefusal(code));
    const trouble = (isWanted: boolean) =>
      refused.filter(([, { code }]) => isForGood(code) === isWanted)
        .map(([index, { code, reason }]) => ({ index, reason: describeCode(code, reason) }));
    return {
      reply: `${acks.size - refused.length} of ${events.length} acknowledged`,
      rejected: [...tooLarge, ...trouble(true)],
      postponed: trouble(false),
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#hangUp();
    return Promise.resolve();
  }

  async #connect(signal: AbortSignal): Promise<MqttConnection> {
    if (this.#connection?.failure !== undefined) this.#hangUp();
    if (this.#connection !== undefined) return this.#connection;
    const { address, version, keep_alive_s, tls } = this.#options;
    try {
      const who = await this.#who();
      const files = tls ? await readTls(this.#options, this.#context) : undefined;
      const conn = await dial(toHostPort(address), {
        signal,
        ...(files === undefined ? {} : { tls: files }),
      });
      const fields = { version, clientId: this.#clientId, keepAliveS: keep_alive_s, ...who };
      const connection = await MqttConnection.logIn(conn, fields, signal);
      if (this.#isClosed) {
        connection.close();
        throw new BrokerError("the sink was closed");
      }
      return this.#connection = connection;
    } catch (error) {
      throw this.#failure("connect to", error, { signal, done: 0 });
    }
  }

  async #who(): Promise<{ username?: string; password?: string }> {
    const { username, password } = this.#options;
    if (username === "" && password !== undefined) {
      throw new SinkError("Cannot log in with a password alone: must have username too", true);
    }
    return {
      ...(username === "" ? {} : { username: await this.#context.secret(username) }),
      ...(password === undefined ? {} : { password: await this.#context.secret(password) }),
    };
  }

  #failure(
    action: string,
    error: unknown,
    { signal, done }: { signal: AbortSignal; done: number },
  ): SinkError {
    if (error instanceof SinkError) return error;
    const detail = signal.aborted
      ? "no answer within the deadline"
      : error instanceof BrokerError || error instanceof Malformed
      ? error.message
      : escapeText((error instanceof Error ? error.message : String(error)).slice(0, 400));
    return new SinkError(
      `Cannot ${action} MQTT broker ${this.#options.address}: ${detail}`,
      true,
      { cause: error, done: Math.max(0, done) },
    );
  }

  #hangUp(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }
}

function isDone(ack: Puback | undefined): boolean {
  return ack !== undefined && !isRefusal(ack.code);
}

function sizeOf({ topic, payload }: MqttMessage): number {
  return MAX_HEAD_BYTES + encoder.encode(topic).length + encoder.encode(payload).length;
}
