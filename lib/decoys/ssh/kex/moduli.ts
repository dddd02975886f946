/**
 * The groups among which the group exchange chooses: moduli(5), a host's own or the built-in ones.
 * @module
 */
import { Buffer } from "node:buffer";
import { bytesToNumber, type Group } from "./dh_groups.ts";

/** Groups in the order of the file. */
export type Moduli = readonly Group[];

/** The only type that may be used: a safe prime. */
const TYPE_SAFE = 2;
/** Bit of the tests that says that the number is known to be composite. */
const TEST_COMPOSITE = 1;
/** Bits of the tests that there are. */
const MAX_TESTS = 0x1f;
/** Largest size that OpenSSH reads, in bits. */
const MAX_BITS = 64 * 1024;
/** Largest prime that a request can lead to, in bits: the others are not kept. */
const MAX_USED_BITS = 8192;
/** Largest generator, one byte: `ssh-keygen` makes groups with 2, 3 and 5. */
const MAX_GENERATOR = 255n;

/**
 * Reads a file in the format of moduli(5). As in OpenSSH, a line that makes no sense is left out.
 * @param text the file: `time type tests tries size generator modulus` a line, size one less than
 *   the prime's bits, the last two hexadecimal.
 */
export function parseModuli(text: string): Moduli {
  return text.split("\n").map(parseLine).filter((group) => group !== undefined);
}

function parseLine(line: string): Group | undefined {
  const fields = line.trim().split(/[ \t]+/);
  if (fields.length !== 7 || fields[0]!.startsWith("#")) return undefined;
  const [type, tests, tries, size] = fields.slice(1, 5).map((field) =>
    /^\d{1,10}$/.test(field) ? Number(field) : NaN
  ) as [number, number, number, number];
  const [generator, prime] = fields.slice(5) as [string, string];
  if (type !== TYPE_SAFE || !(tries > 0) || !(size > 0 && size < MAX_BITS)) return undefined;
  if (!(tests <= MAX_TESTS) || tests & TEST_COMPOSITE || tests === 0) return undefined;
  if (!/^[0-9a-f]+$/i.test(prime) || !/^[0-9a-f]+$/i.test(generator)) return undefined;
  if (prime.length > MAX_BITS / 4) return undefined;
  const group = { p: BigInt(`0x${prime}`), g: BigInt(`0x${generator}`), bits: size + 1 };
  const isRight = group.p >> BigInt(size) === 1n && group.g > 1n && group.g <= MAX_GENERATOR;
  return isRight && group.bits <= MAX_USED_BITS ? group : undefined;
}

let builtIn: Promise<Moduli> | undefined;

/** Some of those that Debian 12 installs, of all its sizes: 2,048 to 8,192 bits. */
export function builtInModuli(): Promise<Moduli> {
  return builtIn ??= import("./moduli_data.ts").then(({ MODULI }) => readBuiltIn(MODULI));
}

function readBuiltIn(text: string): Moduli {
  return text.trim().split("\n\n").map((entry) => {
    const [generator = "", ...lines] = entry.split("\n");
    const prime = Buffer.from(lines.join(""), "base64");
    return { p: bytesToNumber(prime), g: BigInt(generator), bits: prime.length * 8 };
  });
}
