/**
 * PostgreSQL messages as a client sends them, one character a byte, also wrong ones.
 *
 * The frontend/backend protocol 3.0: PostgreSQL 15 documentation, chapter 55.
 * @module
 */

/** Protocol 3.0 as a startup packet has it. */
export const PROTOCOL_3 = 3 << 16;

/** An int32, big endian, as four characters. */
export function int32(value: number): string {
  return String.fromCharCode(...[24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff));
}

/**
 * A packet without a type: its length, a code, and the rest.
 * @param code protocol version or request.
 * @param body what follows it.
 */
export function packet(code: number, body = ""): string {
  return int32(8 + body.length) + int32(code) + body;
}

/** SSLRequest. */
export const SSL_REQUEST = packet(80877103);
/** GSSENCRequest. */
export const GSS_REQUEST = packet(80877104);

/**
 * A startup packet.
 * @param parameters names and values.
 * @param protocol version; 3.0 when absent.
 */
export function startup(
  parameters: Readonly<Record<string, string>>,
  protocol = PROTOCOL_3,
): string {
  const pairs = Object.entries(parameters).map(([name, value]) => `${name}\0${value}\0`);
  return packet(protocol, pairs.join("") + "\0");
}

/**
 * A message with a type.
 * @param type one character.
 * @param body what follows the length.
 */
export function message(type: string, body: string): string {
  return type + int32(4 + body.length) + body;
}

/** PasswordMessage. */
export function passwordMessage(password: string): string {
  return message("p", password + "\0");
}

/**
 * SASLInitialResponse.
 * @param first the mechanism's first message; `null` for none.
 * @param mechanism SCRAM-SHA-256 when absent.
 */
export function saslInitial(first: string | null, mechanism = "SCRAM-SHA-256"): string {
  const data = first === null ? int32(-1) : int32(first.length) + first;
  return message("p", `${mechanism}\0${data}`);
}
