/**
 * The encrypted service: the module of it that holds the sockets (with `net/tls_relay.ts`), and the one
 * that decides who may ask. Nothing but `HELP`, `PING`, `AUTH` and `QUIT` is answered before a login.
 *
 * `README.md` describes the protocol.
 * @module
 */
import { LimitError } from "../errors.ts";
import type { Scope } from "../events/ecs.ts";
import { logger } from "../log.ts";
import { formatHostPort, type HostPort, normalizeIp } from "../net/address.ts";
import { Binding, type ListenerReport } from "../net/bind.ts";
import { acceptLoop } from "../net/listen.ts";
import { settlesWithin } from "../net/settles_within.ts";
import { isDisconnect } from "../net/stream.ts";
import { admit } from "./admission.ts";
import { certificateError, type KeyPair, readKeyPair } from "../net/key_pair.ts";
import { describeHandshakeFailure } from "./contact.ts";
import { formatError, formatOk, parseRequest, type Request, RequestError } from "./frames.ts";
import { HANDLERS, mayRun, type ServiceContext } from "./handlers.ts";
import { Intake } from "./intake.ts";
import { ContactReports } from "./reports.ts";
import type { EncryptedService, ServiceConfig, ServiceOptions } from "./service.ts";
import { ServiceSession } from "./session.ts";
import { RelayError, TlsRelay } from "../net/tls_relay.ts";
import type { ServiceReport } from "./view.ts";

export type { EncryptedService, ServiceOptions };

const log = logger("service");

/** Logins refused before the connection is closed. */
const MAX_FAILURES = 3;
/** Lines answered before a login; whoever sends more is no operator. */
const MAX_LINES_BEFORE_LOGIN = 20;
/** Bytes kept of a line that makes no sense before a login. */
const FIRST_BYTES = 256;
/** How long what a peer still sends is taken at the end of a session, in ms. */
const LINGER_MS = 500;
/** Pause between looks whether tokens of open sessions were taken back, in ms. */
const REVOCATION_CHECK_MS = 5000;
/** Longest wait for what follows a request's line, in ms. */
const BODY_MS = 20_000;
/** Sessions that one sensor may have: the one that it uses, and one that it may have lost or tests. */
const MAX_SESSIONS_PER_SENSOR = 2;
/** How a TLS record with a ClientHello begins: RFC 8446 §5.1. */
const HANDSHAKE_RECORD = 0x16;
/** The fatal alert `unexpected_message`, as any TLS server answers what is no TLS: RFC 8446 §6. */
const ALERT = new Uint8Array([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x0a]);

/**
 * Starts the service. Addresses that cannot be bound are logged and tried again.
 * @param options what it is made of.
 * @throws {CommandError} when certificate or key cannot be used.
 */
export async function startService(options: ServiceOptions): Promise<EncryptedService> {
  return new Service(options, await readKeyPair(options.config));
}

class Service implements EncryptedService {
  readonly #options: ServiceOptions;
  readonly #sessions = new Set<ServiceSession>();
  readonly #reports: ContactReports;
  readonly #context: ServiceContext;
  readonly #intake: Intake;
  readonly #binding: Binding<Deno.TcpListener>;
  readonly #relay: TlsRelay;
  readonly #loops = new Set<Promise<void>>();
  #config: ServiceConfig;
  #handshakeMs: number;
  #keys: KeyPair;
  #revocationTimer: ReturnType<typeof setTimeout> | undefined;
  #accepted = 0;
  #refused = 0;
  #isStopping = false;

