/**
 * Debian's syslog daemons, started by a test in a folder of its own: rsyslog and syslog-ng.
 *
 * Both write `FACILITY|SEVERITY|HOST|APP-NAME|MSGID|STRUCTURED-DATA|MSG`, one line a message. They are
 * unpacked below `.ci/cache/genuine`, since they cannot be installed side by side.
 * @module
 */
import type { TestKeys } from "../../support/test_tls.ts";
import { unpacked } from "../../differential/process.ts";
import { takePorts } from "./machine.ts";
import { poll } from "./peer.ts";
import { Running } from "./process.ts";

const LIBRARIES = "usr/lib/x86_64-linux-gnu";

/** A message as a daemon understood it. */
export interface LoggedMessage {
  readonly facility: string;
  readonly severity: string;
  readonly host: string;
  readonly app: string;
  readonly msgid: string;
  readonly data: string;
  readonly text: string;
}

/** A daemon that can be ended and started again; it goes on with the same file. */
export abstract class SyslogDaemon implements AsyncDisposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "duckblind-syslog-" });
  readonly tcp: number;
  readonly tls: number;
  readonly udp: number;
  #running: Running | undefined;

  /** @param keys whom it is and whom it trusts. */
  constructor(keys: TestKeys) {
    [this.tcp, this.tls, this.udp] = takePorts(3) as [number, number, number];
    for (const [name, text] of Object.entries(keys)) {
      Deno.writeTextFileSync(`${this.folder}/${name}.pem`, text);
    }
    Deno.writeTextFileSync(this.#file, "");
  }

  /** Everything that it has written. */
  get messages(): LoggedMessage[] {
    const lines = Deno.readTextFileSync(this.#file).split("\n").slice(0, -1);
    return lines.map((line) => {
      const [facility, severity, host, app, msgid, data, ...text] = line.split("|") as [
        ...[string, string, string, string, string, string],
        ...string[],
      ];
      return { facility, severity, host, app, msgid, data, text: text.join("|") };
    });
  }

  /** Path of the CA's certificate. */
  get ca(): string {
    return `${this.folder}/ca.pem`;
  }

  get #file(): string {
    return `${this.folder}/messages`;
  }

  /** Starts it and waits until it listens. */
  async start(): Promise<void> {
    const [program, args, libraries] = this.command();
    const env = { LD_LIBRARY_PATH: libraries };
    const running = this.#running = new Running(program, args, { cwd: this.folder, env });
    const isUp = await poll(
      () => this.#isListening(),
      (isOpen) => isOpen,
    ).then(() => true, () => false);
    // rsyslog goes on without the ports that somebody else has taken meanwhile.
    if (!isUp || /already in use/i.test(running.stderr.text)) {
      throw new Error(`${program} does not listen: ${running.stderr.text}`);
    }
  }

  /** Lets it do nothing, while its system goes on taking what is sent to it. */
  freeze(): void {
    this.#running!.signal("SIGSTOP");
  }

  /** Lets it go on. */
  thaw(): void {
    this.#running!.signal("SIGCONT");
  }

  /** Ends it by a signal, and waits for its end. */
  async end(signal: Deno.Signal): Promise<void> {
    this.#running!.signal(signal);
    await this.#running!.exit();
    this.#running = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running?.[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }

  protected abstract command(): [program: string, args: string[], libraries: string];

  async #isListening(): Promise<boolean> {
    try {
      for (const port of [this.tcp, this.tls]) {
        (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      }
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionRefused) return false;
      throw error;
    }
  }
}

/**
 * rsyslog, which writes a message before it reads the next: with its own queue it could lose in memory
 * what it has taken, whatever the sender does.
 */
export class Rsyslog extends SyslogDaemon {
  readonly #modules = unpacked("rsyslog", `${LIBRARIES}/rsyslog`);

  /**
   * @param keys whom it is and whom it trusts.
   * @param options `wantsCertificate`: over TLS, from clients.
   */
  constructor(keys: TestKeys, options: { wantsCertificate?: boolean } = {}) {
    super(keys);
    const { folder } = this;
    Deno.writeTextFileSync(
      `${folder}/rsyslog.conf`,
      `
global(workDirectory="${folder}" DefaultNetstreamDriverCAFile="${folder}/ca.pem"
  DefaultNetstreamDriverCertFile="${folder}/cert.pem"
  DefaultNetstreamDriverKeyFile="${folder}/key.pem")
module(load="imtcp" StreamDriver.Name="gtls" StreamDriver.Mode="1"
  StreamDriver.AuthMode="${options.wantsCertificate ? "x509/certvalid" : "anon"}")
module(load="imudp")
template(name="all" type="string" string="%syslogfacility-text%|%syslogseverity-text%|%hostname%\
|%app-name%|%msgid%|%structured-data%|%msg%\\n")
ruleset(name="in" queue.type="Direct") {
  action(type="omfile" file="${folder}/messages" template="all")
}
input(type="imtcp" address="127.0.0.1" port="${this.tcp}" ruleset="in"
  StreamDriver.Name="ptcp" StreamDriver.Mode="0" StreamDriver.AuthMode="anon")
input(type="imtcp" address="127.0.0.1" port="${this.tls}" ruleset="in")
input(type="imudp" address="127.0.0.1" port="${this.udp}" ruleset="in")
`,
    );
  }

  protected override command(): [string, string[], string] {
    const args = ["-n", "-M", this.#modules, "-f", `${this.folder}/rsyslog.conf`];
    return [
      unpacked("rsyslog", "usr/sbin/rsyslogd"),
      [...args, "-i", `${this.folder}/pid`],
      unpacked("rsyslog", LIBRARIES),
    ];
  }
}

/** syslog-ng, with its own queue. */
export class SyslogNg extends SyslogDaemon {
  /** @param keys whom it is and whom it trusts. */
  constructor(keys: TestKeys) {
    super(keys);
    const { folder } = this;
    Deno.writeTextFileSync(
      `${folder}/syslog-ng.conf`,
      `@version: 3.38
options { stats-freq(0); use-dns(no); keep-hostname(yes); };
source s {
  syslog(ip("127.0.0.1") port(${this.tcp}) transport("tcp"));
  syslog(ip("127.0.0.1") port(${this.tls}) transport("tls") tls(key-file("${folder}/key.pem")
    cert-file("${folder}/cert.pem") peer-verify(optional-untrusted)));
  syslog(ip("127.0.0.1") port(${this.udp}) transport("udp"));
};
destination d {
  file("${folder}/messages" template("$FACILITY|$LEVEL|$HOST|$PROGRAM|$MSGID|$SDATA|$MSG\\n"));
};
log { source(s); destination(d); flags(flow-control); };
`,
    );
  }

  protected override command(): [string, string[], string] {
    const modules = unpacked("syslog-ng", "usr/lib/syslog-ng/3.38");
    const libraries = [LIBRARIES, "usr/lib/syslog-ng"].map((path) => unpacked("syslog-ng", path));
    const { folder } = this;
    return [
      unpacked("syslog-ng", "usr/sbin/syslog-ng"),
      [
        ...["-F", "--no-caps", `--module-path=${modules}`, "-f", `${folder}/syslog-ng.conf`],
        ...["-R", `${folder}/persist`, "-p", `${folder}/pid`, "-c", `${folder}/control`],
      ],
      libraries.join(":"),
    ];
  }
}
