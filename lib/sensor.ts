/**
 * The sensor: builds, starts and stops everything, and is alone in knowing all of it.
 *
 * Start order: data folder, journal, certificates, decoys, encrypted service; sinks when the caller
 * is ready for their output. Stop order: listeners, sessions with a grace, journal, sinks, service.
 * @module
 */
import { Collectors } from "./collect/collectors.ts";
import type { Config } from "./config/config.ts";
import { type DataFolder, openDataFolder } from "./data_folder.ts";
import { DecoyFleet } from "./decoys/fleet.ts";
import { Emitter } from "./events/emitter.ts";
import type { EventId, EventMap } from "./events/event.ts";
import { makeIgnoreRule } from "./events/ignore.ts";
import { Journal } from "./journal/journal.ts";
import { Retention, type RetentionLimits } from "./journal/retention.ts";
import { logger } from "./log.ts";
import type { LureReport } from "./lures/book.ts";
import { LureGarden } from "./lures/garden.ts";
import { formatHostPort } from "./net/address.ts";
import { RateMeter } from "./rate_meter.ts";
import { CertificateWatch } from "./service/certificate_watch.ts";
import { type EncryptedService, startService } from "./service/server.ts";
import { TokenStore, writeOperatorToken } from "./service/tokens.ts";
import type {
  DeadLetter,
  DeadLetterQuery,
  DecoyReport,
  ReplayReport,
  SensorView,
  StatusReport,
} from "./service/view.ts";
import { Outlets } from "./sinks/outlets.ts";
import { VERSION } from "./version.ts";

const log = logger("sensor");

/** Descriptors kept back for the journal, the sinks, the listeners and the runtime itself. */
const RESERVED_DESCRIPTORS = 64;
/** Scope of what the sensor says of itself. */
const OWN_SCOPE = { provider: "sensor", kind: "sensor" } as const;

/** A token that was made at the first start, to be shown once. */
export interface FirstToken {
  readonly name: string;
  readonly token: string;
  /** File that holds it for the local commands. */
  readonly path: string;
}

/** A running sensor. */
export class Sensor implements SensorView {
  readonly journal: Journal;
  /** Made at this start; `undefined` when there were tokens already. */
  readonly firstToken: FirstToken | undefined;
  readonly #startedMs = Date.now();
  readonly #emitter: Emitter;
  readonly #garden: LureGarden;
  readonly #retention: Retention;
  readonly #fleet: DecoyFleet;
  readonly #outlets: Outlets;
  readonly #collectors: Collectors;
  readonly #rates: RateMeter;
  readonly #firstSequence: number;
  readonly #folder: DataFolder;
  #service: EncryptedService | undefined;
  #certificateWatch: CertificateWatch | undefined;
  #config: Config;

