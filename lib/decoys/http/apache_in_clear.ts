/**
 * What Apache httpd 2.4 says to HTTP in clear on a port where TLS is spoken: `mod_ssl` looks at the
 * first five bytes, answers the beginnings of four methods, and closes without a word on all others.
 * @module
 */
import { latin1 } from "../../net/latin1.ts";
import { ApacheHeadParser } from "./apache_head.ts";
import { ApacheRequest } from "./apache_request.ts";
import { LengthBody } from "./body.ts";
import { headerValue, type HeadParser, type RequestHead } from "./head.ts";
import type { Exchange, Patience, Plan, Product, Reply } from "./product.ts";

/** How many bytes OpenSSL reads before it looks at them: a record's header. */
const FIRST_BYTES = 5;
/** First words by which OpenSSL takes it for HTTP. */
const HTTP = /^(?:GET |POST|HEAD|PUT )/;
/** Longest body of which is kept what came with the head: no more of it is waited for. */
const MAX_BODY_BYTES = 65_536;
/** `Timeout` of Debian's configuration. */
const TIMEOUT_MS = 300_000;
const SILENCE: Reply = { status: 0, bytes: new Uint8Array(0), closes: true };

/** Apache httpd for those who speak no TLS. */
export class ApacheInClear implements Product {
  readonly patience: Patience = {
    firstMs: TIMEOUT_MS,
    secureFirstMs: TIMEOUT_MS,
    idleMs: TIMEOUT_MS,
    headMs: TIMEOUT_MS,
  };
  readonly #serverName: string;

  /** @param serverName stands in the page. */
  constructor(serverName: string) {
    this.#serverName = serverName;
  }

  inClear(): Product {
    return this;
  }

  newParser(): HeadParser {
    return new FirstBytes();
  }

  headTimeout(): undefined {}

  plan(head: RequestHead, exchange: Exchange): Plan {
    const length = Number(headerValue(head, "content-length"));
    const hasBody = head.fault?.status === 400 && length > 0 && length <= MAX_BODY_BYTES;
    return {
      body: hasBody ? new LengthBody(length) : undefined,
      bodyMs: 0,
      waitsForBody: false,
      answer: () => head.fault?.status === 400 ? this.#page(exchange) : SILENCE,
    };
  }

  /** The page does not depend on what was asked. */
  #page(exchange: Exchange): Reply {
    const any = { method: "GET", target: "/", version: "", versionNumber: 1001, pathAndQuery: "/" };
    const head: RequestHead = { ...any, headers: [], fault: { status: 400, reason: "plain" } };
    return new ApacheRequest(head, exchange, this.#serverName).page(400, { subject: "plain" });
  }
}

/** Decides by the first bytes, and reads as much of the request as came with them for the event. */
class FirstBytes implements HeadParser {
  head: RequestHead | undefined;
  readonly #inner = new ApacheHeadParser();
  #first = new Uint8Array(0);

  get isIdle(): boolean {
    return this.#first.length === 0;
  }

  feed(bytes: Uint8Array, from: number): number {
    const missing = FIRST_BYTES - this.#first.length;
    if (bytes.length - from < missing) {
      this.#first = new Uint8Array([...this.#first, ...bytes.subarray(from)]);
      return bytes.length;
    }
    const text = latin1(this.#first) + latin1(bytes.subarray(from));
    const fault = { status: HTTP.test(text) ? 400 : 0, reason: "plain" };
    this.#inner.feed(this.#first, 0);
    const at = this.#inner.feed(bytes, from);
    const known = this.#inner.head ?? this.#inner.partial();
    const { fault: _fault, ...head } = known ?? garbage(text);
    this.head = { ...head, fault };
    return at;
  }

  end(): RequestHead | undefined {
    return undefined;
  }

  partial(): RequestHead | undefined {
    return this.isIdle ? undefined : garbage(latin1(this.#first));
  }

  reset(): void {
    this.head = undefined;
  }
}

function garbage(text: string): RequestHead {
  const none = { method: "", version: "", versionNumber: 1001, headers: [], pathAndQuery: "" };
  return { ...none, target: text.slice(0, 1024) };
}
