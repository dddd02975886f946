/**
 * An MQTT broker that takes what is published, and can be made to do everything else; written from the
 * specifications, MQTT 3.1.1 and MQTT 5, without the client's code.
 * @module
 */
import { readExactly, Receiver } from "./receiver.ts";

/** What it does besides taking and acknowledging. */
export interface FakeBrokerOptions {
  readonly port?: number;
  readonly tls?: boolean;
  /** Code of its CONNACK, with a reason in MQTT 5. */
  readonly connackCode?: number;
  readonly reason?: string;
  readonly receiveMaximum?: number;
  readonly maxPacketBytes?: number;
  readonly serverKeepAliveS?: number;
  /** Ends the first connection after so many acknowledgements, with a DISCONNECT if there is a code. */
  readonly dropAfter?: number;
  readonly disconnectCode?: number;
  /** Acknowledges no more than so many. */
  readonly ackUpTo?: number;
  /** Acknowledges only when nothing more comes for a while, the last one first. */
  readonly holdAcks?: boolean;
  /** Reads nothing after the CONNECT. */
  readonly stopReading?: boolean;
  /** Codes of PUBACKs by the number of the message, from 1. */
  readonly refusals?: Readonly<Record<number, number>>;
}

/** A CONNECT. */
export interface Connect {
  readonly name: string;
  readonly level: number;
  readonly flags: number;
  readonly keepAliveS: number;
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
}

/** A PUBLISH. */
export interface Published {
  readonly first: number;
  readonly topic: string;
  readonly payload: string;
}

/** A broker for as long as a `using` lasts. */
export class FakeBroker implements AsyncDisposable {
  readonly connects: Connect[] = [];
  readonly published: Published[] = [];
  goodbyes = 0;
  pings = 0;
  ignorePings = false;
  mostHeld = 0;
  readonly #options: FakeBrokerOptions;
  #receiver!: Receiver;
  #conn: Deno.Conn | undefined;
  #closed = Promise.withResolvers<void>();
  #acked = 0;
  #hasDropped = false;

  private constructor(options: FakeBrokerOptions) {
    this.#options = options;
  }

