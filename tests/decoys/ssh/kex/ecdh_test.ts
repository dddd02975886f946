import { assertEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { createECDH, randomBytes } from "node:crypto";
import { bytesToNumber, numberToBytes } from "../../../../lib/decoys/ssh/kex/dh_groups.ts";
import { type CurveName, ecdhMethod } from "../../../../lib/decoys/ssh/kex/ecdh.ts";
import { KexValueError } from "../../../../lib/decoys/ssh/kex/method.ts";
import { multiply, P521_BASE, type Point } from "../../../../lib/decoys/ssh/kex/p521.ts";
import { WireReader } from "../../../../lib/decoys/ssh/wire.ts";
import { CountingTurn } from "./turns.ts";

const CURVES = [
  ["nistp256", "prime256v1", "sha256", 32],
  ["nistp384", "secp384r1", "sha384", 48],
  ["nistp521", undefined, "sha512", 66],
] as const;

for (const [curve, native, hash, length] of CURVES) {
  Deno.test(`ecdhMethod() agrees with a client on ${curve}`, async () => {
    const method = ecdhMethod(curve);
    assertEquals([method.hash, method.values], [hash, "string"]);
    for (let i = 0; i < 5; i++) {
      const client = native === undefined ? new P521Client() : createECDH(native);
      const answer = await method.respond(client.generateKeys(), new CountingTurn());
      assertEquals([answer.serverPublic.length, answer.serverPublic[0]], [1 + 2 * length, 4]);
      const expected = client.computeSecret(Buffer.from(answer.serverPublic));
      const secret = new WireReader(answer.secret);
      assertEquals(bytesToNumber(secret.string()), bytesToNumber(expected));
      secret.end();
    }
  });

  Deno.test(`ecdhMethod() refuses on ${curve} what is not an uncompressed point of it`, async () => {
    const method = ecdhMethod(curve);
    const good = await basePoint(curve);
    const x = good.subarray(1, 1 + length);
    const wrong = [
      new Uint8Array(0),
      new Uint8Array([0]), // infinity
      new Uint8Array([4]),
      good.subarray(0, -1),
      new Uint8Array([...good, 0]),
      new Uint8Array([2, ...x]), // compressed
      new Uint8Array([3, ...x]),
      new Uint8Array([6, ...good.subarray(1)]), // hybrid
      new Uint8Array([4, ...new Uint8Array(2 * length)]),
      new Uint8Array([4, ...new Uint8Array(2 * length).fill(255)]),
      good.with(good.length - 1, good.at(-1)! ^ 1),
      good.with(1 + length, good[1 + length]! ^ 1),
      good.with(length, good[length]! ^ 1),
    ];
    for (const bytes of wrong) {
      await assertRejects(() => method.respond(bytes, new CountingTurn()), KexValueError);
    }
    await method.respond(good, new CountingTurn());
  });
}

Deno.test("ecdhMethod() lets P-521 and P-384 give way, and answers P-256 at once", async () => {
  const slices: Record<string, number> = {};
  for (const [curve] of CURVES) {
    const turn = new CountingTurn();
    await ecdhMethod(curve).respond(await basePoint(curve), turn);
    slices[curve] = turn.slices;
  }
  assertEquals(slices, { nistp256: 0, nistp384: 2, nistp521: 16 });
});

/** A good point: one that the method itself makes, from the base point's published coordinates. */
async function basePoint(curve: CurveName): Promise<Uint8Array> {
  if (curve === "nistp521") return encode(P521_BASE);
  const key = createECDH(curve === "nistp256" ? "prime256v1" : "secp384r1");
  return await Promise.resolve(new Uint8Array(key.generateKeys()));
}

/** As `createECDH`, which has no P-521 here; `multiply()` is tested with published vectors. */
class P521Client {
  readonly #scalar = bytesToNumber(randomBytes(64));

  generateKeys(): Uint8Array {
    return encode(product(P521_BASE, this.#scalar));
  }

  computeSecret(other: Uint8Array): Uint8Array {
    const [x, y] = [other.subarray(1, 67), other.subarray(67)].map(bytesToNumber);
    return numberToBytes(product({ x: x!, y: y! }, this.#scalar).x, 66);
  }
}

function encode({ x, y }: Point): Uint8Array {
  return new Uint8Array([4, ...numberToBytes(x, 66), ...numberToBytes(y, 66)]);
}

function product(point: Point, scalar: bigint): Point {
  const steps = multiply(point, scalar);
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

const ORDER = BigInt(
  "0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f" +
    "709a5d03bb5c9b8899c47aebb6fb71e91386409",
);

Deno.test("multiply() makes the key pairs and the secret of RFC 5903 §8.3", () => {
  const i = BigInt(
    "0x0037ade9319a89f4dabdb3ef411aaccca5123c61acab57b5393dce47608172a095aa85a30fe1c2952c6771d937ba" +
      "9777f5957b2639bab072462f68c27a57382d4a52",
  );
  const r = BigInt(
    "0x0145ba99a847af43793fdd0e872e7cdfa16be30fdc780f97bccc3f078380201e9c677d600b343757a3bdbf2a3163" +
      "e4c2f869cca7458aa4a4effc311f5cb151685eb9",
  );
  assertEquals(
    numberToHex(product(P521_BASE, i).x),
    "0015417e84dbf28c0ad3c278713349dc7df153c897a1891bd98bab4357c9ecbee1e3bf42e00b8e380aeae57c2d107564" +
      "941885942af5a7f4601723c4195d176ced3e",
  );
  const shared = product(product(P521_BASE, r), i);
  assertEquals(shared, product(product(P521_BASE, i), r));
  assertEquals(
    numberToHex(shared.x),
    "01144c7d79ae6956bc8edb8e7c787c4521cb086fa64407f97894e5e6b2d79b04d1427e73ca4baa240a34786859810c06" +
      "b3c715a3a8cc3151f2bee417996d19f3ddea",
  );
});

function numberToHex(value: bigint): string {
  return Buffer.from(numberToBytes(value, 66)).toString("hex");
}

Deno.test("multiply() by 1 is the point, by the order less 1 its mirror, and sums add up", () => {
  const P = (1n << 521n) - 1n;
  assertEquals(product(P521_BASE, 1n), P521_BASE);
  assertEquals(product(P521_BASE, ORDER - 1n), { x: P521_BASE.x, y: P - P521_BASE.y });
  for (let i = 2n; i < 40n; i++) {
    // A window's edge, a doubling of the table, a sum that meets its own summand.
    assertEquals(product(product(P521_BASE, i), i + 1n), product(P521_BASE, i * (i + 1n)));
  }
});
