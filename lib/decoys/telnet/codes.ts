/**
 * Telnet's bytes: commands of RFC 854 and RFC 1184, option numbers, and sub-option codes.
 * @module
 */

/** Interpret as command: RFC 854. */
export const IAC = 0xff;
/** Asks the other side to stop, or not to begin. */
export const DONT = 0xfe;
/** Asks the other side to begin, or agrees that it has. */
export const DO = 0xfd;
/** Refuses, or stops. */
export const WONT = 0xfc;
/** Offers, or agrees. */
export const WILL = 0xfb;
/** Begins a subnegotiation. */
export const SB = 0xfa;
/** Erase line. */
export const EL = 0xf8;
/** Erase character. */
export const EC = 0xf7;
/** Are you there. */
export const AYT = 0xf6;
/** Abort output. */
export const AO = 0xf5;
/** Interrupt process. */
export const IP = 0xf4;
/** The break key. */
export const BREAK = 0xf3;
/** Data mark. */
export const DM = 0xf2;
/** Nothing. */
export const NOP = 0xf1;
/** Ends a subnegotiation. */
export const SE = 0xf0;
/** End of record: RFC 885. */
export const EOR = 0xef;
/** RFC 1184 §2.5. */
export const ABORT = 0xee;
/** RFC 1184 §2.5. */
export const SUSP = 0xed;
/** End of file: RFC 1184 §2.5. */
export const XEOF = 0xec;

/** The four verbs of option negotiation, as events name them. */
export const VERB_NAMES: Readonly<Record<number, string>> = {
  [WILL]: "WILL",
  [WONT]: "WONT",
  [DO]: "DO",
  [DONT]: "DONT",
};

/** Option numbers, as IANA registers them. */
export const OPTION = {
  BINARY: 0, // RFC 856
  ECHO: 1, // RFC 857
  SGA: 3, // RFC 858
  STATUS: 5, // RFC 859
  TIMING_MARK: 6, // RFC 860
  LOGOUT: 18, // RFC 727
  TERMINAL_TYPE: 24, // RFC 1091
  END_OF_RECORD: 25, // RFC 885
  NAWS: 31, // RFC 1073
  TERMINAL_SPEED: 32, // RFC 1079
  LFLOW: 33, // RFC 1372
  LINEMODE: 34, // RFC 1184
  X_DISPLAY: 35, // RFC 1096
  OLD_ENVIRON: 36, // RFC 1408
  AUTHENTICATION: 37, // RFC 2941
  ENCRYPT: 38, // RFC 2946
  NEW_ENVIRON: 39, // RFC 1572
} as const;

/** First byte of most sub-options: a value follows. */
export const IS = 0;
/** First byte of most sub-options: asks for a value. */
export const SEND = 1;
/** First byte of an environment sub-option that was not asked for. */
export const INFO = 2;