  private constructor(
    config: Config,
    parts: { folder: DataFolder; hostname: string; firstToken: FirstToken | undefined },
  ) {
    this.#config = config;
    this.firstToken = parts.firstToken;
    const { folder, hostname } = parts;
    this.#folder = folder;
    this.journal = new Journal(folder.journal, {
      ringEvents: config.journal.ring_events,
      onDegraded: (detail) => this.#emit("sensor.degraded", { component: "journal", detail }),
      onRecovered: (detail, lost) =>
        this.#emit("sensor.recovered", { component: "journal", detail, lost }),
    });
    this.#firstSequence = this.journal.lastSequence;
    this.#emitter = new Emitter(this.journal, {
      name: config.sensor.id || hostname,
      version: VERSION,
      secrets: config.sensor.secrets,
      salt: [...folder.seed("secrets")].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
    });
    this.#emitter.ignore = makeIgnoreRule(config.ignore);
    this.#garden = new LureGarden(
      { hostname: decoyHostname(config, hostname), seed: folder.seed },
      (scope, id, data) => this.#emitter.emit(scope, id, data),
    );
    this.#garden.plant(config);
    this.#garden.recall(this.journal);
    this.#emitter.observe = (event) => this.#garden.book.observe(event);
    this.#outlets = new Outlets(this.journal, {
      sensor: () => this.#emitter.sensor,
      onFailing: (sink, trouble) => this.#emit("sink.failing", { ...sink, ...trouble }),
      onRecovered: (sink, trouble) => this.#emit("sink.recovered", { ...sink, ...trouble }),
    });
    this.#collectors = new Collectors(this.journal, {
      sensor: () => this.#emitter.sensor.name,
      onFailing: (name, detail) =>
        this.#emit("sensor.degraded", { component: `collect ${name}`, detail }),
      onRecovered: (name, detail) =>
        this.#emit("sensor.recovered", { component: `collect ${name}`, detail, lost: 0 }),
    });
    this.#retention = new Retention(this.journal, retentionLimits(config), this.#outlets);
    this.#retention.onHeld = () => this.#emit("sensor.degraded", describeHeld(this.#config));
    this.#retention.start();
    this.#fleet = new DecoyFleet(config.limits, {
      emitter: this.#emitter,
      probePath: folder.secretPath,
      reserve: RESERVED_DESCRIPTORS + 3 * config.service.max_sessions,
      hostname: decoyHostname(config, hostname),
      seed: folder.seed,
      tls: config.tls,
      luresFor: (decoy) => this.#garden.luresFor(decoy),
      secretsPath: folder.decoySecrets,
    });
    this.#rates = new RateMeter(() => ({
      sessions: this.#count("accepted"),
      events: this.journal.lastSequence,
    }));
  }

  /**
   * Starts a sensor: everything but the sinks.
   * @param config what to run.
   * @throws when the data folder, the certificates or a decoy cannot be made.
   */
  static async start(config: Config): Promise<Sensor> {
    const hostname = Deno.hostname();
    const folder = await openDataFolder(config.sensor.data);
    const tokens = new TokenStore(folder.tokens);
    // Sensors may have been enrolled before.
    const hasOperator = (await tokens.list()).some(({ role }) => role === "operator");
    const firstToken = config.service.enabled && !hasOperator
      ? await makeFirstToken(tokens, folder.operatorToken)
      : undefined;
    const sensor = new Sensor(config, { folder, hostname, firstToken });
    try {
      await sensor.#open(tokens, hostname);
      return sensor;
    } catch (error) {
      await sensor.stop("start failed");
      throw error;
    }
  }

  /** Begins to feed the sinks, from the first event of this run on, and to collect. */
  startSinks(): void {
    this.#outlets.start(this.#config.sinks, this.#firstSequence);
    this.#collectors.start(this.#config.collect);
  }

  /** How many addresses of decoys are open. */
  get openListeners(): number {
    return this.#fleet.hosts.flatMap((host) => host.listeners())
      .filter(({ state }) => state === "open").length;
  }

  /** The encrypted service; `undefined` when it is not enabled. */
  get service(): EncryptedService | undefined {
    return this.#service;
  }

  deadLetters(options: DeadLetterQuery): DeadLetter[] {
    return this.#outlets.deadLetters(options);
  }

  replay(sink: string): Promise<ReplayReport | undefined> {
    return this.#outlets.replay(sink);
  }

  discard(sink: string): number | undefined {
    return this.#outlets.discard(sink);
  }

  lures(): LureReport[] {
    return this.#garden.book.report();
  }

  decoys(): DecoyReport[] {
    return this.#fleet.hosts.map((host) => ({
      name: host.config.name,
      kind: host.config.kind,
      listeners: host.listeners(),
      sessions: this.#fleet.gate.openOf(host.config.name),
      accepted: host.accepted,
      refused: host.refused,
      events: host.events,
    }));
  }

  status(): StatusReport {
    const decoys = this.decoys();
    const listeners = decoys.flatMap((decoy) => decoy.listeners);
    const { gate } = this.#fleet;
    const memory = Deno.memoryUsage();
    const journal = this.journal.status();
    const collect = this.#collectors.status();
    return {
      sensor: this.#emitter.sensor.name,
      version: VERSION,
      started: new Date(this.#startedMs).toISOString(),
      uptime_ms: Date.now() - this.#startedMs,
      decoys: {
        total: decoys.length,
        open: listeners.filter(({ state }) => state === "open").length,
        waiting: listeners.filter(({ state }) => state === "waiting").length,
      },
      sessions: {
        open: gate.open,
        max: gate.max,
        accepted: this.#count("accepted"),
        refused: this.#count("refused"),
      },
      rates: this.#rates.perSecond(),
      journal,
      sinks: this.#outlets.status().map((sink) => ({
        name: sink.name,
        kind: sink.kind,
        delivered: sink.delivered,
        dropped: sink.dropped,
        dead_letters: sink.deadLetters,
        failures: sink.failures,
        lag: Math.max(0, journal.lastSequence - sink.cursor),
        ...(sink.lastSuccessMs === undefined
          ? {}
          : { last_success: new Date(sink.lastSuccessMs).toISOString() }),
        ...(sink.trouble === undefined ? {} : { trouble: sink.trouble }),
      })),
      ...(collect.length === 0 ? {} : { collect }),
      limits: this.#config.limits,
      memory: { rss: memory.rss, heap_used: memory.heapUsed },
    };
  }

  /**
   * Goes over to a new config. Decoys and sinks that are the same keep running; certificates and
   * files are read again in any case.
   * @param config the new config, valid.
   * @throws when a decoy cannot be made; then the old config goes on.
   */
  async reload(config: Config): Promise<void> {
    for (const [key, value] of needRestart(this.#config, config)) {
      log.warn("{key} is now {value} in the config, which takes a restart", { key, value });
    }
    this.#garden.plant(config);
    const change = await this.#fleet.reload(config.decoys, config.limits);
    this.#config = config;
    this.#retention.limits = retentionLimits(config);
    this.#emitter.ignore = makeIgnoreRule(config.ignore);
    this.#emitter.sensor = {
      ...this.#emitter.sensor,
      name: config.sensor.id || Deno.hostname(),
      secrets: config.sensor.secrets,
    };
    await this.#outlets.reload(config.sinks);
    await this.#collectors.reload(config.collect);
    this.#service?.reload(config.service, config.limits.handshake_ms);
    await this.#service?.reloadCertificate();
    if (this.#certificateWatch !== undefined) {
      this.#certificateWatch.path = config.service.cert;
      this.#certificateWatch.look();
    }
    this.#emit("config.reloaded", change);
  }

  /**
   * Stops everything, in order. Events that are there are delivered first, within a deadline.
   * @param reason such as `SIGTERM`.
   */
  async stop(reason: string): Promise<void> {
    await this.#fleet.stop(this.#config.limits.stop_grace_ms);
    this.#service?.shut(); // what it has to tell comes before the end
    this.#emit("sensor.stopped", { reason, uptimeMs: Date.now() - this.#startedMs });
    this.#retention.stop();
    this.#rates.stop();
    this.#certificateWatch?.stop();
    await this.#garden.stop();
    await this.#collectors.stop();
    this.journal.flush();
    await this.#outlets.stop();
    await this.#service?.stop(500);
    this.journal.close();
    this.#folder[Symbol.dispose]();
  }

  /** Opens the service and the decoys. */
  async #open(tokens: TokenStore, hostname: string): Promise<void> {
    const { service, decoys, limits } = this.#config;
    if (service.enabled) {
      await ensureServiceCertificates(service, hostname);
      this.#service = await startService({
        config: service,
        handshakeMs: limits.handshake_ms,
        journal: this.journal,
        emitter: this.#emitter,
        view: this,
        tokens,
      });
      this.#certificateWatch = new CertificateWatch(service.cert);
    }
    await this.#fleet.start(decoys);
    this.#emit("sensor.started", {
      version: VERSION,
      decoys: decoys.length,
      listeners: this.openListeners,
    });
  }

  #emit<K extends EventId>(id: K, data: EventMap[K]): void {
    this.#emitter.emit(OWN_SCOPE, id, data);
  }

  #count(counter: "accepted" | "refused"): number {
    return this.#fleet.hosts.reduce((sum, host) => sum + host[counter], 0);
  }
}

