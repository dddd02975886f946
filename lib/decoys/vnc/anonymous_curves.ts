/**
 * Key agreement for TLS without a certificate: X25519 (RFC 7748 §5) and P-256 (RFC 8422 §5.4).
 *
 * A client's point is looked at before the runtime gets it: older ones end when it is none.
 * @module
 */
import { Buffer } from "node:buffer";
import { createECDH, createPublicKey, diffieHellman, generateKeyPairSync } from "node:crypto";

/** Numbers of the curves: RFC 8422 §5.1.1. */
const SECP256R1 = 23;
const X25519 = 29;
/** P-256, y² = x³ - 3x + b modulo p: FIPS 186-4, D.1.2.3. */
const P = (1n << 256n) - (1n << 224n) + (1n << 192n) + (1n << 96n) - 1n;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
const COORDINATE_BYTES = 32;
const UNCOMPRESSED = 4;
/** What stands before a key in a SubjectPublicKeyInfo: RFC 8410 §4. */
const DER_PREFIX = Buffer.from("302a300506032b656e032100", "hex");

/** A server's side of an agreement. */
export interface Agreement {
  /** Number of the curve. */
  readonly group: number;
  /** What the client gets. */
  readonly point: Uint8Array;
  /**
   * The secret that both sides have.
   * @param peer the client's point, untrusted.
   * @returns `undefined` when it is none.
   */
  agree(peer: Uint8Array): Uint8Array | undefined;
}

/**
 * The curve that is used with a client: its own first choice.
 * @param groups that it offers.
 * @returns `undefined` when there is none.
 */
export function chooseGroup(groups: readonly number[]): number | undefined {
  return groups.find((group) => group === SECP256R1 || group === X25519);
}

/**
 * Makes a key pair.
 * @param group from `chooseGroup`.
 */
export function makeAgreement(group: number): Agreement {
  return group === X25519 ? onX25519() : onP256();
}

function onX25519(): Agreement {
  const { privateKey, publicKey } = generateKeyPairSync("x25519");
  const der = publicKey.export({ format: "der", type: "spki" });
  return {
    group: X25519,
    point: der.subarray(-COORDINATE_BYTES),
    agree(peer) {
      if (peer.length !== COORDINATE_BYTES) return undefined;
      const key = Buffer.concat([DER_PREFIX, peer]);
      const theirs = createPublicKey({ key, format: "der", type: "spki" });
      try {
        const secret = diffieHellman({ privateKey, publicKey: theirs });
        return secret.some((byte) => byte !== 0) ? secret : undefined;
      } catch {
        return undefined; // a point of small order: newer runtimes refuse it
      }
    },
  };
}

function onP256(): Agreement {
  const ecdh = createECDH("prime256v1");
  return {
    group: SECP256R1,
    point: Buffer.from(ecdh.generateKeys()),
    agree: (peer) => isOnP256(peer) ? ecdh.computeSecret(peer) : undefined,
  };
}

/** Whether it is a point of the curve, uncompressed. */
function isOnP256(point: Uint8Array): boolean {
  if (point.length !== 1 + 2 * COORDINATE_BYTES || point[0] !== UNCOMPRESSED) return false;
  const coordinate = (from: number) =>
    BigInt(`0x${Buffer.from(point.subarray(from, from + COORDINATE_BYTES)).toString("hex")}`);
  const [x, y] = [coordinate(1), coordinate(1 + COORDINATE_BYTES)];
  return x < P && y < P && (y * y - (x * x * x - 3n * x + B)) % P === 0n;
}
