/**
 * What a decoy is, and what it sees of the world: a `Session`, and nothing else.
 *
 * A protocol module holds its settings only; what a connection knows is local to `serve`. The host
 * (`host.ts`) makes, limits and closes the session, so one harness, one fuzz loop and one set of
 * limits serve all decoys.
 * @module
 */
import type { v } from "../config/schema.ts";
import type { Endpoint, EventId, EventMap } from "../events/event.ts";

export type { Endpoint };

/** One protocol: the one export of `lib/decoys/<protocol>.ts`. */
export interface DecoyKind<Options> {
  /** `kind:` in the config, `network.protocol` in events. */
  readonly kind: string;
  /** The port that the genuine service uses. */
  readonly defaultPort: number;
  /** Keys, defaults and ranges of its options: here and nowhere else. */
  readonly options: v.GenericSchema<unknown, Options>;
  /**
   * Whether it always speaks TLS from its first byte on (`implicit`). The others do with `tls: true` in
   * their entry.
   */
  readonly tls?: "implicit";
  /** Whether a decoy with these options may go over to TLS within a talk (`Session.startTls`). */
  startsTls?(options: Options): boolean;
  /** Files and folders that the options name: `permissions` lists them, `check` reads them. */
  paths?(options: Options): string[];
  /**
   * Makes the decoy, once for each entry in the config, at start and at reload.
   * @throws if a file that the options name cannot be used.
   */
  create(options: Options, context: DecoyContext): Decoy | Promise<Decoy>;
}

/** Fake data that a decoy serves, and that is worth stealing. */
export interface PlantedLure {
  /** Name in the config; goes into `lure.touched`. */
  readonly id: string;
  /** Where it is: a path, a key, a topic. */
  readonly place: string;
  readonly content: Uint8Array;
  /** Such as `text/plain`. */
  readonly mediaType: string;
  /** Bytes that are in it and nowhere else: where a decoy sends them, the host knows that it is read. */
  readonly markers: readonly Uint8Array[];
}

/** What a decoy may know of the sensor when it is made. */
export interface DecoyContext {
  /** The host name that decoys show, without a domain, such as `srv`. */
  readonly hostname: string;
  /**
   * Bytes that are the same at every start of this sensor and unknown to everyone else, for values
   * that must look chosen once (an ETag, a serial number).
   * @param label what they are for.
   * @returns 32 bytes.
   */
  seed(label: string): Uint8Array;
  /** What decoys keep in the sensor's folder: the same object for all decoys of a sensor. */
  readonly store: SecretStore;
  /**
   * What this decoy is to serve beside its own. That one is read is found by its markers; only where
   * they do not show in what is sent, such as in compressed answers, the decoy says `lure.touched`.
   */
  readonly lures: readonly PlantedLure[];
  /** Resolves in a later round of the event loop: a long computation gives way between its parts. */
  giveWay(): Promise<void>;
  /**
   * Reads a file that `paths` named.
   * @param path as in the options.
   */
  readFile(path: string): Promise<Uint8Array>;
  /**
   * Lists the files below a folder that `paths` named, with `/` between names; bounded.
   * @param path as in the options.
   */
  listFiles(path: string): Promise<{ name: string; size: number; modifiedMs: number }[]>;
}

/** Small secrets that outlast the sensor: files that only their owner reads, such as host keys. */
export interface SecretStore {
  /**
   * Reads one.
   * @param name lower case letters, digits and `_.-`, 64 at most; begins with the protocol's name.
   * @returns `undefined` when there is none.
   */
  read(name: string): Promise<Uint8Array | undefined>;
  /**
   * Writes one, in place of the one before, wholly or not at all.
   * @param name as in `read`.
   * @param bytes at most 64 KiB.
   * @throws when it cannot be written (the log has it too), or the sensor stops.
   */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /**
   * Where a secret is kept, for messages.
   * @param name as in `read`.
   */
  pathOf(name: string): string;
}

/** What became of `Session.startTls`. */
export type TlsOutcome =
  | "established"
  | "clear" // what came is no TLS; it is still to be read
  | "failed"; // the handshake came to nothing; there is nobody to talk to any more

/** A decoy with its settings. */
export interface Decoy {
  /**
   * Holds the dialogue; returns when it is over, and then the host closes.
   * @throws {ProtocolError} when the peer's bytes make no sense.
   * @throws {LimitError} when the peer goes over a limit.
   */
  serve(session: Session): Promise<void>;
  /**
   * Answers a peer that speaks no TLS where TLS is spoken from the first byte on. Without it the
   * connection is closed without a word, as OpenSSL does.
   */
  serveClear?(session: Session): Promise<void>;
}

