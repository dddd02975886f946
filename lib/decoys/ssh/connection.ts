/**
 * One SSH connection: version lines, key exchanges (RFC 4253 §4.2, §7, §8), then authentication.
 *
 * The order of things is here; what is said and how odd things are taken is the product's.
 * Events: `ssh.client` as soon as the client's KEXINIT is in, `protocol.error` for what makes no sense,
 * those of `auth.ts`.
 * @module
 */
import { Buffer } from "node:buffer";
import { ProtocolError } from "../../errors.ts";
import { escapeBytes } from "../../net/escape.ts";
import type { Session } from "../decoy.ts";
import { Authentication } from "./auth.ts";
import type { Opener } from "./cipher/packet_cipher.ts";
import { CIPHERS, CLEAR_SEALER, clearOpener } from "./cipher/ciphers.ts";
import { readVersionLine, VersionLineEnd } from "./identification.ts";
import {
  agree,
  type Agreement,
  type ClientKexInit,
  decodeKexInit,
  encodeKexInit,
  type KexLists,
} from "./kex_init.ts";
import { type ExchangeTranscript, makeKeys } from "./key_exchange.ts";
import { KexValueError, type Turn } from "./kex/method.ts";
import { KeyExchange } from "./exchange.ts";
import {
  decodeExtensions,
  disconnectMessage,
  extensionsMessage,
  MESSAGE,
  readNotice,
  unimplementedMessage,
} from "./messages.ts";
import { type Packet, PacketError, PacketLayer } from "./packet.ts";
import type { Reaction, Refusal, Situation } from "./product.ts";
import { describeAgreement, describeClient } from "./client_report.ts";
import type { SshServer } from "./server.ts";
import { WireError, WireReader, WireWriter } from "./wire.ts";

/** Most messages of one connection that are reported as not understood. */
const MAX_STRANGE_REPORTS = 8;

const STRICT_CLIENT = "kex-strict-c-v00@openssh.com";
const EXT_INFO_CLIENT = "ext-info-c";

/** Why a connection is over, thrown from wherever that is found. */
class Hangup extends Error {
  override readonly name = "Hangup";
  readonly refusal: Refusal;
  /** What was expected of the peer, for the report; `undefined` when it did nothing wrong. */
  readonly expected: string | undefined;

  constructor(refusal: Refusal, expected?: string) {
    super("the connection is over");
    this.refusal = refusal;
    this.expected = expected;
  }
}

/**
 * Holds one connection from its first byte to its last.
 * @param session the connection.
 * @param server what all connections of the decoy share.
 */
export async function serveConnection(session: Session, server: SshServer): Promise<void> {
  await new Connection(session, server).run();
}

class Connection {
  readonly #session: Session;
  readonly #server: SshServer;
  readonly #packets: PacketLayer;
  #authentication: Authentication | undefined;
  #clientLine = "";
  #clientLineBytes: Uint8Array = new Uint8Array(0);
  #isClientReported = false;
  #lists!: KexLists;
  #ownKexInit: Uint8Array | undefined;
  #exchange: KeyExchange | undefined;
  #sessionId: Uint8Array | undefined;
  /** The host key of the first exchange. */
  #hostKeyBlob: Uint8Array | undefined;
  #stage: Situation["stage"] = "kexinit";
  #isInitial = true;
  #isStrict = false;
  #takesExtensions = false;
  #mayExtend = false;
  #extendsInAuth = false;
  #isAuthenticating = false;
  /** For what the peer sends after its NEWKEYS. */
  #opener: Opener | undefined;
  #skip = 0;
  #strange = 0;
  #offset = 0;
  /** Messages that wait for the end of a key exchange. */
  #held: Uint8Array[] = [];

