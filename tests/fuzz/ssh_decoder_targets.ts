/**
 * SSH's decoders, each by itself: lists, authentication requests, keys, signatures, groups, version
 * lines and packets under every cipher.
 * @module
 */
import {
  CIPHERS,
  keySizes,
  MACS,
  makeOpener,
  makeSealer,
} from "../../lib/decoys/ssh/cipher/ciphers.ts";
import { reportKey } from "../../lib/decoys/ssh/auth_key_report.ts";
import { decodeAnswers, decodeAuthRequest } from "../../lib/decoys/ssh/auth_request.ts";
import { describeClient } from "../../lib/decoys/ssh/client_report.ts";
import { readVersionLine, VersionLineEnd } from "../../lib/decoys/ssh/identification.ts";
import { agree, type ClientKexInit, decodeKexInit } from "../../lib/decoys/ssh/kex_init.ts";
import { parseModuli } from "../../lib/decoys/ssh/kex/moduli.ts";
import { KeyFileError, type PrivateKey } from "../../lib/decoys/ssh/keys/private_key.ts";
import { formatPrivateKey, readPrivateKey } from "../../lib/decoys/ssh/keys/private_key_format.ts";
import { fingerprint, parsePublicKey } from "../../lib/decoys/ssh/keys/public_key.ts";
import { PacketBudget, PacketError, PacketLayer } from "../../lib/decoys/ssh/packet.ts";
import { DROPBEAR } from "../../lib/decoys/ssh/products/dropbear.ts";
import { OPENSSH_DEBIAN_12, OPENSSH_UBUNTU_24 } from "../../lib/decoys/ssh/products/openssh.ts";
import { WireError, WireWriter } from "../../lib/decoys/ssh/wire.ts";
import { readFixture } from "../decoys/ssh/keys/fixtures.ts";
import { memorySession } from "../support/memory_session.ts";
import { message } from "../support/ssh_messages.ts";
import { decoded, isSame, textSeeds } from "./decoder_targets.ts";
import { checkEvent, fuzzScope } from "./event_checks.ts";
import { latin1 } from "./mutate.ts";
import { Random } from "./random.ts";
import { AUTH_SEEDS, KEX_SEEDS, SESSION_INITS, SIGNATURE_SEEDS } from "./ssh_seeds.ts";
import {
  type Case,
  check,
  cutRandomly,
  join,
  type Outcome,
  type Seed,
  type Target,
} from "./target.ts";

const PRODUCTS = [OPENSSH_DEBIAN_12, OPENSSH_UBUNTU_24, DROPBEAR];
const SCOPE = fuzzScope("ssh");

/** Targets in `lib/decoys/ssh`. */
export function sshDecoderTargets(): Target[] {
  return [
    { name: "ssh_kexinit", seeds: INIT_SEEDS, run: runKexInit },
    { name: "ssh_auth_request", seeds: [...AUTH_SEEDS, ...ANSWERS], run: runAuthRequest },
    { name: "ssh_signature", seeds: SIGNATURE_SEEDS, run: runSignature },
    { name: "ssh_private_key", seeds: KEY_SEEDS, maxBytes: 16_384, run: runPrivateKey },
    { name: "ssh_moduli", seeds: MODULI_SEEDS, run: runModuli },
    { name: "ssh_version", seeds: LINE_SEEDS, run: runVersion },
    { name: "ssh_packets", seeds: [...KEX_SEEDS, ...AUTH_SEEDS], run: runPackets },
    { name: "ssh_openers", seeds: [...KEX_SEEDS, ...LINE_SEEDS], run: runOpeners },
  ];
}

const INIT_SEEDS: readonly Seed[] = SESSION_INITS.map((payload) => ({
  name: "kexinit",
  messages: [payload],
}));
const ANSWERS: readonly Seed[] = [{
  name: "answers",
  messages: [message(61, 1, "x"), message(61, 0), message(61, 4_294_967_295, "x", "")],
}];
const KEY_SEEDS: readonly Seed[] = [
  ...["ed25519.key", "ecdsa.key", "rsa.key", "rsa_pem.key", "ecdsa_pem.key", "rsa_pkcs8.key"],
  ...["ed25519_pkcs8.key", "ecdsa.dropbear", "ed25519.dropbear", "rsa.dropbear", "encrypted.key"],
].map((name) => ({ name, messages: [readFixture(name)] }));
const MODULI_SEEDS = textSeeds("moduli", [
  "# Time Type Tests Tries Size Generator Modulus\n20230127193047 2 6 100 11 2 FB3\n",
  "20230127193047 2 6 100 2047 5 " + "F".repeat(512) + "\n1 2 4 1 15 2 8003\n",
]);
const LINE_SEEDS = textSeeds("lines", [
  "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\0\0\0\x0c",
  "SSH-1.99-x\nSSH-2.0-y\r\n",
  "GET / HTTP/1.0\r\n\r\n",
  "\r\r\nSSH-2.0-" + "x".repeat(300),
  "SSH- +2. -1-" + "y".repeat(8190) + "\r\n",
]);

