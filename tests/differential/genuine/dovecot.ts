/**
 * Dovecot of Debian 12 with the configuration of its package.
 *
 * Differs from it only in what one test needs: address, port, folders, a certificate of its own, and
 * where passwords come from, so that no test depends on how the machine's PAM is set up.
 * @module
 */
import { makeCertificate } from "../certificate.ts";
import { freePort, type Genuine, type GenuineProcess, startDaemon } from "../process.ts";

/** Configuration without the waits for addresses that have failed: several talks go on at a time. */
export const NO_PENALTY =
  "service anvil {\n  unix_listener anvil-auth-penalty {\n    mode = 0\n  }\n}";

/**
 * Where it listens besides 127.0.0.1: it trusts a connection whose two ends have one address, so only
 * here passwords in clear are refused without TLS.
 */
export const OTHER_ADDRESS = "127.0.0.2";

/** What a test may have otherwise than the package. */
export interface DovecotOptions {
  /** Lines of configuration that come last. */
  readonly config?: string;
  /** Whether it has the one account `alice` in a file, in place of PAM. */
  readonly hasFile?: boolean;
  /** Where its auth service listens for others, such as Postfix. */
  readonly authSocket?: string;
}

/**
 * Dovecot 2.3.19.1 as a server of one protocol.
 * @param protocol which one is on the port.
 * @param options what is otherwise.
 */
export function dovecot(protocol: "pop3" | "imap", options: DovecotOptions = {}): Genuine {
  return {
    name: "Dovecot 2.3.19",
    packages: ["dovecot-core", "dovecot-pop3d", "dovecot-imapd"],
    async start({ port, workDir }) {
      return await startDovecot(workDir, { ...options, protocol, [protocol]: port });
    },
  };
}

/**
 * Starts it for somebody else's test.
 * @param workDir an empty folder, or one that has no `dovecot` in it.
 * @param options what is otherwise, and the port of the protocol that matters.
 */
export async function startDovecot(
  workDir: string,
  { protocol = "pop3", pop3 = freePort(), imap = freePort(), ...options }: DovecotOptions & {
    protocol?: "pop3" | "imap";
    pop3?: number;
    imap?: number;
  },
): Promise<GenuineProcess> {
  const config = await writeConfig(`${workDir}/dovecot`, { pop3, imap }, options);
  const command = ["/usr/sbin/dovecot", "-F", "-c", config] as const;
  const port = protocol === "imap" ? imap : pop3;
  return await startDaemon(command, { hostname: "127.0.0.1", port });
}

/** Writes everything that a daemon needs; returns the path of its configuration. */
async function writeConfig(
  folder: string,
  ports: { pop3: number; imap: number },
  { config = "", hasFile = false, authSocket = `${folder}/auth` }: DovecotOptions,
): Promise<string> {
  await Deno.mkdir(folder);
  const { cert, key } = await makeCertificate(folder);
  const copied = await new Deno.Command("/bin/cp", {
    args: ["-r", "/etc/dovecot", `${folder}/etc`],
  })
    .output();
  if (!copied.success) throw new Error(`Cannot copy /etc/dovecot: ${copied.stderr}`);
  const tls = await Deno.readTextFile(`${folder}/etc/conf.d/10-ssl.conf`);
  await Deno.writeTextFile(
    `${folder}/etc/conf.d/10-ssl.conf`,
    tls.replace(/^ssl_cert = .*$/m, `ssl_cert = <${cert}`)
      .replace(/^ssl_key = .*$/m, `ssl_key = <${key}`),
  );
  if (hasFile) {
    await Deno.writeTextFile(`${folder}/users`, "alice:{PLAIN}wonderland::::::\n");
    const database = `{\n  driver = passwd-file\n  args = ${folder}/users\n}\n`;
    await Deno.writeTextFile(
      `${folder}/etc/conf.d/auth-system.conf.ext`,
      `passdb ${database}userdb ${database}`,
    );
  }
  const listener = (name: "pop3" | "imap") =>
    `service ${name}-login {\n  inet_listener ${name} {\n    port = ${ports[name]}\n  }\n` +
    `  inet_listener ${name}s {\n    port = 0\n  }\n}\n`;
  await Deno.writeTextFile(
    `${folder}/etc/local.conf`,
    [
      `base_dir = ${folder}/run`,
      `state_dir = ${folder}/run`,
      `log_path = ${folder}/log`,
      `listen = 127.0.0.1, ${OTHER_ADDRESS}`,
      listener("pop3") + listener("imap"),
      `service auth {\n  unix_listener ${authSocket} {\n    mode = 0666\n  }\n}`,
      config,
    ].join("\n"),
  );
  return `${folder}/etc/dovecot.conf`;
}
