/**
 * The terminal that stands between a telnet daemon and `login`: Linux's line discipline N_TTY in
 * canonical mode, as far as a peer sees it.
 *
 * Played: echo with `^X` for controls, erasing of characters, words and lines with their columns and
 * tabs, literal next, reprint, flow control, signals, end of file, the limit of 4096 bytes with its
 * way of overwriting, output with CR LF and expanded tabs, seven-bit input. Left out: UTF-8 erasing,
 * parity marks and job control, which a terminal at a login prompt has not.
 * @module
 */

/** N_TTY_BUF_SIZE: what the discipline holds, in bytes. */
const BUFFER_BYTES = 4096;
/** Output that is held while the peer stopped the terminal, in bytes; the rest is dropped. */
const MAX_HELD_BYTES = 16_384;

const BACKSPACE = 0x08;
const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const CARET = 0x5e;

/** Control characters of a fresh pseudo-terminal. */
const DEFAULT_CONTROLS = {
  intr: 0x03,
  eof: 0x04,
  start: 0x11,
  reprint: 0x12,
  stop: 0x13,
  kill: 0x15,
  lnext: 0x16,
  werase: 0x17,
  susp: 0x1a,
  quit: 0x1c,
  erase: 0x7f,
};

/** Names of the control characters. */
export type ControlName = keyof typeof DEFAULT_CONTROLS;

/** One line that can be read. */
export interface TtyLine {
  /** The line without its end. */
  readonly bytes: Uint8Array;
  /** How it ended: by a line feed, or by the end-of-file character. */
  readonly end: "newline" | "eof";
}

/** A terminal. Input goes in by `input`, output comes out by `takeOutput`. */
export class Tty {
  /** ECHO: whether input is shown. */
  echo = true;
  /** XTABS: whether tabs are sent as spaces. */
  expandsTabs = false;
  /** ICANON: whether lines are edited here; without it, what is there is a line. */
  isCanonical = true;
  /** ISIG: whether keys raise signals. */
  raisesSignals = true;
  /** ISTRIP: whether the eighth bit of input is dropped. */
  stripsInput = false;
  /** OPOST: whether LF is sent as CR LF, and tabs are expanded. */
  processesOutput = true;
  /** Control characters in force; 0 is none. */
  readonly controls: Record<ControlName, number> = { ...DEFAULT_CONTROLS };
  /** A signal that the peer's keys have raised. */
  signal: "intr" | "quit" | undefined;
  /** Whether a signal dropped output since the owner cleared this: telnetd then sends a data mark. */
  droppedOutput = false;

  #output: number[] = [];
  // Whole lines as bytes in a row, and the length of each: an object for each of 4096 empty lines
  // would let a peer fill a megabyte with four kilobytes.
  #lineBytes: number[] = [];
  /** Lengths of the lines, without their ends; the complement (below 0) where an eof ended it. */
  #lineLengths: number[] = [];
  #edited: number[] = [];
  #isLiteralNext = false;
  #isStopped = false;
  #column = 0;
  /** Column at which the line being edited begins. */
  #lineColumn = 0;

