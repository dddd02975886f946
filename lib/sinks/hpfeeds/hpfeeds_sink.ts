/**
 * Publishes batches by hpfeeds.
 * @module
 */
import { Buffer } from "node:buffer";
import { SinkError } from "../../errors.ts";
import { encodeAs } from "../../events/encoders/encoder.ts";
import { ByteReader } from "../../net/byte_reader.ts";
import { dial } from "../../net/dial.ts";
import { escapeBytes } from "../../net/escape.ts";
import { writeAll } from "../../net/stream.ts";
import { untilAborted } from "../../net/until_aborted.ts";
import { Handover, type OpenLine } from "../handover.ts";
import type { HpfeedsOptions } from "../hpfeeds.ts";
import { readTls, toHostPort } from "../peer_options.ts";
import type { Batch, ItemTrouble, Outcome, Sink, SinkContext } from "../sink.ts";
import {
  encodeAuth,
  encodePublish,
  HEAD_BYTES,
  MAX_PAYLOAD_BYTES,
  Opcode,
  parseHead,
  parseNonce,
} from "./frames.ts";

/** Longest body of an INFO, in bytes: a name and a nonce. */
const MAX_INFO_BYTES = 512;
/** Characters of the broker's words that go into a message. */
const MAX_REASON = 256;
/** A broker may have to ask a database before it refuses a login or a channel, in ms. */
const MIN_PAUSE_MS = 250;
/** Events encoded between two rounds of the event loop. */
const SLICE_EVENTS = 100;

/** A client of one broker. */
export class HpfeedsSink implements Sink {
  readonly #options: HpfeedsOptions;
  readonly #context: SinkContext;
  readonly #handover: Handover;

  /**
   * @param options where, as whom, and what.
   * @param context resolves the secrets.
   */
  constructor(options: HpfeedsOptions, context: SinkContext) {
    this.#options = options;
    this.#context = context;
    this.#handover = new Handover({
      destination: `hpfeeds broker ${options.address}`,
      confirm: options.confirm,
      resendEvents: options.resend_events,
      minPauseMs: MIN_PAUSE_MS,
      hint: "it may refuse ident, secret or channel",
      open: (signal) => this.#open(signal),
      refusalIn,
    });
  }

  async write(batch: Batch, signal: AbortSignal): Promise<Outcome> {
    const parts: Uint8Array[] = [];
    const rejected: ItemTrouble[] = [];
    for (const [index, event] of batch.events.entries()) {
      const payload = encodeAs(this.#options.format, event);
      if (Buffer.byteLength(payload) > MAX_PAYLOAD_BYTES) {
        rejected.push({ index, reason: `has more than ${MAX_PAYLOAD_BYTES} bytes` });
      } else {
        parts.push(encodePublish(payload, this.#options));
      }
      if (index % SLICE_EVENTS === SLICE_EVENTS - 1) await new Promise((go) => setTimeout(go, 0));
    }
    if (parts.length === 0) return { rejected };
    const reply = await this.#handover.deliver(Buffer.concat(parts), batch, signal);
    return { reply, rejected };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#handover[Symbol.asyncDispose]();
  }

  /** Connects and logs in; whether that succeeded is told only by what the broker does next. */
  async #open(signal: AbortSignal): Promise<OpenLine> {
    const { address, ident } = this.#options;
    const secret = await this.#context.secret(this.#options.secret);
    const tls = this.#options.tls ? await readTls(this.#options, this.#context) : undefined;
    const conn = await dial(toHostPort(address), { signal, ...(tls === undefined ? {} : { tls }) });
    try {
      const reader = new ByteReader(conn);
      const nonce = await untilAborted(this.#readNonce(reader), signal);
      await untilAborted(writeAll(conn, encodeAuth(nonce, { ident, secret })), signal);
      return { conn, reader };
    } catch (error) {
      conn.close();
      throw error;
    }
  }

  async #readNonce(reader: ByteReader): Promise<Uint8Array> {
    const bytes = await reader.bytes(HEAD_BYTES);
    const head = parseHead(bytes);
    if (head?.opcode === Opcode.info && head.bodyBytes <= MAX_INFO_BYTES) {
      const nonce = parseNonce(await reader.bytes(head.bodyBytes));
      if (nonce !== undefined) return nonce;
    }
    throw new SinkError(
      `Cannot log in to hpfeeds broker ${this.#options.address}: it began with ` +
        `"${escapeBytes(bytes)}", must be an INFO with a nonce`,
      true,
    );
  }
}

/** What the broker refuses: the first ERROR among its frames, or a frame that makes no sense. */
function refusalIn(said: Uint8Array): string | undefined {
  for (let at = 0; at + HEAD_BYTES <= said.length;) {
    const head = parseHead(said.subarray(at));
    if (head === undefined) return "its frame has no valid length";
    const body = said.subarray(at + HEAD_BYTES, at + HEAD_BYTES + head.bodyBytes);
    if (head.opcode === Opcode.error) {
      return `it refused: "${escapeBytes(body.subarray(0, MAX_REASON))}"`;
    }
    at += HEAD_BYTES + head.bodyBytes;
  }
  return undefined;
}
