/**
 * Runs one decoy: its listeners, and every connection from accept to close.
 *
 * The host stamps, limits and closes; a decoy only talks. Whatever a decoy throws ends its own session
 * and nothing else. A refused connection is closed on the same path and counted.
 * @module
 */
import type { DecoyConfig } from "../config/config.ts";
import { LimitError, ProtocolError } from "../errors.ts";
import type { Scope } from "../events/ecs.ts";
import type { Emitter } from "../events/emitter.ts";
import type { Endpoint, EndReason, EventId, EventMap } from "../events/event.ts";
import { logger } from "../log.ts";
import { formatHostPort, type HostPort, normalizeIp } from "../net/address.ts";
import { Binding, type ListenerReport } from "../net/bind.ts";
import { acceptLoop } from "../net/listen.ts";
import { settlesWithin } from "../net/settles_within.ts";
import { isDisconnect } from "../net/stream.ts";
import type { Decoy, PlantedLure } from "./decoy.ts";
import type { Gate, GatedSession } from "./gate.ts";
import type { LimitReports } from "./limit_reports.ts";
import { LiveSession, type SessionLimits, type SessionOwner } from "./session.ts";

const log = logger("decoys");

/** How long the rest of a peer's talk is taken after our last word, in ms. */
const LINGER_MS = 2000;

/** What all decoys of a sensor share. */
export interface HostShared {
  readonly gate: Gate;
  readonly emitter: Emitter;
  readonly reports: LimitReports;
  /** Limits of each session; may change at a reload. */
  limits: SessionLimits;
  /** TLS for those that speak it. */
  readonly tls?: SessionOwner["tls"];
}

/** How a decoy's connections begin. */
export interface HostOptions {
  /** Whether they begin with TLS. */
  readonly isSecure: boolean;
  /** What it serves that is worth stealing. */
  readonly lures?: readonly PlantedLure[];
}

/** A session with what the host knows of it. */
class HostedSession extends LiveSession implements GatedSession {
  readonly decoyName: string;
  readonly scope: Scope;

  constructor(conn: Deno.TcpConn, owner: SessionOwner, scope: Scope & SessionScope) {
    super(conn, owner, { id: scope.sessionId, peer: scope.peer, local: scope.local });
    this.decoyName = scope.provider;
    this.scope = scope;
  }
}

/** A scope that has a connection. */
interface SessionScope {
  readonly sessionId: string;
  readonly peer: Endpoint;
  readonly local: Endpoint;
}

/** Runs one entry of the config's list of decoys. */
export class DecoyHost {
  readonly config: DecoyConfig;
  readonly #decoy: Decoy;
  readonly #isSecure: boolean;
  readonly #shared: HostShared;
  readonly #owner: SessionOwner;
  #running = 0;
  #onIdle: (() => void) | undefined;
  readonly #loops = new Set<Promise<void>>();
  #binding: Binding<Deno.TcpListener> | undefined;
  #isStopping = false;
  #troubles = 0;
  accepted = 0;
  refused = 0;
  events = 0;

