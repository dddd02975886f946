/**
 * The webhook sink itself: one call after the other, in order, each of which must be acknowledged.
 * @module
 */
import { SinkError } from "../../errors.ts";
import { describeAnswer, failureOf, type HttpAnswer, HttpCaller } from "../http.ts";
import { readPem } from "../secrets.ts";
import type { Batch, Notice, Outcome, Sink, SinkContext } from "../sink.ts";
import { type Body, bodyOf, jsonBody } from "./bodies.ts";
import { fit } from "../fit_text.ts";
import type { Options } from "./options.ts";
import { reportOf } from "../report.ts";
import { type Heard, isSuccess, type Service, type Verdict } from "./service.ts";
import { SERVICES } from "./services.ts";
import { signatureHeaders } from "./signature.ts";
import { type Target, targetOf } from "./target.ts";
import { parseTemplate, type Template } from "./template.ts";

/** Bytes of an answer that are looked at: errors are short. */
const MAX_HEARD_BYTES = 65_536;
/** Longest answer that is shown, in characters. */
const MAX_REPLY = 1024;

/** Calls a webhook. */
export class WebhookSink implements Sink {
  readonly #options: Options;
  readonly #context: SinkContext;
  readonly #service: Service | undefined;
  readonly #template: Template | undefined;
  #caller: { readonly host: string; readonly caller: HttpCaller } | undefined;
  #isClosed = false;

  /**
   * @param options valid ones.
   * @param context reads secrets.
   */
  constructor(options: Options, context: SinkContext) {
    this.#options = options;
    this.#context = context;
    const { preset, template } = options;
    this.#service = preset === "none" ? undefined : SERVICES[preset];
    this.#template = template === "" ? undefined : parseTemplate(template);
  }

  async write({ notices }: Batch, signal: AbortSignal): Promise<Outcome> {
    // One call of HTTP a call of ours, so that each has the whole deadline.
    const now = notices.slice(0, this.#options.events_per_call);
    return { reply: await this.#deliver(now, signal), done: now.length };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#caller?.caller[Symbol.dispose]();
    this.#caller = undefined;
    return Promise.resolve();
  }

  /** Makes one call; returns what was answered. */
  async #deliver(notices: readonly Notice[], signal: AbortSignal): Promise<string> {
    const target = await targetOf(this.#options, (text) => this.#context.secret(text));
    const body = this.#bodyFor(notices, target);
    const { host } = new URL(target.url);
    const answer = await this.#send(target, { body, host, signal });
    const heard = hear(answer);
    const verdict = judge(this.#service, heard);
    const safe = {
      ...answer,
      body: target.redactor.bytes(answer.body.subarray(0, MAX_HEARD_BYTES)),
    };
    if (verdict === "delivered") return fit(describeAnswer(safe), MAX_REPLY);
    throw describeRefusal(host, safe, verdict);
  }

  #bodyFor(notices: readonly Notice[], { settings }: Target): Body {
    if (this.#service === undefined) {
      const { format, events_per_call } = this.#options;
      return bodyOf(notices, { format, template: this.#template, isList: events_per_call > 1 });
    }
    return jsonBody(JSON.stringify(this.#service.message(reportOf(notices[0]!), settings)));
  }

  async #send(
    target: Target,
    call: { readonly body: Body; readonly host: string; readonly signal: AbortSignal },
  ): Promise<HttpAnswer> {
    const { method, hmac_header } = this.#options;
    const { body: { bytes, contentType }, host, signal } = call;
    const signature = target.hmacKey === ""
      ? {}
      : signatureHeaders(bytes, target.hmacKey, { header: hmac_header, nowMs: Date.now() });
    const headers = {
      "content-type": contentType,
      "user-agent": `Duckblind/${this.#context.sensor.version}`,
      ...target.headers,
      ...signature,
    };
    const caller = await this.#callerFor(host);
    try {
      return await caller.send({ method, url: target.url, headers, body: bytes }, signal);
    } catch (error) {
      // Without its cause, whose message holds the URL.
      if (error instanceof SinkError) {
        throw new SinkError(target.redactor.text(error.message), true);
      }
      throw error;
    }
  }

  /** Connections are kept for as long as the secret URL points to the same host. */
  async #callerFor(host: string): Promise<HttpCaller> {
    if (this.#caller?.host === host) return this.#caller.caller;
    const { ca } = this.#options;
    const options = ca === "" ? {} : { ca: await readPem(ca) };
    if (this.#isClosed) {
      throw new SinkError(`Cannot reach ${host}: the sink is closed`, true);
    }
    this.#caller?.caller[Symbol.dispose]();
    try {
      const caller = new HttpCaller(host, options);
      this.#caller = { host, caller };
      return caller;
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      throw new SinkError(`Cannot use ca ${JSON.stringify(ca)}, must be PEM: ${detail}`, true);
    }
  }
}

/** What an answer means: as the service says, or its status. */
function judge(service: Service | undefined, heard: Heard): Verdict | undefined {
  const verdict = service?.judge?.(heard);
  if (verdict !== undefined || !isSuccess(heard.status)) return verdict;
  // No service answers so; a proxy that wants somebody to log in does.
  const isPage = service !== undefined && /^\s*<(?:!doctype|html)/i.test(heard.text);
  return isPage ? { retryable: true } : "delivered";
}

function describeRefusal(
  host: string,
  answer: HttpAnswer,
  verdict: Exclude<Verdict, "delivered"> | undefined,
): SinkError {
  const byStatus = failureOf(host, answer);
  const isRedirection = answer.status >= 300 && answer.status < 400;
  const message = isRedirection
    ? `${byStatus.message}; redirections are not followed, url must be where they lead`
    : byStatus.message;
  const retryAfterMs = verdict?.retryAfterMs ?? byStatus.retryAfterMs;
  return new SinkError(
    message,
    verdict?.retryable ?? byStatus.retryable,
    retryAfterMs === undefined ? {} : { retryAfterMs },
  );
}

function hear({ status, body }: HttpAnswer): Heard {
  const text = new TextDecoder().decode(body.subarray(0, MAX_HEARD_BYTES));
  return { status, text, json: parseObject(text) };
}

function parseObject(text: string): Heard["json"] {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    return JSON.parse(text) as Heard["json"];
  } catch {
    return undefined; // cut, or no JSON at all: its status says enough
  }
}
