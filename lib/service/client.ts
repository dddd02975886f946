/**
 * The other end of the encrypted service: connects, checks the certificate, logs in, asks.
 *
 * One request at a time, but for events that are handed over. What can go wrong is said with what to do
 * about it.
 * @module
 */
import { CommandError } from "../errors.ts";
import { formatHostPort, type HostPort } from "../net/address.ts";
import { ByteReader } from "../net/byte_reader.ts";
import { escapeText } from "../net/escape.ts";
import { isDisconnect, writeAll } from "../net/stream.ts";
import { END_OF_LIST, HEARTBEAT_MARK, parseListStart, parseReply, type Reply } from "./frames.ts";
import {
  parseGap,
  parsePublishAnswer,
  type PublishAnswer,
  type PublishFrame,
} from "./publish_frame.ts";
import type { Credentials } from "./credentials.ts";
import { PublishEncoder } from "./publish_encoder.ts";

/** Longest line taken from a service, in bytes: well above the largest event. */
const MAX_LINE_BYTES = 262_144;
/** Longest wait for a connection with a login, and for each line of an answer, in ms. */
const ANSWER_MS = 30_000;
/** The same for events that were handed over, whose sender has a deadline of its own. */
const PUBLISH_MS = 600_000;
/** Longest part of an answer that a message shows. */
const MAX_QUOTED = 300;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A service and how to log in to it. */
export interface ServiceTarget {
  readonly address: HostPort;
  /** The CA certificate that the service's must be signed with, in PEM. */
  readonly ca: string;
  /** Name or address that the service's certificate must have. */
  readonly serverName: string;
  readonly credentials: Credentials;
  /** Ends whatever is being waited for. */
  readonly signal?: AbortSignal;
}

/** Where a collector says that it is, when something is missing before what it was to take. */
export interface Gap {
  /** Sequence after which everything must come again. */
  readonly expected: number;
}

/** A list, or the part of it that fits one answer. */
export interface List {
  readonly lines: string[];
  /** Cursor from which to ask for the rest. */
  readonly next?: number;
}

/** What a live feed brings: an event, or only how far the service has looked. */
export type FeedItem =
  | { readonly json: string }
  | { readonly cursor: number };

/** A service cannot be asked. The message says what to do. */
export class ServiceError extends CommandError {
  /** Whether trying again later can help. */
  readonly isTransient: boolean;

  /**
   * @param message for the operator.
   * @param isTransient whether trying again later can help.
   */
  constructor(message: string, isTransient: boolean, options?: ErrorOptions) {
    super(message, options);
    this.isTransient = isTransient;
  }
}

/** How long something is waited for. */
interface Wait {
  readonly withinMs?: number;
  /** Instead of the target's. */
  readonly signal?: AbortSignal;
}