  /** Most exchanges need no turn, and a session's signal takes memory. */
  readonly #turn: Turn = {
    run: (steps) =>
      this.#server.longWork.turnFor(this.#session.peer.ip, this.#session.signal).run(steps),
  };

  constructor(session: Session, server: SshServer) {
    this.#session = session;
    this.#server = server;
    this.#packets = new PacketLayer(session, server.product.packets, {
      sealer: CLEAR_SEALER,
      opener: clearOpener(),
      budget: server.budget,
    });
  }

  async run(): Promise<void> {
    try {
      await this.#greet();
      for (;;) await this.#handle(await this.#packets.next());
    } catch (error) {
      if (error instanceof VersionLineEnd) return;
      await this.#end(this.#judge(error));
    } finally {
      this.#reportClient();
    }
  }

  /** The version lines, and what leaves with ours. */
  async #greet(): Promise<void> {
    const { product } = this.#server;
    const session = this.#session;
    const greeting = Buffer.from(product.identification + "\r\n", "latin1");
    this.#packets.queueRaw(greeting);
    if (product.greetsWithKexInit) this.#sendKexInit();
    await this.#packets.flush();
    const line = await readVersionLine(session, product.lineRules());
    this.#packets.startAt(line.taken);
    this.#clientLineBytes = line.bytes;
    this.#clientLine = Buffer.from(line.bytes).toString("latin1");
    const refusal = product.judgeLine(this.#clientLine, line.isRefused);
    if (refusal !== undefined) throw new Hangup(refusal, "a version line of SSH 2.0");
    if (!product.greetsWithKexInit) this.#sendKexInit();
  }

  /** Takes one message. */
  async #handle(packet: Packet): Promise<void> {
    this.#offset = packet.offset;
    const { product } = this.#server;
    const reaction = product.react(packet.type, this.#situation(packet));
    if (reaction === "ignore") return;
    if (this.#skip > 0 && product.swallows(packet.type, reaction)) {
      this.#skip--;
      return;
    }
    if (reaction === "take") return await this.#take(packet);
    this.#refuse(packet, reaction);
  }

  #refuse(packet: Packet, reaction: Exclude<Reaction, "take" | "ignore">): void {
    const expected = `no message ${packet.type} (${this.#stage})`;
    if (reaction !== "unimplemented") throw new Hangup(reaction, expected);
    this.#packets.queue(unimplementedMessage(packet.sequence));
    if (this.#strange++ < MAX_STRANGE_REPORTS) {
      this.#session.emit("protocol.error", { offset: packet.offset, expected });
    }
  }

  #situation(packet: Packet): Situation {
    return {
      stage: this.#stage,
      isInitial: this.#isInitial,
      isStrict: this.#isStrict,
      expected: this.#exchange?.expected ?? [],
      sequence: packet.sequence,
      isAuthenticating: this.#isAuthenticating,
      isPrompting: this.#authentication?.isPrompting ?? false,
      mayExtend: this.#mayExtend,
      hasTried: this.#authentication?.hasTried ?? false,
    };
  }

  async #take(packet: Packet): Promise<void> {
    const { payload } = packet;
    switch (packet.type) {
      case MESSAGE.DISCONNECT:
        throw new Hangup("silence");
      case MESSAGE.IGNORE:
      case MESSAGE.DEBUG:
      case MESSAGE.UNIMPLEMENTED:
        if (this.#server.product.readsNotices) readNotice(packet);
        return;
      case MESSAGE.SERVICE_REQUEST:
        return this.#startService(payload);
      case MESSAGE.EXT_INFO:
        this.#mayExtend = false;
        this.#extendsInAuth = decodeExtensions(payload).has("ext-info-in-auth@openssh.com");
        return;
      case MESSAGE.KEXINIT:
        return await this.#startExchange(packet);
      case MESSAGE.NEWKEYS:
        return this.#takeNewKeys(payload);
      case MESSAGE.USERAUTH_REQUEST:
        return this.#stop(await this.#authenticate().request(payload));
      case MESSAGE.USERAUTH_INFO_RESPONSE:
        return this.#stop(await this.#authenticate().answers(payload));
      case MESSAGE.PING:
        // Read and not answered before a login, since the fix of CVE-2025-26466, which Ubuntu has too.
        new WireReader(payload, 1).string();
        return;
      default:
        return await this.#continueExchange(packet);
    }
  }

  /** SERVICE_REQUEST (RFC 4253 §10). */
  #startService(payload: Uint8Array): void {
    const { product } = this.#server;
    const reader = new WireReader(payload, 1);
    const service = product.readsCTexts ? reader.cText() : reader.string();
    if (!product.allowsTrailing) reader.end();
    const name = Buffer.from(service).toString("latin1");
    if (name !== "ssh-userauth") {
      throw new Hangup(product.auth.refuseService(name), "a request for ssh-userauth");
    }
    this.#isAuthenticating = true;
    this.#send(new WireWriter(32).u8(MESSAGE.SERVICE_ACCEPT).string(service).bytes());
  }

  #authenticate(): Authentication {
    const { product, auth } = this.#server;
    return this.#authentication ??= new Authentication({
      session: this.#session,
      profile: product.auth,
      options: auth,
      sessionId: () => this.#sessionId!,
      hostKey: () => this.#hostKeyBlob!,
      send: (message) => this.#send(message),
      extendAgain: () => this.#extendAgain(),
    });
  }

  /** KEXINIT of the peer: agrees, or ends the talk. */
  async #startExchange(packet: Packet): Promise<void> {
    const { product } = this.#server;
    const client = decodeKexInit(packet.payload, product);
    if (this.#ownKexInit === undefined) this.#sendKexInit();
    const agreement = agree(client, this.#lists, (name) => CIPHERS[name]?.isAead ?? false);
    if (this.#isInitial) this.#reportClient(client, agreement);
    if (this.#isInitial) {
      this.#isStrict = client.kex.includes(STRICT_CLIENT);
      this.#takesExtensions = this.#mayExtend = client.kex.includes(EXT_INFO_CLIENT);
      if (this.#isStrict && packet.sequence !== 0) {
        throw new Hangup(product.lateStrictness, "KEXINIT as the first packet");
      }
    }
    if (typeof agreement === "string") {
      throw new Hangup("silence", `a name that we have too in the list ${agreement}`);
    }
    const isGuessWrong = client.firstKexPacketFollows &&
      !product.isGuessRight(client, this.#lists, agreement.kex);
    this.#skip = isGuessWrong ? 1 : 0;
    this.#exchange = await this.#makeExchange(agreement, packet.payload.slice());
    this.#stage = "exchange";
  }

  async #makeExchange(agreement: Agreement, clientKexInit: Uint8Array): Promise<KeyExchange> {
    const transcript: ExchangeTranscript = {
      clientLine: this.#clientLineBytes,
      serverLine: Buffer.from(this.#server.product.identification, "latin1"),
      clientKexInit,
      serverKexInit: this.#ownKexInit!,
    };
    const { hostKeys, moduli } = this.#server;
    const hostKey = await hostKeys.forAlgorithm(agreement.hostKey);
    // The list that we sent names only what there are keys for.
    if (hostKey === undefined) throw new Error(`No host key for ${agreement.hostKey}`);
    this.#hostKeyBlob ??= hostKey.blob;
    return await KeyExchange.start({
      agreement,
      transcript,
      hostKey,
      moduli,
      turn: this.#turn,
      methodOptions: this.#server.product,
    });
  }

  /** A message of the exchange; with the last one, our keys are in use. */
  async #continueExchange({ payload }: Packet): Promise<void> {
    const exchange = this.#exchange!;
    await this.#server.shortWork.turn(this.#session);
    const { reply, result } = await exchange.take(payload);
    this.#packets.queue(reply);
    if (result === undefined) return;
    this.#sessionId ??= result.exchangeHash;
    const keys = makeKeys(exchange.agreement, { ...result, sessionId: this.#sessionId });
    this.#packets.queue(new Uint8Array([MESSAGE.NEWKEYS]));
    this.#packets.setSealer(keys.sealer, this.#isStrict);
    this.#opener = keys.opener;
    if (this.#isInitial && this.#takesExtensions) this.#extend(this.#server.product.extensions);
    this.#stage = "newkeys";
  }

  /** NEWKEYS of the peer: its keys are in use from its next packet on. */
  #takeNewKeys(payload: Uint8Array): void {
    if (!this.#server.product.allowsTrailing) new WireReader(payload, 1).end();
    this.#packets.setOpener(this.#opener!, this.#isStrict);
    this.#opener = undefined;
    this.#exchange = undefined;
    this.#ownKexInit = undefined;
    this.#isInitial = false;
    this.#stage = "open";
    for (const message of this.#held.splice(0)) this.#packets.queue(message);
  }

  #sendKexInit(): void {
    const { product, hostKeys } = this.#server;
    const lists = product.lists(this.#clientLine);
    const hostKey = lists.hostKey.filter((name) => hostKeys.algorithms.has(name));
    this.#lists = { ...lists, hostKey };
    this.#ownKexInit = encodeKexInit(this.#lists);
    this.#packets.queue(this.#ownKexInit);
  }

  #extend(extensions: readonly (readonly [string, string])[]): void {
    if (extensions.length > 0) this.#packets.queue(extensionsMessage(extensions));
  }

  #extendAgain(): void {
    const { extensions, auth } = this.#server.product;
    if (auth.extendsInAuth && this.#extendsInAuth) this.#extend(extensions.slice(0, 1));
  }

  /** Queues a message that may not go out during a key exchange (RFC 4253 §7.1). */
  #send(message: Uint8Array): void {
    if (this.#stage === "open") this.#packets.queue(message);
    else this.#held.push(message);
  }

  #stop(refusal: Refusal | undefined): void {
    if (refusal !== undefined) throw new Hangup(refusal);
  }

  /** What an error says about the end; throws what is none of ours. */
  #judge(error: unknown): Hangup {
    const { product } = this.#server;
    if (error instanceof Hangup) return error;
    if (error instanceof PacketError) {
      this.#offset = this.#packets.offset;
      return new Hangup(product.fault(error), error.message);
    }
    if (error instanceof WireError) return new Hangup("silence", error.message);
    if (error instanceof KexValueError) return new Hangup(product.badValue, error.message);
    throw error;
  }

  /** The last words and the end: the genuine servers' processes exit without waiting. */
  async #end({ refusal, expected }: Hangup): Promise<void> {
    if (typeof refusal === "object") {
      if ("text" in refusal) this.#packets.queueRaw(Buffer.from(refusal.text + "\r\n"));
      else this.#packets.queue(disconnectMessage(refusal.disconnect));
      await this.#packets.flush();
    }
    this.#session.closeAbruptly();
    if (expected !== undefined) throw new ProtocolError(expected, this.#offset);
  }

  /** Reports the client once: with its KEXINIT, or at the end without. */
  #reportClient(client?: ClientKexInit, agreement?: Agreement | keyof KexLists): void {
    if (this.#isClientReported || this.#clientLineBytes.length === 0) return;
    this.#isClientReported = true;
    this.#session.emit("ssh.client", {
      clientVersion: escapeBytes(this.#clientLineBytes),
      ...(client && describeClient(client)),
      ...(typeof agreement === "object" ? { chosen: describeAgreement(agreement) } : {}),
    });
  }
}
