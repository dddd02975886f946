/**
 * Makes the decoy: how one connection goes.
 * @module
 */
import { escapeOctets, latin1Bytes } from "../../net/latin1.ts";
import { type Decoy, type DecoyContext, EventQuota, type Session } from "../decoy.ts";
import type { HttpProxyOptions } from "../http_proxy.ts";
import { Login } from "./auth.ts";
import { Body, framingOf } from "./body.ts";
import { judge, type Refusal, REFUSALS } from "./judge.ts";
import { makeReply } from "./reply.ts";
import { type Head, MAX_HEAD_BYTES, type NoHead, RequestReader } from "./request.ts";

/** Time for a first request, and between two: `request_start_timeout`, `client_idle_pconn_timeout`. */
const FIRST_MS = 300_000;
const IDLE_MS = 120_000;
const NOTHING = new Uint8Array(0);

/** What a decoy is made of. */
interface Settings {
  readonly auth: HttpProxyOptions["auth"];
  readonly realm: string;
  readonly hostname: string;
  readonly secret: Uint8Array;
}

/**
 * Makes a decoy.
 * @param options of the config.
 * @param context gives the host name, and the secret by which nonces are told.
 */
export function createHttpProxyDecoy(options: HttpProxyOptions, context: DecoyContext): Decoy {
  const settings: Settings = {
    auth: options.auth,
    realm: options.realm,
    hostname: options.hostname || context.hostname,
    secret: context.seed("squid digest nonces"),
  };
  return { serve: (session) => serve(session, settings) };
}

async function serve(session: Session, settings: Settings): Promise<void> {
  const reader = new RequestReader(session);
  const login = new Login(session, settings);
  const self = { hostname: settings.hostname, port: session.local.port };
  session.expireAfter(FIRST_MS, NOTHING);
  const quota = new EventQuota(session);
  for (;;) {
    const head = await reader.head();
    if ("kind" in head) return await refuseStranger(session, head, self);
    const mayTell = quota.take();
    if (!await answer({ session, reader, head, login, self, mayTell, auth: settings.auth })) return;
    session.expireAfter(IDLE_MS, NOTHING);
  }
}

/** One request and what is at hand to answer it. */
interface Exchange {
  readonly session: Session;
  readonly reader: RequestReader;
  readonly head: Head;
  readonly login: Login;
  readonly self: { hostname: string; port: number };
  readonly mayTell: boolean;
  readonly auth: HttpProxyOptions["auth"];
}

/** Answers a request; tells whether the connection stays. */
async function answer(exchange: Exchange): Promise<boolean> {
  const { session, reader, head, login, self, mayTell } = exchange;
  const { refusal, url, mayLogIn } = judge(head, self);
  const isLogin = mayLogIn && exchange.auth !== "none";
  const shown = isLogin ? { ...refusal, ...REFUSALS.login } : refusal;
  const isPersistent = !refusal.closes && persists(head);
  const tried = head.fields.find(([name]) => isNamed(name, "proxy-authorization"))?.[1];
  // What is tried where no login is asked for is told as well.
  const attempt = mayTell || isLogin
    ? login.answer(tried, { method: head.method, isPersistent })
    : { challenges: [], ends: false };
  const body = new Body(framingOf(head));
  try {
    await session.write(makeReply(shown, {
      head,
      url,
      self,
      nowMs: session.now(),
      isPersistent,
      challenges: isLogin ? attempt.challenges : [],
    }));
    if (!isPersistent || (isLogin && attempt.ends)) return false;
    return await body.readFrom(reader);
  } finally {
    if (mayTell) tell(session, { head, body, status: shown.status, hasLogin: tried !== undefined });
  }
}

/** What is no request at all. */
async function refuseStranger(
  session: Session,
  none: NoHead,
  self: { hostname: string; port: number },
): Promise<void> {
  if (none.kind === "end") return;
  let refusal: Refusal = REFUSALS.senseless;
  if (none.kind === "senseless") {
    const firstBytes = latin1Bytes(none.text);
    session.emit("protocol.error", { offset: 0, expected: "a request line", firstBytes });
  } else {
    session.emit("limit.hit", { limit: "head_bytes", max: MAX_HEAD_BYTES });
    refusal = none.kind === "long line" ? REFUSALS.longLine : REFUSALS.longFields;
  }
  const nowMs = session.now();
  await session.write(makeReply(refusal, { self, nowMs, isPersistent: false, challenges: [] }));
}

/** Whether the peer wants the connection to stay. */
function persists({ major, minor, fields }: Head): boolean {
  const tokens = fields
    .filter(([name]) => isNamed(name, "connection") || isNamed(name, "proxy-connection"))
    .flatMap(([, value]) => value.toLowerCase().split(",").map((token) => token.trim()));
  if (tokens.includes("close")) return false;
  return major > 1 || (major === 1 && minor >= 1) || tokens.includes("keep-alive");
}

function isNamed(name: string, expected: string): boolean {
  return name.length === expected.length && name.toLowerCase() === expected;
}

function tell(
  session: Session,
  { head, body, status, hasLogin }: { head: Head; body: Body; status: number; hasLogin: boolean },
): void {
  const { size, kept, sha256 } = body.captured;
  session.emit("http.request", {
    method: escapeOctets(head.method),
    target: escapeOctets(head.target),
    version: `${head.major}.${head.minor}`,
    headers: head.fields.slice(0, 256).map(([name, value]) =>
      [escapeOctets(name), escapeOctets(value)] as const
    ),
    body: kept,
    bodyBytes: size,
    ...(size === 0 ? {} : { bodySha256: sha256 }),
    status,
    ...(hasLogin ? { credentials: true } : {}),
  });
}
