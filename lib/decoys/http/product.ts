/**
 * A web server as the serve loop sees it: reads heads, frames bodies, makes answers.
 * @module
 */
import type { BodyFault, BodyParser } from "./body.ts";
import type { HeadParser, RequestHead } from "./head.ts";
import type { Lure } from "./site.ts";

/** How far the body has come when an answer is made. */
export interface BodyState {
  readonly isDone: boolean;
  readonly fault: BodyFault | "ended" | "late" | undefined;
}

/** An answer. */
export interface Reply {
  readonly status: number;
  /** Everything that is sent, head and body; empty to say nothing. */
  readonly bytes: Uint8Array;
  /** Whether the connection ends with it. */
  readonly closes: boolean;
  /** Whether it ends at once, with what was not read lost, instead of after the peer's end. */
  readonly isAbrupt?: boolean;
  /** How long an application thinks before it, in ms: from and to. */
  readonly pauseMs?: readonly [number, number];
  /** What of the operator's bait it gives away. */
  readonly lure?: Lure | undefined;
}

/** What is done with a request whose head is known. */
export interface Plan {
  /** `undefined` when there is no body, or nobody reads it. */
  readonly body: BodyParser | undefined;
  /** Sent before the body is read, such as `100 Continue`. */
  readonly interim?: Uint8Array;
  /** How long more of the body is waited for, in ms. */
  readonly bodyMs: number;
  /** Whether the answer waits for the whole body. */
  readonly waitsForBody: boolean;
  /** Makes the answer; called once. */
  answer(body: BodyState): Reply;
}

/** What is known besides the request. */
export interface Exchange {
  /** In ms since 1970. */
  readonly nowMs: number;
  readonly localIp: string;
  /** Whether TLS is spoken. */
  readonly isSecure: boolean;
  /** Whether the peer named a server when TLS began. */
  readonly namesServer: boolean;
  /** The port that pages and redirects name. */
  readonly port: number;
  /** How many requests of this connection were answered before. */
  readonly answered: number;
  /** Whether a login's fields were found, once the body is known. */
  hasCredentials(): boolean;
  /** A fresh value for a session cookie: 32 hex digits. */
  sessionId(): string;
}

/** How long the product waits, in ms, before it closes without a word. */
export interface Patience {
  /** For the first byte of a connection. */
  readonly firstMs: number;
  /** The same once TLS is spoken. */
  readonly secureFirstMs: number;
  /** For the next request. */
  readonly idleMs: number;
  /** For a whole head, from its first byte. */
  readonly headMs: number;
}

/** A web server. */
export interface Product {
  /** The same server for those who speak no TLS where it is spoken; made when somebody does. */
  inClear(): Product;
  readonly patience: Patience;
  /** @param isSecure whether TLS is spoken. */
  newParser(isSecure: boolean): HeadParser;
  /** Decides on a request, whole or refused. */
  plan(head: RequestHead, exchange: Exchange): Plan;
  /** The answer to a head that is not complete in time; `undefined` to close without a word. */
  headTimeout(partial: RequestHead, exchange: Exchange): Reply | undefined;
}
