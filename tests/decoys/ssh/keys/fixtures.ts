/**
 * Keys and signatures that the genuine ssh-keygen made.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash, createPublicKey } from "node:crypto";
import { WireReader, WireWriter } from "../../../../lib/decoys/ssh/wire.ts";

const FOLDER = new URL("fixtures/", import.meta.url);

/** Whether this runtime knows P-521: Deno 2.4 does not. */
export const HAS_P521 = (() => {
  try {
    createPublicKey({
      key: Buffer.concat([
        Buffer.from("30819b301006072a8648ce3d020106052b8104002303818600", "hex"),
        readPublic("ecdsa521").slice(-133),
      ]),
      format: "der",
      type: "spki",
    });
    return true;
  } catch {
    return false;
  }
})();

/** A fixture's bytes. */
export function readFixture(name: string): Uint8Array {
  return Deno.readFileSync(new URL(name, FOLDER));
}

/** The blob of a `.pub` file. */
export function readPublic(name: string): Uint8Array {
  const text = Deno.readTextFileSync(new URL(`${name}.pub`, FOLDER));
  return new Uint8Array(Buffer.from(text.split(" ")[1]!, "base64"));
}

/** A signature of `ssh-keygen -Y sign`, and what it is of: OpenSSH PROTOCOL.sshsig. */
export function readSignature(name: string): { signature: Uint8Array; data: Uint8Array } {
  const text = Deno.readTextFileSync(new URL(`${name}.sig`, FOLDER));
  const reader = new WireReader(Buffer.from(text.replace(/-----[^\n]*/g, ""), "base64"));
  const magic = reader.raw(6);
  reader.u32(); // version
  reader.string(); // public key
  const [namespace, reserved, hash] = [reader.string(), reader.string(), reader.string()];
  const digest = createHash(Buffer.from(hash).toString()).update("what a client signs\n").digest();
  const data = new WireWriter().raw(magic).string(namespace).string(reserved).string(hash)
    .string(digest).bytes();
  return { signature: reader.string(), data };
}
