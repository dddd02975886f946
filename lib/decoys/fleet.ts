/**
 * All decoys of a sensor: makes them, starts and stops them, changes those that a reload changed.
 * @module
 */
import type { Config, DecoyConfig } from "../config/config.ts";
import { logger } from "../log.ts";
import { DescriptorBudget } from "../net/descriptors.ts";
import type { Stream } from "../net/stream.ts";
import type { TlsStream } from "../net/tls_relay.ts";
import type { Emitter } from "../events/emitter.ts";
import type { DecoyContext, PlantedLure } from "./decoy.ts";
import { fileAccess } from "./files.ts";
import { Gate } from "./gate.ts";
import { DecoyHost, type HostShared } from "./host.ts";
import { LimitReports } from "./limit_reports.ts";
import { DecoyTls } from "./decoy_tls.ts";
import { findDecoyKind, speaksTls } from "./registry.ts";
import { SecretFolder } from "./secret_store.ts";
import { Sweeper } from "./sweeper.ts";

const log = logger("decoys");

/** How long a long computation gives way, in ms: the shortest timer. */
const GIVE_WAY_MS = 1;
/** Both ends of a TLS relay's connection to itself. */
const RELAY_DESCRIPTORS = 2;

/** What the fleet needs of the sensor. */
export interface FleetOptions {
  readonly emitter: Emitter;
  /** A file that may be read: by it the descriptors are counted. */
  readonly probePath: string;
  /** Descriptors kept back for everything but decoys. */
  readonly reserve: number;
  /** Host name that decoys show. */
  readonly hostname: string;
  /** The sensor's stable bytes. */
  seed(label: string): Uint8Array;
  /** Folder of what decoys keep. */
  readonly secretsPath: string;
  /** The lures that a decoy is to serve. */
  luresFor(decoy: DecoyConfig): readonly PlantedLure[];
  /** Where decoys' TLS ends, and what certificate they show. */
  readonly tls: Config["tls"];
}

/** Which decoys a reload touched, by name. */
export interface FleetChange {
  readonly started: string[];
  readonly stopped: string[];
  readonly kept: string[];
}

/** The decoys and what they share. */
export class DecoyFleet {
  readonly gate: Gate;
  readonly #options: FleetOptions;
  readonly #reports: LimitReports;
  readonly #sweeper: Sweeper;
  readonly #shared: HostShared;
  readonly #secrets: SecretFolder;
  readonly #tls: DecoyTls;
  #hosts: DecoyHost[] = [];

