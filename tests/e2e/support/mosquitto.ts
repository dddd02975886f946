/**
 * Debian's mosquitto on a port and in a folder of its own, that can be killed and started again, and a
 * subscriber that its users run: mosquitto_sub.
 *
 * Subscriptions and what waits for them are stored at every change, so that a broker that is killed
 * knows them when it is back.
 * @module
 */
import type { TestKeys } from "../../support/test_tls.ts";
import { takePorts } from "./machine.ts";
import { poll } from "./peer.ts";
import { Running, runToEnd } from "./process.ts";

/** The publisher, who may publish below `duckblind` only, and the subscriber. */
export const USERS = { sensor: "s3cret", reader: "readme" } as const;

const ACL = `user sensor
topic write duckblind/#
user reader
topic read #
`;

/** A broker; not running until `start`. */
export class Mosquitto implements AsyncDisposable {
  readonly folder: string;
  /** In clear, and with TLS. */
  readonly port: number;
  readonly tls: number;
  /** With TLS, for those who have a certificate. */
  readonly mutual: number;
  #process: Running | undefined;

  private constructor(folder: string) {
    this.folder = folder;
    [this.port, this.tls, this.mutual] = takePorts(3) as [number, number, number];
  }

  /** Prepares a broker. */
  static async make(keys: TestKeys): Promise<Mosquitto> {
    const broker = new Mosquitto(await Deno.makeTempDir({ prefix: "duckblind-mosquitto-" }));
    const { folder, port, tls, mutual } = broker;
    for (const [name, text] of Object.entries(keys)) {
      await Deno.writeTextFile(`${folder}/${name}.pem`, text);
    }
    for (const [user, password] of Object.entries(USERS)) {
      const first = user === "sensor" ? ["-c"] : [];
      await runToEnd("mosquitto_passwd", [...first, "-b", `${folder}/passwords`, user, password]);
      await Deno.writeTextFile(`${folder}/${user}.password`, password);
    }
    await Deno.writeTextFile(`${folder}/acl`, ACL);
    await runToEnd("openssl", [
      ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=sensor"],
      ...["-addext", "extendedKeyUsage=clientAuth"],
      ...["-keyout", `${folder}/client.key`, "-out", `${folder}/client.pem`],
    ]);
    const keyFiles = `certfile ${folder}/cert.pem\nkeyfile ${folder}/key.pem\n`;
    await Deno.writeTextFile(
      `${folder}/mosquitto.conf`,
      `user root
allow_anonymous false
password_file ${folder}/passwords
acl_file ${folder}/acl
persistence true
persistence_location ${folder}/
autosave_on_changes true
autosave_interval 1
max_queued_messages 0
max_inflight_messages 0
listener ${port} 127.0.0.1
listener ${tls} 127.0.0.1
${keyFiles}listener ${mutual} 127.0.0.1
${keyFiles}cafile ${folder}/client.pem
require_certificate true
`,
    );
    return broker;
  }

  /** `127.0.0.1:PORT`, in clear. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Starts it and waits until it listens. */
  async start(): Promise<void> {
    this.#process = new Running("mosquitto", ["-c", `${this.folder}/mosquitto.conf`]);
    await poll(() => this.#isListening(), (isOpen) => isOpen);
  }

  /** Lets it do nothing, while its system goes on taking what is sent to it. */
  freeze(): void {
    this.#process!.signal("SIGSTOP");
  }

  /** Lets it go on. */
  thaw(): void {
    this.#process!.signal("SIGCONT");
  }

  /** Ends it by a signal, and waits for its end. */
  async end(signal: Deno.Signal): Promise<void> {
    this.#process!.signal(signal);
    await this.#process!.exit();
    this.#process = undefined;
  }

  /**
   * Subscribes to everything, for as long as a `using` lasts; comes back by itself after the broker.
   * Lines are the topic, a space and the payload.
   */
  subscribe(): Running {
    return new Running("mosquitto_sub", [
      ...["-h", "127.0.0.1", "-p", String(this.port), "-u", "reader", "-P", USERS.reader],
      ...["-i", "reader", "-c", "-q", "1", "-t", "#", "-v"],
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }

  async #isListening(): Promise<boolean> {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port: this.port })).close();
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionRefused) return false;
      throw error;
    }
  }
}
