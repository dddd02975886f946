/**
 * Option negotiation as the BSD telnet servers do it: for each option and side the state, the state
 * wanted, and how many requests of ours are not answered. RFC 854, and the scheme that RFC 1143
 * describes as the one of the 4.4BSD telnetd.
 *
 * What a change means is the server's affair: it says whether it agrees and acts by its `Policy`.
 * @module
 */
import { DO, DONT, IAC, WILL, WONT } from "./codes.ts";

/** One side's standing in one option. */
interface Standing {
  /** What was last said by the one whose side it is. */
  isOn: boolean;
  /** What we want, or have agreed to. */
  isWanted: boolean;
  /** Requests of ours that were not answered. */
  open: number;
}

/** What the server makes of the client's words. */
export interface Policy {
  /**
   * The client wants to change something that we did not ask for.
   * @returns `yes`, `no` (refused), or `silent`: nothing is sent and the state stays.
   */
  request(verb: number, option: number): "yes" | "no" | "silent";
  /** The client has answered a request of ours, or repeats what holds. */
  confirmed(verb: number, option: number): void;
  /** After the state was brought up to date. */
  settled(verb: number, option: number): void;
}

/** The options of one connection. */
export class Negotiation {
  readonly #ours = new Map<number, Standing>();
  readonly #theirs = new Map<number, Standing>();
  readonly #send: (bytes: readonly number[]) => void;
  readonly #policy: Policy;

  /**
   * @param send takes commands for the client.
   * @param policy decides.
   */
  constructor(send: (bytes: readonly number[]) => void, policy: Policy) {
    this.#send = send;
    this.#policy = policy;
  }

  /** Whether we do the option. */
  weDo(option: number): boolean {
    return standing(this.#ours, option).isOn;
  }

  /** Whether we want to do the option, or have agreed to. */
  weWant(option: number): boolean {
    return standing(this.#ours, option).isWanted;
  }

  /** Whether the client does the option. */
  theyDo(option: number): boolean {
    return standing(this.#theirs, option).isOn;
  }

  /** Whether the client is wanted to do the option. */
  theyShould(option: number): boolean {
    return standing(this.#theirs, option).isWanted;
  }

  /** Whether the client has not yet followed what we want of its side. */
  theirsIsOpen(option: number): boolean {
    const { isOn, isWanted } = standing(this.#theirs, option);
    return isOn !== isWanted;
  }

  /** Whether the client has not yet followed what we want of our side. */
  oursIsOpen(option: number): boolean {
    const { isOn, isWanted } = standing(this.#ours, option);
    return isOn !== isWanted;
  }

  /** Asks for a change, unless it holds or was asked for already. */
  ask(verb: number, option: number): void {
    const isOn = verb === WILL || verb === DO;
    const side = standing(verb === WILL || verb === WONT ? this.#ours : this.#theirs, option);
    if ((side.open === 0 && side.isOn === isOn) || side.isWanted === isOn) return;
    side.isWanted = isOn;
    side.open++;
    this.#send([IAC, verb, option]);
  }

  /** Asks for a change, and pretends not to: it can be asked again (timing mark). */
  probe(verb: number, option: number): void {
    standing(this.#theirs, option).open++;
    this.#send([IAC, verb, option]);
  }

  /** Takes a word of the client's. */
  receive(verb: number, option: number): void {
    const isOn = verb === WILL || verb === DO;
    const isTheirs = verb === WILL || verb === WONT;
    const side = standing(isTheirs ? this.#theirs : this.#ours, option);
    const answer = isTheirs ? (isOn ? DO : DONT) : (isOn ? WILL : WONT);
    const refusal = isTheirs ? DONT : WONT;
    if (side.open > 0) {
      side.open--;
      if (side.open > 0 && side.isOn === isOn) side.open--;
    }
    if (side.open === 0) {
      if (side.isWanted !== isOn) {
        const decision = this.#policy.request(verb, option);
        if (decision === "silent") return;
        if (decision === "no") {
          side.open++;
          this.#send([IAC, refusal, option]);
        } else {
          side.isWanted = isOn;
          // A "no" of the client's to what never was is not answered.
          if (isOn || side.isOn) this.#send([IAC, answer, option]);
        }
      } else {
        this.#policy.confirmed(verb, option);
      }
    }
    side.isOn = isOn;
    this.#policy.settled(verb, option);
  }
}

/** The standing of an option, all off when it was never named. */
function standing(side: Map<number, Standing>, option: number): Standing {
  let found = side.get(option);
  if (found === undefined) {
    found = { isOn: false, isWanted: false, open: 0 };
    side.set(option, found);
  }
  return found;
}
