/**
 * A service on a port of the system's choice, with a journal, tokens and a certificate in a folder of
 * its own; and peers that talk to it.
 * @module
 */
import { Emitter } from "../../lib/events/emitter.ts";
import type { Config } from "../../lib/config/config.ts";
import { configSchema } from "../../lib/config/document.ts";
import { v } from "../../lib/config/schema.ts";
import { Journal } from "../../lib/journal/journal.ts";
import type { HostPort } from "../../lib/net/address.ts";
import { ByteReader } from "../../lib/net/byte_reader.ts";
import { issueCertificates } from "../../lib/net/certificates.ts";
import { writeAll } from "../../lib/net/stream.ts";
import { type EncryptedService, startService } from "../../lib/service/server.ts";
import { TokenStore } from "../../lib/service/tokens.ts";
import type { SensorView } from "../../lib/service/view.ts";

/** Everything a test of the service needs. */
export interface ServiceFixture extends AsyncDisposable {
  readonly dir: string;
  readonly journal: Journal;
  readonly emitter: Emitter;
  readonly tokens: TokenStore;
  /** Token of `op`, an operator. */
  readonly token: string;
  readonly service: EncryptedService;
  readonly address: HostPort;
  readonly config: Config["service"];
  /** The CA certificate, PEM. */
  readonly ca: string;
  /** Puts an event into the journal. */
  record(username: string, decoy?: string): void;
  /** Events of an action that are in the journal. */
  events(action: string): Record<string, unknown>[];
  /** Resolves when the journal has so many events of an action. */
  until(action: string, count: number): Promise<Record<string, unknown>[]>;
  /** Connects with TLS; reads the greeting. */
  dial(): Promise<Peer>;
  /** Connects and logs in as `op`. */
  login(): Promise<Peer>;
}

const LISTENERS = [{ address: "127.0.0.1:2121", state: "open" as const }];

/** A sensor that stands still. */
export const VIEW: SensorView = {
  deadLetters: ({ sink, after = 0 }) =>
    sink === "web" && after < 3
      ? [{
        id: 3,
        sink,
        parkedMs: 0,
        reason: "400",
        sequence: 7,
        item: '{"event":{"sequence":7,"json":"{}"}}',
      }]
      : [],
  replay: (sink) => Promise.resolve(sink === "web" ? { delivered: 0, left: 1 } : undefined),
  discard: (sink) => sink === "web" ? 1 : undefined,
  lures: () => [{
    id: "env",
    kind: "env",
    place: "/.env",
    decoys: ["web"],
    username: "app",
    password: "x",
    taken: 1,
    last: { sessionId: "01J", ip: "203.0.113.7", decoy: "web", timeMs: 0 },
    used: 0,
  }],
  status: () => ({
    sensor: "edge-1",
    version: "0.1.0",
    started: "2026-11-21T12:00:00.000Z",
    uptime_ms: 1000,
    decoys: { total: 1, open: 1, waiting: 0 },
    sessions: { open: 0, max: 4096, accepted: 3, refused: 0 },
    rates: { sessions: 0, events: 0 },
    journal: {
      lastSequence: 7,
      committedSequence: 7,
      firstSequence: 1,
      waiting: 0,
      lost: 0,
      bytes: 4096,
    },
    sinks: [{
      name: "console",
      kind: "console",
      delivered: 7,
      dropped: 0,
      dead_letters: 0,
      failures: 0,
      lag: 0,
    }],
    limits: { sessions: 4096 },
    memory: { rss: 60_000_000, heap_used: 9_000_000 },
  }),
  decoys: () => [{
    name: "ftp",
    kind: "ftp",
    listeners: LISTENERS,
    sessions: 0,
    accepted: 3,
    refused: 0,
    events: 7,
  }],
};

/**
 * Starts a service.
 * @param changes keys of `service` in the config that differ from the defaults.
 */
