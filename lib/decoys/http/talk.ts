/**
 * The dialogue on one connection: head, body, answer, next.
 * @module
 */
import { latin1 } from "../../net/latin1.ts";
import type { Session } from "../decoy.ts";
import type { BodyParser } from "./body.ts";
import { RequestRecord } from "./exchange.ts";
import type { RequestHead } from "./head.ts";
import type { BodyState, Exchange, Plan, Product, Reply } from "./product.ts";

/** How long what nobody wants is taken after an answer that closes, in ms: nginx's lingering_time. */
const LINGER_MS = 30_000;
/** How much of what is no request is told besides what the product read, in bytes. */
const MAX_GARBAGE_BYTES = 256;
const NOTHING = new Uint8Array(0);

/** What a dialogue needs to know. */
export interface TalkSettings {
  readonly product: Product;
  readonly captureBytes: number;
  /** The port that pages name; 0 for the one that the peer connected to. */
  readonly shownPort: number;
  /** A fresh value for a session cookie: 32 hex digits. */
  sessionId(session: Session, answered: number): string;
}

/** Whether a body ended well, and why not. */
type Fault = BodyState["fault"];

/**
 * Answers requests until one closes, the peer ends, or it takes too long.
 * @param session the connection.
 * @param settings the decoy's.
 */
export async function talk(session: Session, settings: TalkSettings): Promise<void> {
  const { product } = settings;
  const parser = product.newParser(session.isSecure);
  const input = new Input(session);
  for (let answered = 0;; answered++) {
    let head: RequestHead | undefined;
    try {
      const { firstMs, secureFirstMs, idleMs, headMs } = product.patience;
      const openingMs = session.isSecure ? secureFirstMs : firstMs;
      let until = session.now() + (answered === 0 ? openingMs : idleMs);
      let isIdle = true;
      while (parser.head === undefined) {
        if (isIdle && !parser.isIdle) {
          isIdle = false;
          until = session.now() + headMs;
        }
        const came = input.isEmpty ? await input.more(until - session.now()) : "bytes";
        if (came === "bytes") input.at = parser.feed(input.chunk, input.at);
        else if (came === "end") {
          if (parser.end() === undefined) return;
        } else {
          head = parser.partial();
          const exchange = makeExchange(session, settings, { answered, record: undefined });
          const reply = head && product.headTimeout(head, exchange);
          if (head !== undefined) new RequestRecord(head, 0).report(session, reply?.status ?? 0);
          if (reply !== undefined) await session.write(reply.bytes);
          return;
        }
      }
      head = parser.head;
    } finally {
      // Cut off in the middle: what came is told all the same.
      const partial = head === undefined ? parser.head ?? parser.partial() : undefined;
      if (partial !== undefined && parser.head === undefined) {
        new RequestRecord(partial, 0).report(session, 0);
      }
    }
    const record = new RequestRecord(withRest(head, input), settings.captureBytes);
    const exchange = makeExchange(session, settings, { answered, record });
    const plan = product.plan(head, exchange);
    if (!await answer({ session, input, record, plan })) return;
    parser.reset();
  }
}

/** Answers one request; false when the connection ends with it. */
async function answer({ session, input, record, plan }: {
  session: Session;
  input: Input;
  record: RequestRecord;
  plan: Plan;
}): Promise<boolean> {
  const { body } = plan;
  let status = 0;
  try {
    let fault: Fault = feed(body, input, record);
    const isDone = () => body === undefined || body.isDone;
    let reply: Reply | undefined;
    if (plan.waitsForBody) {
      if (plan.interim !== undefined) await session.write(plan.interim);
      if (!isDone() && fault === undefined) fault = await drain(body!, { input, record, plan });
      reply = plan.answer({ isDone: isDone(), fault });
    } else {
      reply = plan.answer({ isDone: isDone(), fault });
      if (plan.interim !== undefined) reply = { ...reply, bytes: join(plan.interim, reply.bytes) };
    }
    status = reply.status;
    const isOpen = !plan.waitsForBody && !isDone() && fault === undefined;
    if (!isOpen) record.report(session, status);
    if (reply.pauseMs !== undefined) await session.pause(...reply.pauseMs);
    if (reply.bytes.length > 0) await session.write(reply.bytes);
    if (isTaken(reply, record)) reply.lure!.taken(session);
    if (isOpen) {
      const until = reply.closes ? session.now() + LINGER_MS : Infinity;
      fault = await drain(body!, { input, record, plan, until });
    }
    if (reply.isAbrupt) session.closeAbruptly();
    return !reply.closes && fault === undefined;
  } finally {
    record.report(session, status);
  }
}

/** Whether an answer gives bait away: not when it was only asked about, or is known already. */
function isTaken({ lure, status }: Reply, { head }: RequestRecord): boolean {
  return lure !== undefined && (status === 200 || status === 206) && head.method !== "HEAD" &&
    head.method !== "OPTIONS";
}

/** Reads a body to its end, or to what ends it early. */
async function drain(
  body: BodyParser,
  { input, record, plan, until = Infinity }: {
    input: Input;
    record: RequestRecord;
    plan: Plan;
    until?: number;
  },
): Promise<Fault> {
  while (!body.isDone) {
    const came = await input.more(Math.min(plan.bodyMs, until - input.now()));
    if (came === "end") return "ended";
    if (came === "late") return "late";
    const fault = feed(body, input, record);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Gives a body what has arrived. */
function feed(body: BodyParser | undefined, input: Input, record: RequestRecord): Fault {
  if (body === undefined || input.isEmpty) return undefined;
  input.at = body.feed(input.chunk, input.at, (content) => record.add(content));
  return body.fault;
}

/** Of what is no request, the product reads no more than it must; the event shows a little more. */
function withRest(head: RequestHead, input: Input): RequestHead {
  if (head.fault === undefined || head.method !== "" || input.isEmpty) return head;
  const end = Math.min(input.chunk.length, input.at + MAX_GARBAGE_BYTES);
  return { ...head, target: head.target + latin1(input.chunk.subarray(input.at, end)) };
}

function makeExchange(
  session: Session,
  settings: TalkSettings,
  { answered, record }: { answered: number; record: RequestRecord | undefined },
): Exchange {
  return {
    nowMs: session.now(),
    localIp: session.local.ip,
    isSecure: session.isSecure,
    namesServer: session.namesServer,
    port: settings.shownPort || session.local.port,
    answered,
    hasCredentials: () => (record?.credentials().length ?? 0) > 0,
    sessionId: () => settings.sessionId(session, answered),
  };
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

/** What has arrived, and how much of it was taken. */
class Input {
  chunk: Uint8Array = NOTHING;
  at = 0;
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  get isEmpty(): boolean {
    return this.at >= this.chunk.length;
  }

  now(): number {
    return this.#session.now();
  }

  /** Waits for more, after all was taken. */
  async more(withinMs: number): Promise<"bytes" | "end" | "late"> {
    if (withinMs <= 0 || !await this.#session.arrival(withinMs)) return "late";
    const chunk = await this.#session.read();
    this.at = 0;
    this.chunk = chunk ?? NOTHING;
    return chunk === null ? "end" : "bytes";
  }
}
