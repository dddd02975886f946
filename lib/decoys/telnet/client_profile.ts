/**
 * What a telnet client says about itself: the options that it names, in order, its terminal and its
 * environment. The order tells clients and attack tools apart.
 * @module
 */
import { escapeBytes } from "../../net/escape.ts";
import { IAC, INFO, IS, OPTION, VERB_NAMES } from "./codes.ts";
import { TelnetParser } from "./parser.ts";

/** Most options kept. */
const MAX_OPTIONS = 64;
/** Most environment variables kept. */
const MAX_VARIABLES = 32;
/** Longest name or value kept, in bytes. */
const MAX_VALUE_BYTES = 256;

/** RFC 1572 §2; the older RFC 1408 as implemented has VALUE and VAR the other way round. */
const VAR = 0;
const VALUE = 1;
const ESC = 2;
const USERVAR = 3;

/** What is known of a client: the data of `telnet.client`. */
export interface ClientSummary {
  /** In the client's order, such as `DO 3`. */
  readonly options: readonly string[];
  /** Names and values, escaped. */
  readonly environment: readonly (readonly [name: string, value: string])[];
  /** The first that it named, escaped. */
  readonly terminalType?: string;
  /** Such as `38400,38400`, escaped. */
  readonly terminalSpeed?: string;
  /** The last that it told, in characters. */
  readonly window?: readonly [columns: number, rows: number];
}

/** Collects from the raw stream, with no regard to what the product makes of it. */
export class ClientProfile {
  /** There is none before the first IAC: most of thousands of idle clients never send one. */
  #parser: TelnetParser | undefined;
  readonly #options: string[] = [];
  readonly #environment: [string, string][] = [];
  #terminalType: string | undefined;
  #terminalSpeed: string | undefined;
  #window: [number, number] | undefined;
  #spokeTelnet = false;

  /**
   * Takes the next bytes of the client.
   * @param bytes as they came.
   */
  push(bytes: Uint8Array): void {
    if (this.#parser === undefined && !bytes.includes(IAC)) return;
    this.#parser ??= this.#startParser();
    this.#parser.push(bytes);
  }

  /**
   * The event so far.
   * @returns `undefined` when the client never sent a telnet command.
   */
  summary(): ClientSummary | undefined {
    if (!this.#spokeTelnet) return undefined;
    return {
      options: [...this.#options],
      environment: [...this.#environment],
      ...(this.#terminalType === undefined ? {} : { terminalType: this.#terminalType }),
      ...(this.#terminalSpeed === undefined ? {} : { terminalSpeed: this.#terminalSpeed }),
      ...(this.#window === undefined ? {} : { window: this.#window }),
    };
  }

  #startParser(): TelnetParser {
    return new TelnetParser({
      data: () => {},
      command: () => this.#spokeTelnet = true,
      option: (verb, option) => {
        this.#spokeTelnet = true;
        if (this.#options.length < MAX_OPTIONS) {
          this.#options.push(`${VERB_NAMES[verb]} ${option}`);
        }
      },
      subnegotiation: (bytes) => {
        this.#spokeTelnet = true;
        this.#learn(bytes);
      },
    });
  }

  #learn(bytes: Uint8Array): void {
    const [option, kind] = bytes;
    const text = () => escapeBytes(bytes.subarray(2, 2 + MAX_VALUE_BYTES));
    switch (option) {
      case OPTION.TERMINAL_TYPE:
        if (kind === IS) this.#terminalType ??= text();
        break;
      case OPTION.TERMINAL_SPEED:
        if (kind === IS) this.#terminalSpeed ??= text();
        break;
      case OPTION.NAWS:
        if (bytes.length >= 5) {
          this.#window = [(bytes[1]! << 8) | bytes[2]!, (bytes[3]! << 8) | bytes[4]!];
        }
        break;
      case OPTION.X_DISPLAY:
        if (kind === IS) this.#add("DISPLAY", text());
        break;
      case OPTION.NEW_ENVIRON:
      case OPTION.OLD_ENVIRON:
        if (kind === IS || kind === INFO) this.#learnVariables(bytes);
        break;
    }
  }

  #learnVariables(bytes: Uint8Array): void {
    const isOld = bytes[0] === OPTION.OLD_ENVIRON;
    let name: number[] | undefined;
    let value: number[] | undefined;
    const finish = () => {
      if (name === undefined) return;
      this.#add(escapeBytes(new Uint8Array(name)), escapeBytes(new Uint8Array(value ?? [])));
      name = value = undefined;
    };
    for (let at = 2; at < bytes.length; at++) {
      let code = bytes[at]!;
      if (isOld && code <= VALUE) code = VALUE - code;
      if (code === VAR || code === USERVAR) {
        finish();
        name = [];
      } else if (code === VALUE && name !== undefined) {
        value = [];
      } else {
        const byte = code === ESC ? bytes[++at] : bytes[at];
        const part = value ?? name;
        if (byte !== undefined && part !== undefined && part.length < MAX_VALUE_BYTES) {
          part.push(byte);
        }
      }
    }
    finish();
  }

  #add(name: string, value: string): void {
    if (this.#environment.length < MAX_VARIABLES) this.#environment.push([name, value]);
  }
}
