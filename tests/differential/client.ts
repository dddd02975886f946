/**
 * The client of the differential tests: says a conversation over a real socket and writes down what
 * came back, when, and how the other side closed.
 * @module
 */
import { escapeBytes } from "../../lib/net/escape.ts";
import { isDisconnect, writeAll } from "../../lib/net/stream.ts";

/** What the client does in one step. */
export interface Send {
  /** Bytes, or text of which each character is one byte; empty only waits; `null` ends our side. */
  readonly data: Uint8Array | string | null;
  /** Longest wait for the first byte of an answer, in ms; the conversation's own when absent. */
  readonly waitMs?: number;
  /** Whether TLS begins when the answer has come: all that follows is said inside of it. */
  readonly startsTls?: boolean;
}

/** What a client says, and how it is cut into segments. */
export interface Conversation {
  /** Names the test step. */
  readonly name: string;
  /** What is sent, in order; the next goes out when the answer to the last one has ended. */
  readonly sends: readonly (Send | Send["data"])[];
  /** Each send whole (the default), one byte a segment, or all sends in one segment. */
  readonly segmentation?: "whole" | "bytes" | "merged";
  /** Longest wait for the first byte of an answer, in ms: 400 when absent. */
  readonly waitMs?: number;
  /** An answer has ended when nothing came for so long, in ms: 150 when absent. */
  readonly quietMs?: number;
  /** How long the server may take to speak first, in ms: 0 for protocols where the client begins. */
  readonly greetingMs?: number;
  /** Whether the client goes away right after its last send, without waiting for an answer. */
  readonly vanishes?: boolean;
  /**
   * Whether a reset by the genuine server may be an orderly end by the decoy: Deno always ends its
   * side before it closes, so input that nobody read makes a FIN and then a reset.
   */
  readonly isResetAllowed?: boolean;
  /** Whether an end of the genuine server's without close_notify may be one with it by the decoy. */
  readonly isCutAllowed?: boolean;
  /** Who signed the certificate of a server with which TLS is spoken from the first byte on, in PEM. */
  readonly tlsFrom?: string;
  /** The same where it begins later. */
  readonly tlsBy?: string;
}

/** How the connection stood after a step. */
export type Ending =
  | "fin"
  | "rst"
  | "open"
  | "cut"; // ended in order, but TLS was not: no close_notify came

/** What one step brought. */
export interface StepResult {
  /** What was sent, escaped; empty for the greeting. */
  readonly sent: string;
  /** What came, one character a byte. */
  readonly received: string;
  readonly ending: Ending;
  /** From the last byte sent to the first byte or the end that came, in ms; none for silence. */
  readonly delayMs: number | undefined;
}

/** Where somebody listens. */
export interface Address {
  readonly hostname: string;
  readonly port: number;
}

/** `waitMs` of a conversation that has none. */
export const DEFAULT_WAIT_MS = 400;
/** `quietMs` of a conversation that has none. */
export const DEFAULT_QUIET_MS = 150;

/** Between two segments of one byte, in ms: enough for the server to read each by itself. */
const SEGMENT_GAP_MS = 2;

/**
 * Bytes of a text, one a character.
 * @param text characters up to U+00FF.
 */
export function latin1Bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/**
 * Says a conversation.
 * @param address the server.
 * @param conversation ends early when the server closes.
 * @returns one result for the greeting (unless `greetingMs` is 0) and one for each send.
 */
export async function converse(
  address: Address,
  conversation: Conversation,
): Promise<StepResult[]> {
  const { waitMs = DEFAULT_WAIT_MS, quietMs = DEFAULT_QUIET_MS } = conversation;
  const { greetingMs = 3000, vanishes = false } = conversation;
  const plain = await Deno.connect(address);
  plain.setNoDelay(true);
  let conn: Conn = plain;
  let inbox: Inbox | undefined;
  const results: StepResult[] = [];
  try {
    if (conversation.tlsFrom !== undefined) conn = await startTls(plain, conversation.tlsFrom);
    inbox = new Inbox(conn);
    if (greetingMs > 0) {
      results.push({ sent: "", ...await inbox.take({ waitMs: greetingMs, quietMs }) });
    }
    const sends = cut(conversation);
    for (const [i, send] of sends.entries()) {
      if (results.at(-1) !== undefined && results.at(-1)!.ending !== "open") break;
      inbox.startClock();
      await say(conn, send.data, conversation.segmentation === "bytes");
      if (vanishes && i === sends.length - 1) break;
      const sent = send.data === null ? "<EOF>" : escapeBytes(send.data);
      results.push({ sent, ...await inbox.take({ waitMs: send.waitMs ?? waitMs, quietMs }) });
      if (send.startsTls && results.at(-1)!.ending === "open") {
        const tunnel = await Tunnel.open(inbox, plain);
        conn = await startTls(tunnel.near, conversation.tlsBy!);
        inbox = new Inbox(conn, tunnel);
      }
    }
  } finally {
    conn.close();
    await inbox?.done;
  }
  return results;
}

/** A connection in clear or in TLS. */
type Conn = Deno.TcpConn | Deno.TlsConn;

/** Shakes hands; a failure shows in what is read. */
async function startTls(conn: Deno.TcpConn, ca: string): Promise<Deno.TlsConn> {
  return await Deno.startTls(conn, { hostname: "localhost", caCerts: [ca] });
}

/**
 * A way around for TLS within a talk: the connection is being read already, and Deno can begin TLS only
 * on one that nobody reads. What comes is passed to a connection of our own, and back.
 */
class Tunnel {
  /** Where TLS is begun. */
  readonly near: Deno.TcpConn;
  /** Resolves when both ends are closed. */
  readonly done: Promise<unknown>;

