/**
 * Syslog over UDP: RFC 5426, one message a datagram.
 *
 * Nothing tells whether a datagram arrives. What the own system says of one (no such host, no way there)
 * fails the batch; all else counts as delivered.
 * @module
 */
import dgram from "node:dgram";
import { SinkError } from "../../errors.ts";
import { untilAborted } from "../../net/until_aborted.ts";
import { anyAddressFor, toHostPort } from "../peer_options.ts";
import type { Batch, Outcome, Sink } from "../sink.ts";
import type { SyslogOptions } from "../syslog.ts";
import { formatMessage } from "./message.ts";

/** Longest datagram, in bytes: 65535 less the headers of IPv4 and UDP. */
const MAX_DATAGRAM_BYTES = 65_507;
/** Messages sent between two pauses: a receiver's buffer holds a hundred by Linux' default. */
const BURST = 20;

/** Sends messages as datagrams. */
export class DatagramSink implements Sink {
  readonly #options: SyslogOptions;
  #socket: dgram.Socket | undefined;
  /** What the system says of the socket as a whole. */
  #trouble: Error | undefined;
  #messages = 0;

  /** @param options with `protocol` udp. */
  constructor(options: SyslogOptions) {
    const { max_message_bytes } = options;
    this.#options = {
      ...options,
      max_message_bytes: Math.min(max_message_bytes, MAX_DATAGRAM_BYTES),
    };
  }

  async write({ events }: Batch, signal: AbortSignal): Promise<Outcome> {
    let done = 0;
    try {
      const socket = this.#socket ??= await untilAborted(this.#bind(), signal);
      for (const event of events) {
        const message = formatMessage(event, this.#messages + 1, this.#options);
        await untilAborted(this.#send(socket, message), signal);
        this.#messages++;
        if (this.#trouble !== undefined) throw this.#trouble;
        if (++done % BURST === 0) await pause(1000 * BURST / this.#options.max_per_second, signal);
      }
      return { reply: "sent; UDP does not tell whether it arrived" };
    } catch (error) {
      this.#close();
      const { address } = this.#options;
      const detail = signal.aborted
        ? `the deadline came after ${done} of ${events.length} messages`
        : error instanceof Error
        ? error.message
        : String(error);
      throw new SinkError(`Cannot send to syslog receiver ${address} over UDP: ${detail}`, true, {
        cause: error,
        done,
      });
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#close();
    return Promise.resolve();
  }

  #bind(): Promise<dgram.Socket> {
    const { hostname, family } = anyAddressFor(this.#options.address);
    const socket = dgram.createSocket(family);
    this.#trouble = undefined;
    return new Promise((resolve, reject) => {
      socket.on("error", (error: Error) => {
        this.#trouble = error;
        reject(error);
      });
      socket.bind({ address: hostname, port: 0 }, () => resolve(socket));
    });
  }

  #send(socket: dgram.Socket, message: Uint8Array): Promise<void> {
    const { hostname, port } = toHostPort(this.#options.address);
    return new Promise((resolve, reject) => {
      socket.send(
        message,
        port,
        hostname,
        (error: Error | null) => error === null ? resolve() : reject(error),
      );
    });
  }

  #close(): void {
    try {
      this.#socket?.close();
    } catch {
      // One that broke is closed already.
    }
    this.#socket = undefined;
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<void>((resolve) => timer = setTimeout(resolve, ms));
  try {
    await untilAborted(over, signal);
  } finally {
    clearTimeout(timer);
  }
}
