/**
 * Who gets in: caps in total, per decoy and per source, over all decoys of a sensor.
 *
 * When a cap is reached, a newcomer whose source has few sessions displaces the oldest session of the
 * source that has most, and among equals the one that has been silent longest: whoever only holds
 * connections open cannot keep others out.
 * @module
 */
import { sourceKey } from "../net/address.ts";
import type { DescriptorBudget } from "../net/descriptors.ts";
import type { LiveSession } from "./session.ts";

/** Silence after which a session may give way to a newcomer of an equal source, in ms. */
const GIVE_WAY_MS = 2000;

/** The caps. */
export interface GateLimits {
  readonly sessions: number;
  readonly sessionsPerDecoy: number;
  readonly sessionsPerSource: number;
}

/** Names of the caps in `limit.hit` events. */
export type GateLimit = "sessions" | "sessions_per_decoy" | "sessions_per_source";

/** Why a connection was refused. */
export interface Refusal {
  readonly limit: GateLimit;
  readonly max: number;
}

/** A session with the decoy that it belongs to. */
export interface GatedSession extends LiveSession {
  readonly decoyName: string;
}

/** Counts sessions and decides. */
export class Gate {
  readonly #budget: DescriptorBudget;
  readonly #bySource = new Map<string, Set<GatedSession>>();
  readonly #byDecoy = new Map<string, number>();
  #open = 0;
  #borrowed = 0;
  /** The caps; may change at a reload. */
  limits: GateLimits;

  /**
   * @param limits the caps.
   * @param budget says how many descriptors there are.
   */
  constructor(limits: GateLimits, budget: DescriptorBudget) {
    this.limits = limits;
    this.#budget = budget;
  }

  /** Open sessions. */
  get open(): number {
    return this.#open;
  }

  /** Most sessions there may be, as far as is known. */
  get max(): number {
    const { sessions } = this.limits;
    const borrowed = this.#borrowed;
    return Math.max(
      1,
      this.#budget.allowance(sessions + borrowed, this.#open + borrowed) - borrowed,
    );
  }

  /**
   * Counts descriptors that a session takes beside its own.
   * @param count how many.
   * @returns gives them back; a second call does nothing.
   */
  borrow(count: number): () => void {
    this.#borrowed += count;
    let left = count;
    return () => {
      this.#borrowed -= left;
      left = 0;
    };
  }

  /** All open sessions. */
  *sessions(): Generator<GatedSession> {
    for (const sessions of this.#bySource.values()) yield* sessions;
  }

  /**
   * Open sessions of a decoy.
   * @param decoyName of the decoy.
   */
  openOf(decoyName: string): number {
    return this.#byDecoy.get(decoyName) ?? 0;
  }

  /**
   * Decides whether a newcomer may come in; may end another session for it.
   * @param decoyName where it knocks.
   * @param ip its address, as `normalizeIp` gives it.
   * @param nowMs monotonic clock.
   * @returns why not; `undefined` if it may.
   */
  check(decoyName: string, ip: string, nowMs: number): Refusal | undefined {
    const mine = this.#bySource.get(sourceKey(ip))?.size ?? 0;
    const { sessionsPerSource, sessionsPerDecoy } = this.limits;
    if (mine >= sessionsPerSource) {
      return { limit: "sessions_per_source", max: sessionsPerSource };
    }
    if (this.openOf(decoyName) >= sessionsPerDecoy) {
      if (!this.#makeRoom(mine, nowMs, decoyName)) {
        return { limit: "sessions_per_decoy", max: sessionsPerDecoy };
      }
    }
    const { max } = this;
    if (this.#open >= max && !this.#makeRoom(mine, nowMs)) return { limit: "sessions", max };
    return undefined;
  }

  /** Counts a session that came in. */
  enter(session: GatedSession): void {
    const key = sourceKey(session.peer.ip);
    const sessions = this.#bySource.get(key);
    if (sessions === undefined) this.#bySource.set(key, new Set([session]));
    else sessions.add(session);
    this.#byDecoy.set(session.decoyName, this.openOf(session.decoyName) + 1);
    this.#open++;
  }

  /** Uncounts a session; twice is fine. */
  leave(session: GatedSession): void {
    const key = sourceKey(session.peer.ip);
    const sessions = this.#bySource.get(key);
    if (sessions === undefined || !sessions.delete(session)) return;
    if (sessions.size === 0) this.#bySource.delete(key);
    const ofDecoy = this.openOf(session.decoyName) - 1;
    if (ofDecoy === 0) this.#byDecoy.delete(session.decoyName);
    else this.#byDecoy.set(session.decoyName, ofDecoy);
    this.#open--;
  }

  /** Ends one session for a newcomer whose source has `mine`; false if none has to give way. */
  #makeRoom(mine: number, nowMs: number, decoyName?: string): boolean {
    let victim: GatedSession | undefined;
    let most = 0;
    for (const sessions of this.#bySource.values()) {
      if (sessions.size < most) continue;
      for (const session of sessions) {
        if (decoyName !== undefined && session.decoyName !== decoyName) continue;
        if (sessions.size > most || session.activeAt < victim!.activeAt) victim = session;
        most = sessions.size;
        // Sets keep their order: the first is the oldest, and the oldest of the greediest goes.
        if (sessions.size > 1) break;
      }
    }
    if (victim === undefined) return false;
    if (most <= mine + 1 && nowMs - victim.activeAt < GIVE_WAY_MS) return false;
    victim.abort("refused");
    this.leave(victim);
    return true;
  }
}
