/**
 * What the sensor gives the encrypted service, and what it gets.
 * @module
 */
import type { Config } from "../config/config.ts";
import type { Emitter } from "../events/emitter.ts";
import type { Journal } from "../journal/journal.ts";
import type { HostPort } from "../net/address.ts";
import type { ListenerReport } from "../net/bind.ts";
import type { TokenStore } from "./tokens.ts";
import type { SensorView, ServiceReport } from "./view.ts";

/** The service's part of the config. */
export type ServiceConfig = Config["service"];

/** What the service is made of. */
export interface ServiceOptions {
  readonly config: ServiceConfig;
  /** Longest TLS handshake, in ms. */
  readonly handshakeMs: number;
  readonly journal: Journal;
  readonly emitter: Emitter;
  readonly view: SensorView;
  readonly tokens: TokenStore;
}

/** The service as the sensor has it. */
export interface EncryptedService {
  /** The addresses that are open, with the ports that the system chose. */
  readonly addresses: HostPort[];
  /** How each address stands. */
  listeners(): ListenerReport[];
  /** How the service is doing. */
  status(): ServiceReport;
  /**
   * Reads certificate and key again, and uses them for whoever connects from now on. If they cannot
   * be used that is logged, and the old ones go on.
   * @returns whether the new ones are in use; never rejects.
   */
  reloadCertificate(): Promise<boolean>;
  /**
   * Goes over to new addresses, limits and texts.
   * @param config the new config.
   * @param handshakeMs longest TLS handshake from now on, in ms; as before if absent.
   */
  reload(config: ServiceConfig, handshakeMs?: number): void;
  /**
   * Takes nobody new and tells what it has counted. From then on it makes no events, so that the end
   * of the sensor can be the last one; sessions go on until `stop`. Twice is fine.
   */
  shut(): void;
  /**
   * Closes the addresses, lets requests and feeds come to their end, closes everything. Twice is fine.
   * @param graceMs how long sessions may take.
   */
  stop(graceMs: number): Promise<void>;
}
