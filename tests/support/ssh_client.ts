/**
 * A scriptable SSH client for tests: it can be correct up to any point and wrong from there on.
 *
 * Speaks plaintext packets of any shape (RFC 4253 §6), two key exchanges, and aes128-ctr with
 * hmac-sha2-256. Writes down each line and packet that comes, with its time and its segment, and how
 * the server closed. The host key's signature is not verified.
 * @module
 */
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { WireReader, WireWriter } from "../../lib/decoys/ssh/wire.ts";
import { isDisconnect, writeAll } from "../../lib/net/stream.ts";
import {
  BLOCK_BYTES,
  Decryption,
  deriveKeys,
  Encryption,
  type Exchange,
  type KexName,
  type Secrets,
  startExchange,
} from "./ssh_client_crypto.ts";
import { kexinit, type KexinitLists } from "./ssh_messages.ts";

/** One thing that the server sent. */
export interface Received {
  /** A line before the packets, a packet, or bytes that are neither. */
  readonly kind: "line" | "packet" | "bytes";
  /** The line with its end, the packet's payload, the bytes. */
  readonly bytes: Uint8Array;
  /** The packet's padding. */
  readonly padding?: Uint8Array;
  readonly isEncrypted?: boolean;
  /** `performance.now()` when its last byte came. */
  readonly atMs: number;
  /** Number of the read in which its last byte came. */
  readonly segment: number;
}

/** How a packet differs from a correct one. */
export interface PacketShape {
  /** Bytes of padding; the fewest that are right when absent. */
  readonly padBytes?: number;
  /** What `padding_length` says; the truth when absent. */
  readonly padLength?: number;
  /** What `packet_length` says; the truth when absent. */
  readonly length?: number;
  /** Whether a bit of the last byte (of the MAC, when there is one) is wrong. */
  readonly isCorrupt?: boolean;
  /** Whether it goes out in clear although there are keys. */
  readonly isClear?: boolean;
}

/** Between two segments of one byte, in ms. */
const SEGMENT_GAP_MS = 1;
/** Larger than any packet: what says so is text. */
const MAX_PACKET_BYTES = 300_000;

