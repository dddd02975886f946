/**
 * Diffie-Hellman on the curves of NIST: RFC 5656 §4.
 *
 * A client's point is taken as OpenSSH takes it (`sshbuf_get_ec`, `sshkey_ec_validate_public`):
 * uncompressed, on the curve, not at infinity. P-256 and P-384 are the runtime's, P-521 is ours.
 * @module
 */
import { createECDH, randomBytes } from "node:crypto";
import { WireWriter } from "../wire.ts";
import { bytesToNumber, numberToBytes } from "./dh_groups.ts";
import {
  type KexAnswer,
  type KexHash,
  type KexMethod,
  KexValueError,
  type Turn,
} from "./method.ts";
import type { Point } from "./p521.ts";

/** A curve y² = x³ - 3x + b modulo p: FIPS 186-4, D.1.2. */
interface Curve {
  readonly hash: KexHash;
  /** Its name in `node:crypto`. */
  readonly name: string;
  /** Bytes of a coordinate. */
  readonly bytes: number;
  readonly p: bigint;
  readonly b: bigint;
  readonly order: bigint;
}

/** The curves, by the end of the method's name. */
export type CurveName = "nistp256" | "nistp384" | "nistp521";

const CURVES: Record<CurveName, Curve> = {
  nistp256: {
    hash: "sha256",
    name: "prime256v1",
    bytes: 32,
    p: (1n << 256n) - (1n << 224n) + (1n << 192n) + (1n << 96n) - 1n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
    order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  },
  nistp384: {
    hash: "sha384",
    name: "secp384r1",
    bytes: 48,
    p: (1n << 384n) - (1n << 128n) - (1n << 96n) + (1n << 32n) - 1n,
    b: BigInt(
      "0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
    ),
    order: BigInt(
      "0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    ),
  },
  nistp521: {
    hash: "sha512",
    name: "secp521r1",
    bytes: 66,
    p: (1n << 521n) - 1n,
    b: BigInt(
      "0x0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd" +
        "3bb1bf073573df883d2c34f1ef451fd46b503f00",
    ),
    order: BigInt(
      "0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc01" +
        "48f709a5d03bb5c9b8899c47aebb6fb71e91386409",
    ),
  },
};

/** An uncompressed point: SEC 1 §2.3.3. */
const UNCOMPRESSED = 4;

/**
 * The method with a curve.
 * @param curve by which the method's name ends: `ecdh-sha2-nistp256`.
 */
export function ecdhMethod(curve: CurveName): KexMethod {
  const parameters = CURVES[curve];
  return {
    hash: parameters.hash,
    values: "string",
    async respond(clientPublic: Uint8Array, turn: Turn): Promise<KexAnswer> {
      const point = readPoint(clientPublic, parameters);
      if (curve === "nistp256") return finish(nativeAnswer(clientPublic, parameters));
      if (curve === "nistp384") return await turn.run(nativeAnswer(clientPublic, parameters));
      const { multiply, P521_BASE } = await import("./p521.ts");
      return await turn.run(ownAnswer(point, parameters, { multiply, base: P521_BASE }));
    },
  };
}

/** @throws {KexValueError} when it is not a point that OpenSSH takes. */
function readPoint(bytes: Uint8Array, { bytes: length, p, b, order }: Curve): Point {
  if (bytes.length !== 1 + 2 * length || bytes[0] !== UNCOMPRESSED) {
    throw new KexValueError(`An uncompressed point of ${1 + 2 * length} bytes`);
  }
  const x = bytesToNumber(bytes.subarray(1, 1 + length));
  const y = bytesToNumber(bytes.subarray(1 + length));
  if (x >= p || y >= p || (y * y - (x * x - 3n) * x - b) % p !== 0n) {
    throw new KexValueError("A point on the curve");
  }
  // `sshkey_ec_validate_public`: coordinates neither of half the order's length, nor beyond it.
  const half = 1n << BigInt(order.toString(2).length >> 1);
  if (x < half || y < half || x >= order - 1n || y >= order - 1n) {
    throw new KexValueError("A point with long coordinates");
  }
  return { x, y };
}

/** The runtime's: a slice for the key, one for the secret. */
function* nativeAnswer(clientPublic: Uint8Array, curve: Curve): Generator<void, KexAnswer> {
  const own = createECDH(curve.name);
  const serverPublic = own.generateKeys();
  yield;
  return { serverPublic, secret: mpint(own.computeSecret(clientPublic)) };
}

function* ownAnswer(
  client: Point,
  { bytes, order }: Curve,
  { multiply, base }: {
    multiply: (point: Point, scalar: bigint) => Generator<void, Point>;
    base: Point;
  },
): Generator<void, KexAnswer> {
  // 64 bits more than the order has: the remainder's bias is nothing (FIPS 186-4, B.4.1).
  const scalar = bytesToNumber(randomBytes(bytes + 8)) % (order - 1n) + 1n;
  const own = yield* multiply(base, scalar);
  yield;
  const shared = yield* multiply(client, scalar);
  const serverPublic = new Uint8Array(1 + 2 * bytes);
  serverPublic[0] = UNCOMPRESSED;
  serverPublic.set(numberToBytes(own.x, bytes), 1);
  serverPublic.set(numberToBytes(own.y, bytes), 1 + bytes);
  return { serverPublic, secret: mpint(numberToBytes(shared.x, bytes)) };
}

function mpint(bytes: Uint8Array): Uint8Array {
  return new WireWriter(bytes.length + 5).mpint(bytes).bytes();
}

/** Runs a computation through: for the short ones. */
function finish<T>(steps: Generator<void, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