  /**
   * @param limits of the config.
   * @param options what the fleet needs of the sensor.
   */
  constructor(limits: Config["limits"], options: FleetOptions) {
    this.#options = options;
    const { emitter } = options;
    this.gate = new Gate(
      gateLimits(limits),
      new DescriptorBudget(options.probePath, options.reserve),
    );
    this.#reports = new LimitReports((scope, data) => emitter.emit(scope, "limit.hit", data));
    this.#secrets = new SecretFolder(options.secretsPath);
    this.#sweeper = new Sweeper(this.gate, this.#reports);
    const { tls } = options;
    this.#tls = new DecoyTls({
      address: tls.inner,
      cert: tls.cert,
      key: tls.key,
      hostname: tls.hostname || options.hostname,
      store: this.#secrets,
      seed: options.seed("tls"),
    });
    this.#shared = {
      tls: { wrap: (peer, first) => this.#wrap(peer, first) },
      gate: this.gate,
      emitter,
      reports: this.#reports,
      limits: sessionLimits(limits),
    };
    this.#sweeper.start(Math.min(limits.idle_ms, limits.lifetime_ms));
  }

  /** The decoys, in the config's order. */
  get hosts(): readonly DecoyHost[] {
    return this.#hosts;
  }

  /**
   * Makes and starts decoys. All are made before the first is started.
   * @param configs entries of the config.
   * @throws when one cannot be made; then none is started.
   */
  async start(configs: readonly DecoyConfig[]): Promise<void> {
    this.#hosts = await Promise.all(configs.map((config) => this.#make(config)));
    for (const host of this.#hosts) host.start();
  }

  /**
   * Changes to a new list: entries that are the same keep their connections.
   * @param configs entries of the new config.
   * @param limits of the new config.
   * @throws when a decoy cannot be made; then all is as it was.
   */
  async reload(
    configs: readonly DecoyConfig[],
    limits: Config["limits"],
  ): Promise<FleetChange> {
    const old = new Map(this.#hosts.map((host) => [JSON.stringify(host.config), host]));
    const kept = new Set<DecoyHost>();
    const fresh = new Set<DecoyHost>();
    const hosts: DecoyHost[] = [];
    for (const config of configs) {
      const same = old.get(JSON.stringify(config));
      const host = same ?? await this.#make(config);
      (same === undefined ? fresh : kept).add(host);
      hosts.push(host);
    }
    const gone = this.#hosts.filter((host) => !kept.has(host));
    this.gate.limits = gateLimits(limits);
    this.#shared.limits = sessionLimits(limits);
    this.#sweeper.start(Math.min(limits.idle_ms, limits.lifetime_ms));
    await Promise.all(gone.map((host) => host.stop(0)));
    this.#hosts = hosts;
    for (const host of fresh) host.start();
    const names = (some: Iterable<DecoyHost>) => [...some].map((host) => host.config.name);
    return { started: names(fresh), stopped: names(gone), kept: names(kept) };
  }

  /**
   * Stops all decoys.
   * @param graceMs how long open sessions may go on, in ms.
   */
  async stop(graceMs: number): Promise<void> {
    await Promise.all(this.#hosts.map((host) => host.stop(graceMs)));
    this.#sweeper.stop();
    this.#reports.flush(performance.now());
    await this.#tls.close();
    await this.#secrets.close();
  }

  /** Puts TLS into a connection, whose detour takes two descriptors more. */
  async #wrap(peer: Stream, first: Uint8Array): Promise<TlsStream> {
    const giveBack = this.gate.borrow(RELAY_DESCRIPTORS);
    try {
      const stream = await this.#tls.wrap(peer, first);
      stream.closed.then(giveBack);
      return stream;
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  async #make(config: DecoyConfig): Promise<DecoyHost> {
    const kind = findDecoyKind(config.kind)!;
    const paths = kind.paths?.(config.options) ?? [];
    const context: DecoyContext = {
      hostname: this.#options.hostname,
      // Two decoys of one kind differ in what looks chosen once, as two installations would.
      seed: (label) => this.#options.seed(`${config.name}/${label}`),
      store: this.#secrets,
      lures: this.#options.luresFor(config),
      // Not setImmediate: sockets are hardly served between two of those.
      giveWay: () => new Promise((resolve) => setTimeout(resolve, GIVE_WAY_MS)),
      ...fileAccess(paths),
    };
    log.debug("Making decoy {name}", { name: config.name });
    const decoy = await kind.create(config.options, context);
    if (speaksTls(config)) await this.#tls.prepare();
    const isSecure = config.tls || kind.tls === "implicit";
    return new DecoyHost(config, decoy, this.#shared, { isSecure, lures: context.lures });
  }
}

function gateLimits(limits: Config["limits"]): Gate["limits"] {
  return {
    sessions: limits.sessions,
    sessionsPerDecoy: limits.sessions_per_decoy,
    sessionsPerSource: limits.sessions_per_source,
  };
}

function sessionLimits(limits: Config["limits"]): HostShared["limits"] {
  return {
    idleMs: limits.idle_ms,
    lifetimeMs: limits.lifetime_ms,
    maxBytesIn: limits.max_bytes_in,
    maxBytesOut: limits.max_bytes_out,
    firstBytes: limits.first_bytes,
  };
}
