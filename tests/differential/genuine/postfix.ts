/**
 * Postfix of Debian 12 with the configuration of its package, and Dovecot behind it for AUTH.
 *
 * Differs from it only in what one test needs: address, port, folders, a certificate of its own, the
 * host's name, that 127.0.0.1 is as strange to it as the rest of the world, and that what it takes is
 * thrown away.
 * @module
 */
import { makeCertificate } from "../certificate.ts";
import { type Genuine, startDaemon } from "../process.ts";
import { type DovecotOptions, startDovecot } from "./dovecot.ts";

/** What a test may have otherwise than the package. */
export interface PostfixOptions {
  /** Whether it is the submission service of the package's `master.cf`. */
  readonly isSubmission?: boolean;
  /** Parameters of `main.cf` that stand in place of the package's. */
  readonly config?: Readonly<Record<string, string>>;
  /** How the Dovecot behind it is set up; there is none when absent. */
  readonly auth?: DovecotOptions;
}

/** Its host name. */
export const HOSTNAME = "mail.example.net";

/** Settings of the submission service, as they stand in the package's `master.cf`. */
const SUBMISSION = [
  "smtpd_tls_security_level=encrypt",
  "smtpd_sasl_auth_enable=yes",
  "smtpd_tls_auth_only=yes",
  "smtpd_reject_unlisted_recipient=no",
  "smtpd_client_restrictions=",
  "smtpd_helo_restrictions=",
  "smtpd_sender_restrictions=",
  "smtpd_relay_restrictions=",
  "smtpd_recipient_restrictions=permit_sasl_authenticated,reject",
];

/** Services that one smtpd needs, and where mail goes: nowhere. */
const SERVICES = `
pickup    unix  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       discard
defer     unix  -       -       n       -       0       discard
trace     unix  -       -       n       -       0       discard
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
anvil     unix  -       -       n       -       1       anvil
postlog   unix-dgram n  -       n       -       1       postlogd
`;

/**
 * Postfix 3.7.11.
 * @param options what is otherwise.
 */
export function postfix(options: PostfixOptions = {}): Genuine {
  return {
    name: "Postfix 3.7.11",
    packages: ["postfix", ...(options.auth ? ["dovecot-core"] : [])],
    async start({ port, workDir }) {
      const socket = `${workDir}/auth`;
      const dovecot = options.auth &&
        await startDovecot(workDir, { ...options.auth, authSocket: socket });
      const folder = `${workDir}/postfix`;
      await writeConfig(folder, { ...options, port, socket });
      const command = ["/usr/sbin/postfix", "-c", `${folder}/etc`, "start-fg"] as const;
      const running = await startDaemon(command, { hostname: "127.0.0.1", port });
      return {
        address: running.address,
        stop: async () => {
          await run("/usr/sbin/postfix", ["-c", `${folder}/etc`, "stop"]);
          await running.stop();
          await dovecot?.stop();
        },
      };
    },
  };
}

async function writeConfig(
  folder: string,
  { port, socket, isSubmission, auth, config }: PostfixOptions & { port: number; socket: string },
): Promise<void> {
  for (const name of ["", "/etc", "/spool", "/lib"]) await Deno.mkdir(folder + name);
  const { cert, key } = await makeCertificate(folder);
  await Deno.copyFile("/etc/postfix/dynamicmaps.cf", `${folder}/etc/dynamicmaps.cf`);
  await run("/bin/chown", ["postfix", `${folder}/lib`]);
  await Deno.writeTextFile(`${folder}/etc/aliases`, "postmaster:    root\n");
  const main = {
    smtpd_banner: "$myhostname ESMTP $mail_name (Debian/GNU)",
    biff: "no",
    append_dot_mydomain: "no",
    readme_directory: "no",
    compatibility_level: "3.6",
    smtpd_tls_cert_file: cert,
    smtpd_tls_key_file: key,
    smtpd_tls_security_level: "may",
    smtpd_relay_restrictions:
      "permit_mynetworks permit_sasl_authenticated defer_unauth_destination",
    myhostname: HOSTNAME,
    alias_maps: `hash:${folder}/etc/aliases`,
    alias_database: `hash:${folder}/etc/aliases`,
    mydestination: "$myhostname, mail, localhost.localdomain, , localhost",
    relayhost: "",
    mailbox_size_limit: "0",
    recipient_delimiter: "+",
    // From here on nothing is the package's.
    mynetworks: "192.0.2.0/24",
    inet_interfaces: "127.0.0.1",
    inet_protocols: "ipv4",
    queue_directory: `${folder}/spool`,
    data_directory: `${folder}/lib`,
    maillog_file: `${folder}/spool/log`,
    maillog_file_prefixes: folder,
    local_transport: "discard",
    default_transport: "discard",
    relay_transport: "discard",
    ...(auth === undefined ? {} : {
      smtpd_sasl_auth_enable: "yes",
      smtpd_sasl_type: "dovecot",
      smtpd_sasl_path: socket,
    }),
    ...config,
  };
  const lines = Object.entries(main).map(([name, value]) => `${name} = ${value}\n`);
  await Deno.writeTextFile(`${folder}/etc/main.cf`, lines.join(""));
  const own = isSubmission ? SUBMISSION.map((setting) => `\n  -o ${setting}`).join("") : "";
  await Deno.writeTextFile(
    `${folder}/etc/master.cf`,
    `${port} inet n - n - - smtpd${own}${SERVICES}`,
  );
  await run("/usr/sbin/postalias", ["-c", `${folder}/etc`, `hash:${folder}/etc/aliases`]);
}

async function run(path: string, args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(path, { args }).output();
  if (!success) {
    throw new Error(`Cannot run ${path} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  }
}
