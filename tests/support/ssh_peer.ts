/**
 * The client's end of SSH without a socket: a test gives it what the server wrote, and gets packets.
 *
 * What it says depends only on what it is told to say and on what the server says: its key for
 * `curve25519-sha256` is always the same one, so that a message with it can stand in a list of payloads.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash, createPrivateKey, createPublicKey, diffieHellman } from "node:crypto";
import {
  CIPHERS,
  CLEAR_SEALER,
  clearOpener,
  keySizes,
  makeOpener,
  makeSealer,
} from "../../lib/decoys/ssh/cipher/ciphers.ts";
import { agree, type Agreement, decodeKexInit } from "../../lib/decoys/ssh/kex_init.ts";
import { MESSAGE } from "../../lib/decoys/ssh/messages.ts";
import { WireError, WireReader, WireWriter } from "../../lib/decoys/ssh/wire.ts";

const SPKI = Buffer.from("302a300506032b656e032100", "hex");
const PRIVATE_KEY = createPrivateKey({
  key: Buffer.concat([
    Buffer.from("302e020100300506032b656e04220420", "hex"),
    Buffer.alloc(32, 0x42),
  ]),
  format: "der",
  type: "pkcs8",
});
const PUBLIC_KEY = createPublicKey(PRIVATE_KEY as unknown as string)
  .export({ format: "der", type: "spki" }).subarray(-32);

/** SSH_MSG_KEX_ECDH_INIT with the one key that the peer has. */
export const PEER_KEX_INIT: Uint8Array = new WireWriter().u8(MESSAGE.KEX_INIT).string(PUBLIC_KEY)
  .bytes().slice();
/** SSH_MSG_NEWKEYS. */
export const NEWKEYS: Uint8Array = Uint8Array.of(MESSAGE.NEWKEYS);

/** Our own lists, and the server's. */
const ANY_LISTS = { readNames: (text: string) => text.split(","), allowsTrailing: true };

/** One client. */
export class SshPeer {
  /** Payloads that came, in order. */
  readonly received: Uint8Array[] = [];
  /** Lines and other bytes that were no packet. */
  text = "";
  /** H of the first exchange; empty before it. */
  sessionId: Uint8Array = new Uint8Array(0);
  isStrict = false;
  /** Whether what the server says cannot be read any more: we said what makes no keys. */
  isLost = false;
  readonly #line: string;
  #serverLine = "";
  #buffer: Uint8Array = new Uint8Array(0);
  #sealer = CLEAR_SEALER;
  #opener = clearOpener();
  #sendSequence = 0;
  #receiveSequence = 0;
  #clientKexInit: Uint8Array | undefined;
  #serverKexInit: Uint8Array | undefined;
  #clientValue: Uint8Array | undefined;
  #agreement: Agreement | undefined;
  #secret: Uint8Array | undefined;
  #hash: Uint8Array = new Uint8Array(0);

  /** @param line our version line, without its end. */
  constructor(line = "SSH-2.0-Peer_1") {
    this.#line = line;
  }

