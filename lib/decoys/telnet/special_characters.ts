/**
 * The special characters of line mode (RFC 1184 §2.4), as inetutils-telnetd negotiates them.
 *
 * A triplet is `function, level and flags, value`. What the client asks for before the terminal's
 * state is known is answered when it is.
 * @module
 */
import { ABORT, AO, BREAK, EC, EL, EOR, IAC, IP, OPTION, SB, SE, SUSP, XEOF } from "./codes.ts";
import type { ControlName } from "./tty.ts";

const NO_SUPPORT = 0;
const CANNOT_CHANGE = 1;
const VARIABLE = 2;
const DEFAULT = 3;
const LEVEL_BITS = 3;
const ACK = 0x80;
const FLUSH_IN = 0x40;
const FLUSH_OUT = 0x20;
/** Second byte of the sub-option. */
const SLC = 3;
/** Highest function number known. */
const LAST_FUNCTION = 18;
/** Room of the answer: eighteen triplets with every byte doubled. */
const MAX_ANSWER_BYTES = 108;

/** A function's level, and the control character that it sets, if one. */
interface Entry {
  readonly level: number;
  readonly control?: ControlName | "ao" | "forw1" | "forw2";
}

/** XON and XOFF. */
const FLOW_FUNCTIONS = [15, 16];

/** By function number, from 1. */
const ENTRIES: readonly Entry[] = [
  { level: NO_SUPPORT },
  { level: DEFAULT }, // SYNCH
  { level: DEFAULT }, // BRK
  { level: VARIABLE | FLUSH_IN | FLUSH_OUT, control: "intr" }, // IP
  { level: VARIABLE | FLUSH_OUT, control: "ao" },
  { level: DEFAULT }, // AYT
  { level: DEFAULT }, // EOR
  { level: VARIABLE | FLUSH_IN | FLUSH_OUT, control: "quit" }, // ABORT
  { level: VARIABLE, control: "eof" },
  { level: VARIABLE | FLUSH_IN, control: "susp" },
  { level: VARIABLE, control: "erase" }, // EC
  { level: VARIABLE, control: "kill" }, // EL
  { level: VARIABLE, control: "werase" }, // EW
  { level: VARIABLE, control: "reprint" }, // RP
  { level: VARIABLE, control: "lnext" },
  { level: VARIABLE, control: "start" }, // XON
  { level: VARIABLE, control: "stop" }, // XOFF
  { level: VARIABLE, control: "forw1" },
  { level: VARIABLE, control: "forw2" },
];
/** Functions that a client is urged to choose when they have no character. */
const URGED = new Set([10, 11, 12, 13, 14]);

/** The table of one connection. */
export class SpecialCharacters {
  readonly #controls: Record<ControlName, number>;
  readonly #others = { ao: 0x0f, forw1: 0, forw2: 0 };
  readonly #levels = ENTRIES.map(({ level }) => level);
  readonly #defaults: number[];
  readonly #current: { flag: number; value: number }[];
  #isStarted = false;
  #deferred: Uint8Array | undefined;
  #answer: number[] = [];

  /** @param controls the terminal's control characters, changed as the client asks. */
  constructor(controls: Record<ControlName, number>) {
    this.#controls = controls;
    this.#defaults = ENTRIES.map((entry) => this.#character(entry));
    this.#current = ENTRIES.map(() => ({ flag: NO_SUPPORT, value: 0 }));
  }

  /**
   * The key that a command of two bytes stands for.
   * @param command the byte behind IAC.
   * @returns `undefined` when it stands for none.
   */
  keyFor(command: number): number | undefined {
    switch (command) {
      case IP:
        return this.#controls.intr;
      case BREAK:
      case ABORT:
        return this.#controls.quit;
      case AO:
        return this.#others.ao;
      case EC:
        return this.#controls.erase;
      case EL:
        return this.#controls.kill;
      case SUSP:
        return this.#controls.susp;
      case EOR:
      case XEOF:
        return this.#controls.eof;
      default:
        return undefined;
    }
  }