function runKexInit({ messages, choices }: Case): Outcome {
  const payload = join(messages);
  const product = new Random(choices).pick(PRODUCTS);
  let client: ClientKexInit;
  try {
    client = decodeKexInit(payload, product);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return decoded(payload, 0);
  }
  const server = product.lists("");
  const agreement = agree(client, server, (name) => CIPHERS[name]?.isAead ?? false);
  if (typeof agreement === "object") {
    check(server.kex.includes(agreement.kex), "agrees on what there is", () => agreement.kex);
    check(client.kex.includes(agreement.kex), "agrees on what is offered", () => agreement.kex);
  }
  const data = { clientVersion: "SSH-2.0-x", ...describeClient(client) };
  checkEvent(SCOPE, { id: "ssh.client", data }, { isSample: true });
  return { input: payload.length, output: 0, events: 1 };
}

function runAuthRequest({ messages }: Case): Outcome {
  let events = 0;
  for (const payload of messages) {
    const request = decodeAuthRequest(payload);
    const { userBytes, serviceBytes, methodBytes, password, newPassword } = request;
    const parts = [userBytes, serviceBytes, methodBytes, password, newPassword];
    const total = parts.reduce((sum, part) => sum + (part?.length ?? 0), 0);
    check(total <= payload.length, "fields are of the message", () => `${total} bytes`);
    const { answers, isWhole } = decodeAnswers(payload);
    check(answers.length <= 100, "answers are bounded", () => `${answers.length}`);
    check(join(answers).length <= payload.length, "answers are of the message", () => "they grow");
    if (isWhole) {
      check(isSame(answersMessage(answers), payload.subarray(1)), "answers are whole", () => "no");
    }
    if (request.key === undefined) continue;
    const publicKey = reportKey(request.key, new Uint8Array(32));
    const data = { method: "publickey", username: "x", publicKey } as const;
    checkEvent(SCOPE, { id: "auth.attempt", data }, { isSample: true });
    events++;
  }
  return { input: join(messages).length, output: 0, events };
}

function answersMessage(answers: readonly Uint8Array[]): Uint8Array {
  const writer = new WireWriter().u32(answers.length);
  for (const answer of answers) writer.string(answer);
  return writer.bytes();
}

function runSignature({ messages }: Case): Outcome {
  const [blob = new Uint8Array(0), signature, algorithm] = messages;
  const key = parsePublicKey(blob);
  check(/^SHA256:[\w+/]{43}$/.test(fingerprint(blob)), "a fingerprint", () => fingerprint(blob));
  if (key !== undefined) {
    check(key.fingerprint.startsWith("SHA256:"), "a fingerprint", () => key.fingerprint);
    check(key.bits >= 0 && key.bits <= 65_536, "a key has a size", () => `${key.bits} bits`);
  }
  const publicKey = reportKey({
    algorithm: latin1(algorithm ?? new Uint8Array(0)),
    blob,
    ...(signature === undefined ? {} : { signature, signed: new Uint8Array(4) }),
  }, new Uint8Array(32));
  check(publicKey.signatureValid !== true, "no forgery is right", () => String(publicKey.type));
  const data = { method: "publickey", username: "x", publicKey } as const;
  checkEvent(SCOPE, { id: "auth.attempt", data }, { isSample: true });
  return { input: join(messages).length, output: 0, events: 1 };
}

function runPrivateKey({ messages }: Case): Outcome {
  const file = join(messages);
  let key: PrivateKey;
  try {
    key = readPrivateKey(file);
  } catch (error) {
    if (!(error instanceof KeyFileError)) throw error;
    return decoded(file, 0);
  }
  const again = readPrivateKey(formatPrivateKey(key, "root@srv"));
  check(again.type === key.type, "a key is what was read", () => `${again.type}, ${key.type}`);
  return decoded(file, 1);
}

function runModuli({ messages }: Case): Outcome {
  const bytes = join(messages);
  const groups = parseModuli(latin1(bytes));
  for (const { p, g, bits } of groups) {
    check(p.toString(2).length === bits, "a prime has its size", () => `${bits} bits`);
    check(g > 1n && g < p && bits <= 8192, "a group is of use", () => `${bits} bits, g ${g}`);
  }
  return decoded(bytes, groups.length);
}

