/**
 * What a client did that ends its connection.
 * @module
 */

/** Reason codes of MQTT 5 (§2.4) with which the broker says why it ends a connection. */
export const Reason = {
  malformed: 0x81,
  protocol: 0x82,
  notAuthorized: 0x87,
  badAuthMethod: 0x8c,
  aliasInvalid: 0x94,
} as const;

/** Ends a connection: with a DISCONNECT if the client speaks MQTT 5 and a reason is given. */
export class Breach extends Error {
  override readonly name = "Breach";
  readonly reason: number | undefined;

  /**
   * @param expected what would have been right, as a noun phrase.
   * @param reason of `Reason`; without it the connection is closed without a word.
   */
  constructor(expected: string, reason?: number) {
    super(expected);
    this.reason = reason;
  }
}