/** A connection to a service, logged in. */
export class ServiceClient implements Disposable {
  readonly #name: string;
  readonly #connection: Deno.TlsConn;
  readonly #reader: ByteReader;
  readonly #signal: AbortSignal | undefined;
  readonly #encoder = new PublishEncoder();
  /** The last of what was handed over: that it was sent, and that it was answered. */
  #sent: Promise<void> = Promise.resolve();
  #answered: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  private constructor(connection: Deno.TlsConn, target: ServiceTarget) {
    this.#name = formatHostPort(target.address);
    this.#connection = connection;
    this.#reader = new ByteReader(connection);
    this.#signal = target.signal;
  }

  /**
   * Connects and logs in.
   * @param target where and as whom. Its signal counts for all that the connection is used for.
   * @throws {ServiceError} saying what is wrong and what to do.
   */
  static async connect(target: ServiceTarget): Promise<ServiceClient> {
    const client = new ServiceClient(await dial(target), target);
    try {
      const greeting = await client.#line();
      if (parseReply(greeting)?.isOk !== true) {
        throw new ServiceError(`Cannot use ${client.#name}: it is no encrypted service`, false);
      }
      const { name, token } = target.credentials;
      await client.ask(`AUTH ${name} ${token}`);
      return client;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /**
   * Asks what is answered by one line.
   * @param request the request line.
   * @returns what followed `+OK`.
   * @throws {ServiceError} when the service refuses, or is gone.
   */
  async ask(request: string): Promise<string> {
    return this.#textOf(await this.#request(encoder.encode(request + "\r\n")));
  }

  /**
   * Hands over events of this sensor. May be called again before the answer is there: requests leave in
   * order, and once one was lost so are those behind it.
   * @param frame what they are; its count and length are taken from them.
   * @param events lines of JSON.
   * @param signal ends the wait; the connection is of no use then.
   * @returns what became of them, when the collector has them for good; or that something is missing
   * before them, and that it has taken none.
   * @throws {ServiceError} when the service refuses, or is gone.
   */
  async publish(
    frame: Omit<PublishFrame, "count" | "bytes">,
    events: readonly string[],
    signal: AbortSignal,
  ): Promise<PublishAnswer | Gap> {
    const wait = { signal, withinMs: PUBLISH_MS };
    const sent = this.#sent.then(() => this.#send(this.#encoder.encode(frame, events), wait));
    const answered = Promise.all([sent, this.#answered]).then(() => this.#reply(wait));
    this.#sent = sent;
    this.#answered = answered;
    sent.catch(() => {}); // thrown by `answered`, for which the caller waits
    const reply = await answered;
    if (!reply.isOk && reply.code === "gap") {
      const expected = parseGap(reply.text);
      if (expected !== undefined) return { expected };
    }
    const answer = parsePublishAnswer(this.#textOf(reply));
    if (answer !== undefined) return answer;
    throw new ServiceError(`Cannot understand ${this.#name}: it answered no PUBLISH`, false);
  }

  /**
   * Asks for a list.
   * @param request the request line.
   * @throws {ServiceError} when the service refuses, or is gone.
   */
  async list(request: string): Promise<List> {
    const start = parseListStart(await this.ask(request));
    if (start === undefined) {
      throw new ServiceError(`Cannot understand ${this.#name}: it answered no list`, false);
    }
    const lines: string[] = [];
    for (let line = await this.#line(); line !== END_OF_LIST; line = await this.#line()) {
      lines.push(line);
    }
    return start.next === undefined ? { lines } : { lines, next: start.next };
  }

  /**
   * Listens to the live feed until the connection is lost or the service stops.
   * @param request the request line, beginning with `TAIL`.
   * @param silenceMs the connection counts as lost when nothing came for so long; ask for heartbeats.
   * @throws {ServiceError} when the service refuses, or is gone.
   */
  async *tail(request: string, silenceMs: number): AsyncGenerator<FeedItem> {
    const start = /^tail since=(\d+)$/.exec(await this.ask(request));
    if (start === null) {
      throw new ServiceError(`Cannot understand ${this.#name}: it answered no feed`, false);
    }
    yield { cursor: Number(start[1]) };
    for (;;) {
      const line = await this.#line({ withinMs: silenceMs });
      if (line === END_OF_LIST) throw new ServiceError(`${this.#name} has stopped`, true);
      if (line.startsWith(HEARTBEAT_MARK)) yield { cursor: Number(line.slice(2)) };
      else yield { json: line };
    }
  }

  /** Closes the connection; twice is fine. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Sends a request and reads the first line of its answer. */
  async #request(message: Uint8Array): Promise<Reply> {
    await this.#send(message);
    return await this.#reply();
  }

  async #send(message: Uint8Array, wait: Wait = {}): Promise<void> {
    try {
      await this.#abortable(writeAll(this.#connection, message), wait);
    } catch (error) {
      throw this.#lost(error);
    }
  }

  async #reply(wait: Wait = {}): Promise<Reply> {
    const reply = parseReply(await this.#line(wait));
    if (reply !== undefined) return reply;
    throw new ServiceError(`Cannot understand ${this.#name}: it answered no +OK or -ERR`, false);
  }

  /** What a good answer says. */
  #textOf(reply: Reply): string {
    if (reply.isOk) return reply.text;
    const text = escapeText(reply.text).slice(0, MAX_QUOTED);
    const code = escapeText(reply.code).slice(0, MAX_QUOTED);
    if (code === "login-failed") {
      throw new ServiceError(
        `Cannot log in to ${this.#name}: name or token is wrong, or the token was taken back`,
        false,
      );
    }
    throw new ServiceError(`Cannot ask ${this.#name}: ${text} (${code})`, code === "busy");
  }

  async #line(wait: Wait = {}): Promise<string> {
    let line: Uint8Array | null;
    try {
      line = await this.#abortable(this.#reader.line(MAX_LINE_BYTES), wait);
    } catch (error) {
      throw this.#lost(error);
    }
    if (line === null) throw this.#lost(undefined);
    return decoder.decode(line);
  }

  #lost(cause: unknown): ServiceError {
    if (cause instanceof ServiceError) return cause;
    const isNews = cause instanceof Error && !isDisconnect(cause);
    const reason = isNews ? `: ${cause.message}` : "";
    return new ServiceError(`Lost the connection to ${this.#name}${reason}`, true, { cause });
  }

  /** Waits for a call of the connection's, for so long, or until the signal aborts. */
  #abortable<T>(call: Promise<T>, wait: Wait): Promise<T> {
    const { withinMs = ANSWER_MS, signal = this.#signal } = wait;
    return abortable(call, {
      withinMs,
      onLate: () => new ServiceError(`Lost ${this.#name}: nothing came for ${withinMs} ms`, true),
      ...(signal === undefined ? {} : { signal }),
    });
  }
}

