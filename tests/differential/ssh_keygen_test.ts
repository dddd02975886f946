/** Key files and signatures, both ways, against the genuine ssh-keygen and dropbearconvert. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { Buffer } from "node:buffer";
import { makeHostKey } from "../../lib/decoys/ssh/keys/host_key.ts";
import { loadHostKeys } from "../../lib/decoys/ssh/keys/host_keys.ts";
import { publicBlob } from "../../lib/decoys/ssh/keys/private_key.ts";
import { readPrivateKey } from "../../lib/decoys/ssh/keys/private_key_format.ts";
import { parsePublicKey } from "../../lib/decoys/ssh/keys/public_key.ts";
import { verifySignature } from "../../lib/decoys/ssh/keys/signature.ts";
import { WireReader, WireWriter } from "../../lib/decoys/ssh/wire.ts";
import { SecretFolder } from "../../lib/decoys/secret_store.ts";
import { tempFolder } from "../support/temp_folder.ts";

const KINDS = [
  ["-t", "rsa", "-b", "1024"],
  ["-t", "rsa", "-b", "3072"],
  ["-t", "ecdsa", "-b", "256"],
  ["-t", "ecdsa", "-b", "384"],
  ["-t", "ecdsa", "-b", "521"],
  ["-t", "ed25519"],
];

Deno.test("the host keys that a sensor makes are those of root@srv to ssh-keygen", async () => {
  using temp = tempFolder();
  const store = new SecretFolder(temp.path);
  const keys = await loadHostKeys({ store, hostname: "srv" });
  await keys.ready;
  for (
    const [algorithm, name, label] of [
      ["rsa-sha2-512", "rsa", "RSA"],
      ["ecdsa-sha2-nistp256", "ecdsa", "ECDSA"],
      ["ssh-ed25519", "ed25519", "ED25519"],
    ] as const
  ) {
    const { blob, type } = (await keys.forAlgorithm(algorithm))!;
    const { bits, fingerprint } = parsePublicKey(blob)!;
    const path = store.pathOf(`ssh_host_${name}_key`);
    assertEquals(
      await run("ssh-keygen", "-lf", path),
      `${bits} ${fingerprint} root@srv (${label})\n`,
    );
    const shown = `${type} ${Buffer.from(blob).toString("base64")} root@srv\n`;
    assertEquals(await run("ssh-keygen", "-y", "-f", path), shown);
  }
});

for (const kind of KINDS) {
  for (const format of ["RFC4716", "PEM", "PKCS8"]) {
    if (format !== "RFC4716" && kind.includes("ed25519")) continue; // ssh-keygen has only one for it
    Deno.test(`a key of ssh-keygen ${kind.join(" ")} -m ${format} is read, and signs for it`, async () => {
      using temp = tempFolder();
      const path = `${temp.path}/key`;
      await run("ssh-keygen", "-q", ...kind, "-m", format, "-N", "", "-C", "x", "-f", path);
      const key = readPrivateKey(Deno.readFileSync(path));
      const shown = Deno.readTextFileSync(`${path}.pub`).split(" ")[1]!;
      assertEquals(Buffer.from(publicBlob(key)).toString("base64"), shown);
      await checkBothSign(path, makeHostKey(key));
    });
  }
}

for (const type of ["rsa", "ecdsa", "ed25519"]) {
  Deno.test(`a host key of dropbearkey -t ${type} is read`, async () => {
    using temp = tempFolder();
    const path = `${temp.path}/key`;
    const printed = await run("dropbearkey", "-t", type, "-f", path);
    const blob = publicBlob(readPrivateKey(Deno.readFileSync(path)));
    assertStringIncludes(printed, Buffer.from(blob).toString("base64"));
  });
}

/** Ours are right to ssh-keygen, and its are right to us: OpenSSH PROTOCOL.sshsig. */
async function checkBothSign(path: string, key: ReturnType<typeof makeHostKey>): Promise<void> {
  const folder = path.slice(0, path.lastIndexOf("/"));
  const text = Deno.readFileSync(`${path}.pub`); // any bytes will do
  Deno.writeFileSync(`${folder}/text`, text);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-512", text));
  const head = new WireWriter().string("test").string("").string("sha512").bytes().slice();
  const data = new WireWriter().raw(new TextEncoder().encode("SSHSIG")).raw(head).string(digest)
    .bytes();
  const algorithm = key.algorithms[0]!;

  await run("ssh-keygen", "-q", "-Y", "sign", "-n", "test", "-f", path, `${folder}/text`);
  const genuine = new WireReader(readFrame(Deno.readTextFileSync(`${folder}/text.sig`)), 10);
  genuine.string(); // public key
  genuine.raw(head.length);
  const signature = genuine.string();
  assertEquals(verifySignature(algorithm, key.blob, { signature, data }), true);

  const ours = new WireWriter(2048).raw(new TextEncoder().encode("SSHSIG")).u32(1).string(key.blob)
    .raw(head).string(await key.sign(algorithm, data)).bytes();
  const base64 = Buffer.from(ours).toString("base64").replace(/.{70}/g, "$&\n");
  Deno.writeTextFileSync(
    `${folder}/ours.sig`,
    `-----BEGIN SSH SIGNATURE-----\n${base64}\n-----END SSH SIGNATURE-----\n`,
  );
  const check = ["-Y", "check-novalidate", "-n", "test", "-s", `${folder}/ours.sig`];
  const verdict = await run("ssh-keygen", ...check, { stdin: text });
  assertStringIncludes(verdict, 'Good "test" signature');
}

function readFrame(text: string): Uint8Array {
  return Buffer.from(text.replace(/-----[^\n]*/g, ""), "base64");
}

/** Runs a program to its end; what it printed. */
async function run(
  program: string,
  ...rest: readonly (string | { stdin: Uint8Array })[]
): Promise<string> {
  const args = rest.filter((part) => typeof part === "string");
  const input = rest.find((part) => typeof part !== "string")?.stdin ?? new Uint8Array(0);
  const child = new Deno.Command(program, {
    args,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(input);
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  assertEquals(code, 0, `${program} ${args.join(" ")}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}
