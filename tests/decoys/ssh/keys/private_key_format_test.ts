import { assert, assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { KeyFileError, publicBlob } from "../../../../lib/decoys/ssh/keys/private_key.ts";
import {
  formatPrivateKey,
  readPrivateKey,
} from "../../../../lib/decoys/ssh/keys/private_key_format.ts";
import { Random } from "../../../fuzz/random.ts";
import { HAS_P521, readFixture, readPublic } from "./fixtures.ts";

const OPENSSH = ["rsa", "ecdsa", "ed25519", "ecdsa384", ...(HAS_P521 ? ["ecdsa521"] : [])];
const OLDER = ["rsa_pem", "ecdsa_pem", "rsa_pkcs8", "ecdsa_pkcs8"];
const COMMENT = "test key, never in use";

for (const name of [...OPENSSH, ...OLDER]) {
  Deno.test(`readPrivateKey() reads ${name} as ssh-keygen wrote it`, () => {
    const key = readPrivateKey(readFixture(`${name}.key`));
    assertEquals(publicBlob(key), readPublic(name));
  });
}

for (const name of ["rsa", "ecdsa", "ed25519"]) {
  Deno.test(`readPrivateKey() reads ${name} in Dropbear's format`, () => {
    const key = readPrivateKey(readFixture(`${name}.dropbear`));
    assertEquals(key, readPrivateKey(readFixture(`${name}.key`)));
  });
}

Deno.test("readPrivateKey() reads an Ed25519 key of OpenSSL", () => {
  const key = readPrivateKey(readFixture("ed25519_pkcs8.key"));
  // By `openssl pkey -in ed25519_pkcs8.key -pubout`.
  assertEquals(Buffer.from(publicBlob(key)).toString("base64"), ED25519_PKCS8_BLOB);
});

const ED25519_PKCS8_BLOB = "AAAAC3NzaC1lZDI1NTE5AAAAIKnULu1kxdo55sxgsu8t/6jQViaTotM1QlRjUMUBVhlM";

for (const name of OPENSSH) {
  Deno.test(`formatPrivateKey() writes ${name} byte for byte as ssh-keygen did`, () => {
    const genuine = readFixture(`${name}.key`);
    const ours = formatPrivateKey(readPrivateKey(genuine), COMMENT);
    assertEquals(withoutCheck(ours), withoutCheck(genuine));
  });
}

/** The file's text with its two random numbers, which are the same, made zero. */
function withoutCheck(file: Uint8Array): string {
  const [first, ...lines] = Buffer.from(file).toString().trim().split("\n");
  const bytes = Buffer.from(lines.slice(0, -1).join(""), "base64");
  const at = bytes.indexOf(bytes.subarray(39 + 4, 39 + 4 + bytes.readUInt32BE(39)), 39 + 4) +
    bytes.readUInt32BE(39) + 4;
  assertEquals(bytes.subarray(at, at + 4), bytes.subarray(at + 4, at + 8));
  bytes.fill(0, at, at + 8);
  const widths = lines.map((line) => line.length);
  return [first, ...widths, lines.at(-1), bytes.toString("base64")].join("\n");
}

Deno.test("readPrivateKey() says why it takes a key not", () => {
  const refused = [
    [readFixture("encrypted.key"), "remove it with ssh-keygen -p"],
    [readFixture("encrypted_pem.key"), "remove it with ssh-keygen -p"],
    [readFixture("rsa.pub"), "it is a public key"],
    [readFixture("dss.key"), 'it is of type "ssh-dss", must be RSA, ECDSA or Ed25519'],
    [new TextEncoder().encode("hello"), "it is damaged, or no private key of SSH"],
    [new Uint8Array(0), "it is damaged, or no private key of SSH"],
    [new Uint8Array(65_537), "it has 65537 bytes, must have at most 65536"],
    [new Uint8Array(65_536), "must be RSA, ECDSA or Ed25519"],
    [
      new TextEncoder().encode("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
      'it is of the kind "CERTIFICATE"',
    ],
  ] as const;
  for (const [file, message] of refused) {
    assertThrows(() => readPrivateKey(file), KeyFileError, message);
  }
});

Deno.test("readPrivateKey() refuses RSA numbers that do not belong together", () => {
  const file = readFixture("rsa.dropbear");
  file[file.length - 1]! ^= 4; // the last prime's last bits
  assertThrows(() => readPrivateKey(file), KeyFileError, "do not belong together");
});

Deno.test("readPrivateKey() throws only KeyFileError, whatever a file holds", () => {
  const random = new Random("private keys");
  let refused = 0;
  for (const name of [...OPENSSH, ...OLDER, "ed25519_pkcs8"]) {
    const [head, ...lines] = Buffer.from(readFixture(`${name}.key`)).toString().trim().split("\n");
    const end = lines.pop();
    const bytes = Buffer.from(lines.join(""), "base64");
    for (let i = 0; i < 60; i++) {
      const changed = Buffer.from(
        bytes.subarray(0, i % 3 ? bytes.length : random.below(bytes.length)),
      );
      if (changed.length > 0) changed[random.below(changed.length)] = random.below(256);
      const file = new TextEncoder().encode(`${head}\n${changed.toString("base64")}\n${end}\n`);
      try {
        readPrivateKey(file);
      } catch (error) {
        assert(error instanceof KeyFileError, `${name}: ${error}`);
        refused++;
      }
    }
  }
  assert(refused > 200, `${refused} files refused`);
});

Deno.test("readPrivateKey() refuses base64 that is none, or cut short", () => {
  const [head, body, end] = Buffer.from(readFixture("ed25519.key")).toString()
    .match(/^(-[^\n]*\n)([^-]*)(-.*)$/s)!.slice(1) as [string, string, string];
  const read = (base64: string) =>
    readPrivateKey(new TextEncoder().encode(head + base64 + end)).type;
  assertEquals(read(body.replaceAll("\n", "\r\n ")), "ssh-ed25519");
  for (
    const wrong of [body.trim().slice(0, -1) + "\n", body + "BAgME\n", body + "=\n", "!\n", ""]
  ) {
    assertThrows(() => read(wrong), KeyFileError, "it is damaged");
  }
});
