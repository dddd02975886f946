/**
 * Security types by number: RFC 6143 §7.1.2, and VeNCrypt's own.
 * @module
 */
import type { VncOptions } from "../vnc.ts";

/** VNC authentication. */
export const VNC_AUTH = 2;
/** VeNCrypt, which has types of its own. */
export const VENCRYPT = 19;
/** VeNCrypt: user and password in clear. */
export const PLAIN = 256;
/** VeNCrypt: TLS without a certificate, then the password of VNC, or user and password. */
export const TLS_VNC = 258;
export const TLS_PLAIN = 259;
/** VeNCrypt: TLS with a certificate, then the same. */
export const X509_VNC = 261;
export const X509_PLAIN = 262;

const NUMBERS: Record<VncOptions["security_types"][number], number> = {
  VncAuth: VNC_AUTH,
  Plain: PLAIN,
  TLSVnc: TLS_VNC,
  TLSPlain: TLS_PLAIN,
  X509Vnc: X509_VNC,
  X509Plain: X509_PLAIN,
};

/**
 * The number of a type.
 * @param name as TigerVNC's SecurityTypes has it.
 */
export function typeNumber(name: VncOptions["security_types"][number]): number {
  return NUMBERS[name];
}

/**
 * Whether a type is one of VeNCrypt's alone.
 * @param type its number.
 */
export function isExtended(type: number): boolean {
  return type >= 256;
}
