/**
 * One telnet connection as a terminal: reads the client through its daemon, runs the line
 * discipline, sends what both have to say, and reports what the client tells about itself.
 * @module
 */
import { escapeBytes } from "../../net/escape.ts";
import type { Session } from "../decoy.ts";
import { ClientProfile } from "./client_profile.ts";
import type { LoginTerminal } from "./login.ts";
import { Tty, type TtyLine } from "./tty.ts";
import { reportTypedAhead } from "./typed_ahead.ts";

/** The talk is over: the client left, or has killed `login` by a key. */
export class HungUp extends Error {
  override readonly name = "HungUp";
}

/** What a telnet daemon does between the client and the terminal. */
export interface Daemon {
  /** Whether the daemon has decided to end the connection. */
  readonly isOver: boolean;
  /** Takes what the client sent. */
  receive(chunk: Uint8Array): void;
  /**
   * What is to be sent: the daemon's own commands, and the terminal's output in telnet's form.
   * @returns in sending order; empty when there is nothing.
   */
  takeOutput(): Uint8Array;
}

/** Reads of these sizes may have filled the reader's buffer: more may be there. */
const READ_UNIT_BYTES = 256;
/** How long a full buffer is given to show that there is more, in ms. */
const MORE_WITHIN_MS = 5;

/** A connection's terminal. */
export class TelnetTerminal implements LoginTerminal {
  readonly tty: Tty;
  readonly #session: Session;
  readonly #daemon: Daemon;
  readonly #profile = new ClientProfile();
  #isProfiled = false;
  /** The name that the next typed password belongs to. */
  #username: string | undefined;
  #onPrompted: (() => void) | undefined;

  /**
   * @param session the connection.
   * @param tty its line discipline.
   * @param daemon feeds it.
   */
  constructor(session: Session, { tty, daemon }: { tty: Tty; daemon: Daemon }) {
    this.#session = session;
    this.tty = tty;
    this.#daemon = daemon;
  }

  /**
   * Takes what the client sends next.
   * @param withinMs longest wait; without it, as long as the session lasts.
   * @returns `false` when nothing came in time.
   * @throws {HungUp} when the talk is over.
   */
  async pump(withinMs?: number): Promise<boolean> {
    if (!await this.#session.arrival(withinMs)) return false;
    const chunk = await this.#session.read();
    if (chunk === null) throw new HungUp("The client has left");
    const isFull = chunk.length % READ_UNIT_BYTES === 0;
    this.#take(isFull ? await this.#joinNext(chunk.slice()) : chunk);
    await this.flush();
    if (this.tty.signal !== undefined || this.#daemon.isOver) throw new HungUp("login was killed");
    return true;
  }

  /** Sends what is to be sent. */
  async flush(): Promise<void> {
    await this.#session.write(this.#daemon.takeOutput());
  }

  /** Sends bytes as they are, behind what waits. */
  async send(bytes: Uint8Array): Promise<void> {
    await this.#session.write(join(this.#daemon.takeOutput(), bytes));
  }

  /** Has `callback` called after the next prompt: what was typed before is then not dropped. */
  onceAfterPrompt(callback: () => void): void {
    this.#onPrompted = callback;
  }

  async print(text: string): Promise<void> {
    this.tty.print(text);
    await this.flush();
  }

  async ask(
    text: string,
    { echo, withinMs }: { echo: boolean; withinMs: number },
  ): Promise<TtyLine | undefined> {
    const { tty } = this;
    this.#reportTypedAhead(tty.flushInput());
    this.#username = undefined;
    const echoBefore = tty.echo;
    if (!echo) tty.echo = false;
    tty.print(text);
    this.#onPrompted?.();
    this.#onPrompted = undefined;
    await this.flush();
    const deadline = this.#session.now() + withinMs;
    while (!tty.hasLine) {
      const left = deadline - this.#session.now();
      if (left <= 0 || !await this.pump(left)) return undefined;
    }
    tty.echo = echoBefore;
    return tty.takeLine();
  }

  async sleep(minMs: number, maxMs: number): Promise<void> {
    let isOver = false;
    const over = this.#session.pause(minMs, maxMs).finally(() => isOver = true);
    for (;;) {
      const arrival = this.#session.arrival();
      await Promise.race([over, arrival]);
      if (isOver) return;
      await this.pump();
    }
  }

  /** Tells that a name is complete: what is typed ahead of the password prompt is its password. */
  named(username: string): void {
    this.#username = username;
    this.reportClient();
  }

  /** Reports what the client said about itself, once. */
  reportClient(): void {
    if (this.#isProfiled) return;
    const summary = this.#profile.summary();
    if (summary === undefined) return;
    this.#isProfiled = true;
    this.#session.emit("telnet.client", summary);
    for (const [name, value] of summary.environment) {
      // A name like an option is an attempt to be let in without a password: CVE-2026-24061.
      if (name === "USER" && value.startsWith("-")) {
        this.#session.emit("auth.attempt", { method: "password", username: value });
      }
    }
  }

  /** Reports what is left when the connection ends. */
  reportEnd(): void {
    this.reportClient();
    this.#reportTypedAhead(this.tty.flushInput());
  }

  #reportTypedAhead(lines: readonly Uint8Array[]): void {
    if (lines.length === 0) return;
    reportTypedAhead(this.#session, lines.map((line) => escapeBytes(line)), this.#username);
  }

  #take(chunk: Uint8Array): void {
    this.#profile.push(chunk);
    this.#daemon.receive(chunk);
  }

  /** What has filled the reader's buffer, with what stands behind it: products read larger pieces. */
  async #joinNext(chunk: Uint8Array): Promise<Uint8Array> {
    if (!await this.#session.arrival(MORE_WITHIN_MS)) return chunk;
    const next = await this.#session.read();
    return next === null ? chunk : join(chunk, next);
  }
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}
