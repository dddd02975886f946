/**
 * One connection to a broker, on which messages are published and acknowledged.
 * @module
 */
import { Buffer } from "node:buffer";
import { ByteReader } from "../../net/byte_reader.ts";
import { writeAll } from "../../net/stream.ts";
import { untilAborted } from "../../net/until_aborted.ts";
import { Malformed } from "./fields.ts";
import {
  type ConnectFields,
  DISCONNECT,
  encodeConnect,
  encodePublish,
  type MqttVersion,
  type Packet,
  PacketType,
  parseConnack,
  parseDisconnect,
  parsePuback,
  PINGREQ,
  type Puback,
  readPacket,
} from "./packets.ts";
import { describeCode } from "./reasons.ts";

/** Largest packet identifier. */
const MAX_ID = 65_535;

/** A message. */
export interface MqttMessage {
  readonly topic: string;
  readonly payload: string;
}

/** The broker refuses us, or leaves. The message says what it did; its words are escaped. */
export class BrokerError extends Error {}

/** A connection that is logged in. */
export class MqttConnection {
  readonly #conn: Deno.Conn;
  readonly #reader: ByteReader;
  readonly #version: MqttVersion;
  /** Most messages that the broker takes unacknowledged. */
  readonly receiveMaximum: number;
  /** Longest packet that the broker takes, in bytes. */
  readonly maxPacketBytes: number;
  /** Acknowledgements that are awaited, by packet identifier. */
  readonly #awaited = new Map<number, (ack: Puback) => void>();
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  #lastId = 0;
  #hasWritten = true;
  #isPinged = false;
  #writing: Promise<void> = Promise.resolve();
  #writes = 0;
  #failure: Error | undefined;
  #fail: (error: Error) => void = () => {};
  /** Rejects when the connection fails, never resolves. */
  readonly #failed: Promise<never>;
  #isClosed = false;

  private constructor(
    conn: Deno.Conn,
    reader: ByteReader,
    terms: {
      version: MqttVersion;
      keepAliveS: number;
      receiveMaximum: number;
      maxPacketBytes: number;
    },
  ) {
    this.#conn = conn;
    this.#reader = reader;
    this.#version = terms.version;
    this.receiveMaximum = terms.receiveMaximum;
    this.maxPacketBytes = terms.maxPacketBytes;
    this.#failed = new Promise((_resolve, reject) => {
      this.#fail = (error) => {
        this.#failure ??= error;
        reject(error);
        this.#release();
      };
    });
    this.#failed.catch(() => {}); // met by whoever publishes next
    if (terms.keepAliveS > 0) {
      // Two times within the time in which the broker must hear of us.
      this.#timer = setInterval(() => this.#keepAlive(), terms.keepAliveS * 500);
    }
    void this.#read();
  }

  /**
   * Logs in.
   * @param conn open; closed when that fails.
   * @param fields who connects.
   * @param signal ends the wait.
   * @throws {BrokerError | Malformed} when the broker refuses.
   */
  static async logIn(
    conn: Deno.Conn,
    fields: ConnectFields,
    signal: AbortSignal,
  ): Promise<MqttConnection> {
    const { version } = fields;
    try {
      const reader = new ByteReader(conn);
      await untilAborted(writeAll(conn, encodeConnect(fields)), signal);
      const { type, body } = await untilAborted(readPacket(reader), signal);
      if (type !== PacketType.connack) {
        throw new Malformed(`a packet of type ${type} instead of CONNACK`);
      }
      const { code, reason, ...terms } = parseConnack(body, version);
      if (code !== 0) {
        throw new BrokerError(`it refused the login with ${describeCode(code, reason)}`);
      }
      return new MqttConnection(conn, reader, { keepAliveS: fields.keepAliveS, version, ...terms });
    } catch (error) {
      conn.close();
      if (!(error instanceof Deno.errors.UnexpectedEof)) throw error;
      throw new BrokerError("it ended the connection instead of answering the login");
    }
  }

  /** Why it cannot be used any more; `undefined` while it can. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /**
   * Publishes messages in order and waits until all are acknowledged.
   * @param messages any number up to 65535.
   * @param inFlight most that may be unacknowledged.
   * @param options `signal` ends the wait; `onAck` is told of each acknowledgement.
   * @throws why the connection failed, or the signal's reason.
   */
  async publish(
    messages: readonly MqttMessage[],
    inFlight: number,
    options: { signal: AbortSignal; onAck: (index: number, ack: Puback) => void },
  ): Promise<void> {
    const { signal, onAck } = options;
    const most = Math.max(1, Math.min(inFlight, this.receiveMaximum));
    let wake = () => {};
    const wait = () => {
      const woken = new Promise<void>((resolve) => wake = resolve);
      return untilAborted(Promise.race([woken, this.#failed]), signal);
    };
    for (let next = 0; next < messages.length;) {
      const packets: Uint8Array[] = [];
      for (; next < messages.length && this.#awaited.size < most; next++) {
        const index = next;
        const id = this.#lastId = this.#lastId % MAX_ID + 1;
        this.#awaited.set(id, (ack) => {
          this.#awaited.delete(id);
          onAck(index, ack);
          wake();
        });
        packets.push(encodePublish(messages[index]!, id, this.#version));
      }
      const written = this.#write(Buffer.concat(packets));
      await untilAborted(Promise.race([written, this.#failed]), signal);
      while (this.#awaited.size >= most) await wait();
    }
    while (this.#awaited.size > 0) await wait();
  }

  /** Says goodbye if that takes no time, and closes; twice is fine. */
  close(): void {
    // Not in the middle of a message, and not waited for: a broker that does not read learns of the end
    // by the end itself.
    if (!this.#isClosed && this.#writes === 0) this.#conn.write(DISCONNECT).catch(() => {});
    this.#fail(new BrokerError("the connection was closed"));
  }

  #release(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    try {
      this.#conn.close();
    } catch {
      // The system had closed it already.
    }
  }

  async #read(): Promise<void> {
    try {
      for (;;) this.#take(await readPacket(this.#reader));
    } catch (error) {
      const isEnd = error instanceof Deno.errors.UnexpectedEof;
      this.#fail(isEnd ? new BrokerError("it ended the connection") : error as Error);
    }
  }

  #take({ type, body }: Packet): void {
    if (type === PacketType.puback) {
      const ack = parsePuback(body);
      const told = this.#awaited.get(ack.id);
      if (told === undefined) throw new Malformed(`PUBACK of ${ack.id}, which is not awaited`);
      told(ack);
    } else if (type === PacketType.pingresp) {
      this.#isPinged = false;
    } else if (type === PacketType.disconnect) {
      const { code, reason } = parseDisconnect(body);
      throw new BrokerError(`it ended the connection with ${describeCode(code, reason)}`);
    } else {
      throw new Malformed(`a packet of type ${type}, which is not for a publisher`);
    }
  }

  /** One write after the other: a packet may go out in parts. */
  #write(data: Uint8Array): Promise<void> {
    this.#hasWritten = true;
    this.#writes++;
    const written = this.#writing.then(() => writeAll(this.#conn, data));
    return this.#writing = written.then(
      () => void this.#writes--,
      (error) => {
        this.#fail(error);
        throw error;
      },
    );
  }

  #keepAlive(): void {
    if (this.#isPinged) {
      this.#fail(new BrokerError("it did not answer a PINGREQ in time"));
    } else if (!this.#hasWritten) {
      this.#isPinged = true;
      this.#write(PINGREQ).catch(() => {}); // noted as the failure
    }
    this.#hasWritten = false;
  }
}
