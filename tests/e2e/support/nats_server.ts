/**
 * Debian's nats-server with JetStream, on a port and in a folder of its own, that can be killed and
 * started again.
 * @module
 */
import { SERVER_KEYS, type ServerOptions } from "../../../lib/nats/options.ts";
import { connectNats, type NatsLink } from "../../../lib/nats/connection.ts";
import { v } from "../../../lib/config/schema.ts";
import { resolveSecret } from "../../../lib/sinks/secrets.ts";
import { takePorts } from "./machine.ts";
import { Running, SOON_MS } from "./process.ts";

/** A message of a stream. */
export interface StreamMessage {
  readonly subject: string;
  readonly id: string;
  readonly body: string;
}

/** A server; not running until `start`. */
export class NatsServer implements AsyncDisposable {
  readonly port: number;
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  readonly folder: string;
  readonly #config: string;
  #process: Running | undefined;

  private constructor(folder: string, port: number, config: string) {
    this.folder = folder;
    this.port = port;
    this.address = `127.0.0.1:${port}`;
    this.#config = config;
  }

  /**
   * Prepares a server.
   * @param config more of its configuration; `@folder` stands for its folder.
   */
  static async make(config = ""): Promise<NatsServer> {
    const folder = await Deno.makeTempDir({ prefix: "duckblind-nats-" });
    const [port] = takePorts(1);
    const text = `listen: "127.0.0.1:${port}"\n${
      config.includes("jetstream") ? "" : 'jetstream { store_dir: "@folder/store" }\n'
    }${config}\n`;
    const server = new NatsServer(folder, port!, `${folder}/nats.conf`);
    await Deno.writeTextFile(server.#config, text.replaceAll("@folder", folder));
    return server;
  }

  /** Starts it, and waits until it is ready. */
  async start(): Promise<void> {
    this.#process = new Running("nats-server", ["-c", this.#config]);
    await this.#process.stderr.find(/Server is ready/);
  }

  /** Ends it at once, in the middle of whatever it does. */
  async kill(): Promise<void> {
    this.#process?.signal("SIGKILL");
    await this.#process?.exit();
    this.#process = undefined;
  }

  /** Stops it where it stands, or lets it go on. */
  signal(name: Deno.Signal): void {
    this.#process!.signal(name);
  }

  /** Connects to it by our own means. */
  async connect(options: Record<string, unknown> = {}): Promise<NatsLink> {
    return await connectNats(serverOptions([this.address], options), {
      name: "test",
      secret: resolveSecret,
      signal: AbortSignal.timeout(SOON_MS),
    });
  }

  /** Everything in a stream, in order. */
  async messages(stream: string, options: Record<string, unknown> = {}): Promise<StreamMessage[]> {
    const link = await this.connect(options);
    try {
      const { state } = await link.manager.streams.info(stream);
      const all: StreamMessage[] = [];
      if (state.messages === 0) return all;
      const consumer = await link.js.consumers.get(stream, {});
      for await (const message of await consumer.consume({ max_messages: 1000 })) {
        all.push({
          subject: message.subject,
          id: message.headers?.get("Nats-Msg-Id") ?? "",
          body: message.string(),
        });
        if (message.info.pending === 0) break;
      }
      return all;
    } finally {
      link.close();
      await link.closed;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** The keys of a config that say how to reach servers, with defaults filled in. */
export function serverOptions(
  servers: readonly string[],
  options: Record<string, unknown> = {},
): ServerOptions {
  return v.parse(v.strictObject(SERVER_KEYS), { servers: [...servers], ...options });
}
