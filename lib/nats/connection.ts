/**
 * A connection to NATS: one of the servers that the config names, never one that a cluster tells of.
 *
 * It does not reconnect by itself: when it ends, its user hears of it and makes another one.
 * @module
 */
import { describeNatsError } from "./failures.ts";
import type { ServerInfo } from "./frames.ts";
import {
  type Authenticator,
  credsAuthenticator,
  jetstream,
  type JetStreamClient,
  type JetStreamManager,
  jetstreamManager,
  type NatsConnection,
  NatsConnectionImpl,
  nkeyAuthenticator,
  setTransportFactory,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from "./library.ts";
import type { ServerOptions } from "./options.ts";
import { type PlannedOptions, SocketTransport } from "./transport.ts";

/** Silence after which the server is asked whether it is still there, in ms; twice is the end. */
const PING_MS = 20_000;
/** Longest wait for an answer of the library itself, in ms; deadlines end waits before. */
const REQUEST_MS = 300_000;

/** What making a connection takes besides the options. */
export interface NatsContext {
  /** What the server shows for us in its lists. */
  readonly name: string;
  /** What a secret's reference refers to. */
  secret(reference: string): Promise<string>;
  /** Ends the wait. */
  readonly signal: AbortSignal;
}

/** An open connection. */
export interface NatsLink {
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  readonly manager: JetStreamManager;
  /** Address of the server. */
  readonly server: string;
  /** Largest message that the server takes, headers included, in bytes. */
  readonly maxPayload: number;
  readonly isOpen: boolean;
  /** Resolves when it is over, however that came about. */
  readonly closed: Promise<void>;
  /** Why it ended, as a clause; empty while it is open, or when it was just closed. */
  readonly trouble: string;
  /**
   * Sends operations of the client protocol as they are, behind what was sent before.
   * @param frames whole ones; the bytes must stay as they are.
   */
  send(frames: Uint8Array): void;
  /** Ends it at once; twice is fine. */
  close(): void;
}

setTransportFactory({ factory: () => new SocketTransport() });

/**
 * Connects to the first of the servers that will have us.
 * @param options which servers, and how we show who we are.
 * @param context deadline, and secrets.
 * @throws {Error} naming each server and what came of it; no secret in it.
 */
export async function connectNats(options: ServerOptions, context: NatsContext): Promise<NatsLink> {
  const base = await prepare(options, context);
  const troubles: string[] = [];
  for (const server of options.servers) {
    if (context.signal.aborted) break;
    try {
      return await connectTo(server, base, { options, context });
    } catch (error) {
      troubles.push(`${server}: ${describeNatsError(error)}`);
    }
  }
  if (troubles.length === 0) troubles.push("no time was left");
  throw new Error(`Cannot connect to NATS: ${troubles.join("; ")}`);
}

/** What is the same for all servers. */
interface Base {
  readonly tls: { ca?: string; cert?: string; key?: string } | undefined;
  readonly authenticator: Authenticator | undefined;
}

async function prepare(options: ServerOptions, { secret }: NatsContext): Promise<Base> {
  const usesTls = options.tls || options.tls_first;
  const tls = usesTls
    ? {
      ...(options.ca === "" ? {} : { ca: await readAuthorities(options.ca) }),
      ...(options.cert === undefined ? {} : { cert: await secret(options.cert) }),
      ...(options.key === undefined ? {} : { key: await secret(options.key) }),
    }
    : undefined;
  return { tls, authenticator: await makeAuthenticator(options, secret) };
}

async function readAuthorities(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot read ca ${JSON.stringify(path)}: ${detail}`, { cause: error });
  }
}

async function makeAuthenticator(
  options: ServerOptions,
  secret: NatsContext["secret"],
): Promise<Authenticator | undefined> {
  const { user, password, token, nkey, creds } = options;
  const bytes = (text: string) => new TextEncoder().encode(text);
  if (creds !== undefined) {
    return checked(
      credsAuthenticator(bytes(await secret(creds) + "\n")),
      "creds",
      "what nsc writes",
    );
  }
  if (nkey !== undefined) {
    const seed = bytes((await secret(nkey)).trim());
    return checked(nkeyAuthenticator(seed), "nkey", "a user's seed, which begins with SU");
  }
  if (token !== undefined) return tokenAuthenticator(await secret(token));
  if (user === "") return undefined;
  return usernamePasswordAuthenticator(
    user,
    password === undefined ? undefined : await secret(password),
  );
}

/** Tries it: the library would find out in the middle of a connection, and quote what it was given. */
function checked(authenticator: Authenticator, key: string, right: string): Authenticator {
  try {
    authenticator("nonce");
    return authenticator;
  } catch {
    // Its message could hold the secret.
    throw new Error(`Cannot use ${key}: it makes no sense, must be ${right}`);
  }
}

async function connectTo(
  server: string,
  { tls, authenticator }: Base,
  { options, context }: { options: ServerOptions; context: NatsContext },
): Promise<NatsLink> {
  const tooLong = AbortSignal.timeout(options.connect_ms);
  const signal = AbortSignal.any([context.signal, tooLong]);
  let info: ServerInfo | undefined;
  let failure: unknown;
  let transport: SocketTransport | undefined;
  const onAbort = () => transport?.discard();
  signal.addEventListener("abort", onAbort, { once: true });
  const planned: PlannedOptions = {
    servers: [server],
    name: context.name,
    timeout: options.connect_ms,
    reconnect: false,
    maxReconnectAttempts: 0,
    noRandomize: true,
    ignoreClusterUpdates: true,
    resolve: false,
    inboxPrefix: options.inbox_prefix,
    pingInterval: PING_MS,
    maxPingOut: 1,
    noAsyncTraces: true,
    ...(authenticator === undefined ? {} : { authenticator }),
    plan: {
      signal,
      ...(tls === undefined ? {} : { tls }),
      isTlsFirst: options.tls_first,
      onDial: (dialling) => transport = dialling,
      onInfo: (given) => info = given,
      onFailure: (error) => failure ??= error,
    },
  };
  try {
    const nc = await NatsConnectionImpl.connect(planned);
    signal.throwIfAborted();
    const parts = { transport: transport!, info: info!, server, domain: options.domain };
    return await makeLink(nc, { ...parts, failure: () => failure });
  } catch (error) {
    transport?.discard();
    if (tooLong.aborted) throw new Error(`no answer within ${options.connect_ms} ms`);
    if (context.signal.aborted) throw new Error("no answer before the deadline");
    throw failure ?? error ?? new Error("it closed the connection");
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

async function makeLink(
  nc: NatsConnection,
  parts: {
    transport: SocketTransport;
    info: ServerInfo;
    server: string;
    domain: string;
    failure: () => unknown;
  },
): Promise<NatsLink> {
  const { transport, info, server, domain, failure } = parts;
  endOnChoking(nc, transport);
  const jsOptions = {
    timeout: REQUEST_MS,
    checkAPI: false,
    ...(domain === "" ? {} : { domain }),
  };
  const manager = await jetstreamManager(nc, { ...jsOptions });
  return {
    nc,
    js: jetstream(nc, { ...jsOptions }),
    manager,
    server,
    maxPayload: info.max_payload,
    get isOpen() {
      return !nc.isClosed() && !transport.isClosed;
    },
    get trouble() {
      // What the server said last says more than that the connection ended then.
      const error = (nc as NatsConnectionImpl).protocol.lastError ?? failure();
      return error === undefined ? "" : describeNatsError(error);
    },
    closed: nc.closed().then(() => {}),
    send: (frames) => (nc as NatsConnectionImpl).protocol.sendCommand(frames),
    close: () => transport.discard(),
  };
}

/**
 * An operation that the library chokes on ends the connection; left to itself it would print it and
 * stop reading.
 */
function endOnChoking(nc: NatsConnection, transport: SocketTransport): void {
  const { protocol } = nc as NatsConnectionImpl;
  const push = protocol.push.bind(protocol);
  protocol.push = (event) => {
    try {
      push(event);
    } catch (error) {
      transport.fail(error);
    }
  };
}
