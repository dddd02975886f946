import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import {
  encapsulate,
  multiplySmall,
  P,
  Q,
  QUOTIENT_CODEC,
  type RandomBytes,
} from "../../../../lib/decoys/ssh/kex/sntrup761.ts";
import { RadixCodec } from "../../../../lib/decoys/ssh/kex/sntrup761_codec.ts";
import { NistDrbg } from "../../../support/nist_drbg.ts";
import { decapsulate, makeKeyPair } from "../../../support/sntrup761_owner.ts";

/**
 * From the known answers of the submission, ntruprime-20201007/KAT/kem/sntrup761. The secret is a hash
 * over the whole ciphertext, which has a hash of the whole public key in it: it stands for all three.
 */
const KNOWN_ANSWERS = [
  {
    seed:
      "061550234D158C5EC95595FE04EF7A25767F2E24CC2BC479D09D86DC9ABCFDE7056A8C266F9EF97ED08541DBD2E1FFA1",
    publicKey: "36C969CF1008A6AA9551A784941C65A9BF68C2DC33FA36B5D266B25171B346679F2D22BF3123A79C",
    secretKey: "55565515155545556569159955A255545545616145059455",
    ciphertext: "84F327D38929039EF84366AB796A96E6CC268454D5AD8D05410D3E969B6D228B6CED2CBAD7BAB3B4",
    secret: "344CA5E25F6DA5EA95E4A695B1C5446ECA9859334532E4A9537669F012C743A2",
  },
  {
    seed:
      "D81C4D8D734FCBFBEADE3D3F8A039FAA2A2C9957E835AD55B22E75BF57BB556AC81ADDE6AEEB4A5A875C3BFCADFA958F",
    publicKey: "D2530F125EE5F208B1976A66BCBC917161F6929E636BA8C73470DE18065F6057528D718744E9248D",
    secretKey: "",
    ciphertext: "",
    secret: "16C15126F734E51268BA916CE3B39A72E171AE79B8C2B6A68B34AB0DC5621B7E",
  },
];

for (const known of KNOWN_ANSWERS) {
  Deno.test(`encapsulate() gives the known answer ${known.secret.slice(0, 8)}`, () => {
    const random = knownRandom(known.seed);
    const { publicKey, secretKey } = makeKeyPair(random);
    assertEquals(hex(publicKey.subarray(0, known.publicKey.length / 2)), known.publicKey);
    assertEquals(hex(secretKey.subarray(0, known.secretKey.length / 2)), known.secretKey);
    const { ciphertext, secret } = encapsulate(publicKey, random);
    assertEquals(ciphertext.length, 1039);
    assertEquals(hex(ciphertext.subarray(0, known.ciphertext.length / 2)), known.ciphertext);
    assertEquals(hex(secret), known.secret);
    assertEquals(hex(decapsulate(ciphertext, secretKey)), known.secret);
    ciphertext[7]! ^= 1;
    assertNotEquals(hex(decapsulate(ciphertext, secretKey)), known.secret);
  });
}

Deno.test("encapsulate() agrees with the key's owner, with another secret each time", () => {
  const { publicKey, secretKey } = makeKeyPair(randomBytes);
  const secrets = new Set<string>();
  for (let i = 0; i < 20; i++) {
    const { ciphertext, secret } = encapsulate(publicKey);
    assertEquals(hex(decapsulate(ciphertext, secretKey)), hex(secret));
    secrets.add(hex(secret));
  }
  assertEquals(secrets.size, 20);
});

Deno.test("encapsulate() takes any 1158 bytes", () => {
  for (const publicKey of [new Uint8Array(1158), new Uint8Array(1158).fill(255)]) {
    assertEquals(encapsulate(publicKey).ciphertext.length, 1039);
  }
  for (let i = 0; i < 50; i++) encapsulate(randomBytes(1158));
});

Deno.test("encapsulate() refuses a key of another length", () => {
  assertThrows(() => encapsulate(new Uint8Array(1157)), RangeError, "has 1157 bytes");
});

Deno.test("multiplySmall() is the sum of shifted polynomials, with x^761 = x + 1", () => {
  // At the extremes: all coefficients as large as can be, all signs alike.
  for (const [value, sign] of [[2295, 1], [-2295, 1], [2295, -1]] as const) {
    const any = new Int16Array(P).fill(value);
    const small = new Int8Array(P).fill(sign);
    const sums = new Array<number>(2 * P).fill(0);
    for (let i = 0; i < P; i++) for (let j = 0; j < P; j++) sums[i + j]! += any[j]! * small[i]!;
    for (let i = 2 * P - 2; i >= P; i--) {
      sums[i - P]! += sums[i]!;
      sums[i - P + 1]! += sums[i]!;
    }
    const product = new Int16Array(P);
    multiplySmall(any, small, product);
    assertEquals(
      Array.from(product, (c) => (c + Q) % Q),
      sums.slice(0, P).map((c) => ((c % Q) + Q) % Q),
    );
  }
});

Deno.test("RadixCodec.decode() gives back what encode() wrote", () => {
  for (const modulus of [2, 255, 256, 257, 1531, 4591, 16383]) {
    for (const length of [1, 2, 3, 5, 8, 761]) {
      const codec = new RadixCodec(length, modulus);
      const numbers = Uint16Array.from({ length }, (_, i) => (i * 7919 + modulus - 1) % modulus);
      const bytes = new Uint8Array(codec.byteLength);
      codec.encode(numbers.slice(), bytes);
      const decoded = new Uint16Array(length);
      codec.decode(bytes, decoded);
      assertEquals(decoded, numbers);
    }
  }
});

// The checksums are those of the reference's Decode in C (OpenSSH's sntrup761.c) over the same bytes.
for (
  const { modulus, fill, checksum } of [
    { modulus: 4591, fill: 0, checksum: 3832192561 },
    { modulus: 4591, fill: 2, checksum: 3868544899 },
    { modulus: 4591, fill: 3, checksum: 2365187417 },
    { modulus: 4591, fill: 5, checksum: 484524827 },
    { modulus: 1531, fill: 0, checksum: 3590854771 },
    { modulus: 1531, fill: 2, checksum: 864907939 },
    { modulus: 1531, fill: 3, checksum: 4231793535 },
    { modulus: 1531, fill: 5, checksum: 315756731 },
  ]
) {
  Deno.test(`RadixCodec.decode() reduces like the reference: ${modulus}, ${fill}`, () => {
    const numbers = new Uint16Array(P);
    const codec = modulus === Q ? QUOTIENT_CODEC : new RadixCodec(P, modulus);
    codec.decode(garbage(fill), numbers);
    let sum = 0;
    for (const number of numbers) sum = (Math.imul(sum, 31) + number) >>> 0;
    assertEquals(sum, checksum);
  });
}

/** Bytes of a linear congruential generator; for 0 all of them 255. */
function garbage(seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: 1158 }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return seed === 0 ? 255 : state >>> 16;
  });
}

/** The reference asks for four bytes at a time where coefficients are made. */
function knownRandom(seed: string): RandomBytes {
  const drbg = new NistDrbg(Buffer.from(seed, "hex"));
  return (count) => {
    if (count !== 4 * P) return drbg.bytes(count);
    return Buffer.concat(Array.from({ length: P }, () => drbg.bytes(4)));
  };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex").toUpperCase();
}