async function runVersion({ messages, choices }: Case): Promise<Outcome> {
  const random = new Random(choices);
  const bytes = join(messages);
  const product = random.pick(PRODUCTS);
  const read = async (segments: readonly Uint8Array[]): Promise<string> => {
    const { session, stream } = memorySession();
    for (const segment of segments) stream.send(segment);
    stream.end();
    try {
      const line = await readVersionLine(session, product.lineRules());
      const text = latin1(line.bytes);
      product.lists(text);
      const verdict = JSON.stringify(product.judgeLine(text, line.isRefused));
      check(line.taken <= bytes.length, "a line is of what came", () => `${line.taken}`);
      const rest = await readAll(session);
      const left = bytes.subarray(line.taken);
      check(isSame(rest, left), "nothing is lost", () => `${rest.length} of ${left.length} left`);
      return `${text} ${line.taken} ${line.isRefused} ${verdict}`;
    } catch (error) {
      if (error instanceof VersionLineEnd) return "end";
      throw error;
    }
  };
  const [whole, cut] = [await read([bytes]), await read(cutRandomly(bytes, random))];
  check(whole === cut, "segments change no line", () => `${whole}\n${cut}`);
  return decoded(bytes, 0);
}

async function readAll(session: { read(): Promise<Uint8Array | null> }): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (let part = await session.read(); part !== null; part = await session.read()) {
    parts.push(part.slice());
  }
  return join(parts);
}

/** Any cipher with any MAC that goes with it, and keys for it. */
function anyCipher(random: Random) {
  const cipher = random.pick(Object.keys(CIPHERS));
  const mac = CIPHERS[cipher]!.isAead ? "" : random.pick(Object.keys(MACS));
  const sizes = keySizes({ cipher, mac });
  const keys = {
    iv: random.bytes(sizes.ivBytes),
    key: random.bytes(sizes.keyBytes),
    macKey: random.bytes(sizes.macKeyBytes),
  };
  return {
    name: `${cipher} ${mac}`,
    sealer: makeSealer({ cipher, mac }, keys),
    opener: makeOpener({ cipher, mac }, keys),
  };
}

/** Packets under keys that both sides know, as they are or with a change. */
async function runPackets({ messages, choices }: Case): Promise<Outcome> {
  const random = new Random(choices);
  const { name, sealer, opener } = anyCipher(random);
  const rules = random.pick(PRODUCTS).packets;
  const out = memorySession();
  const sender = new PacketLayer(out.session, rules, {
    sealer,
    opener,
    budget: new PacketBudget(1),
  });
  const fitting = messages.filter(({ length }) => length > 0 && length < 34_000);
  for (const payload of fitting) sender.queue(payload);
  await sender.flush();
  const sealed = out.stream.written();
  const isChanged = random.chance(0.5) && sealed.length > 0;
  if (isChanged) sealed[random.below(sealed.length)]! ^= 1 << random.below(8);
  const into = memorySession();
  for (const piece of cutRandomly(sealed, random)) into.stream.send(piece);
  into.stream.end();
  const receiver = new PacketLayer(into.session, rules, {
    sealer,
    opener,
    budget: new PacketBudget(1_000_000),
  });
  let count = 0;
  try {
    for (;; count++) {
      const { payload, type, sequence } = await receiver.next();
      check(isSame(payload, fitting[count]!), "packets come as they were", () => name);
      check(type === payload[0] && sequence === count, "packets are counted", () => `${sequence}`);
    }
  } catch (error) {
    const isEnd = error instanceof Deno.errors.UnexpectedEof;
    if (!isEnd && !(error instanceof PacketError)) throw error;
    check(isChanged || isEnd, "right packets pass", () => `${name} ${error}`);
    const isAll = count === fitting.length;
    check(isChanged !== isAll || !isChanged, "a change is noticed", () => name);
    check(isChanged || isAll, "right packets pass", () => `${count} of ${fitting.length}`);
  }
  return decoded(sealed, count);
}

/** Bytes without meaning, under any keys. */
function runOpeners({ messages, choices }: Case): Outcome {
  const { name, opener } = anyCipher(new Random(choices));
  const bytes = join(messages);
  if (bytes.length < opener.headBytes) return decoded(bytes, 0);
  const length = opener.openLength(bytes.subarray(0, opener.headBytes), 7);
  check(length >= 0 && length < 2 ** 32, "a length is a length", () => `${name} ${length}`);
  // As much as a packet has that passed the layer's own checks.
  const room = bytes.length - opener.tagBytes - (opener.isLengthApart ? 4 : 0);
  const blocks = Math.floor(room / opener.blockBytes) * opener.blockBytes;
  if (blocks <= 0) return decoded(bytes, 0);
  const total = blocks + opener.tagBytes + (opener.isLengthApart ? 4 : 0);
  const opened = opener.open(bytes.slice(0, total), 7);
  check(opened === null, "garbage has no tag", () => name);
  return decoded(bytes, 0);
}
