/**
 * The authentication protocol (RFC 4252, RFC 4256), for a server that admits nobody: what is tried is
 * reported, and answered as the product answers a failure.
 *
 * Events: `auth.attempt` for each request, and for the answers to a prompt.
 * @module
 */
import type { Session } from "../decoy.ts";
import { escapeBytes } from "../../net/escape.ts";
import type { AuthAnswer, AuthOptions, AuthProfile } from "./auth_profile.ts";
import { type AuthRequest, decodeAnswers, decodeAuthRequest } from "./auth_request.ts";
import { reportKey } from "./auth_key_report.ts";
import { MESSAGE } from "./messages.ts";
import type { Refusal } from "./product.ts";
import { WireWriter } from "./wire.ts";

/** What authentication needs of the connection. */
export interface AuthConnection {
  readonly session: Session;
  readonly profile: AuthProfile;
  readonly options: AuthOptions;
  /** H of the first exchange, which signatures are over; read when it is needed. */
  sessionId(): Uint8Array;
  /** Blob of the host key of the first exchange. */
  hostKey(): Uint8Array;
  /** Queues a message; it leaves before the next read. */
  send(payload: Uint8Array): void;
  /** EXT_INFO once more, where the product does that and the peer takes it. */
  extendAgain(): void;
}

/** The authentication of one connection. */
export class Authentication {
  readonly #connection: AuthConnection;
  #first: { user: string; service: string } | undefined;
  #attempts = 0;
  #failures = 0;
  #prompting: AuthRequest | undefined;

  /** @param connection that asks for it. */
  constructor(connection: AuthConnection) {
    this.#connection = connection;
  }

  /** Whether anything was requested before. */
  get hasTried(): boolean {
    return this.#attempts > 0;
  }

  /** Whether a prompt waits for its answer. */
  get isPrompting(): boolean {
    return this.#prompting !== undefined;
  }

  /**
   * USERAUTH_REQUEST.
   * @param payload with the message number.
   * @returns how the talk ends, if it does.
   */
  async request(payload: Uint8Array): Promise<Refusal | undefined> {
    const { profile, options, session, send, extendAgain, hostKey } = this.#connection;
    const request = decodeAuthRequest(payload);
    this.#prompting = undefined;
    this.#report(request);
    this.#attempts++;
    const answer = profile.answer(request, {
      attempts: this.#attempts,
      failures: this.#failures,
      first: this.#first,
      hostKey: hostKey(),
      nowMs: session.now(),
    }, options);
    if (!("reply" in Object(answer))) return answer as Refusal;
    if (this.#first === undefined) {
      this.#first = { user: profile.userOf(request), service: request.service };
      extendAgain();
      if (options.banner !== "") send(bannerMessage(options.banner, profile.bannerLanguage));
    }
    return await this.#finish(answer as Reply, { session, request });
  }

  /**
   * USERAUTH_INFO_RESPONSE.
   * @param payload with the message number.
   * @returns how the talk ends, if it does.
   */
  async answers(payload: Uint8Array): Promise<Refusal | undefined> {
    const { profile, options, session } = this.#connection;
    const request = this.#prompting!;
    this.#prompting = undefined;
    const { answers, isWhole } = decodeAnswers(payload);
    const texts = answers.map((answer) => escapeBytes(answer));
    session.emit("auth.attempt", {
      method: "keyboard-interactive",
      username: escapeBytes(request.userBytes),
      service: escapeBytes(request.serviceBytes),
      ...(texts.length === 0 ? {} : { secret: texts[0]! }),
      ...(texts.length < 2 ? {} : { responses: texts }),
    });
    if (!isWhole || answers.length !== 1) return "silence";
    const answer = profile.answerPrompt(session.now(), options);
    if (!("reply" in Object(answer))) return answer as Refusal;
    return await this.#finish(answer as Reply, { session, request });
  }

  /** Waits, counts and answers. */
  async #finish(
    { reply, pauseMs, counts }: Reply,
    { session, request }: { session: Session; request: AuthRequest },
  ): Promise<Refusal | undefined> {
    const { profile, options, send } = this.#connection;
    if (pauseMs > 0) await session.pause(pauseMs);
    if (reply === "prompt") {
      this.#prompting = request;
      send(promptMessage(profile.prompt));
      return undefined;
    }
    if (counts) this.#failures++;
    if (this.#failures >= options.maxAttempts) return profile.tooMany;
    send(failureMessage(profile.methods(options)));
    return undefined;
  }

  #report(request: AuthRequest): void {
    const { session, sessionId } = this.#connection;
    const { method, key, password, newPassword, clientHost, clientUser } = request;
    const common = {
      username: escapeBytes(request.userBytes),
      service: escapeBytes(request.serviceBytes),
    };
    if (method === "password" && password !== undefined) {
      session.emit("auth.attempt", {
        ...common,
        method: "password",
        secret: escapeBytes(password),
        ...(newPassword === undefined ? {} : { newSecret: escapeBytes(newPassword) }),
      });
    } else if (key !== undefined) {
      session.emit("auth.attempt", {
        ...common,
        method: method === "hostbased" ? "hostbased" : "publickey",
        publicKey: reportKey(key, sessionId()),
        ...(clientHost === undefined ? {} : { clientHost: escapeBytes(clientHost) }),
        ...(clientUser === undefined ? {} : { clientUser: escapeBytes(clientUser) }),
      });
    } else if (method === "none") {
      session.emit("auth.attempt", { ...common, method: "none" });
    } else if (method !== "keyboard-interactive") {
      session.emit("command", {
        verb: "USERAUTH_REQUEST",
        argument: [common.username, common.service, escapeBytes(request.methodBytes)].join(" "),
      });
    }
  }
}

/** An answer that goes on. */
type Reply = Extract<AuthAnswer, { reply: unknown }>;

function failureMessage(methods: string): Uint8Array {
  return new WireWriter(64).u8(MESSAGE.USERAUTH_FAILURE).string(methods).bool(false).bytes();
}

function bannerMessage(text: string, language: string): Uint8Array {
  return new WireWriter().u8(MESSAGE.USERAUTH_BANNER).string(text).string(language).bytes();
}

/** SSH_MSG_USERAUTH_INFO_REQUEST (RFC 4256 §3.2) with one field that is not echoed. */
function promptMessage(prompt: string): Uint8Array {
  return new WireWriter(64).u8(MESSAGE.USERAUTH_INFO_REQUEST)
    .string("").string("").string("").u32(1).string(prompt).bool(false).bytes();
}
