/**
 * Syslog over TCP and TLS: RFC 6587 §3.4, RFC 5425 §4.3.
 * @module
 */
import { Buffer } from "node:buffer";
import { dial } from "../../net/dial.ts";
import { ByteReader } from "../../net/byte_reader.ts";
import { Handover, type OpenLine } from "../handover.ts";
import { readTls, toHostPort } from "../peer_options.ts";
import type { Batch, Outcome, Sink, SinkContext } from "../sink.ts";
import type { SyslogOptions } from "../syslog.ts";
import { formatMessage } from "./message.ts";

/** A receiver that does not want us ends the connection when it accepts it, in ms. */
const MIN_PAUSE_MS = 50;
/** Messages made between two rounds of the event loop. */
const SLICE_EVENTS = 100;
const LF = new Uint8Array([0x0a]);
const encoder = new TextEncoder();

/** Sends messages over connections. */
export class StreamSink implements Sink {
  readonly #options: SyslogOptions;
  readonly #context: SinkContext;
  readonly #handover: Handover;
  #messages = 0;

  /**
   * @param options with `protocol` tcp or tls.
   * @param context resolves the key of our certificate.
   */
  constructor(options: SyslogOptions, context: SinkContext) {
    this.#options = options;
    this.#context = context;
    this.#handover = new Handover({
      destination: `syslog receiver ${options.address}`,
      confirm: options.confirm,
      resendEvents: options.resend_events,
      minPauseMs: MIN_PAUSE_MS,
      open: (signal) => this.#open(signal),
    });
  }

  async write(batch: Batch, signal: AbortSignal): Promise<Outcome> {
    const parts: Uint8Array[] = [];
    for (const [i, event] of batch.events.entries()) {
      const message = formatMessage(event, ++this.#messages, this.#options);
      if (this.#options.framing === "newline") parts.push(message, LF);
      else parts.push(encoder.encode(`${message.length} `), message);
      // Decoys have a turn while a large batch is made.
      if (i % SLICE_EVENTS === SLICE_EVENTS - 1) await new Promise((go) => setTimeout(go, 0));
    }
    return { reply: await this.#handover.deliver(Buffer.concat(parts), batch, signal) };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#handover[Symbol.asyncDispose]();
  }

  async #open(signal: AbortSignal): Promise<OpenLine> {
    const { address, protocol } = this.#options;
    const tls = protocol === "tls" ? await readTls(this.#options, this.#context) : undefined;
    const conn = await dial(toHostPort(address), { signal, ...(tls === undefined ? {} : { tls }) });
    return { conn, reader: new ByteReader(conn) };
  }
}
