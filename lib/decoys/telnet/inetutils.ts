/**
 * GNU inetutils-telnetd 2.4 as Debian 12 has it (2.4-2+deb12u3): asks for the client's terminal and
 * environment before it starts `login`, and starts none for a client that never answers.
 *
 * Since deb12u3 no variable of the client's is taken over, `USER` included, so CVE-2026-24061's
 * `-f root` has no effect: `login` asks as ever. What the variable held is in `telnet.client`.
 * Left out: Kerberos and DES, which fail without keys, and the urgent flag of data marks.
 * @module
 */
import { AO, AYT, DM, DO, DONT, EOR, IAC, IS, OPTION, SB, SE, SEND, WILL, WONT } from "./codes.ts";
import { doubleIac } from "./busybox.ts";
import { SpecialCharacters } from "./special_characters.ts";
import { LineMode } from "./line_mode.ts";
import { Negotiation } from "./negotiation.ts";
import { TelnetParser } from "./parser.ts";
import type { Daemon } from "./terminal.ts";
import { isKnownTerminal } from "./terminal_types.ts";
import type { Tty } from "./tty.ts";

/** What is kept of typing that comes before `login` runs, in bytes. */
const MAX_TYPED_BYTES = 8192;
/** Most times that a terminal's name is asked for. */
const MAX_TERMINAL_NAMES = 16;
const CR = 0x0d;
const LF = 0x0a;
const YES = new TextEncoder().encode("\r\n[Yes]\r\n");
/** Second byte of line mode's sub-options: RFC 1184 §2.1. */
const LINEMODE_MODE = 1;
const LINEMODE_SLC = 3;
/** RFC 1372: only XON restarts output. */
const LFLOW_RESTART_XON = 3;
const LFLOW_ON = 1;
/** Option 38: "these ciphers are supported", and none follows. */
const ENCRYPT_SUPPORT = 1;
/** Kerberos 5, mutual and one way. */
const AUTHENTICATION_TYPES = [2, 2, 2, 0];

/** The daemon's side of one connection. */
export class InetutilsDaemon implements Daemon {
  isOver = false;
  readonly #tty: Tty;
  readonly #parser: TelnetParser;
  readonly #options: Negotiation;
  readonly #special: SpecialCharacters;
  #replies: number[] = [];
  /** Typed and not given to the terminal yet. */
  #typed: number[] = [];
  /** Options whose sub-option has been answered, or will never be. */
  readonly #answered = new Set<number>();
  #terminalType: string | undefined;
  #isOpen = false;
  #isAfterCr = false;
  readonly #lineMode: LineMode;
  #hasSentAuthentication = false;
  #hasSentEncryption = false;
  #hasSentFlow = false;
  #isFlowAgreed = false;

