/**
 * TLS for connections that were accepted without it: those of the encrypted service, and of decoys.
 *
 * Deno can shake hands as a server only on connections that its TLS listener accepted itself, and one
 * of these keeps its socket when it is closed before the handshake is done, until the peer goes away:
 * whoever connects and says nothing would take a file descriptor for ever. Nor can it begin TLS within
 * a talk (STARTTLS), or show what the peer said first. So plain TCP is accepted, which can be closed at
 * any time; a peer that begins like TLS is passed on, byte by byte, through a connection to a TLS
 * listener of our own on a loopback address, where only we are let in. That connection's near end is
 * ours too, and closing it ends whatever its far end waits for.
 * @module
 */
import { formatHostPort, type HostPort } from "./address.ts";
import { acceptLoop, bindHint } from "./listen.ts";
import { settlesWithin } from "./settles_within.ts";
import { type Stream, writeAll } from "./stream.ts";

/** Buffer of each direction, in bytes: for a handshake and lines, and for a feed that fills it. */
const BUFFER_BYTES = [2048, 16_384] as const;
/** How long last words may take to reach the peer after the close, in ms. */
const DRAIN_MS = 200;
/** Pause before the loopback address is tried again, in ms. */
const RETRY_MS = 2000;
/** Longest wait for our own listener to accept, in ms. */
const ACCEPT_MS = 5000;

/** There is no TLS, and it is our fault and not the peer's. */
export class RelayError extends Error {
  override readonly name = "RelayError";
}

/** A certificate chain and its key, in PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** What a relay is made of. */
export interface TlsRelayOptions extends KeyPair {
  /** Where its TLS ends, on the loopback; port 0 for any. */
  readonly address: HostPort;
  /** The address's key in the config, for messages. */
  readonly label: string;
}

/** A connection with TLS in it. */
export interface TlsStream extends Stream {
  /** Shakes hands; reads and writes do it otherwise. */
  handshake(): Promise<unknown>;
  /** Settles when all of it is closed. */
  readonly closed: Promise<void>;
}

/** Puts TLS into connections. */
export class TlsRelay {
  readonly #address: HostPort;
  readonly #label: string;
  /** Accepted by us and not yet claimed by who dialled, and the other way round; by port. */
  readonly #arrived = new Map<number, Deno.TlsConn>();
  readonly #expected = new Map<number, (connection: Deno.TlsConn) => void>();
  #keys: KeyPair;
  #listener: Deno.TlsListener | undefined;
  #loop: Promise<void> = Promise.resolve();
  #dialling = 0;
  #idle: (() => void) | undefined;
  #swap: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #trouble = "";
  #isClosed = false;

  /**
   * Opens the loopback address; if it cannot be bound, goes on trying.
   * @param options address, certificate and key.
   * @throws when certificate or key cannot be used.
   */
  constructor({ address, label, cert, key }: TlsRelayOptions) {
    this.#address = address;
    this.#label = label;
    this.#keys = { cert, key };
    this.#open();
  }

  /** Why there is no TLS at the moment, and what to do about it; empty when there is. */
  get trouble(): string {
    return this.#trouble;
  }

