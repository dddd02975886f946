/**
 * Line-at-a-time operation (RFC 1184) and its predecessor by timing marks, as inetutils-telnetd
 * offers them: the terminal never keeps the external processing that they need, so the server turns
 * them off again as soon as its first state is settled.
 * @module
 */
import { DONT, IAC, OPTION, SB, SE, WILL } from "./codes.ts";
import type { Negotiation } from "./negotiation.ts";
import type { Tty } from "./tty.ts";

/** Second byte of the sub-option that tells the mode. */
const MODE = 1;
/** RFC 1184 §2.2. */
const MODE_EDIT = 1;
const MODE_TRAPSIG = 2;
const MODE_ACK = 4;
const MODE_MASK = 0x1f;

/** What the client has shown to understand. */
export type LineModeKind = "none" | "kludge" | "real";

/** What line mode needs of its server. */
interface Server {
  readonly tty: Tty;
  readonly options: Negotiation;
  reply(bytes: readonly number[]): void;
}

/** Line mode of one connection. */
export class LineMode {
  /** What the client has shown to understand. */
  kind: LineModeKind = "none";
  readonly #server: Server;
  #isOn = false;
  #editMode = 0;

  /** @param server whose line mode it is. */
  constructor(server: Server) {
    this.#server = server;
  }

  /** The client wants it on or off. */
  set(isOn: boolean): void {
    if (this.#isOn === isOn) return;
    this.#isOn = isOn;
    if (isOn && this.kind === "real") {
      const { isCanonical, raisesSignals } = this.#server.tty;
      this.#editMode = (isCanonical ? MODE_EDIT : 0) | (raisesSignals ? MODE_TRAPSIG : 0);
      this.#tell(this.#editMode);
    }
    if (!isOn) this.#server.options.ask(WILL, OPTION.ECHO);
  }

  /** The terminal's state is known: the mode goes off. */
  settle(): void {
    const { options } = this.#server;
    if (this.#isOn) {
      if (this.kind === "real") options.ask(DONT, OPTION.LINEMODE);
      else if (this.kind === "kludge") options.ask(WILL, OPTION.SGA);
      options.ask(WILL, OPTION.ECHO);
      this.#isOn = false;
    } else if (this.kind === "kludge") {
      options.ask(WILL, OPTION.SGA);
    }
  }

  /** The client sets or acknowledges a mode: RFC 1184 §2.2. */
  change(mask: number): void {
    const mode = mask & MODE_MASK & ~MODE_ACK;
    if (mode === this.#editMode) return;
    const { tty } = this.#server;
    tty.isCanonical = (mode & MODE_EDIT) !== 0;
    tty.raisesSignals = (mode & MODE_TRAPSIG) !== 0;
    this.#editMode = mode;
    if ((mask & MODE_ACK) === 0) this.#tell(mode | MODE_ACK);
  }

  /** The genuine program sends its string's final NUL with the command. */
  #tell(mode: number): void {
    this.#server.reply([IAC, SB, OPTION.LINEMODE, MODE, mode, IAC, SE, 0]);
  }
}
