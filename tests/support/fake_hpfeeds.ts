/**
 * An hpfeeds broker as the reference implementation behaves on the wire, written from the protocol's
 * description without the client's code: a login is checked when the first message comes, refusals end
 * the connection without a word, and what came before the client's end is taken.
 * @module
 */
import { createHash } from "node:crypto";
import { readExactly, Receiver } from "./receiver.ts";

/** What it does besides. */
export interface FakeHpfeedsOptions {
  readonly port?: number;
  readonly tls?: boolean;
  /** Who may publish where. */
  readonly idents?: readonly string[];
  readonly secret?: string;
  readonly channels?: readonly string[];
  /** Says why it refuses, and goes on, as the first implementation does. */
  readonly saysErrors?: boolean;
  /** What it begins with instead of its INFO. */
  readonly greeting?: Uint8Array;
}

/** A PUBLISH. */
export interface Published {
  readonly ident: string;
  readonly channel: string;
  readonly payload: string;
}

/** A broker for as long as a `using` lasts. */
export class FakeHpfeeds implements AsyncDisposable {
  readonly published: Published[] = [];
  logins = 0;
  readonly #options: FakeHpfeedsOptions;
  #receiver!: Receiver;

  private constructor(options: FakeHpfeedsOptions) {
    this.#options = options;
  }

  static async start(options: FakeHpfeedsOptions = {}): Promise<FakeHpfeeds> {
    const broker = new FakeHpfeeds(options);
    broker.#receiver = await Receiver.start((conn) => broker.#talk(conn), options);
    return broker;
  }

  get port(): number {
    return this.#receiver.port;
  }

  get address(): string {
    return this.#receiver.address;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#receiver[Symbol.asyncDispose]();
  }

  async #talk(conn: Deno.Conn): Promise<void> {
    const { saysErrors, greeting } = this.#options;
    const { idents = ["sensor"], secret = "secret", channels = ["events"] } = this.#options;
    const nonce = crypto.getRandomValues(new Uint8Array(4));
    await conn.write(greeting ?? frame(1, [7, ...bytesOf("@broker"), ...nonce]));
    let who: string | undefined;
    for (;;) {
      const [a, b, c, d, opcode] = await readExactly(conn, 5) as unknown as number[];
      const body = await readExactly(conn, (a! << 24 | b! << 16 | c! << 8 | d!) - 5);
      const name = text(body.subarray(1, 1 + body[0]!));
      const rest = body.subarray(1 + body[0]!);
      let trouble = "";
      if (opcode === 2) {
        const proof = createHash("sha1").update(nonce).update(secret).digest();
        if (idents.includes(name) && proof.equals(rest)) who = name;
        else trouble = "authfail.";
        this.logins++;
      } else if (opcode === 3) {
        const channel = text(rest.subarray(1, 1 + rest[0]!));
        if (name !== who) trouble = "identfail.";
        else if (!channels.includes(channel)) trouble = "accessfail.";
        else {
          const payload = text(rest.subarray(1 + rest[0]!));
          this.published.push({ ident: name, channel, payload });
        }
      }
      if (trouble === "") continue;
      if (!saysErrors) return;
      await conn.write(frame(0, bytesOf(trouble)));
    }
  }
}

function frame(opcode: number, body: readonly number[]): Uint8Array {
  const length = 5 + body.length;
  return new Uint8Array([0, 0, length >> 8, length & 0xff, opcode, ...body]);
}

function bytesOf(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}

function text(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}