/** One connection to a server. */
export class SshClient {
  readonly received: Received[] = [];
  /** How the server ended the connection. */
  ending: "fin" | "rst" | "open" = "open";
  /** When it did. */
  endedAtMs: number | undefined;
  /** Whether each byte is sent by itself. */
  byByte = false;
  /** Whether what is sent waits for `flush`. */
  isCorked = false;
  readonly #conn: Deno.TcpConn;
  readonly #done: Promise<void>;
  #out: Uint8Array[] = [];
  #in = new Uint8Array(0);
  #segment = 0;
  #wake: (() => void)[] = [];
  #clientVersion = "";
  #serverVersion = "";
  #clientKexinit: Uint8Array | undefined;
  #serverKexinit: Uint8Array | undefined;
  #exchange: Exchange | undefined;
  #secrets: Secrets | undefined;
  #sessionId: Uint8Array | undefined;
  #isStrict = false;
  #hasReply = false;
  #sendSequence = 0;
  #receiveSequence = 0;
  #encryption: Encryption | undefined;
  #decryption: Decryption | undefined;
  #isText = false;

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
    this.#done = this.#read();
  }

  /** Connects. */
  static async connect(address: { hostname: string; port: number }): Promise<SshClient> {
    const conn = await Deno.connect(address);
    conn.setNoDelay(true);
    return new SshClient(conn);
  }

  /** Our address, to find ourselves in a log. */
  get localPort(): number {
    return (this.#conn.localAddr as Deno.NetAddr).port;
  }

  /** Session identifier: the first exchange hash. */
  get sessionId(): Uint8Array {
    if (this.#sessionId === undefined) throw new Error("There was no key exchange yet");
    return this.#sessionId;
  }

  /** The server's host key blob of the last key exchange. */
  hostKey: Uint8Array = new Uint8Array(0);

  /** Sends bytes as they are. */
  async raw(bytes: Uint8Array): Promise<void> {
    this.#out.push(bytes);
    if (!this.isCorked) await this.flush();
  }

  /** Sends the version line; what is hashed is the text up to its CR or LF. */
  async version(line: string): Promise<void> {
    this.#clientVersion = line.replace(/\r?\n$/, "");
    await this.raw(Buffer.from(line, "latin1"));
  }

  /** Sends a packet, encrypted once there are keys. */
  async packet(payload: Uint8Array, shape: PacketShape = {}): Promise<void> {
    const encryption = shape.isClear ? undefined : this.#encryption;
    const block = encryption ? BLOCK_BYTES : 8;
    const least = block - (payload.length + 5) % block;
    const padBytes = shape.padBytes ?? (least < 4 ? least + block : least);
    const packet = new WireWriter()
      .u32(shape.length ?? payload.length + padBytes + 1)
      .u8(shape.padLength ?? padBytes)
      .raw(payload)
      .raw(encryption ? randomBytes(padBytes) : new Uint8Array(padBytes))
      .bytes();
    const sealed = encryption ? encryption.seal(packet, this.#sendSequence) : packet.slice();
    if (shape.isCorrupt) sealed[sealed.length - 1]! ^= 1;
    this.#sendSequence = (this.#sendSequence + 1) >>> 0;
    await this.raw(sealed);
  }

  /** Sends a KEXINIT, and remembers it for the exchange. */
  async kexinit(lists: KexinitLists | Uint8Array = {}): Promise<void> {
    this.#clientKexinit = lists instanceof Uint8Array ? lists : kexinit(lists);
    this.#hasReply = false;
    await this.packet(this.#clientKexinit);
  }

  /** Sends the first message of an exchange. */
  async kexStart(name: KexName = "curve25519-sha256"): Promise<void> {
    this.#exchange = startExchange(name);
    await this.packet(this.#exchange.init);
  }

  /** Sends NEWKEYS; what goes out from here on is encrypted. */
  async newKeys(): Promise<void> {
    await this.packet(Uint8Array.of(21));
    if (this.#isStrict) this.#sendSequence = 0;
    const secrets = this.#secrets;
    if (secrets === undefined) return;
    const sessionId = this.sessionId;
    this.#encryption?.end();
    this.#encryption = new Encryption(deriveKeys(secrets, { sessionId, letters: "ACE" }));
  }

  /**
   * Does a whole key exchange: KEXINIT, the method's messages, NEWKEYS.
   * @returns whether it came to its end.
   */
  async exchangeKeys(lists: KexinitLists = {}, waitMs = 3000): Promise<boolean> {
    await this.kexinit(lists);
    await this.flush();
    if (!await this.until(() => this.#serverKexinit !== undefined, waitMs)) return false;
    await this.kexStart(
      (lists.kex ?? "").split(",")[0]!.startsWith("diffie") ? GROUP14 : undefined,
    );
    await this.flush();
    if (!await this.until(() => this.#hasReply, waitMs)) return false;
    await this.newKeys();
    return true;
  }

  /** Ends our side. */
  async end(): Promise<void> {
    await this.flush();
    await this.#conn.closeWrite().catch(ignoreDisconnect);
  }

  /** Sends what waits. */
  async flush(): Promise<void> {
    const bytes = Buffer.concat(this.#out);
    this.#out = [];
    try {
      if (!this.byByte) return await writeAll(this.#conn, bytes);
      for (let at = 0; at < bytes.length && this.ending === "open"; at++) {
        await writeAll(this.#conn, bytes.subarray(at, at + 1));
        await new Promise((resolve) => setTimeout(resolve, SEGMENT_GAP_MS));
      }
    } catch (error) {
      ignoreDisconnect(error);
    }
  }

  /** Waits until something is true that news from the server can make true. */
  async until(isTrue: () => boolean, waitMs: number): Promise<boolean> {
    const deadline = performance.now() + waitMs;
    while (!isTrue()) {
      if (this.ending !== "open") return false;
      if (!await this.news(deadline - performance.now())) return isTrue();
    }
    return true;
  }

  /** Waits for bytes or the end; `false` when neither came in time, or nothing can come any more. */
  async news(ms: number): Promise<boolean> {
    if (this.ending !== "open") return false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const isNew = await new Promise<boolean>((resolve) => {
      this.#wake.push(() => resolve(true));
      timer = setTimeout(() => resolve(false), Math.max(0, ms));
    });
    clearTimeout(timer);
    return isNew;
  }

  /** Closes; nothing is received after. */
  async close(): Promise<void> {
    try {
      this.#conn.close();
    } catch (error) {
      ignoreDisconnect(error);
    }
    await this.#done;
    this.#encryption?.end();
    this.#decryption?.end();
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(65_536);
    let ending: "fin" | "rst" | "open" = "open";
    try {
      for (;;) {
        const count = await this.#conn.read(buffer);
        if (count === null) {
          ending = "fin";
          break;
        }
        this.#segment++;
        this.#in = Buffer.concat([this.#in, buffer.subarray(0, count)]);
        while (this.#in.length > 0 && this.#take());
        this.#signal();
      }
    } catch (error) {
      if (isReset(error)) ending = "rst";
      else if (!isDisconnect(error)) throw error; // else we closed
    }
    if (this.#in.length > 0) this.#keep("bytes", this.#in);
    this.ending = ending;
    this.endedAtMs = performance.now();
    this.#signal();
  }

  #signal(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }

  /** Takes the next line or packet; `false` when it is not whole. */
  #take(): boolean {
    if (this.#serverVersion === "") {
      const end = this.#in.indexOf(10);
      if (end < 0) return false;
      const line = this.#drop(end + 1);
      this.#keep("line", line);
      const text = Buffer.from(line).toString("latin1");
      if (text.startsWith("SSH-")) this.#serverVersion = text.replace(/\r?\n$/, "");
      return true;
    }
    const opened = this.#open();
    if (opened === undefined) return false;
    if (this.#isText) {
      this.#keep("bytes", this.#drop(this.#in.length));
      return true;
    }
    this.#drop(opened.taken);
    this.#receiveSequence = (this.#receiveSequence + 1) >>> 0;
    const { packet } = opened;
    const padBytes = packet[4]!;
    const payload = packet.slice(5, packet.length - padBytes);
    this.#keep("packet", payload, packet.slice(packet.length - padBytes));
    this.#learn(payload);
    return true;
  }

  #open(): { packet: Uint8Array; taken: number } | undefined {
    if (this.#decryption) return this.#decryption.open(this.#in, this.#receiveSequence);
    if (this.#in.length < 4) return undefined;
    const end = new WireReader(this.#in).u32() + 4;
    this.#isText ||= end > MAX_PACKET_BYTES;
    if (this.#isText) return { packet: this.#in, taken: this.#in.length };
    return this.#in.length < end ? undefined : { packet: this.#in.subarray(0, end), taken: end };
  }

  /** What a packet means to us. */
  #learn(payload: Uint8Array): void {
    switch (payload[0]) {
      case 20:
        this.#serverKexinit = payload;
        break;
      case 21: {
        if (this.#isStrict) this.#receiveSequence = 0;
        if (this.#secrets === undefined) break;
        const sessionId = this.sessionId;
        this.#decryption?.end();
        this.#decryption = new Decryption(
          deriveKeys(this.#secrets, { sessionId, letters: "BDF" }),
        );
        this.#serverKexinit = undefined;
        break;
      }
      case 31: {
        const exchange = this.#exchange;
        const [clientKexinit, serverKexinit] = [this.#clientKexinit, this.#serverKexinit];
        if (!exchange || !clientKexinit || !serverKexinit) break;
        this.hostKey = new WireReader(payload, 1).string();
        this.#secrets = exchange.finish(payload, {
          clientVersion: this.#clientVersion,
          serverVersion: this.#serverVersion,
          clientKexinit,
          serverKexinit,
        });
        if (this.#sessionId === undefined) {
          this.#sessionId = this.#secrets.exchangeHash;
          this.#isStrict = includes(clientKexinit, "kex-strict-c-v00@openssh.com") &&
            includes(serverKexinit, "kex-strict-s-v00@openssh.com");
        }
        this.#exchange = undefined;
        this.#hasReply = true;
      }
    }
  }

  #keep(kind: Received["kind"], bytes: Uint8Array, padding?: Uint8Array): void {
    const isEncrypted = this.#decryption !== undefined;
    const base = { kind, bytes, atMs: performance.now(), segment: this.#segment, isEncrypted };
    this.received.push(padding === undefined ? base : { ...base, padding });
  }

  #drop(count: number): Uint8Array {
    const taken = this.#in.slice(0, count);
    this.#in = this.#in.slice(count);
    return taken;
  }
}

const GROUP14 = "diffie-hellman-group14-sha256";

/** Whether a KEXINIT's first list has a name. */
function includes(payload: Uint8Array, name: string): boolean {
  const list = Buffer.from(new WireReader(payload, 17).string()).toString("latin1");
  return list.split(",").includes(name);
}

function isReset(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe;
}

function ignoreDisconnect(error: unknown): void {
  if (!isReset(error) && !isDisconnect(error)) throw error;
}