  /**
   * The client does flow control itself, or does not.
   * @param level `fixed` says that its characters cannot be changed, `any` that it may choose them.
   */
  setFlowLevel(level: "fixed" | "any"): void {
    for (const code of FLOW_FUNCTIONS) {
      this.#levels[code] = level === "fixed" ? CANNOT_CHANGE : DEFAULT;
    }
  }

  /**
   * The terminal's state is known: answers what was asked before.
   * @returns the answer as a whole command; empty when nothing was asked.
   */
  start(): number[] {
    this.#isStarted = true;
    const deferred = this.#deferred;
    this.#deferred = undefined;
    return deferred === undefined ? [] : this.receive(deferred);
  }

  /**
   * Takes the client's triplets.
   * @param triplets what followed the sub-option's second byte.
   * @returns the answer as a whole command; empty when there is nothing to say.
   */
  receive(triplets: Uint8Array): number[] {
    if (!this.#isStarted) {
      this.#deferred ??= triplets.slice();
      return [];
    }
    this.#answer = [];
    for (let at = 0; at + 2 < triplets.length; at += 3) {
      this.#process(triplets[at]!, triplets[at + 1]!, triplets[at + 2]!);
    }
    if (this.#answer.length === 0) return [];
    return [IAC, SB, OPTION.LINEMODE, SLC, ...this.#answer, IAC, SE];
  }

  #process(code: number, flag: number, value: number): void {
    if (code > LAST_FUNCTION) return this.#add(code, NO_SUPPORT, 0);
    const level = flag & LEVEL_BITS;
    if (code === 0) {
      if (level === DEFAULT) this.#reset();
      if (level === DEFAULT || level === VARIABLE) this.#list();
      return;
    }
    const current = this.#current[code]!;
    if (level === (current.flag & LEVEL_BITS) && value === current.value) return;
    if ((flag & ACK) !== 0) return;
    this.#change(code, flag, value);
  }

  #change(code: number, flag: number, value: number): void {
    const entry = ENTRIES[code]!;
    const current = this.#current[code]!;
    const level = flag & LEVEL_BITS;
    if (level === NO_SUPPORT) {
      this.#current[code] = { flag, value: 0 };
      return this.#add(code, flag | ACK, value);
    }
    if (level === DEFAULT) {
      current.flag = (this.#levels[code]! & LEVEL_BITS) === DEFAULT
        ? NO_SUPPORT
        : this.#levels[code]!;
      current.value = this.#defaults[code]!;
      return this.#add(code, current.flag, current.value);
    }
    this.#current[code] = { flag, value };
    this.#set(entry, value);
    this.#add(code, flag | ACK, value);
  }

  #reset(): void {
    ENTRIES.forEach((entry, code) => {
      if (code === 0) return;
      const value = this.#defaults[code]!;
      this.#current[code] = { flag: value === 0 ? NO_SUPPORT : this.#levels[code]!, value };
      this.#set(entry, value);
    });
  }

  #list(): void {
    this.#current.forEach(({ flag, value }, code) => {
      if ((flag & LEVEL_BITS) !== NO_SUPPORT) this.#add(code, flag, value);
      else if (URGED.has(code)) this.#add(code, (flag & ~LEVEL_BITS) | DEFAULT, 0);
    });
  }

  #character({ control }: Entry): number {
    if (control === undefined) return 0;
    if (control === "ao" || control === "forw1" || control === "forw2") {
      return this.#others[control];
    }
    return this.#controls[control];
  }

  #set({ control }: Entry, value: number): void {
    if (control === undefined) return;
    if (control === "ao" || control === "forw1" || control === "forw2") {
      this.#others[control] = value;
    } else {
      this.#controls[control] = value;
    }
  }

  #add(...triplet: [number, number, number]): void {
    if (this.#answer.length + 4 > MAX_ANSWER_BYTES - 6) return;
    for (const byte of triplet) this.#answer.push(...(byte === IAC ? [IAC, IAC] : [byte]));
  }
}