  private constructor(near: Deno.TcpConn, far: Deno.TcpConn, inbox: Inbox, peer: Deno.TcpConn) {
    this.near = near;
    const back = pass(far, peer).then(() => peer.close());
    this.done = Promise.all([inbox.passTo(far), back]).then(() => {
      if (inbox.ending !== "rst") far.close();
    });
  }

  static async open(inbox: Inbox, peer: Deno.TcpConn): Promise<Tunnel> {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { hostname, port } = listener.addr;
    const [near, far] = await Promise.all([Deno.connect({ hostname, port }), listener.accept()]);
    for (const conn of [near, far]) conn.setNoDelay(true);
    return new Tunnel(near, far, inbox, peer);
  }
}

/** Passes on what comes, up to the end. */
async function pass(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(16_384);
  try {
    for (let n = await from.read(buffer); n !== null; n = await from.read(buffer)) {
      await writeAll(to, buffer.subarray(0, n));
    }
  } catch (error) {
    if (!isDisconnect(error)) throw error; // one end is closed: so is the way
  }
}

/** Sends one step; a peer that is gone shows in what is read. */
async function say(conn: Conn, data: Uint8Array | null, byByte: boolean): Promise<void> {
  try {
    if (data === null) await conn.closeWrite();
    else if (!byByte) await writeAll(conn, data);
    else {
      for (let at = 0; at < data.length; at++) {
        await writeAll(conn, data.subarray(at, at + 1));
        await new Promise((resolve) => setTimeout(resolve, SEGMENT_GAP_MS));
      }
    }
  } catch (error) {
    if (!isReset(error)) throw error;
  }
}

/** The sends as bytes, all in one if they are to be merged. */
function cut(
  { sends, segmentation }: Conversation,
): { data: Uint8Array | null; waitMs?: number; startsTls?: boolean }[] {
  const steps = sends.map((send) =>
    send === null || typeof send === "string" || send instanceof Uint8Array ? { data: send } : send
  ).map(({ data, ...rest }) => ({
    ...rest,
    data: typeof data === "string" ? latin1Bytes(data) : data,
  }));
  if (segmentation !== "merged") return steps;
  const bytes = steps.flatMap(({ data }) => data === null ? [] : [...data]);
  const waitMs = Math.max(0, ...steps.map((step) => "waitMs" in step ? step.waitMs ?? 0 : 0));
  const merged = { data: new Uint8Array(bytes), ...(waitMs > 0 ? { waitMs } : {}) };
  return steps.some(({ data }) => data === null) ? [merged, { data: null }] : [merged];
}

/** Reads a connection all the time and hands out what came in the meantime. */
class Inbox {
  /** Resolves when the connection has ended, in whichever way. */
  readonly done: Promise<unknown>;
  #received = "";
  #ending: Ending = "open";
  #clock = performance.now();
  #firstAt: number | undefined;
  #wake: (() => void) | undefined;
  #passTo: Deno.Conn | undefined;

  constructor(conn: Deno.Conn, tunnel?: Tunnel) {
    this.done = Promise.all([this.#run(conn), tunnel?.done]);
  }

  /** From now on, passes on what comes instead of keeping it; resolves at the end. */
  async passTo(conn: Deno.TcpConn): Promise<void> {
    this.#passTo = conn;
    await this.done;
    if (this.#ending === "rst") return conn.close();
    await conn.closeWrite().catch(() => {}); // it may be closed already
  }

  /** How it stands. */
  get ending(): Ending {
    return this.#ending;
  }

  /** The next answer's delay counts from here. */
  startClock(): void {
    this.#clock = performance.now();
  }

  /** What has come when the answer has ended. */
  async take(
    { waitMs, quietMs }: { waitMs: number; quietMs: number },
  ): Promise<Omit<StepResult, "sent">> {
    let isNew = await this.#news(this.#received === "" ? waitMs : quietMs);
    while (isNew) isNew = await this.#news(quietMs);
    const result = {
      received: this.#received,
      ending: this.#ending,
      delayMs: this.#firstAt === undefined ? undefined : this.#firstAt - this.#clock,
    };
    this.#received = "";
    this.#firstAt = undefined;
    return result;
  }

  /** Waits for bytes or the end; false when nothing came for `ms`, or nothing can come any more. */
  async #news(ms: number): Promise<boolean> {
    if (this.#ending !== "open") return false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const isNew = await new Promise<boolean>((resolve) => {
      this.#wake = () => resolve(true);
      timer = setTimeout(() => resolve(false), ms);
    });
    clearTimeout(timer);
    this.#wake = undefined;
    return isNew;
  }

  async #run(conn: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(65_536);
    try {
      for (;;) {
        const count = await conn.read(buffer);
        this.#firstAt ??= performance.now();
        if (count === null) {
          this.#ending = "fin";
          return;
        }
        if (this.#passTo !== undefined) {
          await writeAll(this.#passTo, buffer.subarray(0, count));
          continue;
        }
        for (const byte of buffer.subarray(0, count)) this.#received += String.fromCharCode(byte);
        this.#wake?.();
      }
    } catch (error) {
      if (isReset(error)) this.#ending = "rst";
      else if (error instanceof Deno.errors.UnexpectedEof) this.#ending = "cut";
      else if (error instanceof Deno.errors.InvalidData) this.#ending = "fin"; // TLS came to nothing
      else if (!isDisconnect(error)) throw error; // else we closed: the talk is over
    } finally {
      this.#firstAt ??= performance.now();
      this.#wake?.();
    }
  }
}

/** Whether the server reset the connection, or closed it before we wrote. */
function isReset(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe;
}
