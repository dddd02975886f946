/**
 * A decoy behind the real connection host, on loopback, with a journal of its own.
 * @module
 */
import type { Decoy, PlantedLure } from "../../lib/decoys/decoy.ts";
import { Gate, type GateLimits } from "../../lib/decoys/gate.ts";
import { DecoyHost } from "../../lib/decoys/host.ts";
import { LimitReports } from "../../lib/decoys/limit_reports.ts";
import type { SessionLimits, SessionOwner } from "../../lib/decoys/session.ts";
import { Sweeper } from "../../lib/decoys/sweeper.ts";
import { Journal } from "../../lib/journal/journal.ts";
import { DescriptorBudget } from "../../lib/net/descriptors.ts";
import { assertConforms } from "./conformance.ts";
import { allEvents, testEmitter } from "./events.ts";
import { tempFolder } from "./temp_folder.ts";

/** What may be set; everything else is wide. */
export interface TestHostOptions {
  readonly gate?: Partial<GateLimits>;
  readonly limits?: Partial<SessionLimits>;
  readonly hostname?: string;
  /** Puts TLS into connections: `testRelay`, or whatever else. */
  readonly tls?: SessionOwner["tls"];
  /** Whether TLS is spoken from the first byte on. */
  readonly isSecure?: boolean;
  readonly lures?: readonly PlantedLure[];
}

/** A decoy that listens on loopback. */
export interface TestHost extends AsyncDisposable {
  readonly port: number;
  readonly gate: Gate;
  readonly host: DecoyHost;
  readonly journal: Journal;
  /** Opens a connection to it. */
  connect(): Promise<Deno.TcpConn>;
  /** Waits until an event of an action is in the journal; gives all of that action. */
  // deno-lint-ignore no-explicit-any -- tests look at whatever part they are about
  waitFor(action: string, count?: number): Promise<any[]>;
}

/**
 * Starts a decoy.
 * @param decoy who talks.
 * @param options limits that the test is about.
 */
export function startTestHost(decoy: Decoy, options: TestHostOptions = {}): TestHost {
  const folder = tempFolder();
  const journal = new Journal(`${folder.path}/journal.db`);
  const emitter = testEmitter(journal);
  const gate = new Gate(
    { sessions: 500, sessionsPerDecoy: 500, sessionsPerSource: 500, ...options.gate },
    new DescriptorBudget(`${folder.path}/journal.db`, 16),
  );
  const reports = new LimitReports((scope, data) => emitter.emit(scope, "limit.hit", data));
  const limits: SessionLimits = {
    idleMs: 60_000,
    lifetimeMs: 60_000,
    maxBytesIn: 1e7,
    maxBytesOut: 1e7,
    firstBytes: 16,
    ...options.limits,
  };
  const sweeper = new Sweeper(gate, reports);
  sweeper.start(Math.min(limits.idleMs, limits.lifetimeMs));
  const hostname = options.hostname ?? "127.0.0.1";
  const host = new DecoyHost(
    { kind: "test", name: "test", listen: [{ hostname, port: 0 }], tls: false, options: {} },
    decoy,
    { gate, emitter, reports, limits, tls: options.tls },
    { isSecure: options.isSecure ?? false, lures: options.lures ?? [] },
  );
  host.start();
  const { port } = host.addresses()[0]!;
  // deno-lint-ignore no-explicit-any -- as above
  const find = (action: string): any[] =>
    allEvents(journal).filter((event) => event.action === action)
      .map((event) => assertConforms(event.json));
  return {
    port,
    gate,
    host,
    journal,
    connect: () => Deno.connect({ hostname, port }),
    waitFor: async (action, count = 1) => {
      const deadline = performance.now() + 10_000;
      for (;;) {
        const found = find(action);
        if (found.length >= count) return found;
        if (performance.now() > deadline) {
          throw new Error(`${found.length} of ${count} ${action} events came in 10 s`);
        }
        await new Promise<void>((resolve) => {
          const done = () => {
            clearTimeout(timer);
            forget();
            resolve();
          };
          const timer = setTimeout(done, 200);
          const forget = journal.onAdvance(done);
        });
      }
    },
    [Symbol.asyncDispose]: async () => {
      await host.stop(0);
      sweeper.stop();
      reports.flush(performance.now());
      journal.close();
      folder[Symbol.dispose]();
    },
  };
}

/** Reads until the peer ends, or resets. */
export async function readAll(conn: Deno.Conn): Promise<Uint8Array> {
  const parts: number[] = [];
  const buffer = new Uint8Array(4096);
  try {
    for (let n = await conn.read(buffer); n !== null; n = await conn.read(buffer)) {
      parts.push(...buffer.subarray(0, n));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
  }
  return new Uint8Array(parts);
}