  /**
   * Puts TLS into a connection.
   * @param peer the connection; read and closed by nobody else from now on.
   * @param first what was read of it already.
   * @returns the connection, before the handshake.
   * @throws {RelayError} when there is no TLS at the moment.
   */
  async wrap(peer: Stream, first: Uint8Array): Promise<TlsStream> {
    while (this.#swap !== undefined) await this.#swap;
    if (this.#listener === undefined) throw new RelayError(this.#trouble);
    this.#dialling++;
    let near: Deno.TcpConn | undefined;
    try {
      const { hostname, port } = this.#listener.addr as Deno.NetAddr;
      near = await Deno.connect({ hostname, port });
      near.setNoDelay(); // a flight of a handshake comes in parts, none of which may wait for an ACK
      const far = await this.#claim((near.localAddr as Deno.NetAddr).port);
      return new RelayedStream(peer, { near, far, first });
    } catch (error) {
      near?.close();
      throw new RelayError(error instanceof Error ? error.message : String(error), {
        cause: error,
      });
    } finally {
      if (--this.#dialling === 0) this.#settle();
    }
  }

  /**
   * Uses another certificate from now on. Connections there are keep theirs.
   * @param keys certificate and key.
   * @throws when they cannot be used; then the old ones go on.
   */
  async replaceKeys(keys: KeyPair): Promise<void> {
    while (this.#swap !== undefined) await this.#swap;
    const old = this.#keys;
    const swapped = Promise.withResolvers<void>();
    this.#swap = swapped.promise;
    try {
      if (this.#dialling > 0) await new Promise<void>((resolve) => this.#idle = resolve);
      if (this.#isClosed) return;
      await this.#shut();
      this.#keys = keys;
      try {
        this.#open();
      } catch (error) {
        this.#keys = old;
        this.#open();
        throw error;
      }
    } finally {
      this.#swap = undefined;
      swapped.resolve();
    }
  }

  /** Ends it; connections go on. Twice is fine. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#shut();
    this.#settle();
  }

  #open(): void {
    this.#timer = undefined;
    try {
      this.#listener = Deno.listenTls({ ...this.#address, ...this.#keys });
    } catch (error) {
      const hint = bindHint(error, this.#address.port);
      if (hint === "") throw error;
      this.#trouble = `${this.#label} ${formatHostPort(this.#address)}: ${hint}`;
      this.#timer = setTimeout(() => this.#open(), RETRY_MS);
      return;
    }
    this.#trouble = "";
    this.#loop = acceptLoop(
      this.#listener,
      (connection) => this.#arrive(connection),
      () => {}, // whoever dials meets the same trouble, and is told
    );
  }

  async #shut(): Promise<void> {
    clearTimeout(this.#timer);
    this.#listener?.close();
    this.#listener = undefined;
    await this.#loop;
  }

  /** Takes what our listener accepted: ours if somebody of us is dialling from that port. */
  #arrive(connection: Deno.TlsConn): void {
    const { port } = connection.remoteAddr as Deno.NetAddr;
    const claim = this.#expected.get(port);
    if (claim !== undefined) claim(connection);
    else if (this.#dialling > this.#arrived.size) this.#arrived.set(port, connection);
    else connection.close();
  }

  /** The far end of the connection that we dialled from a port. */
  async #claim(port: number): Promise<Deno.TlsConn> {
    const arrived = this.#arrived.get(port);
    if (arrived !== undefined) {
      this.#arrived.delete(port);
      return arrived;
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      return await new Promise((resolve, reject) => {
        timer = setTimeout(() => reject(new Error("not accepted in time")), ACCEPT_MS);
        this.#expected.set(port, resolve);
      });
    } finally {
      clearTimeout(timer);
      this.#expected.delete(port);
    }
  }

  /** Nobody dials: what arrived and was not claimed is none of ours. */
  #settle(): void {
    for (const connection of this.#arrived.values()) connection.close();
    this.#arrived.clear();
    this.#idle?.();
    this.#idle = undefined;
  }
}

/** A peer's connection, with the detour through our TLS listener. */
class RelayedStream implements TlsStream {
  readonly closed: Promise<void>;
  readonly #peer: Stream;
  readonly #near: Deno.TcpConn;
  readonly #far: Deno.TlsConn;
  readonly #drained: Promise<void>;
  #setClosed: () => void = () => {};
  #isClosed = false;

  constructor(
    peer: Stream,
    { near, far, first }: { near: Deno.TcpConn; far: Deno.TlsConn; first: Uint8Array },
  ) {
    this.#peer = peer;
    this.#near = near;
    this.#far = far;
    this.closed = new Promise((resolve) => this.#setClosed = resolve);
    // A broken pump ends its own direction: what it read from sees no reader, what it wrote to an end.
    pump(peer, near, first).catch(() => endQuietly(near));
    this.#drained = pump(near, peer).catch(() => endQuietly(peer));
  }

  handshake(): Promise<unknown> {
    return this.#far.handshake();
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#far.read(buffer);
  }

  write(data: Uint8Array): Promise<number> {
    return this.#far.write(data);
  }

  closeWrite(): Promise<void> {
    return this.#far.closeWrite();
  }

  /** Closes the TLS end at once, the rest when its last words are out, or soon. Twice is fine. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    closeQuietly(this.#far);
    settlesWithin(this.#drained, DRAIN_MS).then(() => {
      closeQuietly(this.#near);
      closeQuietly(this.#peer);
      this.#setClosed();
    });
  }
}

/** Passes everything on, and then the end. */
async function pump(from: Stream, to: Stream, first?: Uint8Array): Promise<void> {
  if (first !== undefined) await writeAll(to, first);
  let buffer = new Uint8Array(BUFFER_BYTES[0]);
  for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
    await writeAll(to, buffer.subarray(0, count));
    if (count === BUFFER_BYTES[0]) buffer = new Uint8Array(BUFFER_BYTES[1]);
  }
  await to.closeWrite();
}

async function endQuietly(stream: Stream): Promise<void> {
  try {
    await stream.closeWrite();
  } catch {
    // It is closed or broken already: that is what is wanted.
  }
}

function closeQuietly(stream: { close(): void }): void {
  try {
    stream.close();
  } catch {
    // The other direction has closed it.
  }
}
