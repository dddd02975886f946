/**
 * Who may connect to the service, and who makes room: whoever has not logged in gives way to who
 * comes, so that neither a flood nor idle connections lock the operator out.
 * @module
 */
import { sourceKey } from "../net/address.ts";
import type { ServiceSession } from "./session.ts";

/** The caps: keys of `service` in the config. */
export interface AdmissionLimits {
  readonly max_sessions: number;
  readonly max_sessions_per_source: number;
  readonly idle_ms: number;
}

/** What becomes of a newcomer. */
export interface Admission {
  /** Which cap was met; absent when none was. */
  readonly limit?: { readonly limit: string; readonly max: number };
  /** Who makes room; the newcomer itself when nobody does. */
  readonly leaving?: ServiceSession;
}

/**
 * Decides who goes when somebody comes.
 *
 * A source at its cap loses its oldest connection. When all is full, the source that has most
 * connections without login loses its oldest. Connections that have not even shaken hands go before
 * those that have: whoever only holds sockets open never costs a TLS client its place. When everyone
 * has logged in, one that has been silent for longer than `idle_ms` (a live feed whose reader is gone)
 * goes; else the newcomer.
 * @param sessions everyone who is connected, in the order of arrival.
 * @param newcomer who comes; not among `sessions`.
 * @param limits the caps.
 */
export function admit(
  sessions: ReadonlySet<ServiceSession>,
  newcomer: ServiceSession,
  limits: AdmissionLimits,
): Admission {
  const bySource = new Map<string, ServiceSession[]>();
  for (const session of [...sessions, newcomer]) {
    if (session.record !== undefined || session.isOver || session.isLeaving) continue;
    const key = sourceKey(session.scope.peer?.ip ?? "");
    const group = bySource.get(key);
    if (group === undefined) bySource.set(key, [session]);
    else group.push(session);
  }
  const own = bySource.get(sourceKey(newcomer.scope.peer?.ip ?? ""))!;
  if (own.length > limits.max_sessions_per_source) {
    const limit = {
      limit: "service_sessions_per_source",
      max: limits.max_sessions_per_source,
    };
    return { limit, leaving: oldest(own, newcomer) };
  }
  if (sessions.size < limits.max_sessions) return {};
  const limit = { limit: "service_sessions", max: limits.max_sessions };
  const going = [...sessions].find((session) => session.isLeaving && !session.isOver);
  if (going !== undefined) return { limit, leaving: going };
  // The newcomer's source comes last in the map, so among equals another one loses.
  const most = [...bySource.values()].reduce((a, b) => b.length > a.length ? b : a);
  if (most.length > 1 || most[0] !== newcomer) return { limit, leaving: oldest(most, newcomer) };
  return { limit, leaving: longestSilent(sessions, limits.idle_ms) ?? newcomer };
}

function oldest(group: readonly ServiceSession[], newcomer: ServiceSession): ServiceSession {
  const others = group.filter((session) => session !== newcomer);
  return others.find((session) => !session.isSecure) ?? others[0] ?? newcomer;
}

function longestSilent(
  sessions: ReadonlySet<ServiceSession>,
  idleMs: number,
): ServiceSession | undefined {
  let found: ServiceSession | undefined;
  for (const session of sessions) {
    if (found === undefined || session.activeAt < found.activeAt) found = session;
  }
  return found !== undefined && performance.now() - found.activeAt > idleMs ? found : undefined;
}