export async function startFixture(
  changes: Partial<Config["service"]> = {},
  options: { handshakeMs?: number } = {},
): Promise<ServiceFixture> {
  const dir = await Deno.makeTempDir({ prefix: "service-" });
  const paths = { cert: `${dir}/server.pem`, key: `${dir}/server.key`, ca: `${dir}/ca.pem` };
  await issueCertificates(paths, { hostname: "srv" });
  const defaults =
    v.parse(configSchema({ decoys: [], sinks: [], lures: [] }), { sinks: [] }).service;
  const config: Config["service"] = {
    ...defaults,
    ...paths,
    failure_pause_ms: 0,
    listen: [{ hostname: "127.0.0.1", port: 0 }],
    inner: { hostname: "127.0.0.1", port: 0 },
    ...changes,
  };
  const journal = new Journal(`${dir}/journal.db`);
  const emitter = new Emitter(journal, {
    name: "edge-1",
    version: "0.1.0",
    secrets: "plain",
    salt: "",
  });
  const tokens = new TokenStore(`${dir}/tokens.json`);
  const token = await tokens.add("op", "operator");
  const remove = async () => {
    journal.close();
    await Deno.remove(dir, { recursive: true });
  };
  const service = await startService({
    config,
    handshakeMs: options.handshakeMs ?? 5000,
    journal,
    emitter,
    view: VIEW,
    tokens,
  }).catch(async (error) => {
    await remove();
    throw error;
  });
  const address = service.addresses[0]!;
  const ca = await Deno.readTextFile(paths.ca);
  const events = (action: string) => {
    journal.flush();
    const found: Record<string, unknown>[] = [];
    for (let after = 0; after < journal.readableSequence;) {
      const page = journal.read(after, { actions: [action] }, 1000);
      found.push(...page.events.map(({ json }) => JSON.parse(json)));
      after = page.scannedTo;
    }
    return found;
  };
  const dial = async () => {
    const { hostname, port } = address;
    const peer = new Peer(await Deno.connectTls({ hostname, port, caCerts: [ca] }));
    await peer.line();
    return peer;
  };
  return {
    dir,
    journal,
    emitter,
    tokens,
    token,
    service,
    address,
    config,
    ca,
    record: (username, decoy = "ftp") =>
      emitter.emit(
        {
          provider: decoy,
          kind: "ftp",
          sessionId: "01JDZZZZZZZZZZZZZZZZZZZZZZ",
          peer: { ip: "203.0.113.7", port: 4711 },
          local: { ip: "192.0.2.1", port: 21 },
        },
        "auth.attempt",
        { method: "password", username, secret: "x" },
      ),
    events,
    until: (action, count) =>
      new Promise((resolve) => {
        const look = () => {
          const found = events(action);
          if (found.length < count) return;
          takeBack();
          resolve(found);
        };
        const takeBack = journal.onAdvance(() => queueMicrotask(look));
        look();
      }),
    dial,
    login: async () => {
      const peer = await dial();
      await peer.ask(`AUTH op ${token}`);
      return peer;
    },
    async [Symbol.asyncDispose]() {
      await service.stop(1000);
      await remove();
    },
  };
}

/** A client that reads and writes lines. */
export class Peer implements Disposable {
  readonly connection: Deno.Conn;
  readonly #reader: ByteReader;
  #isClosed = false;

  constructor(connection: Deno.Conn) {
    this.connection = connection;
    this.#reader = new ByteReader(connection);
  }

  /** Sends text as it is. */
  send(text: string): Promise<void> {
    return writeAll(this.connection, new TextEncoder().encode(text));
  }

  /** The next line; `null` at the end. */
  async line(): Promise<string | null> {
    const line = await this.#reader.line(1_000_000);
    return line === null ? null : new TextDecoder().decode(line);
  }

  /** Sends a line and reads one. */
  async ask(request: string): Promise<string | null> {
    await this.send(request + "\r\n");
    return await this.line();
  }

  /** Sends a line and reads a list, its first line too. */
  async list(request: string): Promise<string[]> {
    const lines = [await this.ask(request) ?? ""];
    if (!lines[0]!.startsWith("+OK")) return lines;
    for (let line = await this.line(); line !== "." && line !== null; line = await this.line()) {
      lines.push(line);
    }
    return lines;
  }

  /** Waits for the end of the connection. */
  async ended(): Promise<void> {
    try {
      while (await this.line() !== null);
    } catch {
      // A reset is an end too.
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
