/**
 * A client of MySQL, packet by packet.
 * @module
 */
import { Buffer } from "node:buffer";
import { writeAll } from "../../lib/net/stream.ts";

/** One connection. Leaving its block closes it. */
export class MysqlPeer implements Disposable {
  readonly #conn: Deno.TcpConn;

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  /** Connects to a port of this machine. */
  static async connect(port: number): Promise<MysqlPeer> {
    return new MysqlPeer(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** Sends text, one byte a character. */
  async send(text: string): Promise<void> {
    await writeAll(this.#conn, Buffer.from(text, "latin1"));
  }

  /** Payload of the next packet, one character a byte. */
  async receive(): Promise<string> {
    const head = await this.#read(4);
    return (await this.#read(head.readUIntLE(0, 3))).toString("latin1");
  }

  /** What of the greeting differs from connection to connection. */
  async greeting(): Promise<{ threadId: number; salt: Uint8Array }> {
    const bytes = Buffer.from(await this.receive(), "latin1");
    const at = bytes.indexOf(0) + 1;
    const salt = [bytes.subarray(at + 4, at + 12), bytes.subarray(at + 31, at + 43)];
    return { threadId: bytes.readUInt32LE(at), salt: Buffer.concat(salt) };
  }

  [Symbol.dispose](): void {
    this.#conn.close();
  }

  async #read(count: number): Promise<Buffer> {
    const bytes = Buffer.alloc(count);
    for (let at = 0; at < count;) {
      const got = await this.#conn.read(bytes.subarray(at));
      if (got === null) throw new Error(`The server ended after ${at} of ${count} bytes`);
      at += got;
    }
    return bytes;
  }
}
