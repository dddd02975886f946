/**
 * An attacker's SSH client: one password a connection, by any key exchange, and as little work for
 * itself as can be, so that the server's is what takes time.
 *
 * Its private keys are small numbers, the same for all connections. It trusts every host key. Packets
 * and ciphers are the decoy's own code: other tests compare that with strangers' clients.
 * @module
 */
import { Buffer } from "node:buffer";
import { createECDH, createHash } from "node:crypto";
import { CLEAR_SEALER, clearOpener, makeOpener } from "../../lib/decoys/ssh/cipher/ciphers.ts";
import { makeSealer } from "../../lib/decoys/ssh/cipher/ciphers.ts";
import { bytesToNumber, fixedGroup, numberToBytes } from "../../lib/decoys/ssh/kex/dh_groups.ts";
import type { KexHash } from "../../lib/decoys/ssh/kex/method.ts";
import { P521_BASE } from "../../lib/decoys/ssh/kex/p521.ts";
import { x25519KeyPair } from "../../lib/decoys/ssh/kex/x25519.ts";
import { encodeKexInit, type KexLists } from "../../lib/decoys/ssh/kex_init.ts";
import { exchangeHash, type ExchangeResult } from "../../lib/decoys/ssh/key_exchange.ts";
import { MESSAGE } from "../../lib/decoys/ssh/messages.ts";
import { PacketBudget, PacketLayer } from "../../lib/decoys/ssh/packet.ts";
import { WireReader, WireWriter } from "../../lib/decoys/ssh/wire.ts";
import type { Session } from "../../lib/decoys/decoy.ts";
import { ByteReader } from "../../lib/net/byte_reader.ts";
import { writeAll } from "../../lib/net/stream.ts";
import { decapsulate, makeKeyPair } from "./sntrup761_owner.ts";
import { randomBytes } from "node:crypto";

/** Key exchanges that it can do. */
export type AttackKex =
  | "curve25519-sha256"
  | "sntrup761x25519-sha512@openssh.com"
  | "ecdh-sha2-nistp256"
  | "ecdh-sha2-nistp521"
  | "diffie-hellman-group14-sha256"
  | "diffie-hellman-group18-sha512"
  | "diffie-hellman-group-exchange-sha256";

/** What is tried, and where. */
export interface Attack {
  readonly port: number;
  readonly kex: AttackKex;
  readonly username: string;
  readonly password: string;
}

/** A connection on which a password was sent. */
export interface Attempt extends Disposable {
  /** Resolves when the server has refused the password; rejects when it ends before that. */
  refusal(): Promise<void>;
}

const LINE = "SSH-2.0-libssh_0.10.6";
const CIPHER = "chacha20-poly1305@openssh.com";
const RULES = {
  minLength: 1,
  maxLength: 262_144,
  maxPayload: 262_144,
  limitsWhole: false,
  minSentBytes: 0,
  isClearPaddingRandom: false,
  checksPadding: true,
};
/** A private number of few multiplications whose power of 2 is above the prime, so not an easy one. */
const EXPONENT = 8193n;
/** Largest group that is asked for, in bits. */
const GROUP_BITS = 8192;

/**
 * Connects, exchanges keys and sends a password.
 * @param attack what is tried; the connection is the caller's to close.
 */
export async function sendPassword(attack: Attack): Promise<Attempt> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: attack.port });
  try {
    conn.setNoDelay(true);
    const packets = await attackOn(conn, attack);
    return {
      async refusal() {
        while ((await packets.next()).type !== MESSAGE.USERAUTH_FAILURE);
      },
      [Symbol.dispose]: () => conn.close(),
    };
  } catch (error) {
    conn.close();
    throw error;
  }
}

async function attackOn(conn: Deno.TcpConn, attack: Attack): Promise<PacketLayer> {
  const reader = new ByteReader(conn);
  // A packet layer reads and writes, and needs nothing else of a session.
  const session = {
    bytes: (count: number) => reader.bytes(count),
    write: (data: Uint8Array) => writeAll(conn, data),
  } as Session;
  const packets = new PacketLayer(session, RULES, {
    sealer: CLEAR_SEALER,
    opener: clearOpener(),
    budget: new PacketBudget(1_048_576),
  });
  const clientKexInit = encodeKexInit(lists(attack.kex));
  packets.queueRaw(Buffer.from(LINE + "\r\n"));
  packets.queue(clientKexInit);
  await packets.flush();
  const serverLine = await reader.line(256);
  if (serverLine === null) throw new Error("The server ended before its version line");
  const next = async (type: number): Promise<Uint8Array> => {
    const packet = await packets.next();
    if (packet.type !== type) throw new Error(`Message ${packet.type} came instead of ${type}`);
    return packet.payload.slice();
  };
  const serverKexInit = await next(MESSAGE.KEXINIT);
  const result = await exchange(attack.kex, { packets, next }, {
    clientLine: Buffer.from(LINE),
    serverLine,
    clientKexInit,
    serverKexInit,
  });
  await next(MESSAGE.NEWKEYS);
  packets.queue(Uint8Array.of(MESSAGE.NEWKEYS));
  const none = new Uint8Array(0);
  const choice = { cipher: CIPHER, mac: "" };
  packets.setSealer(makeSealer(choice, { key: key(result, "C"), iv: none, macKey: none }), false);
  packets.setOpener(makeOpener(choice, { key: key(result, "D"), iv: none, macKey: none }), false);
  packets.queue(new WireWriter().u8(MESSAGE.SERVICE_REQUEST).string("ssh-userauth").bytes());
  await next(MESSAGE.SERVICE_ACCEPT);
  packets.queue(
    new WireWriter().u8(MESSAGE.USERAUTH_REQUEST).string(attack.username)
      .string("ssh-connection").string("password").bool(false).string(attack.password).bytes(),
  );
  await packets.flush();
  return packets;
}