/** One connection, made, limited and closed by the host. */
export interface Session {
  /** Aborts when the session is idle or too old, or the sensor stops. */
  readonly signal: AbortSignal;
  readonly peer: Endpoint;
  readonly local: Endpoint;

  /** Wall clock, in ms since 1970. */
  now(): number;

  /** Whether TLS is spoken. */
  readonly isSecure: boolean;
  /** Whether the peer named a server when TLS began: SNI. Some products compare that later. */
  readonly namesServer: boolean;
  /**
   * Goes over to TLS: reads the peer's ClientHello, reports it, and shakes hands. After that all reads
   * and writes are inside of TLS.
   * @param reply sent in clear before that, such as `220 ...`. What the peer had sent behind its command
   * without waiting for it is reported and thrown away: it must not count as said inside of TLS.
   */
  startTls(reply?: Uint8Array): Promise<TlsOutcome>;

  /**
   * What has arrived and was not read yet.
   * @returns at least one byte, valid until the next read; `null` when the peer has ended its side.
   */
  read(): Promise<Uint8Array | null>;
  /**
   * The same, but at most `count` bytes, and no more is taken from the system than that: what the peer
   * sent behind it makes the system send RST when the session is closed abruptly. Costs a call each.
   */
  readAtMost(count: number): Promise<Uint8Array | null>;
  /**
   * Waits until `read` would not wait, and takes nothing. May go on while the decoy pauses.
   * @param withinMs longest wait, in ms; without it, as long as the session lasts.
   * @returns whether `read` would not wait; `false` when nothing came in time.
   */
  arrival(withinMs?: number): Promise<boolean>;
  /**
   * Says when the genuine product waits no longer, and what it says then: the session ends like an
   * idle one, after these words. Stands in for the host's idle limit, and holds next to nothing.
   * @param withinMs from now, in ms; a second call takes the place of the first.
   * @param lastWords bytes that are sent at the end.
   * @param alsoInPauses whether a pause is cut short too; otherwise it does not count as waiting.
   */
  expireAfter(withinMs: number, lastWords: Uint8Array, alsoInPauses?: boolean): void;
  /**
   * Puts bytes back in front of what is to be read; also the rest of a chunk that `read` gave.
   * @param bytes copied if need be.
   */
  unread(bytes: Uint8Array): void;
  /**
   * Exactly `count` bytes, a copy.
   * @throws a disconnect when the peer ends before that.
   */
  bytes(count: number): Promise<Uint8Array>;
  /**
   * One line as it came, a copy, without its LF and a CR before that.
   * @returns `null` when the peer ended its side; what came after the last LF is dropped.
   * @throws {LimitError} when `maxBytes` came without LF.
   */
  line(options: { maxBytes: number }): Promise<Uint8Array | null>;
  /** The lines of the peer up to its end, escaped. */
  lines(options: { maxBytes: number }): AsyncIterable<string>;

  /** Sends bytes; resolves when the system has taken them all. */
  write(data: Uint8Array): Promise<void>;
  /** Sends text as UTF-8, with CR LF. For text that may hold a peer's bytes use `write`. */
  writeLine(text: string): Promise<void>;

  /** Reports what the peer did. Never throws, never waits. */
  emit<K extends EventId>(id: K, data: EventMap[K]): void;

  /**
   * Waits, holding next to nothing, as the genuine service does before a refusal. Returns early
   * (by a rejection) when the session is aborted. Input that comes meanwhile stays unread.
   * @param minMs shortest wait, in ms.
   * @param maxMs longest wait; drawn evenly from the range.
   */
  pause(minMs: number, maxMs?: number): Promise<void>;

  /**
   * Says that the coming end is the abrupt one of the genuine product: the socket is closed at once,
   * so input that nobody read makes the system send RST. Without it the host ends its side, and
   * takes what still comes for a short while, so that the last answer is not lost.
   */
  closeAbruptly(): void;
}

/** Most events that a session of many small requests makes. */
const MAX_SESSION_EVENTS = 1000;

/** How many more events a session may make: a flood of short requests must not become one of events. */
export class EventQuota {
  readonly #session: Pick<Session, "emit">;
  #left = MAX_SESSION_EVENTS;

  /** @param session whose events are counted. */
  constructor(session: Pick<Session, "emit">) {
    this.#session = session;
  }

  /** Takes one, if there is one left; says once, as an event, that there were more. */
  take(): boolean {
    if (this.#left < 0) return false;
    if (this.#left-- > 0) return true;
    this.#session.emit("limit.hit", { limit: "session_events", max: MAX_SESSION_EVENTS });
    return false;
  }
}
