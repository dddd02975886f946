/**
 * Binds a list of addresses: what cannot be bound is told with a hint and tried again, the others go
 * on.
 *
 * `0.0.0.0` and `[::]` of one port go together: `[::]` is bound first, and where the system lets that
 * socket take IPv4 as well (Linux does, unless `net.ipv6.bindv6only` is set), `0.0.0.0` is then in use
 * by ourselves and counts as open.
 * @module
 */
import { formatHostPort, type HostPort } from "./address.ts";
import { bindHint } from "./listen.ts";

/** Pause before addresses that could not be bound are tried again, in ms. */
const RETRY_MS = 5000;

/** How one address stands. */
export interface ListenerReport {
  /** `host:port`. */
  readonly address: string;
  /** `open`, or `waiting` for an address that cannot be bound yet. */
  readonly state: "open" | "waiting";
  /** Why it is not open, and what to do about it; absent when it is open. */
  readonly detail?: string;
}

/** What `Binding` needs to know of a listener: `Deno.Listener` is one. */
export interface BoundListener {
  readonly addr: Deno.Addr;
  /** Gives the address back; a second call throws. */
  close(): void;
}

/** How addresses are bound, and who is told. */
export interface BindOptions<L extends BoundListener> {
  /**
   * Binds one address.
   * @throws what the system says when it cannot.
   */
  open(address: HostPort): L;
  /** Told once for each listener; runs its accept loop from then on. Must not throw. */
  onOpen(listener: L, address: HostPort): void;
  /** Told when an address cannot be bound, once for each new reason. Must not throw. */
  onWaiting?(address: HostPort, detail: string): void;
  /** Pause between tries, in ms; default 5,000. */
  readonly retryMs?: number;
}

/** One address of the list. */
interface Slot<L> {
  readonly address: HostPort;
  listener?: L;
  /** Whether our own `[::]` takes this address's connections too. */
  isCovered: boolean;
  detail: string;
}

/** A list of addresses, bound as far as they can be. Closing it gives all of them back. */
export class Binding<L extends BoundListener> implements Disposable {
  readonly #options: BindOptions<L>;
  #slots: Slot<L>[];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  /**
   * Binds what can be bound, and goes on trying the rest.
   * @param addresses in the config's order; no two alike.
   * @param options how, and who is told.
   */
  constructor(addresses: readonly HostPort[], options: BindOptions<L>) {
    this.#options = options;
    this.#slots = addresses.map((address) => ({ address, isCovered: false, detail: "" }));
    this.#try();
  }

  /** How each address stands, in the order of the list. */
  reports(): ListenerReport[] {
    return this.#slots.map((slot) => {
      const address = formatHostPort(slot.listener ? boundAddress(slot.listener) : slot.address);
      return isOpen(slot)
        ? { address, state: "open" }
        : { address, state: "waiting", detail: slot.detail };
    });
  }

  /** The addresses that have a socket, with the port that the system chose for port 0. */
  addresses(): HostPort[] {
    return this.#slots.flatMap((slot) => slot.listener ? [boundAddress(slot.listener)] : []);
  }

  /**
   * Goes over to another list: what is on both stays as it is.
   * @param addresses the new list, in the config's order; no two alike.
   */
  update(addresses: readonly HostPort[]): void {
    const old = new Map(this.#slots.map((slot) => [formatHostPort(slot.address), slot]));
    this.#slots = addresses.map((address) => {
      const key = formatHostPort(address);
      const slot = old.get(key) ?? { address, isCovered: false, detail: "" };
      old.delete(key);
      slot.isCovered = false; // the `[::]` that covered it may be gone: it is tried again
      return slot;
    });
    for (const { listener } of old.values()) listener?.close();
    clearTimeout(this.#timer);
    this.#try();
  }

  /** Gives all addresses back and stops trying; twice is fine. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const slot of this.#slots) slot.listener?.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Tries all that is not open; IPv6 first, so that a wildcard takes IPv4 too where it can. */
  #try(): void {
    this.#timer = undefined;
    const closed = this.#slots.filter((slot) => !isOpen(slot));
    closed.sort((a, b) => Number(isWildcardV6(b.address)) - Number(isWildcardV6(a.address)));
    for (const slot of closed) this.#bind(slot);
    if (this.#slots.every(isOpen)) return;
    this.#timer = setTimeout(() => this.#try(), this.#options.retryMs ?? RETRY_MS);
  }

  #bind(slot: Slot<L>): void {
    let listener: L;
    try {
      listener = this.#options.open(slot.address);
    } catch (error) {
      slot.isCovered = error instanceof Deno.errors.AddrInUse && this.#isTakenByUs(slot.address);
      if (!slot.isCovered) this.#tell(slot, error);
      return;
    }
    slot.listener = listener;
    slot.detail = "";
    this.#options.onOpen(listener, slot.address);
  }

  /** Whether our own `[::]` has the port of this `0.0.0.0`. */
  #isTakenByUs({ hostname, port }: HostPort): boolean {
    return hostname === "0.0.0.0" &&
      this.#slots.some((other) =>
        other.listener !== undefined && isWildcardV6(other.address) && other.address.port === port
      );
  }

  #tell(slot: Slot<L>, error: unknown): void {
    const { port } = slot.address;
    const reason = error instanceof Error ? error.message : String(error);
    const hint = bindHint(error, port);
    const detail = hint === "" ? reason : hint;
    if (detail === slot.detail) return;
    slot.detail = detail;
    this.#options.onWaiting?.(slot.address, detail);
  }
}

function isOpen<L>(slot: Slot<L>): boolean {
  return slot.listener !== undefined || slot.isCovered;
}

function isWildcardV6({ hostname }: HostPort): boolean {
  return hostname === "::";
}

/** Where a listener listens. */
function boundAddress(listener: BoundListener): HostPort {
  const { hostname, port } = listener.addr as Deno.NetAddr;
  return { hostname, port };
}
