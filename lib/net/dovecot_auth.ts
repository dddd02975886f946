/**
 * Dovecot's auth service as its clients meet it: who offers what, how long a try takes, and that it
 * fails. POP3, IMAP and SMTP decoys ask it.
 * @module
 */
import { createHash } from "node:crypto";
import { type AuthPenalty, authPenaltyOf, failureDelayMs, PAM_MS } from "./auth_penalty.ts";
import { type Mechanism, MECHANISMS, type SaslAsked } from "./sasl.ts";

/** What of a session is needed to let its peer wait. */
export interface Waiter {
  readonly peer: { readonly ip: string };
  /** Wall clock, in ms since 1970. */
  now(): number;
  /** Waits; rejects when the session ends. */
  pause(minMs: number, maxMs?: number): Promise<void>;
}

/** How a service is set up. */
export interface DovecotAuthSettings {
  readonly mechanisms: readonly Mechanism[];
  /** In CRAM-MD5's challenges. */
  readonly hostname: string;
  /** Shortest and longest pause before a failure is told, in ms; the product's own when absent. */
  readonly pauseMs?: readonly [min: number, max: number] | undefined;
  /** Who has failed already; without it nobody waits for an earlier failure. */
  readonly penalty?: AuthPenalty | undefined;
}

/** Options of decoys with an auth service, as the config has them. */
export interface DovecotAuthOptions {
  readonly auth: readonly Mechanism[];
  readonly slow_down: boolean;
  readonly pause_min_ms?: number | undefined;
  readonly pause_max_ms?: number | undefined;
}

/**
 * Makes an auth service of a decoy's options.
 * @param options of the decoy; of the pauses each can stand for the other.
 * @param host its name, and the sensor, all of whose services share the table of who has failed.
 */
export function dovecotAuthOf(
  { auth, slow_down, pause_min_ms: min, pause_max_ms: max }: DovecotAuthOptions,
  { hostname, sensor }: { hostname: string; sensor: object },
): DovecotAuth {
  return new DovecotAuth({
    mechanisms: auth,
    hostname,
    pauseMs: min === undefined && max === undefined ? undefined : [min ?? 0, max ?? min!],
    penalty: slow_down ? authPenaltyOf(sensor) : undefined,
  });
}

/** An auth service in which nobody has an account. */
export class DovecotAuth {
  readonly #settings: DovecotAuthSettings;

  /** @param settings as the config has them. */
  constructor(settings: DovecotAuthSettings) {
    this.#settings = settings;
  }

  /** Host name in challenges. */
  get hostname(): string {
    return this.#settings.hostname;
  }

  /** Names of the mechanisms offered, in upper case; only those that hide the password when asked. */
  names(options: { hidden?: boolean } = {}): string[] {
    return MECHANISMS.filter((name) => this.#settings.mechanisms.includes(name))
      .filter((name) => !options.hidden || name === "cram-md5")
      .map((name) => name.toUpperCase());
  }

  /**
   * Finds a mechanism by its name.
   * @param name in any case.
   */
  find(name: string): Mechanism | undefined {
    return this.#settings.mechanisms.find((mechanism) => mechanism === name.toLowerCase());
  }

  /**
   * Lets a peer wait before its try begins, if its address has failed lately.
   * @param waiter its session.
   */
  async begin(waiter: Waiter): Promise<void> {
    const waitMs = this.#settings.penalty?.waitMs(waiter.peer.ip, waiter.now()) ?? 0;
    if (waitMs > 0) await waiter.pause(waitMs);
  }

  /**
   * Lets a try fail.
   * @param waiter its session.
   * @param asked what would be looked up; `undefined` when it is refused before that.
   */
  async fail(waiter: Waiter, asked: SaslAsked | undefined): Promise<void> {
    const { pauseMs, penalty } = this.#settings;
    if (pauseMs !== undefined) {
      penalty?.failed(waiter.peer.ip, waiter.now(), digest(asked));
      if (pauseMs[1] > 0) await waiter.pause(...pauseMs);
      return;
    }
    // Only with passwords at hand can a server check CRAM-MD5; others ask PAM.
    const asksPam = asked !== undefined && !this.#settings.mechanisms.includes("cram-md5");
    if (asksPam) {
      for (let i = 0; i < 3; i++) {
        await waiter.pause(Math.round(PAM_MS[0] / 3), Math.round(PAM_MS[1] / 3));
      }
    }
    penalty?.failed(waiter.peer.ip, waiter.now(), digest(asked));
    await waiter.pause(failureDelayMs(waiter.now()));
  }
}

/** What tells one try from another, in few characters. */
function digest(asked: SaslAsked | undefined): string | undefined {
  if (asked === undefined) return undefined;
  const text = `${asked.username.toLowerCase()}\0${asked.password}`;
  return createHash("sha256").update(text, "latin1").digest("base64").slice(0, 16);
}