  /**
   * @param config the entry.
   * @param decoy made from it.
   * @param shared what all decoys share.
   * @param options how its connections begin; as the entry says when absent.
   */
  constructor(
    config: DecoyConfig,
    decoy: Decoy,
    shared: HostShared,
    options: HostOptions = { isSecure: config.tls },
  ) {
    this.config = config;
    this.#isSecure = options.isSecure;
    this.#decoy = decoy;
    this.#shared = shared;
    this.#owner = {
      get limits() {
        return shared.limits;
      },
      now: () => Date.now(),
      elapsed: () => performance.now(),
      random: Math.random,
      tls: shared.tls,
      ...(options.lures === undefined || options.lures.length === 0
        ? {}
        : { lures: options.lures }),
      schedule: (callback, ms) => {
        const timer = setTimeout(callback, ms);
        return () => clearTimeout(timer);
      },
      record: (session, id, data) => this.#emit((session as HostedSession).scope, id, data),
      committed: (sequence) => this.#shared.emitter.committed(sequence),
    };
  }

  /** How each address stands; before `start` there are none. */
  listeners(): ListenerReport[] {
    return this.#binding?.reports() ?? [];
  }

  /** The addresses that have a socket, with the port that the system chose for port 0. */
  addresses(): HostPort[] {
    return this.#binding?.addresses() ?? [];
  }

  /** Failed accepts since the start. */
  get troubles(): number {
    return this.#troubles;
  }

  /** Opens the addresses. Those that cannot be bound are tried again until `stop`. */
  start(): void {
    const { name, listen } = this.config;
    this.#binding = new Binding<Deno.TcpListener>(listen, {
      open: ({ hostname, port }) => Deno.listen({ hostname, port }),
      onOpen: (listener) => {
        const loop = this.#serve(listener).finally(() => this.#loops.delete(loop));
        this.#loops.add(loop);
      },
      onWaiting: (address, detail) =>
        log.warn("Decoy {name} cannot listen on {address}: {detail}; trying again", {
          name,
          address: formatHostPort(address),
          detail,
        }),
    });
  }

  /**
   * Closes the listeners, waits for the sessions, then ends those that are left.
   * @param graceMs longest wait, in ms.
   */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    this.#binding?.close();
    await Promise.all(this.#loops);
    const idle = new Promise<void>((resolve) => this.#onIdle = resolve);
    if (this.#running === 0) this.#onIdle?.();
    else if (graceMs > 0) await settlesWithin(idle, graceMs);
    for (const session of this.#shared.gate.sessions()) {
      if ((session as HostedSession).decoyName === this.config.name) session.abort("stop");
    }
    await idle;
  }

  #serve(listener: Deno.TcpListener): Promise<void> {
    return acceptLoop(
      listener,
      (conn) => this.#accept(conn),
      (error, isNews) => {
        this.#troubles++;
        if (!isNews) return;
        log.warn("Decoy {name} cannot accept connections for a moment: {error}", {
          name: this.config.name,
          error: error instanceof Error ? error.message : String(error),
        });
      },
    );
  }

  /** Lets a connection in, or closes it. Never throws. */
  #accept(conn: Deno.TcpConn): void {
    const { gate, emitter, reports } = this.#shared;
    const { name: provider, kind } = this.config;
    const peer = toEndpoint(conn.remoteAddr as Deno.NetAddr);
    const local = toEndpoint(conn.localAddr as Deno.NetAddr);
    const nowMs = performance.now();
    const refusal = this.#isStopping ? undefined : gate.check(provider, peer.ip, nowMs);
    if (refusal !== undefined || this.#isStopping) {
      this.refused++;
      if (refusal !== undefined) reports.refused({ provider, kind, peer, local }, refusal, nowMs);
      conn.close();
      return;
    }
    this.accepted++;
    const scope = { provider, kind, sessionId: emitter.newId(), peer, local };
    const session = new HostedSession(conn, this.#owner, scope);
    gate.enter(session);
    this.#running++;
    this.#run(session);
  }

  /** Holds one session from its first event to its last. Never throws. */
  async #run(session: HostedSession): Promise<void> {
    session.lastEvent = this.#emit(session.scope, "session.open", {}) ?? 0;
    try {
      await this.#serveOne(session);
      session.reason ??= session.peerEnded ? "peer" : "done";
    } catch (error) {
      session.reason ??= this.#judge(session, error);
    }
    try {
      const isOurs = session.reason === "done" || session.reason === "protocol";
      if (isOurs && !session.isAbrupt) await session.linger(LINGER_MS);
    } catch (error) {
      if (!isDisconnect(error) && !(error instanceof LimitError)) this.#logBug(error);
    }
    session.close();
    this.#shared.gate.leave(session);
    this.#emit(session.scope, "session.close", {
      durationNs: Math.round((performance.now() - session.startedAt) * 1e6),
      bytesIn: session.bytesIn,
      bytesOut: session.bytesOut,
      reason: session.reason,
      credentials: session.credentials,
      commands: session.commands,
      payloads: session.payloads,
      ...(session.firstBytes.length === 0 ? {} : { firstBytes: session.firstBytes }),
    });
    if (--this.#running === 0) this.#onIdle?.();
  }

  async #serveOne(session: HostedSession): Promise<void> {
    const outcome = this.#isSecure ? await session.startTls() : "established";
    if (outcome === "established") return await this.#decoy.serve(session);
    if (outcome === "clear" && !session.peerEnded && this.#decoy.serveClear !== undefined) {
      return await this.#decoy.serveClear(session);
    }
    session.closeAbruptly();
  }

  /** Why a session ended that threw; reports what the peer did wrong. */
  #judge(session: HostedSession, error: unknown): EndReason {
    if (error instanceof ProtocolError) {
      session.emit("protocol.error", {
        offset: error.offset,
        expected: error.message,
        ...(session.firstBytes.length === 0 ? {} : { firstBytes: session.firstBytes }),
      });
      return "protocol";
    }
    if (error instanceof LimitError) {
      session.emit("limit.hit", { limit: error.limit, max: error.max });
      return error.limit.startsWith("bytes_") ? "bytes" : "protocol";
    }
    if (!isDisconnect(error)) this.#logBug(error);
    return isDisconnect(error) ? "peer" : "done";
  }

  #emit<K extends EventId>(scope: Scope, id: K, data: EventMap[K]): number | void {
    this.events++;
    try {
      return this.#shared.emitter.emit(scope, id, data);
    } catch (error) {
      this.#logBug(error);
    }
  }

  #logBug(error: unknown): void {
    log.error("Decoy {name} failed in a session, which is our bug: {error}", {
      name: this.config.name,
      error: error instanceof Error ? error.stack ?? error.message : String(error),
    });
  }
}

function toEndpoint(address: Deno.NetAddr): Endpoint {
  return { ip: normalizeIp(address.hostname), port: address.port };
}