/** Connects and shakes hands. */
async function dial(target: ServiceTarget): Promise<Deno.TlsConn> {
  const { address: { hostname, port }, ca, serverName, signal } = target;
  const options = {
    withinMs: ANSWER_MS,
    onLate: () => new ServiceError(`Cannot reach ${formatHostPort(target.address)} in time`, true),
    ...(signal === undefined ? {} : { signal }),
  };
  let connection: Deno.Conn | undefined;
  try {
    const dialled = Deno.connect({ hostname, port });
    // If it comes too late nobody wants it any more.
    const tcp = await abortable(dialled, options).catch((error) => {
      dialled.then((late) => late.close(), () => {});
      throw error;
    });
    connection = tcp;
    const tls = await Deno.startTls(tcp, { hostname: serverName, caCerts: [ca] });
    connection = tls;
    await abortable(tls.handshake(), options);
    return tls;
  } catch (error) {
    try {
      connection?.close();
    } catch {
      // `startTls` has taken it over, and has closed it when it failed.
    }
    throw explainDial(error, target);
  }
}

/** What an operator can do about a connection that was not made. */
function explainDial(error: unknown, target: ServiceTarget): Error {
  const name = formatHostPort(target.address);
  const { serverName } = target;
  const said = error instanceof Error ? error.message : String(error);
  if (error instanceof ServiceError) return error;
  if (target.signal?.aborted) return new ServiceError(`Stopped dialling ${name}`, false);
  const fail = (message: string, isTransient: boolean) =>
    new ServiceError(message, isTransient, { cause: error });
  if (error instanceof Deno.errors.NotCapable) {
    return fail(
      `Cannot dial ${name}: this program was built or started without the right to; ` +
        `duckblind permissions --remote ${name} prints the flags that give it`,
      false,
    );
  }
  if (error instanceof Deno.errors.ConnectionRefused) {
    return fail(`Cannot reach ${name}: nobody listens there; is the sensor running?`, true);
  }
  if (/not valid for name/i.test(said)) {
    const option = /^[\d.]+$|:/.test(serverName) ? "--ip" : "--host";
    const names = /only valid for (.*)$/.exec(said)?.[1]?.replaceAll(/\w+\("?([^")]*)"?\)/g, "$1");
    return fail(
      `Cannot trust ${name}: its certificate is not for ${JSON.stringify(serverName)}` +
        (names === undefined ? "" : ` but for ${names}`) +
        `; on the sensor run duckblind certs ${option} ${serverName} --renew, ` +
        "or name one that it has by --server-name",
      false,
    );
  }
  if (/UnknownIssuer|BadSignature/i.test(said)) {
    return fail(
      `Cannot trust ${name}: its certificate is not signed by the CA that was given; ` +
        "copy the sensor's certs/ca.pem and name it by --ca",
      false,
    );
  }
  if (/Expired|NotValidYet/i.test(said)) {
    return fail(
      `Cannot trust ${name}: its certificate is out of date; ` +
        "on the sensor run duckblind certs --renew",
      false,
    );
  }
  if (/No certificates? found|invalid.*(pem|certificate data)/i.test(said)) {
    return fail(`Cannot use the CA certificate: ${said}`, false);
  }
  if (error instanceof Deno.errors.InvalidData) {
    return fail(`Cannot shake hands with ${name}: ${said}`, false);
  }
  return fail(`Cannot reach ${name}: ${said}`, true);
}

/** Waits for a call, for so long, or until the signal aborts; whatever comes later is ignored. */
function abortable<T>(
  call: Promise<T>,
  options: { withinMs: number; onLate: () => Error; signal?: AbortSignal },
): Promise<T> {
  const { signal } = options;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(options.onLate()), options.withinMs);
    const abort = () => reject(new ServiceError("Stopped", false));
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort, { once: true });
    call.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    });
  });
}
