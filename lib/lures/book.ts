/**
 * Who took which lure, and whether somebody uses what is in one.
 *
 * Watches the events of all decoys: a lure that is served is remembered with the session that took it,
 * and a login with a lure's password is an alert that names both.
 * @module
 */
import type { Scope } from "../events/ecs.ts";
import type { EventId, EventMap } from "../events/event.ts";
import type { Lure } from "./lure.ts";
import { isProofOf } from "./proof.ts";

/** Sessions remembered of each lure; the newest are kept. */
const MAX_TAKERS = 64;

/** Who took a lure. */
export interface Taker {
  readonly sessionId: string;
  readonly ip: string;
  readonly decoy: string;
  /** In ms since 1970. */
  readonly timeMs: number;
}

/** A lure with its story. */
export interface LureReport {
  readonly id: string;
  readonly kind: string;
  readonly place: string;
  /** Decoys that serve it. */
  readonly decoys: readonly string[];
  readonly username: string;
  readonly password: string;
  /** How often it was taken, as far as is remembered, and by whom last. */
  readonly taken: number;
  readonly last?: Taker;
  /** How often its password was tried since the start. */
  readonly used: number;
}

/** A lure that is planted somewhere. */
export interface Planted {
  readonly lure: Lure;
  /** Decoys that serve it, by name. */
  readonly decoys: readonly string[];
}

/** Speaks for the sensor: `Emitter.emit`. */
export type Emit = <K extends EventId>(scope: Scope, id: K, data: EventMap[K]) => void;

/** Remembers and recognises. */
export class LureBook {
  readonly #emit: Emit;
  #planted = new Map<string, Planted>();
  readonly #takers = new Map<string, Taker[]>();
  readonly #used = new Map<string, number>();

  /** @param emit makes events. */
  constructor(emit: Emit) {
    this.#emit = emit;
  }

  /** Takes the place of what was planted before; what is known of lures that stay is kept. */
  plant(planted: readonly Planted[]): void {
    this.#planted = new Map(planted.map((entry) => [entry.lure.id, entry]));
  }

  /**
   * Remembers who took a lure: also from before the sensor's start.
   * @param id of the lure.
   * @param taker who.
   */
  remember(id: string, taker: Taker): void {
    const takers = this.#takers.get(id);
    if (takers === undefined) this.#takers.set(id, [taker]);
    else if (takers.push(taker) > MAX_TAKERS) takers.shift();
  }

  /** The lures with their stories. */
  report(): LureReport[] {
    return [...this.#planted.values()].map(({ lure, decoys }) => {
      const takers = this.#takers.get(lure.id) ?? [];
      const last = takers.at(-1);
      return {
        id: lure.id,
        kind: lure.kind,
        place: lure.place,
        decoys,
        username: lure.username,
        password: lure.password,
        taken: takers.length,
        ...(last === undefined ? {} : { last }),
        used: this.#used.get(lure.id) ?? 0,
      };
    });
  }

  /**
   * Sees an event that was made.
   * @param event what it is, whose, and when.
   */
  observe<K extends EventId>(
    event: { scope: Scope; id: K; data: EventMap[K]; timeMs: number },
  ): void {
    const { scope, timeMs } = event;
    if (event.id === "lure.touched") {
      const { lure } = event.data as EventMap["lure.touched"];
      if (scope.sessionId === undefined || scope.peer === undefined) return;
      const { provider: decoy, sessionId, peer } = scope;
      this.remember(lure, { sessionId, ip: peer.ip, decoy, timeMs });
    } else if (event.id === "auth.attempt" && this.#planted.size > 0) {
      this.#recognise(scope, event.data as EventMap["auth.attempt"]);
    }
  }

  #recognise(scope: Scope, attempt: EventMap["auth.attempt"]): void {
    for (const { lure } of this.#planted.values()) {
      if (!isPasswordOf(lure, attempt)) continue;
      this.#used.set(lure.id, (this.#used.get(lure.id) ?? 0) + 1);
      const takers = this.#takers.get(lure.id) ?? [];
      // Best who came from there himself; a botnet's one host reads, and another tries.
      const taker = takers.findLast(({ ip }) => ip === scope.peer?.ip) ?? takers.at(-1);
      this.#emit(scope, "breadcrumb.used", {
        lure: lure.id,
        place: lure.place,
        username: attempt.username,
        method: attempt.method,
        ...(taker === undefined ? {} : { takenBy: taker }),
      });
    }
  }
}

/** Whether what was tried is a lure's password: in clear, or as a proof that it is known. */
function isPasswordOf(lure: Lure, attempt: EventMap["auth.attempt"]): boolean {
  const { password } = lure;
  const { secret, newSecret, responses = [], hash, username } = attempt;
  return secret === password || newSecret === password || responses.includes(password) ||
    (hash !== undefined && isProofOf(hash, lure, username));
}