  /** Our version line with its end. */
  greeting(): Uint8Array {
    return Buffer.from(this.#line + "\r\n", "latin1");
  }

  /** The packet of a payload as it goes out now; keeps in mind what the payload means. */
  seal(payload: Uint8Array): Uint8Array {
    const { blockBytes, isLengthApart } = this.#sealer;
    const aligned = payload.length + (isLengthApart ? 1 : 5);
    let padding = blockBytes - aligned % blockBytes;
    if (padding < 4) padding += blockBytes;
    const packet = new WireWriter().u32(payload.length + padding + 1).u8(padding).raw(payload)
      .raw(new Uint8Array(padding)).bytes();
    const sealed = this.#sealer.seal(packet.slice(), this.#sendSequence);
    this.#sendSequence = (this.#sendSequence + 1) >>> 0;
    if (payload[0] === MESSAGE.KEXINIT) this.#clientKexInit = payload;
    if (payload[0] === MESSAGE.KEX_INIT) this.#clientValue = payload;
    if (payload[0] === MESSAGE.NEWKEYS && this.#secret !== undefined) {
      const { cipherIn: cipher, macIn: mac } = this.#agreement!;
      this.#sealer = makeSealer({ cipher, mac }, this.#keys({ cipher, mac }, "ACE"));
      if (this.isStrict) this.#sendSequence = 0;
    }
    return sealed;
  }

  /** Takes what the server wrote. */
  take(bytes: Uint8Array): void {
    if (this.isLost) return;
    this.#buffer = Buffer.concat([this.#buffer, bytes]);
    while (!this.isLost && this.#takeOne());
  }

  /** Message numbers that came. */
  get types(): number[] {
    return this.received.map((payload) => payload[0]!);
  }

  #takeOne(): boolean {
    const buffer = this.#buffer;
    if (this.#serverLine === "") {
      const end = buffer.indexOf(0x0a);
      if (end < 0) return false;
      const line = Buffer.from(buffer.subarray(0, end + 1)).toString("latin1");
      this.text += line;
      this.#serverLine = line.trimEnd();
      this.#buffer = buffer.subarray(end + 1);
      return true;
    }
    const opener = this.#opener;
    if (buffer.length < opener.headBytes) return false;
    const sequence = this.#receiveSequence;
    const length = opener.openLength(buffer.subarray(0, opener.headBytes), sequence);
    const total = 4 + length + opener.tagBytes;
    if (length > 40_000) {
      // A line of text after the version line, as OpenSSH's complaints are.
      this.text += Buffer.from(buffer).toString("latin1");
      this.#buffer = new Uint8Array(0);
      return false;
    }
    if (buffer.length < total) return false;
    const packet = opener.open(buffer.slice(0, total), sequence);
    if (packet === null) {
      this.isLost = true;
      return false;
    }
    this.#buffer = buffer.subarray(total);
    this.#receiveSequence = (sequence + 1) >>> 0;
    const payload = packet.slice(5, 4 + length - packet[4]!);
    this.received.push(payload);
    this.#learn(payload);
    return true;
  }

  #learn(payload: Uint8Array): void {
    if (payload[0] === MESSAGE.KEXINIT) this.#serverKexInit = payload;
    if (payload[0] === MESSAGE.KEX_REPLY && this.#clientValue !== undefined) this.#finish(payload);
    if (payload[0] === MESSAGE.NEWKEYS) {
      if (this.#secret === undefined) return void (this.isLost = true);
      const { cipherOut: cipher, macOut: mac } = this.#agreement!;
      this.#opener = makeOpener({ cipher, mac }, this.#keys({ cipher, mac }, "BDF"));
      if (this.isStrict) this.#receiveSequence = 0;
    }
  }

  /** KEX_ECDH_REPLY: the secret, when the exchange is the one that we can do. */
  #finish(reply: Uint8Array): void {
    this.#secret = undefined;
    try {
      this.#agree(reply);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      // Our own KEXINIT or value makes no sense.
    }
  }

  #agree(reply: Uint8Array): void {
    const [client, server] = [decodeKexInit(this.#clientKexInit!, ANY_LISTS), this.#serverKexInit!];
    const lists = decodeKexInit(server, ANY_LISTS);
    const agreement = agree(client, lists, (name) => CIPHERS[name]?.isAead ?? false);
    if (typeof agreement === "string" || !agreement.kex.startsWith("curve25519-sha256")) return;
    this.#agreement = agreement;
    const reader = new WireReader(reply, 1);
    const [hostKey, theirs] = [reader.string(), reader.string()];
    if (theirs.length !== 32) return;
    const key = Buffer.concat([SPKI, theirs]);
    const publicKey = createPublicKey({ key, type: "spki", format: "der" });
    const shared = diffieHellman({ privateKey: PRIVATE_KEY, publicKey });
    this.#secret = new WireWriter().mpint(shared).bytes().slice();
    const text = new WireWriter();
    for (const line of [this.#line, this.#serverLine]) text.string(Buffer.from(line, "latin1"));
    text.string(this.#clientKexInit!).string(server).string(hostKey);
    text.raw(this.#clientValue!.subarray(1)).string(theirs).raw(this.#secret);
    this.#hash = createHash("sha256").update(text.bytes()).digest();
    if (this.sessionId.length > 0) return;
    this.sessionId = this.#hash;
    this.isStrict = client.kex.includes("kex-strict-c-v00@openssh.com") &&
      lists.kex.includes("kex-strict-s-v00@openssh.com");
  }

  /** RFC 4253 §7.2. */
  #keys(choice: { cipher: string; mac: string }, letters: string) {
    const derive = (letter: string, length: number) => {
      const head = Buffer.concat([this.#secret!, this.#hash]);
      let out = createHash("sha256").update(head).update(letter).update(this.sessionId).digest();
      while (out.length < length) {
        out = Buffer.concat([out, createHash("sha256").update(head).update(out).digest()]);
      }
      return out.subarray(0, length);
    };
    const { ivBytes, keyBytes, macKeyBytes } = keySizes(choice);
    return {
      iv: derive(letters[0]!, ivBytes),
      key: derive(letters[1]!, keyBytes),
      macKey: derive(letters[2]!, macKeyBytes),
    };
  }
}