  /**
   * Takes what the peer typed, echoing it.
   * @param bytes of any length.
   */
  input(bytes: Iterable<number>): void {
    for (const byte of bytes) {
      const held = this.#lineBytes.length + this.#lineLengths.length;
      if (held > 0 && held + this.#edited.length >= BUFFER_BYTES - 1) return;
      this.#take(this.stripsInput ? byte & 0x7f : byte);
    }
    if (!this.isCanonical && this.#edited.length > 0) this.#endRaw();
  }

  /**
   * What a program writes.
   * @param text ASCII, with LF for an end of line.
   */
  print(text: string): void {
    for (let at = 0; at < text.length; at++) this.#put(text.charCodeAt(at));
  }

  /** The next line, taken; `undefined` when there is none. */
  takeLine(): TtyLine | undefined {
    const length = this.#lineLengths.shift();
    if (length === undefined) return undefined;
    const isEof = length < 0;
    const bytes = new Uint8Array(this.#lineBytes.splice(0, isEof ? ~length : length));
    return { bytes, end: isEof ? "eof" : "newline" };
  }

  /** Whether a line can be taken. */
  get hasLine(): boolean {
    return this.#lineLengths.length > 0;
  }

  /**
   * Drops all input that was not taken, as `tcsetattr` with TCSAFLUSH does.
   * @returns the whole lines that were lost.
   */
  flushInput(): Uint8Array[] {
    const lost: Uint8Array[] = [];
    for (let line = this.takeLine(); line !== undefined; line = this.takeLine()) {
      lost.push(line.bytes);
    }
    this.#edited = [];
    this.#isLiteralNext = false;
    return lost;
  }

  /** What is to be sent to the peer, taken; nothing while the peer has stopped the terminal. */
  takeOutput(): Uint8Array {
    if (this.#isStopped || this.#output.length === 0) return new Uint8Array(0);
    const bytes = new Uint8Array(this.#output);
    this.#output = [];
    return bytes;
  }

  #take(byte: number): void {
    const { controls } = this;
    if (this.#isLiteralNext) {
      this.#isLiteralNext = false;
      return this.#add(byte);
    }
    const code = byte === CR ? LF : byte;
    if (code === 0) return this.#add(code);
    if (code === controls.start) return void (this.#isStopped = false);
    if (code === controls.stop) return void (this.#isStopped = true);
    const isSignal = code === controls.intr || code === controls.quit || code === controls.susp;
    if (isSignal && this.raisesSignals) return this.#raise(code);
    if (!this.isCanonical) return this.#add(code);
    switch (code) {
      case LF:
        return this.#endLine("newline");
      case controls.erase:
        return this.#erase("character");
      case controls.werase:
        return this.#erase("word");
      case controls.kill:
        return this.#erase("line");
      case controls.lnext:
        this.#isLiteralNext = true;
        if (this.echo) {
          this.#putRaw(CARET);
          this.#putRaw(BACKSPACE);
        }
        return;
      case controls.reprint:
        if (!this.echo) return this.#add(code);
        // Nothing more would be held: a read full of this key must not cost a line's work each.
        if (this.#output.length >= MAX_HELD_BYTES) return;
        this.#show(code);
        this.#put(LF);
        for (const edited of this.#edited) this.#show(edited);
        return;
      case controls.eof:
        return this.#endLine("eof");
      default:
        return this.#add(code);
    }
  }

  /** A character of the line. In a full buffer each takes the place of the one before. */
  #add(byte: number): void {
    if (this.echo) {
      if (this.#edited.length === 0) this.#lineColumn = this.#column;
      this.#show(byte);
    }
    if (this.#edited.length >= BUFFER_BYTES - 1) this.#edited.pop();
    this.#edited.push(byte);
  }

  #endLine(end: TtyLine["end"], isShown = end === "newline"): void {
    if (isShown && this.echo) this.#put(LF);
    const { length } = this.#edited;
    for (const byte of this.#edited) this.#lineBytes.push(byte);
    this.#lineLengths.push(end === "eof" ? ~length : length);
    this.#edited = [];
  }

  /** Without editing a read gets what there is; a program takes a line feed at its end for a line. */
  #endRaw(): void {
    const isLine = this.#edited.at(-1) === LF;
    if (isLine) this.#edited.pop();
    this.#endLine(isLine ? "newline" : "eof", false);
  }

  /** A signal drops input, and output that has not left. ^Z stops nobody: a login has no shell. */
  #raise(code: number): void {
    this.flushInput();
    this.#output = [];
    this.droppedOutput = true;
    this.#isStopped = false;
    if (this.echo) this.#show(code);
    if (code === this.controls.intr) this.signal = "intr";
    else if (code === this.controls.quit) this.signal = "quit";
  }

  #erase(what: "character" | "word" | "line"): void {
    let inWord = false;
    while (this.#edited.length > 0) {
      const byte = this.#edited.at(-1)!;
      if (what === "word") {
        if (isWordByte(byte)) inWord = true;
        else if (inWord) return;
      }
      this.#edited.pop();
      if (this.echo) this.#unshow(byte);
      if (what === "character") return;
    }
  }

  /** Echoes a character: controls as `^X`, but for a tab. */
  #show(byte: number): void {
    if (byte === TAB || !isControl(byte)) return this.#put(byte);
    if (byte === LF && !this.isCanonical) return this.#put(byte);
    this.#putRaw(CARET);
    this.#putRaw(byte ^ 0x40);
    this.#column += 2;
  }

  /** Takes a shown character off the screen. */
  #unshow(byte: number): void {
    if (byte === TAB) return this.#unshowTab();
    for (let width = isControl(byte) ? 2 : 1; width > 0; width--) {
      for (const code of [BACKSPACE, SPACE, BACKSPACE]) this.#put(code);
    }
  }

  /** Goes back over a tab: as many columns as it had where it stood. */
  #unshowTab(): void {
    let column = 0;
    let afterTab = false;
    for (let at = this.#edited.length - 1; at >= 0 && !afterTab; at--) {
      if (this.#edited[at] === TAB) afterTab = true;
      else column += isControl(this.#edited[at]!) ? 2 : 1;
    }
    if (!afterTab) column += this.#lineColumn;
    for (let count = 8 - (column & 7); count > 0; count--) {
      this.#putRaw(BACKSPACE);
      if (this.#column > 0) this.#column--;
    }
  }

  /** Sends a character, processed as the modes say. */
  #put(byte: number): void {
    if (!this.processesOutput) return this.#putRaw(byte);
    switch (byte) {
      case LF:
        this.#putRaw(CR);
        this.#column = this.#lineColumn = 0;
        return this.#putRaw(LF);
      case CR:
        this.#column = this.#lineColumn = 0;
        return this.#putRaw(CR);
      case TAB: {
        const width = 8 - (this.#column & 7);
        this.#column += width;
        if (!this.expandsTabs) return this.#putRaw(TAB);
        for (let count = width; count > 0; count--) this.#putRaw(SPACE);
        return;
      }
      case BACKSPACE:
        if (this.#column > 0) this.#column--;
        return this.#putRaw(BACKSPACE);
      default:
        if (!isControl(byte)) this.#column++;
        return this.#putRaw(byte);
    }
  }

  #putRaw(byte: number): void {
    if (this.#output.length < MAX_HELD_BYTES) this.#output.push(byte);
  }
}

/** The kernel's `iscntrl`. */
function isControl(byte: number): boolean {
  return byte < 0x20 || byte === 0x7f;
}

/** What the kernel erases as one word: its Latin-1 letters, digits and the underscore. */
function isWordByte(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || byte === 0x5f ||
    (byte >= 0x61 && byte <= 0x7a) || (byte >= 0xc0 && byte !== 0xd7 && byte !== 0xf7);
}
