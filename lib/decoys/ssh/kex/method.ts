/**
 * What a key exchange method is to the transport.
 * @module
 */

/** Hash of a key exchange, by its name in `node:crypto`. */
export type KexHash = "sha1" | "sha256" | "sha384" | "sha512";

/** The server's part of an exchange. */
export interface KexAnswer {
  /** Our public value: for `dh` a big-endian number, else the bytes of the string on the wire. */
  readonly serverPublic: Uint8Array;
  /**
   * The shared secret as the exchange hash and the key derivation take it: with its length in front,
   * as an mpint (RFC 4253 §8, RFC 5656 §4, RFC 8731 §3.1) or as a string (the hybrid with sntrup761).
   */
  readonly secret: Uint8Array;
}

/** A client's public value that no exchange can be made with. */
export class KexValueError extends Error {
  override readonly name = "KexValueError";
}

/** A method with one message each way: RFC 4253 §8, RFC 5656 §4. */
export interface KexMethod {
  readonly hash: KexHash;
  /** Whether public values are mpints (`dh`) or strings (`string`) on the wire and in the hash. */
  readonly values: "dh" | "string";
  /**
   * Computes our part. Long ones give way to the rest of the sensor now and then.
   * @param clientPublic for `dh` a big-endian number, else the string's bytes; any length, untrusted.
   * @param turn lets a long computation wait for its turn and give way; see `long_work.ts`.
   * @throws {KexValueError} when the value is not one that the genuine server would take.
   */
  respond(clientPublic: Uint8Array, turn: Turn): Promise<KexAnswer>;
}

/** How a long computation shares the processor; one for each session. */
export interface Turn {
  /**
   * Runs a computation of many steps: one of all sources' at a time, fair between sources, with the
   * event loop served between slices.
   * @param steps does a slice of at most a few ms at each `next`, and returns the result at the end.
   */
  run<T>(steps: Generator<void, T>): Promise<T>;
}
