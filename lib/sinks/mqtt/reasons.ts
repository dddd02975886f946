/**
 * What a broker's codes mean, and what would be right.
 * @module
 */

/** CONNACK of MQTT 3.1.1: §3.2.2.3. */
const CONNACK_3: Readonly<Record<number, string>> = {
  1: "protocol version not accepted; try version: 5",
  2: "client id rejected; check client_id",
  3: "server unavailable",
  4: "bad user name or password; check username and password",
  5: "not authorized; check username and password",
};

/** Reason codes of MQTT 5: §2.4. */
const REASONS_5: Readonly<Record<number, string>> = {
  0x80: "unspecified error",
  0x81: "malformed packet",
  0x82: "protocol error",
  0x83: "implementation specific error",
  0x84: "protocol version not supported; try version: 3.1.1",
  0x85: "client id not valid; check client_id",
  0x86: "bad user name or password; check username and password",
  0x87: "not authorized; check what the broker lets this user publish",
  0x88: "server unavailable",
  0x89: "server busy",
  0x8a: "banned",
  0x8b: "server shutting down",
  0x8c: "bad authentication method",
  0x8d: "keep alive timeout",
  0x8e: "session taken over; another client has the same client_id",
  0x90: "topic name not valid",
  0x91: "packet identifier in use",
  0x93: "receive maximum exceeded",
  0x95: "packet too large",
  0x96: "message rate too high",
  0x97: "quota exceeded",
  0x98: "administrative action",
  0x99: "payload format not valid",
  0x9a: "retain not supported",
  0x9b: "QoS not supported",
  0x9c: "use another server",
  0x9d: "server moved",
  0x9f: "connection rate exceeded",
};

/** Codes by which a broker refuses this very message: the same would be refused again. */
const FOR_GOOD: ReadonlySet<number> = new Set([0x90, 0x95, 0x99]);

/** From here on codes of MQTT 5 are refusals: §2.4. */
const FIRST_REFUSAL = 0x80;

/**
 * Says what a code means.
 * @param code of a CONNACK, PUBACK or DISCONNECT.
 * @param reason that came with it, escaped; may be empty.
 */
export function describeCode(code: number, reason = ""): string {
  const meaning = CONNACK_3[code] ?? REASONS_5[code];
  return `code ${code}` + (meaning === undefined ? "" : `, ${meaning}`) +
    (reason === "" ? "" : `: "${reason}"`);
}

/** Whether a PUBACK says no. */
export function isRefusal(code: number): boolean {
  return code >= FIRST_REFUSAL;
}

/** Whether a refused message would be refused again whatever is done. */
export function isForGood(code: number): boolean {
  return FOR_GOOD.has(code);
}
