/**
 * An operator at the encrypted service: a TLS connection and lines of text, written here once more so
 * that the tests do not believe the program's own client.
 * @module
 */
import { deadline, Lines, SOON_MS } from "./process.ts";
import type { WireEvent } from "./wire_event.ts";

/** A service and what opens it. */
export interface ServiceAddress {
  readonly hostname?: string;
  readonly port: number;
  /** PEM. */
  readonly ca: string;
  readonly name: string;
  readonly token: string;
}

/** A logged-in connection. Leaving its block closes it. */
export class Operator implements Disposable {
  readonly lines = new Lines();
  readonly #conn: Deno.TlsConn;
  #next = 0;

  private constructor(conn: Deno.TlsConn) {
    this.#conn = conn;
    this.#read();
  }

  /**
   * Connects and logs in.
   * @param address of the service.
   */
  static async login(address: ServiceAddress): Promise<Operator> {
    const { port, hostname = "127.0.0.1" } = address;
    const tcp = await Deno.connect({ hostname, port });
    // The name in the certificate, not the address that was dialled.
    const tls = await Deno.startTls(tcp, { hostname: "localhost", caCerts: [address.ca] });
    const operator = new Operator(tls);
    await operator.#line(/^\+OK /);
    await operator.send(`AUTH ${address.name} ${address.token}`);
    await operator.#line(/^\+OK Logged in/);
    return operator;
  }

  /** Sends a line. */
  async send(line: string): Promise<void> {
    const data = new TextEncoder().encode(line + "\n");
    for (let sent = 0; sent < data.length;) sent += await this.#conn.write(data.subarray(sent));
  }

  /**
   * Makes a request that is answered by a list.
   * @returns its lines.
   */
  async list(request: string): Promise<string[]> {
    await this.send(request);
    const head = await this.#line(/^(\+OK|-ERR)/);
    if (!/^\+OK \d+/.test(head)) throw new Error(`${request} was answered by ${head}`);
    const from = this.#next;
    await this.#line(/^\.$/);
    return this.lines.all.slice(from, this.#next - 1);
  }

  /** The answer to `STATUS`. */
  // deno-lint-ignore no-explicit-any -- a test names the parts that it looks at
  async status(): Promise<any> {
    return JSON.parse((await this.list("STATUS"))[0]!);
  }

  /** Events after a sequence number. */
  async events(since = 0, filters = ""): Promise<WireEvent[]> {
    const lines = await this.list(`EVENTS since=${since} limit=10000 ${filters}`);
    return lines.map((line) => JSON.parse(line));
  }

  /** Begins to follow what happens; `event` waits then. */
  async tail(since?: number): Promise<void> {
    await this.send(since === undefined ? "TAIL" : `TAIL since=${since}`);
    await this.#line(/^\+OK tail/);
  }

  /**
   * Waits for an event of the feed that `tail` began; one that has come already counts.
   * @param test which one.
   * @param withinMs longest wait.
   */
  async event(test: (event: WireEvent) => boolean, withinMs = SOON_MS): Promise<WireEvent> {
    const line = await this.lines.find(
      (line) => line.startsWith("{") && test(JSON.parse(line)),
      { from: this.#next, withinMs },
    );
    return JSON.parse(line);
  }

  [Symbol.dispose](): void {
    this.#conn.close();
  }

  /** The next line, which must be of this form. */
  async #line(form: RegExp): Promise<string> {
    const line = await this.lines.find(form, { from: this.#next });
    this.#next = this.lines.all.indexOf(line, this.#next) + 1;
    return line;
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(65_536);
    try {
      for (let n = await this.#conn.read(buffer); n !== null; n = await this.#conn.read(buffer)) {
        this.lines.add(
          decoder.decode(buffer.subarray(0, n), { stream: true }).replaceAll("\r", ""),
        );
      }
    } catch (error) {
      // The test closes while this reads, or the sensor was killed: both end the lines.
      if (!(error instanceof Error)) throw error;
    }
    this.lines.end();
  }
}

/** Fails unless a promise comes within `withinMs`; returns how long it took, in ms. */
export async function timed<T>(
  withinMs: number,
  what: string,
  run: () => Promise<T>,
): Promise<{ value: T; ms: number }> {
  const start = performance.now();
  const value = await deadline(run(), withinMs, () => what);
  return { value, ms: performance.now() - start };
}