  /** @param tty fed with what the client types. */
  constructor(tty: Tty) {
    this.#tty = tty;
    this.#special = new SpecialCharacters(tty.controls);
    this.#options = new Negotiation((bytes) => this.#reply(bytes), {
      request: (verb, option) => this.#decide(verb, option),
      confirmed: (verb, option) => this.#confirmed(verb, option),
      settled: (verb, option) => this.#settled(verb, option),
    });
    const [options, reply] = [this.#options, (bytes: readonly number[]) => this.#reply(bytes)];
    this.#lineMode = new LineMode({ tty, options, reply });
    this.#parser = new TelnetParser({
      data: (byte) => this.#data(byte),
      command: (code) => this.#command(code),
      option: (verb, option) => this.#options.receive(verb, option),
      subnegotiation: (bytes) => this.#subnegotiation(bytes),
    });
  }

  receive(chunk: Uint8Array): void {
    this.#parser.push(chunk);
    if (this.#isOpen) this.#type();
  }

  takeOutput(): Uint8Array {
    const tty = this.#tty;
    if (tty.droppedOutput) {
      tty.droppedOutput = false;
      this.#reply([IAC, DM]);
    }
    const output = doubleIac(tty.takeOutput());
    const bytes = new Uint8Array(this.#replies.length + output.length);
    bytes.set(this.#replies);
    bytes.set(output, this.#replies.length);
    this.#replies = [];
    return bytes;
  }

  /**
   * Gets to know the client: first what it can, then its values.
   * @param pump sends what is to be sent and takes what comes.
   */
  async askForTerminal(pump: () => Promise<unknown>): Promise<void> {
    const options = this.#options;
    options.ask(WILL, OPTION.AUTHENTICATION);
    options.ask(WILL, OPTION.ENCRYPT);
    const wanted = [
      OPTION.TERMINAL_TYPE,
      OPTION.TERMINAL_SPEED,
      OPTION.X_DISPLAY,
      OPTION.NEW_ENVIRON,
      OPTION.OLD_ENVIRON,
    ];
    for (const option of wanted) options.ask(DO, option);
    while (options.oursIsOpen(OPTION.ENCRYPT) || wanted.some((o) => options.theirsIsOpen(o))) {
      await pump();
    }
    const values: number[] = [OPTION.TERMINAL_SPEED, OPTION.X_DISPLAY];
    values.push(
      options.theyDo(OPTION.NEW_ENVIRON) ? OPTION.NEW_ENVIRON : OPTION.OLD_ENVIRON,
      OPTION.TERMINAL_TYPE,
    );
    for (const option of values) {
      if (options.theyDo(option)) this.#subReply([option, SEND]);
    }
    // A client that has both environments is asked for one and waited for twice: a genuine fault.
    for (const option of [OPTION.TERMINAL_SPEED, ...wanted.slice(2), OPTION.TERMINAL_TYPE]) {
      while (options.theyDo(option) && !this.#answered.has(option)) await pump();
    }
    if (options.theyDo(OPTION.TERMINAL_TYPE)) await this.#askForKnownType(pump);
  }

  /**
   * Agrees with the client on echo, window and line mode.
   * @param pump as above.
   */
  async agree(pump: () => Promise<unknown>): Promise<void> {
    const options = this.#options;
    options.ask(WILL, OPTION.SGA);
    options.ask(DO, OPTION.ECHO);
    if (!options.theyDo(OPTION.LINEMODE)) options.ask(DO, OPTION.LINEMODE);
    options.ask(DO, OPTION.NAWS);
    options.ask(WILL, OPTION.STATUS);
    options.ask(DO, OPTION.LFLOW);
    while (options.theirsIsOpen(OPTION.NAWS)) await pump();
    if (options.theyShould(OPTION.ECHO) && options.theyDo(OPTION.NAWS)) {
      while (options.theirsIsOpen(OPTION.ECHO)) await pump();
    }
    if (options.theyShould(OPTION.ECHO)) options.receive(WILL, OPTION.ECHO);
    if (!options.weDo(OPTION.ECHO)) options.ask(WILL, OPTION.ECHO);
    if (this.#lineMode.kind !== "real") options.probe(DO, OPTION.TIMING_MARK);
    this.#start();
  }

  /** Gives the terminal what was typed before, and from now on all that is typed. */
  open(): void {
    this.#isOpen = true;
    this.#type();
  }

  /** The state of the terminal is known: what depends on it is told to the client. */
  #start(): void {
    const options = this.#options;
    if (!options.theyShould(OPTION.BINARY)) options.ask(DO, OPTION.BINARY);
    this.#tellFlow();
    this.#lineMode.settle();
    this.#reply(this.#special.start());
  }

  #reply(bytes: readonly number[]): void {
    for (const byte of bytes) this.#replies.push(byte);
  }

  #subReply(bytes: readonly number[]): void {
    this.#reply([IAC, SB, ...bytes, IAC, SE]);
  }

  /** Asks for further names until one is known, or they repeat: RFC 1091. */
  async #askForKnownType(pump: () => Promise<unknown>): Promise<void> {
    const first = this.#terminalType;
    const next = async () => {
      if (!this.#options.theyDo(OPTION.TERMINAL_TYPE)) return;
      this.#answered.delete(OPTION.TERMINAL_TYPE);
      this.#subReply([OPTION.TERMINAL_TYPE, SEND]);
      while (!this.#answered.has(OPTION.TERMINAL_TYPE)) await pump();
    };
    for (let count = 0; count < MAX_TERMINAL_NAMES; count++) {
      const last = this.#terminalType;
      if (last === undefined || isKnownTerminal(last)) return;
      await next();
      if (this.#terminalType !== last && this.#options.theyDo(OPTION.TERMINAL_TYPE)) continue;
      if (this.#terminalType !== first) await next();
      return;
    }
  }

  #decide(verb: number, option: number): "yes" | "no" | "silent" {
    if (verb === WILL) return this.#decideWill(option);
    if (verb === DO) return this.#decideDo(option);
    if (option === OPTION.TIMING_MARK && verb === WONT) return "silent";
    if (verb === WONT) {
      if (option === OPTION.BINARY) this.#tty.stripsInput = true;
      if (option === OPTION.LINEMODE && this.#lineMode.kind === "real") this.#lineMode.set(false);
      if (option === OPTION.LFLOW) this.#special.setFlowLevel("fixed");
      this.#answered.add(option);
    } else {
      if (option === OPTION.BINARY) this.#tty.processesOutput = true;
      if (option === OPTION.ECHO && this.#lineMode.kind === "none") this.#tty.echo = false;
      if (option === OPTION.SGA && this.#lineMode.kind === "kludge") this.#lineMode.set(true);
    }
    return "yes";
  }

  #decideWill(option: number): "yes" | "no" | "silent" {
    switch (option) {
      case OPTION.BINARY:
        this.#tty.stripsInput = false;
        return "yes";
      case OPTION.TIMING_MARK:
        if (this.#lineMode.kind === "none") {
          this.#lineMode.kind = "kludge";
          this.#lineMode.set(true);
          this.#options.ask(WONT, OPTION.SGA);
        }
        return "silent";
      case OPTION.LINEMODE:
        this.#lineMode.kind = "real";
        return "yes";
      case OPTION.LFLOW:
        this.#special.setFlowLevel("any");
        return "yes";
      case OPTION.TERMINAL_TYPE:
      case OPTION.SGA:
      case OPTION.NAWS:
      case OPTION.TERMINAL_SPEED:
      case OPTION.X_DISPLAY:
      case OPTION.NEW_ENVIRON:
      case OPTION.OLD_ENVIRON:
      case OPTION.AUTHENTICATION:
      case OPTION.ENCRYPT:
        return "yes";
      default:
        return "no";
    }
  }

  #decideDo(option: number): "yes" | "no" | "silent" {
    switch (option) {
      case OPTION.ECHO:
        if (this.#lineMode.kind === "none") this.#tty.echo = true;
        return "yes";
      case OPTION.BINARY:
        this.#tty.processesOutput = false;
        return "yes";
      case OPTION.SGA:
        if (this.#lineMode.kind === "kludge") this.#lineMode.set(false);
        return "yes";
      case OPTION.STATUS:
      case OPTION.ENCRYPT:
        return "yes";
      case OPTION.TIMING_MARK:
        this.#reply([IAC, WILL, OPTION.TIMING_MARK]);
        return "silent";
      case OPTION.LOGOUT:
        this.#reply([IAC, WILL, OPTION.LOGOUT]);
        this.isOver = true;
        return "silent";
      default:
        return "no";
    }
  }

  /** The client answers a request of ours, or says what holds already. */
  #confirmed(verb: number, option: number): void {
    if (verb === WILL && option === OPTION.ECHO) this.#options.ask(DONT, OPTION.ECHO);
    if (verb === WILL && option === OPTION.LINEMODE) this.#lineMode.kind = "real";
    if (verb === WILL && option === OPTION.LFLOW) this.#isFlowAgreed = true;
    if (verb === WONT && option === OPTION.TIMING_MARK && this.#lineMode.kind !== "real") {
      this.#lineMode.kind = "none";
      this.#lineMode.set(false);
      this.#options.ask(WILL, OPTION.SGA);
      this.#options.ask(WILL, OPTION.ECHO);
    }
  }

  #settled(verb: number, option: number): void {
    if (verb !== WILL || !this.#options.theyShould(option)) return;
    if (option === OPTION.LINEMODE) this.#lineMode.set(true);
    if (option === OPTION.LFLOW && this.#isFlowAgreed) this.#tellFlow();
    if (option === OPTION.AUTHENTICATION && !this.#hasSentAuthentication) {
      this.#hasSentAuthentication = true;
      this.#subReply([OPTION.AUTHENTICATION, SEND, ...AUTHENTICATION_TYPES]);
    }
    if (option === OPTION.ENCRYPT && !this.#hasSentEncryption) {
      this.#hasSentEncryption = true;
      this.#subReply([OPTION.ENCRYPT, ENCRYPT_SUPPORT]);
    }
  }

  #tellFlow(): void {
    if (this.#hasSentFlow || !this.#options.theyDo(OPTION.LFLOW)) return;
    this.#hasSentFlow = true;
    this.#subReply([OPTION.LFLOW, LFLOW_RESTART_XON]);
    this.#reply([0]); // its string's final NUL, as in line mode
  }

  #data(byte: number): void {
    if (this.#isAfterCr) {
      this.#isAfterCr = false;
      if (byte === LF || byte === 0) return;
    }
    if (byte === CR && !this.#options.theyDo(OPTION.BINARY)) this.#isAfterCr = true;
    this.#key(byte);
  }

  #key(byte: number): void {
    if (this.#typed.length >= MAX_TYPED_BYTES) this.#typed = []; // as the genuine program does
    this.#typed.push(byte);
  }

  #command(code: number): void {
    if (code === AYT) return this.#reply([...YES]);
    if (code === EOR && !this.#options.theyDo(OPTION.END_OF_RECORD)) return;
    const key = this.#special.keyFor(code);
    if (key !== undefined) this.#key(key);
    if (code === AO) this.#reply([IAC, DM]);
  }

  #subnegotiation(bytes: Uint8Array): void {
    const [option = 0, kind] = bytes;
    switch (option) {
      case OPTION.TERMINAL_TYPE:
        if (!this.#options.theyDo(option)) return;
        this.#answered.add(option);
        if (kind === IS) this.#terminalType = asciiLower(bytes.subarray(2));
        return;
      case OPTION.TERMINAL_SPEED:
        if (this.#options.theyDo(option)) this.#answered.add(option);
        return;
      case OPTION.X_DISPLAY:
      case OPTION.NEW_ENVIRON:
      case OPTION.OLD_ENVIRON:
        if (kind === IS) this.#answered.add(option);
        return;
      case OPTION.STATUS:
        if (kind === SEND && this.#options.weDo(OPTION.STATUS)) this.#tellStatus();
        return;
      case OPTION.LINEMODE:
        if (!this.#options.theyDo(option)) return;
        if (kind === LINEMODE_SLC) this.#reply(this.#special.receive(bytes.subarray(2)));
        else if (kind === LINEMODE_MODE && bytes.length > 2) this.#lineMode.change(bytes[2]!);
        return;
    }
  }

  /** RFC 859: every option that is on, or agreed on. */
  #tellStatus(): void {
    const status: number[] = [];
    for (let option = 0; option <= OPTION.NEW_ENVIRON; option++) {
      if (this.#options.weWant(option)) status.push(WILL, option);
      if (this.#options.theyShould(option)) status.push(DO, option);
    }
    if (this.#options.theyShould(OPTION.LFLOW)) {
      status.push(SB, OPTION.LFLOW, LFLOW_ON, SE, SB, OPTION.LFLOW, LFLOW_RESTART_XON, SE);
    }
    this.#subReply([OPTION.STATUS, IS, ...status]);
  }

  #type(): void {
    const typed = this.#typed;
    this.#typed = [];
    this.#tty.input(typed);
  }
}

/** A terminal's name in lower case; bytes beyond ASCII stay what they are. */
function asciiLower(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes).replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
