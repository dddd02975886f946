/**
 * What makes one SSH server another: its texts, lists and manners.
 * @module
 */
import type { KexLists, NamesReader } from "./kex_init.ts";
import type { LineRules } from "./identification.ts";
import type { PacketError, PacketRules } from "./packet.ts";
import type { AuthProfile } from "./auth_profile.ts";

/** What a server does with something that it does not simply take. */
export type Refusal =
  | "silence" // closes without a word
  | { readonly text: string } // says a line in clear and closes; before keys only
  | { readonly disconnect: string }; // SSH_MSG_DISCONNECT with this text, and closes

/** What a server does with a message. */
export type Reaction = "take" | "ignore" | "unimplemented" | Refusal;

/** How a connection stands when a message comes. */
export interface Situation {
  /** What the transport waits for: the peer's KEXINIT, its part of the exchange, its NEWKEYS, or anything. */
  readonly stage: "kexinit" | "exchange" | "newkeys" | "open";
  /** Whether there were no keys before. */
  readonly isInitial: boolean;
  /** Whether both sides asked for strict key exchange (OpenSSH PROTOCOL §1.10). */
  readonly isStrict: boolean;
  /** Message numbers of the exchange that are expected now. */
  readonly expected: readonly number[];
  /** Sequence number of the message. */
  readonly sequence: number;
  /** Whether `ssh-userauth` was accepted. */
  readonly isAuthenticating: boolean;
  /** Whether a prompt of `keyboard-interactive` waits for its answer. */
  readonly isPrompting: boolean;
  /** Whether the peer said that it sends EXT_INFO, and has not yet. */
  readonly mayExtend: boolean;
  /** Whether an authentication was requested before. */
  readonly hasTried: boolean;
}

/** One server. */
export interface Product {
  /** The version line, without its end. */
  readonly identification: string;
  /** Whether the KEXINIT leaves with the version line, or only after the peer's. */
  readonly greetsWithKexInit: boolean;
  /**
   * What is offered.
   * @param clientLine the peer's version line, Latin-1: some are known not to manage everything. Empty
   * when it is not known yet.
   */
  lists(clientLine: string): KexLists;
  /** How the peer's version line is read. */
  lineRules(): LineRules;
  /**
   * Judges the peer's version line.
   * @param line Latin-1.
   * @param isRefused whether it was refused before its end.
   * @returns `undefined` when the talk goes on.
   */
  judgeLine(line: string, isRefused: boolean): Refusal | undefined;
  readonly packets: PacketRules;
  /** What the peer hears of a packet that makes no sense. */
  fault(error: PacketError): Refusal;
  /** What is done with a message of this number. */
  react(type: number, situation: Situation): Reaction;
  /** What is done when strict key exchange is asked for in a KEXINIT that was not the first packet. */
  readonly lateStrictness: Refusal;
  /** Whether contents of DEBUG and UNIMPLEMENTED that are cut short end the talk. */
  readonly readsNotices: boolean;
  /** Whether messages may have bytes behind their last field. */
  readonly allowsTrailing: boolean;
  /** How the lists of a KEXINIT are read. */
  readonly readNames: NamesReader;
  /** Whether a NUL at the end of a text does not count, and one before it ends the talk. */
  readonly readsCTexts: boolean;
  /**
   * Whether a guessed first packet of the exchange (RFC 4253 §7) is the right one.
   * @param client what the peer offers.
   * @param server what we offer.
   * @param agreed the method that was agreed on.
   */
  isGuessRight(client: KexLists, server: KexLists, agreed: string): boolean;
  /**
   * Whether a message is the wrongly guessed packet, which is passed over.
   * @param type its number.
   * @param reaction what would be done with it otherwise.
   */
  swallows(type: number, reaction: Reaction): boolean;
  /** Fewest bits that a client's Diffie-Hellman value must have set. */
  readonly minDhBits: number;
  /** EXT_INFO (RFC 8308) for a peer that takes it: names and values, in order. */
  readonly extensions: readonly (readonly [name: string, value: string])[];
  /** What the peer hears of a public value that makes no sense. */
  readonly badValue: Refusal;
  readonly auth: AuthProfile;
}