function lists(kex: AttackKex): KexLists {
  const mac = ["hmac-sha2-256"];
  return {
    kex: [kex],
    hostKey: ["ssh-ed25519"],
    ciphersIn: [CIPHER],
    ciphersOut: [CIPHER],
    macsIn: mac,
    macsOut: mac,
    compressionIn: ["none"],
    compressionOut: ["none"],
    languagesIn: [],
    languagesOut: [],
  };
}

interface Talk {
  readonly packets: PacketLayer;
  next(type: number): Promise<Uint8Array>;
}

/** Our half of a method: what we send, and the secret from what comes back. */
interface Half {
  readonly hash: KexHash;
  readonly isNumber?: boolean;
  readonly own: Uint8Array;
  /** @returns with its length in front. */
  secret(theirs: Uint8Array): Uint8Array;
}

/** The messages of an exchange. */
async function exchange(
  kex: AttackKex,
  { packets, next }: Talk,
  transcript: Parameters<typeof exchangeHash>[1],
): Promise<ExchangeResult> {
  let half: Half;
  const fields = new WireWriter(4096);
  const isGroup = kex === "diffie-hellman-group-exchange-sha256";
  if (isGroup) {
    fields.u32(GROUP_BITS).u32(GROUP_BITS).u32(GROUP_BITS);
    packets.queue(new WireWriter().u8(MESSAGE.GEX_REQUEST).raw(fields.bytes()).bytes());
    const group = new WireReader(await next(MESSAGE.GEX_GROUP), 1);
    const [p, g] = [group.string(), group.string()];
    fields.mpint(p).mpint(g);
    half = modular("sha256", { p: bytesToNumber(p), g: bytesToNumber(g) });
  } else half = HALVES[kex]();
  const put = (writer: WireWriter, value: Uint8Array) =>
    half.isNumber ? writer.mpint(value) : writer.string(value);
  const init = new WireWriter(2048).u8(isGroup ? MESSAGE.GEX_INIT : MESSAGE.KEX_INIT);
  packets.queue(put(init, half.own).bytes());
  const reply = new WireReader(await next(isGroup ? MESSAGE.GEX_REPLY : MESSAGE.KEX_REPLY), 1);
  const [hostKey, theirs] = [reply.string(), reply.string()];
  const secret = half.secret(theirs);
  put(put(fields, half.own), theirs);
  const h = exchangeHash(half.hash, transcript, { hostKey, fields: fields.bytes(), secret });
  return { hash: half.hash, secret, exchangeHash: h, sessionId: h };
}

const HALVES: Record<Exclude<AttackKex, "diffie-hellman-group-exchange-sha256">, () => Half> = {
  "curve25519-sha256": () => ({ hash: "sha256", own: curve.publicKey, secret: curveSecret }),
  "sntrup761x25519-sha512@openssh.com": () => ({
    hash: "sha512",
    own: Buffer.concat([lattice().publicKey, curve.publicKey]),
    secret(theirs) {
      const first = decapsulate(theirs.subarray(0, -32), lattice().secretKey);
      const second = curve.agree(theirs.subarray(-32));
      const digest = createHash("sha512").update(first).update(second).digest();
      return new WireWriter().string(digest).bytes();
    },
  }),
  "ecdh-sha2-nistp256": () => {
    const own = createECDH("prime256v1");
    return {
      hash: "sha256",
      own: own.generateKeys(),
      secret: (key) => mpint(own.computeSecret(key)),
    };
  },
  // The private number is 1: our point is the base, and the secret is the server's point.
  "ecdh-sha2-nistp521": () => ({
    hash: "sha512",
    own: Buffer.concat([
      Uint8Array.of(4),
      numberToBytes(P521_BASE.x, 66),
      numberToBytes(P521_BASE.y, 66),
    ]),
    secret: (theirs) => mpint(theirs.subarray(1, 67)),
  }),
  "diffie-hellman-group14-sha256": () => modular("sha256", fixedGroup(14)),
  "diffie-hellman-group18-sha512": () => modular("sha512", fixedGroup(18)),
};

const curve = x25519KeyPair();
const curveSecret = (theirs: Uint8Array) => mpint(curve.agree(theirs));
let latticeKeys: ReturnType<typeof makeKeyPair> | undefined;
const lattice = () => latticeKeys ??= makeKeyPair(randomBytes);

function modular(hash: KexHash, { p, g }: { p: bigint; g: bigint }): Half {
  const bytes = Math.ceil(p.toString(16).length / 2);
  const own = numberToBytes(power(g, p), bytes);
  const secret = (theirs: Uint8Array) =>
    mpint(numberToBytes(power(bytesToNumber(theirs), p), bytes));
  return { hash, isNumber: true, own, secret };
}

/** A number to the `EXPONENT`: 13 squares and a product. */
function power(base: bigint, p: bigint): bigint {
  let result = base;
  for (let e = EXPONENT >> 1n; e > 0n; e >>= 1n) result = result * result % p;
  return result * base % p;
}

function mpint(value: Uint8Array): Uint8Array {
  return new WireWriter(value.length + 5).mpint(value).bytes().slice();
}

/** The 64 bytes of a direction (RFC 4253 §7.2). */
function key({ hash, secret, exchangeHash: h }: ExchangeResult, letter: string): Uint8Array {
  const digest = (...parts: (Uint8Array | string)[]) => {
    const state = createHash(hash).update(secret).update(h);
    for (const part of parts) state.update(part);
    return state.digest();
  };
  const first = digest(letter, h);
  return Buffer.concat([first, digest(first)]).subarray(0, 64);
}