/** Makes certificates that are missing; the module that can is loaded only then. */
async function ensureServiceCertificates(
  service: Config["service"],
  hostname: string,
): Promise<void> {
  const isThere = async (path: string) => {
    try {
      await Deno.stat(path);
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  };
  if (await isThere(service.cert) && await isThere(service.key)) return;
  const { ensureCertificates } = await import("./net/certificates.ts");
  await ensureCertificates(service, { hostname });
}

async function makeFirstToken(tokens: TokenStore, path: string): Promise<FirstToken> {
  const name = "operator";
  const token = await tokens.add(name, "operator");
  await writeOperatorToken(path, name, token);
  return { name, token, path };
}

function retentionLimits({ journal }: Config): RetentionLimits {
  return {
    maxAgeMs: journal.max_age_days * 86_400_000,
    maxBytes: journal.max_mb * 1_048_576,
    maxSources: journal.max_sources,
  };
}

/** Why the journal is larger than it should be. */
function describeHeld({ journal }: Config): EventMap["sensor.degraded"] {
  const detail =
    `it is over journal.max_mb (${journal.max_mb}) and nothing can be removed, since ` +
    "sinks are still owed events: see duckblind status; a sink's max_backlog sets a bound";
  return { component: "journal", detail };
}

/** Keys that a reload cannot change, with their new values where these differ. */
function needRestart(old: Config, fresh: Config): [key: string, value: unknown][] {
  const keys = (config: Config): [string, unknown][] => [
    ["sensor.data", config.sensor.data],
    ["sensor.hostname", config.sensor.hostname],
    ["journal.ring_events", config.journal.ring_events],
    ["service.enabled", config.service.enabled],
    ["service.inner", formatHostPort(config.service.inner)],
    ["tls", JSON.stringify(config.tls)],
  ];
  const before = keys(old);
  return keys(fresh).filter(([, value], i) => value !== before[i]![1]);
}

/** Host name that decoys show. */
function decoyHostname(config: Config, hostname: string): string {
  return config.sensor.hostname || hostname.split(".", 1)[0]!;
}