  constructor(options: ServiceOptions, keys: KeyPair) {
    this.#options = options;
    this.#config = options.config;
    this.#handshakeMs = options.handshakeMs;
    this.#keys = keys;
    this.#reports = new ContactReports(options.emitter);
    try {
      this.#relay = new TlsRelay({ address: this.#config.inner, label: "service.inner", ...keys });
    } catch (error) {
      throw certificateError(this.#config, error);
    }
    const { journal, view, emitter } = options;
    this.#intake = new Intake({ journal, emitter, silentMs: 1000 * this.#config.sensor_silent_s });
    this.#context = {
      journal,
      view,
      intake: this.#intake,
      connectedSensors: () => new Set(this.#sensorSessions().map(({ record }) => record!.name)),
      report: () => this.status(),
      heldUnits: 0,
    };
    if (this.#relay.trouble !== "") {
      log.error("There is no TLS for the encrypted service: {trouble}; trying again", {
        trouble: this.#relay.trouble,
      });
    }
    this.#binding = new Binding(this.#config.listen, {
      open: ({ hostname, port }) => Deno.listen({ hostname, port }),
      onOpen: (listener, address) => this.#accept(listener, address),
      onWaiting: (address, detail) =>
        log.error("Cannot open {address} for the encrypted service: {detail}; trying again", {
          address: formatHostPort(address),
          detail,
        }),
    });
  }

  get addresses(): HostPort[] {
    return this.#binding.addresses();
  }

  listeners(): ListenerReport[] {
    const detail = this.#relay.trouble;
    const reports = this.#binding.reports();
    return detail === "" ? reports : reports.map(({ address }) => ({
      address,
      state: "waiting",
      detail,
    }));
  }

  status(): ServiceReport {
    return {
      listeners: this.listeners(),
      sessions: this.#sessions.size,
      logged_in: [...this.#sessions].filter(({ record }) => record !== undefined).length,
      max_sessions: this.#config.max_sessions,
      accepted: this.#accepted,
      refused: this.#refused,
      refused_logins: this.#reports.refusedLogins,
      probes: this.#reports.probes,
      sensors: this.#intake.report(this.#context.connectedSensors()),
    };
  }

  async reloadCertificate(): Promise<boolean> {
    try {
      const keys = await readKeyPair(this.#config);
      if (keys.cert === this.#keys.cert && keys.key === this.#keys.key) return true;
      await this.#relay.replaceKeys(keys);
      this.#keys = keys;
      log.info("The encrypted service uses the certificate that {cert} holds now", this.#config);
      return true;
    } catch (error) {
      log.error("{reason}; the old certificate goes on", {
        reason: certificateError(this.#config, error).message,
      });
      return false;
    }
  }

  reload(config: ServiceConfig, handshakeMs: number = this.#handshakeMs): void {
    this.#config = config;
    this.#intake.silentMs = 1000 * config.sensor_silent_s;
    this.#handshakeMs = handshakeMs;
    this.#binding.update(config.listen);
  }

  shut(): void {
    this.#isStopping = true;
    this.#intake.stop();
    this.#binding.close();
    this.#reports.close();
  }

  async stop(graceMs: number): Promise<void> {
    this.shut();
    clearTimeout(this.#revocationTimer);
    await Promise.all(this.#loops);
    for (const session of this.#sessions) {
      if (session.record === undefined) session.end("stop");
      else session.stop();
    }
    const done = Promise.all([...this.#sessions].map((session) => session.done));
    await settlesWithin(done, graceMs);
    for (const session of this.#sessions) session.end("stop");
    await done;
    await this.#relay.close();
  }

  #accept(listener: Deno.TcpListener, address: HostPort): void {
    const loop = acceptLoop(listener, (connection) => this.#begin(connection), (error, isNews) => {
      if (!isNews) return;
      log.warn("Cannot accept on {address}: {error}", { address: formatHostPort(address), error });
    });
    this.#loops.add(loop);
    loop.finally(() => this.#loops.delete(loop));
  }

  /** Takes a connection, or makes room for it, or refuses it. */
  #begin(connection: Deno.TcpConn): void {
    const session = new ServiceSession(connection, {
      provider: "service",
      kind: "service",
      sessionId: this.#options.emitter.newId(),
      peer: endpoint(connection.remoteAddr),
      local: endpoint(connection.localAddr),
    });
    this.#accepted++;
    if (this.#isStopping) return session.end("stop");
    const { limit, leaving } = admit(this.#sessions, session, this.#config);
    if (limit !== undefined && leaving !== undefined) {
      this.#refused++;
      this.#reports.limit(leaving.scope, limit);
      leaving.end("room");
      if (leaving === session) return;
    }
    this.#sessions.add(session);
    connection.setNoDelay();
    session.done = this.#hold(session, connection).catch((error) => {
      if (isDisconnect(error)) return;
      log.error("Cannot go on with a session of the encrypted service: {error}", {
        error: error instanceof Error ? error.stack ?? error.message : error,
      });
    }).finally(async () => {
      session.end("over");
      await session.closed;
      this.#sessions.delete(session);
    });
  }

  /** A whole session, from the first byte on. */
  async #hold(session: ServiceSession, connection: Deno.TcpConn): Promise<void> {
    session.setDeadline(Math.min(this.#handshakeMs, this.#config.login_ms));
    if (!await this.#shakeHands(session, connection)) return;
    session.setDeadline(this.#config.login_ms);
    try {
      await session.send(formatOk(this.#config.greeting));
      while (!this.#isStopping) {
        const line = await session.readLine();
        if (line === null) break;
        if (!await this.#answer(session, line)) break;
        if (session.record !== undefined) session.setDeadline(this.#config.idle_ms);
      }
    } catch (error) {
      if (error instanceof LimitError) {
        await session.send(formatError("too-long", `A line has at most ${error.max} bytes`));
        if (session.record === undefined) this.#probe(session, "line too long before login");
      } else if (!isDisconnect(error)) {
        await session.send(formatError("failed", "That did not work; the sensor's log says why"));
        throw error;
      }
    } finally {
      if (session.record === undefined && session.failures === 0 && session.cause !== "room") {
        this.#probe(session, "TLS client without login");
      }
    }
    await session.finish(LINGER_MS);
  }

  /** The TLS handshake; returns whether there is TLS. */
  async #shakeHands(session: ServiceSession, connection: Deno.TcpConn): Promise<boolean> {
    try {
      const first = await session.firstBytes();
      if (first === null) throw new Deno.errors.UnexpectedEof("unexpected end of file");
      if (first[0] !== HANDSHAKE_RECORD) {
        this.#probe(session, "not TLS", first.slice(0, FIRST_BYTES));
        await connection.write(ALERT);
        return false;
      }
      await session.secure(this.#relay.wrap(connection, first.slice()));
      return true;
    } catch (error) {
      if (error instanceof RelayError) {
        log.warn("No TLS for a connection to the encrypted service: {error}", { error });
      } else if (session.cause === "deadline") {
        this.#probe(session, "no TLS handshake in time");
      } else if (session.cause === undefined) {
        this.#probe(session, describeHandshakeFailure(error));
      }
      return false;
    }
  }

  /** Answers a line; returns whether the session goes on. */
  async #answer(session: ServiceSession, line: Uint8Array): Promise<boolean> {
    const request = parseRequest(line);
    try {
      if (session.record === undefined) return await this.#answerStranger(session, request, line);
      if (!await this.#options.tokens.isGood(session.record)) {
        await session.send(formatError("revoked", "This token was taken back"));
        return false;
      }
      return await this.#run(session, request);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      await session.send(formatError(error.code, error.message));
      return true;
    }
  }

  /** Answers somebody who has not logged in. */
  async #answerStranger(
    session: ServiceSession,
    request: Request,
    line: Uint8Array,
  ): Promise<boolean> {
    if (request.verb === "AUTH") return await this.#login(session, request);
    const handler = HANDLERS.get(request.verb);
    if (handler === undefined) {
      this.#probe(session, "unknown words before login", line.subarray(0, FIRST_BYTES));
    }
    if (++session.linesBeforeLogin > MAX_LINES_BEFORE_LOGIN) return false;
    if (handler === undefined || !mayRun(handler, undefined)) {
      throw new RequestError("login-required", "Log in first: AUTH name token");
    }
    return await this.#run(session, request);
  }

  /** `AUTH name token`. */
  async #login(session: ServiceSession, { words }: Request): Promise<boolean> {
    if (this.#isStopping) return false;
    const [name = "", token = "", ...rest] = words;
    const record = rest.length === 0 ? await this.#options.tokens.verify(name, token) : undefined;
    if (record === undefined) {
      session.failures++;
      this.#reports.refusedLogin(session.scope, name);
      await session.pause(this.#config.failure_pause_ms);
      await session.send(formatError("login-failed", "Name or token is wrong"));
      return session.failures < MAX_FAILURES;
    }
    session.record = record;
    if (record.role === "sensor") this.#retireSessions(record.name);
    this.#options.emitter.emit(session.scope, "service.login", {
      username: record.name,
      success: true,
      role: record.role,
    });
    this.#revocationTimer ??= setTimeout(() => this.#checkTokens(), REVOCATION_CHECK_MS);
    await session.send(formatOk(`Logged in as ${record.name} (${record.role})`));
    return true;
  }

  /** Runs a handler, if the session's role may. */
  async #run(session: ServiceSession, { verb, words }: Request): Promise<boolean> {
    const role = session.record?.role;
    if (verb === "AUTH") throw new RequestError("bad-request", "Logged in already");
    const handler = HANDLERS.get(verb);
    if (handler === undefined) throw new RequestError("unknown", "No such request: try HELP");
    if (!mayRun(handler, role)) {
      throw new RequestError("forbidden", `The role ${role} may not do that`);
    }
    let isFeed = false;
    return await handler.run(words, {
      role,
      name: session.record?.name ?? "",
      isOver: () => session.isOver,
      body: (bytes) => session.readBytes(bytes, BODY_MS),
      pause: (ms) => session.pause(ms),
      send: async (text) => {
        await session.send(text);
        if (role !== undefined && !isFeed) session.setDeadline(this.#config.idle_ms);
      },
      tailEnd: () => {
        isFeed = true;
        session.setDeadline(undefined);
        return session.readLine().then(() => {});
      },
    }, this.#context);
  }

  #sensorSessions(): ServiceSession[] {
    return [...this.#sessions].filter(({ record, isOver }) => record?.role === "sensor" && !isOver);
  }

  /** Ends a sensor's oldest sessions when it has too many: it has lost these, or they are not its own. */
  #retireSessions(name: string): void {
    const own = this.#sensorSessions().filter(({ record }) => record!.name === name);
    for (const session of own.slice(0, -MAX_SESSIONS_PER_SENSOR)) session.end("room");
  }

  /** Ends sessions whose token was taken back: also those that only listen. */
  async #checkTokens(): Promise<void> {
    const sessions = [...this.#sessions].filter(({ record }) => record !== undefined);
    for (const session of sessions) {
      if (!await this.#options.tokens.isGood(session.record!)) session.end("revoked");
    }
    this.#revocationTimer = sessions.length === 0 || this.#isStopping
      ? undefined
      : setTimeout(() => this.#checkTokens(), REVOCATION_CHECK_MS);
  }

  /** Reports a contact that is no client's, once a connection. */
  #probe(session: ServiceSession, detail: string, firstBytes?: Uint8Array): void {
    if (session.isReported || this.#isStopping) return;
    session.isReported = true;
    this.#reports.probe(session.scope, detail, firstBytes);
  }
}

function endpoint(address: Deno.Addr): NonNullable<Scope["peer"]> {
  const { hostname, port } = address as Deno.NetAddr;
  return { ip: normalizeIp(hostname), port };
}