  static async start(options: FakeBrokerOptions = {}): Promise<FakeBroker> {
    const broker = new FakeBroker(options);
    broker.#receiver = await Receiver.start(
      (conn, _received, over) => broker.#serve(conn, over),
      options,
    );
    return broker;
  }

  get port(): number {
    return this.#receiver.port;
  }

  get address(): string {
    return this.#receiver.address;
  }

  /** Closes the connection that there is. */
  drop(): void {
    this.#conn?.close();
  }

  /** Waits until the last connection is over. */
  untilClosed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Waits for so many PINGREQs. */
  async untilPinged(count: number): Promise<void> {
    while (this.pings < count) await new Promise((go) => setTimeout(go, 10));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#receiver[Symbol.asyncDispose]();
  }

  async #serve(conn: Deno.Conn, over: Promise<void>): Promise<void> {
    this.#conn = conn;
    this.#closed = Promise.withResolvers();
    try {
      await this.#talk(conn, over);
    } finally {
      this.#closed.resolve();
    }
  }

  async #talk(conn: Deno.Conn, over: Promise<void>): Promise<void> {
    const { body } = await readPacket(conn);
    const connect = parseConnect(body);
    this.connects.push(connect);
    const isFive = connect.level === 5;
    await conn.write(this.#connack(isFive));
    if ((this.#options.connackCode ?? 0) !== 0) return;
    if (this.#options.stopReading) return await over;
    const held: number[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      for (;;) {
        const { first, body } = await readPacket(conn);
        if (first === 0xe0) {
          this.goodbyes++;
          return;
        }
        if (first === 0xc0) {
          this.pings++;
          if (!this.ignorePings) await conn.write(new Uint8Array([0xd0, 0]));
          continue;
        }
        const id = this.#take(first, body, isFive);
        if (!this.#options.holdAcks) {
          if (await this.#acknowledge(conn, id, isFive)) return;
          continue;
        }
        held.push(id);
        this.mostHeld = Math.max(this.mostHeld, held.length);
        clearTimeout(timer);
        timer = setTimeout(async () => {
          for (const id of held.splice(0).reverse()) await this.#acknowledge(conn, id, isFive);
        }, 20);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #take(first: number, body: Uint8Array, isFive: boolean): number {
    const view = new DataView(body.buffer, body.byteOffset);
    const size = view.getUint16(0);
    const decoder = new TextDecoder();
    this.published.push({
      first,
      topic: decoder.decode(body.subarray(2, 2 + size)),
      payload: decoder.decode(body.subarray(4 + size + (isFive ? 1 : 0))),
    });
    return view.getUint16(2 + size);
  }

  /** Whether the connection is to end. */
  async #acknowledge(conn: Deno.Conn, id: number, isFive: boolean): Promise<boolean> {
    const { ackUpTo = Infinity, dropAfter = Infinity, disconnectCode, refusals } = this.#options;
    if (this.#acked < ackUpTo) {
      this.#acked++;
      const code = refusals?.[this.#acked];
      const tail = isFive && code !== undefined ? [code] : [];
      await conn.write(new Uint8Array([0x40, 2 + tail.length, id >> 8, id & 0xff, ...tail]));
    }
    if (this.#acked < dropAfter || this.#hasDropped) return false;
    this.#hasDropped = true;
    if (disconnectCode !== undefined) await conn.write(new Uint8Array([0xe0, 1, disconnectCode]));
    // Read on, so that the system sends no reset before what was written.
    await conn.closeWrite();
    const rest = new Uint8Array(4096);
    while (await conn.read(rest) !== null);
    return true;
  }

  #connack(isFive: boolean): Uint8Array {
    const { connackCode = 0, reason, receiveMaximum, maxPacketBytes, serverKeepAliveS } =
      this.#options;
    if (!isFive) return new Uint8Array([0x20, 2, 0, connackCode]);
    const properties: number[] = [];
    if (receiveMaximum !== undefined) {
      properties.push(0x21, receiveMaximum >> 8, receiveMaximum & 0xff);
    }
    if (maxPacketBytes !== undefined) {
      properties.push(0x27, 0, 0, maxPacketBytes >> 8, maxPacketBytes & 0xff);
    }
    if (serverKeepAliveS !== undefined) properties.push(0x13, 0, serverKeepAliveS);
    if (reason !== undefined) {
      properties.push(0x1f, 0, reason.length, ...new TextEncoder().encode(reason));
    }
    properties.push(0x26, 0, 1, 0x61, 0, 1, 0x62); // a pair that nobody asked for
    return new Uint8Array([
      0x20,
      3 + properties.length,
      0,
      connackCode,
      properties.length,
      ...properties,
    ]);
  }
}

async function readPacket(conn: Deno.Conn): Promise<{ first: number; body: Uint8Array }> {
  const [first] = await readExactly(conn, 1);
  let length = 0;
  for (let factor = 1;; factor *= 128) {
    const [byte] = await readExactly(conn, 1);
    length += (byte! & 127) * factor;
    if (byte! < 128) break;
  }
  return { first: first!, body: await readExactly(conn, length) };
}

function parseConnect(body: Uint8Array): Connect {
  const view = new DataView(body.buffer, body.byteOffset);
  let at = 0;
  const text = () => {
    const size = view.getUint16(at);
    at += 2 + size;
    return new TextDecoder("utf-8", { fatal: true }).decode(body.subarray(at - size, at));
  };
  const name = text();
  const [level, flags] = [body[at]!, body[at + 1]!];
  const keepAliveS = view.getUint16(at + 2);
  at += 4 + (level === 5 ? 1 : 0);
  const clientId = text();
  return {
    ...{ name, level, flags, keepAliveS, clientId },
    ...(flags & 0x80 ? { username: text() } : {}),
    ...(flags & 0x40 ? { password: text() } : {}),
  };
}
