/**
 * One SSH connection in memory: a server that a test puts together, and the peer that talks to it.
 * @module
 */
import { setImmediate } from "node:timers";
import { serveConnection } from "../../lib/decoys/ssh/connection.ts";
import { builtInModuli } from "../../lib/decoys/ssh/kex/moduli.ts";
import { LongWork } from "../../lib/decoys/ssh/kex/long_work.ts";
import { ShortWork } from "../../lib/decoys/ssh/kex/short_work.ts";
import { loadHostKeys } from "../../lib/decoys/ssh/keys/host_keys.ts";
import { PacketBudget } from "../../lib/decoys/ssh/packet.ts";
import type { Product } from "../../lib/decoys/ssh/product.ts";
import { memorySession } from "./memory_session.ts";
import { memoryStore } from "./memory_store.ts";
import { describe, kexinit, type KexinitLists } from "./ssh_messages.ts";
import { NEWKEYS, PEER_KEX_INIT, SshPeer } from "./ssh_peer.ts";

const STORE = memoryStore();
const yieldToLoop = () => new Promise<void>((resolve) => setImmediate(() => resolve()));

/** How a connection ended: the server's own words for it, or what it threw. */
export type Ended = "done" | Error;

/** A connection and both its ends. */
export class SshConnection {
  readonly peer: SshPeer;
  readonly made = memorySession();
  /** How it ended; `undefined` while it goes on. */
  ended: Ended | undefined;
  readonly #over: Promise<void>;
  #heard = 0;

  private constructor(over: (made: SshConnection["made"]) => Promise<void>, line: string) {
    this.peer = new SshPeer(line);
    this.made.stream.onEvent = (event) => {
      if (event.kind === "write") this.peer.take(event.data);
    };
    const waits = this.#idle();
    this.#over = over(this.made).then(() => void (this.ended = "done"), (error) => {
      this.ended = error instanceof Error ? error : new Error(String(error));
    });
    this.#first = Promise.race([waits, this.#over]);
  }

  readonly #first: Promise<void>;

  /** Starts a server and waits until it listens. */
  static async start(
    product: Product,
    { banner = "", offersKeyboardInteractive = false, line = "SSH-2.0-Peer_1" } = {},
  ): Promise<SshConnection> {
    const server = {
      product,
      hostKeys: await loadHostKeys({ store: STORE, hostname: "srv" }),
      longWork: new LongWork({ yieldToLoop }),
      shortWork: new ShortWork({ yieldToLoop }),
      auth: {
        ...{ maxAttempts: 6, failDelayMs: 0, banner, offersKeyboardInteractive },
        secret: new Uint8Array(32),
      },
      budget: new PacketBudget(1_000_000),
      moduli: builtInModuli,
    };
    const connection = new SshConnection(({ session }) => serveConnection(session, server), line);
    await connection.#first;
    return connection;
  }

  /** Events so far, by id. */
  get events() {
    return this.made.events;
  }

  /** Sends the version line. */
  async greet(): Promise<string[]> {
    return await this.raw(this.peer.greeting());
  }

  /** Sends payloads, in one segment, and gives what is said to that. */
  async say(...payloads: readonly Uint8Array[]): Promise<string[]> {
    return await this.raw(...payloads.map((payload) => this.peer.seal(payload)));
  }

  /** Sends bytes. */
  async raw(...parts: readonly Uint8Array[]): Promise<string[]> {
    const idle = this.#idle();
    this.made.stream.send(new Uint8Array(parts.flatMap((part) => [...part])));
    await Promise.race([idle, this.#over]);
    return this.#news();
  }

  /** The version line and a whole key exchange; gives what came with and after NEWKEYS. */
  async open(lists: KexinitLists = {}): Promise<string[]> {
    await this.greet();
    return await this.exchange(lists);
  }

  /** A whole key exchange. */
  async exchange(lists: KexinitLists = {}): Promise<string[]> {
    await this.say(kexinit(lists));
    const said = await this.say(PEER_KEX_INIT);
    return [...said, ...await this.say(NEWKEYS)];
  }

  /** Ends the peer's side and waits for the server. */
  async end(): Promise<Ended> {
    this.made.stream.end();
    await this.#over;
    return this.ended!;
  }

  #news(): string[] {
    const news = this.peer.received.slice(this.#heard);
    this.#heard = this.peer.received.length;
    return news.map(describe);
  }

  #idle(): Promise<void> {
    return new Promise((resolve) => this.made.stream.onWait = resolve);
  }
}
