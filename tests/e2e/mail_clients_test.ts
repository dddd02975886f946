/** Stock mail clients and guessers at the mail decoys: what each of them tried is told, and once. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Buffer } from "node:buffer";
import { createHash, createHmac } from "node:crypto";
import { testWith } from "./support/machine.ts";
import { runToEnd } from "./support/process.ts";
import { Program } from "./support/program.ts";
import { watched } from "./support/watched.ts";
import type { WireEvent } from "./support/wire_event.ts";

const CONFIG = `tls: { inner: "127.0.0.1:@mailtls" }
service:
  listen: ["127.0.0.1:@service"]
decoys:
  - { kind: smtp, hostname: mail.example.net, slow_down: false, auth: [plain, login, cram-md5],
      listen: ["127.0.0.1:@smtp"] }
  - { kind: smtp, name: submission, service: submission, hostname: mail.example.net,
      slow_down: false, listen: ["127.0.0.1:@submission"] }
  - { kind: smtp, name: smtps, service: submissions, tls: true, hostname: mail.example.net,
      slow_down: false, listen: ["127.0.0.1:@smtps"] }
  - { kind: pop3, slow_down: false, auth: [plain, login, cram-md5], listen: ["127.0.0.1:@pop3"] }
  - { kind: pop3, name: pop3s, tls: true, slow_down: false, listen: ["127.0.0.1:@pop3s"] }
  - { kind: imap, slow_down: false, auth: [plain, login, cram-md5], listen: ["127.0.0.1:@imap"] }
  - { kind: imap, name: imaps, tls: true, slow_down: false, listen: ["127.0.0.1:@imaps"] }
`;
const NAMES = ["smtp", "submission", "smtps", "pop3", "pop3s", "imap", "imaps"] as const;
type Name = typeof NAMES[number];

/** Debian's, whose standard library has the clients. */
const PYTHON = "/usr/bin/python3";
const WORDS = ["wonderland", "b", "123456"];

/** What nmap 7.93 prints of the genuine products. */
const VERDICTS: Record<Name, string> = {
  smtp: "smtp Postfix smtpd",
  submission: "smtp Postfix smtpd",
  smtps: "ssl/smtp Postfix smtpd",
  pop3: "pop3 Dovecot pop3d",
  pop3s: "ssl/pop3 Dovecot pop3d",
  imap: "imap Dovecot imapd",
  imaps: "ssl/imap Dovecot imapd",
};

/** A login that some tool tried. */
interface Try {
  readonly decoy: Name;
  readonly user: string;
  readonly password: string;
}

/** Whether a line for hashcat 10200 is of a password. */
function isCram(line: string, { user, password }: Try): boolean {
  const [, challenge, response] = /^\$cram_md5\$([^$]+)\$([^$]+)$/.exec(line) ?? [];
  if (challenge === undefined) return false;
  const digest = createHmac("md5", password).update(Buffer.from(challenge, "base64")).digest("hex");
  return Buffer.from(response!, "base64").toString() === `${user} ${digest}`;
}

/** Whether an event is this try, in whatever form the password came. */
function isOf({ event, user, duckblind }: WireEvent, wanted: Try): boolean {
  if (event.action !== "credential-attempt" || event.provider !== wanted.decoy) return false;
  if (user?.name !== wanted.user) return false;
  const { password, hash = "" } = duckblind.credential;
  return password === undefined ? isCram(hash, wanted) : password === wanted.password;
}

/** Each mechanism and way of hydra. */
const HYDRA: readonly (readonly [decoy: Name, url: string, ...flags: string[]])[] = [
  ["smtp", "smtp://127.0.0.1"],
  ["submission", "smtp://127.0.0.1/TLS:PLAIN"],
  ["smtps", "smtp://127.0.0.1", "-S"],
  ["pop3", "pop3://127.0.0.1"],
  ["pop3s", "pop3://127.0.0.1", "-S"],
  ["imap", "imap://127.0.0.1"],
  ["imaps", "imap://127.0.0.1", "-S"],
];

/** How curl asks for the same. */
const CURL: readonly (readonly [decoy: Name, scheme: string, ...options: string[]])[] = [
  ["smtp", "smtp", "--login-options", "AUTH=LOGIN"],
  ["submission", "smtp", "--ssl-reqd"],
  ["smtps", "smtps"],
  ["pop3", "pop3", "--login-options", "AUTH=CRAM-MD5"],
  ["pop3s", "pop3s"],
  ["imap", "imap", "--ssl-reqd"],
  ["imaps", "imaps"],
];

/** Plays all clients to all decoys, and gives what was tried. */
async function attack(program: Program): Promise<Try[]> {
  const tries: Try[] = [];
  const note = (decoy: Name, user: string, ...passwords: string[]) =>
    tries.push(...passwords.map((password) => ({ decoy, user, password })));
  const port = (decoy: Name) => String(program.ports[decoy]);
  const file = `${program.folder}/words`;
  await Deno.writeTextFile(file, WORDS.join("\n") + "\n");
  const options = { cwd: program.folder, withinMs: 100_000 };
  const hydra = HYDRA.map(async ([decoy, url, ...flags]) => {
    const args = ["-I", "-l", "hydra", "-P", file, "-t", "2", "-s", port(decoy), ...flags, url];
    const { stdout } = await runToEnd("hydra", args, options);
    assertMatch(stdout, /0 valid password/);
    note(decoy, "hydra", ...WORDS);
  });
  const curl = CURL.map(async ([decoy, scheme, ...flags]) => {
    const mail = scheme.startsWith("smtp")
      ? ["--mail-from", "a@b.c", "--mail-rcpt", "root", "-T", file]
      : [];
    const url = `${scheme}://127.0.0.1:${port(decoy)}/`;
    const args = ["-sSk", "-u", "curl:hunter 2", ...flags, ...mail, url];
    const { code, stderr } = await runToEnd("curl", args, options);
    assertEquals(code, 67, `${decoy}: ${stderr}`); // access denied
    note(decoy, "curl", "hunter 2");
  });
  const python = runToEnd(PYTHON, ["-c", PYTHON_CLIENTS, ...NAMES.map(port)], options)
    .then(({ stdout, stderr }) => {
      assertEquals(stdout.trim().split("\n"), ["535", "-ERR [AUTH]", "NO [AUTHENT"], stderr);
      for (const name of ["smtp", "pop3", "imap"] as const) note(name, "python", "monty");
    });
  const swaks = runToEnd("swaks", [
    ...[
      "--server",
      `127.0.0.1:${port("smtp")}`,
      "--from",
      "a@b.c",
      "--to",
      "root@mail.example.net",
    ],
    ...["--auth", "CRAM-MD5", "--auth-user", "swaks", "--auth-password", "wine"],
    ...["--auth-optional", "--attach-name", "words.txt", "--attach", `@${file}`],
  ], options).then(({ stdout }) => {
    assertMatch(stdout, /<\*\* 535 5\.7\.8 Error: authentication failed: \(reason unavailable\)/);
    assertMatch(stdout, /<- {2}250 2\.0\.0 Ok: queued as [0-9A-F]{10}/);
    note("smtp", "swaks", "wine");
  });
  await Promise.all([...hydra, ...curl, python, swaks]);
  return tries;
}

/** The clients of Python's library, whose refusals are printed. */
const PYTHON_CLIENTS = `
import imaplib, poplib, smtplib, sys
ports = [int(port) for port in sys.argv[1:]]
try:
  client = smtplib.SMTP("127.0.0.1", ports[0])
  client.ehlo()
  client.user, client.password = "python", "monty"
  client.auth("PLAIN", client.auth_plain)  # login() would try every mechanism
except smtplib.SMTPAuthenticationError as error:
  print(error.smtp_code)
try:
  client = poplib.POP3("127.0.0.1", ports[3])
  client.user("python")
  client.pass_("monty")
except poplib.error_proto as error:
  print(str(error)[2:13])
try:
  imaplib.IMAP4("127.0.0.1", ports[5]).login("python", "monty")
except imaplib.IMAP4.error as error:
  print("NO " + str(error)[2:10])
`;

testWith(
  "hydra, curl, swaks, Python and nmap are answered as by Postfix and Dovecot, and told once",
  { programs: ["hydra", "curl", "swaks", "nmap"] },
  async () => {
    let tries: Try[] = [];
    let hash = "";
    const events = await watched(() => Program.source(CONFIG), async ({ program }) => {
      tries = await attack(program);
      const words = await Deno.readFile(`${program.folder}/words`);
      hash = createHash("sha256").update(words).digest("hex");
      const ports = NAMES.map((name) => program.ports[name]).join();
      const { stdout } = await runToEnd(
        "nmap",
        ["-n", "-Pn", "-sV", "--script", "smtp-open-relay", "-p", ports, "127.0.0.1"],
        { withinMs: 100_000 },
      );
      const verdicts = stdout.split("\n").filter((line) => /^\d+\/tcp/.test(line))
        .map((line) => line.replace(/\s+/g, " ").trim());
      assertEquals(
        verdicts.sort(),
        NAMES.map((name) => `${program.ports[name]}/tcp open ${VERDICTS[name]}`).sort(),
      );
      assertMatch(stdout, /Server doesn't seem to be an open relay, all tests failed/);
    });
    const attempts = events.filter(({ event }) => event.action === "credential-attempt");
    for (const wanted of tries) {
      const count = attempts.filter((event) => isOf(event, wanted)).length;
      assertEquals([wanted, count], [wanted, 1]);
    }
    const others = attempts.filter((event) => !tries.some((wanted) => isOf(event, wanted)));
    assertEquals(others.map(({ message }) => message), []);
    assert(attempts.some(({ duckblind }) => duckblind.credential.hashcat_mode === 10_200));
    // swaks sent its mail after all, with the words in it.
    const sent = events.filter(({ file }) => file?.name === "words.txt");
    assertEquals(sent.map(({ file }) => file?.hash.sha256), [hash]);
    const envelope = events.filter(({ process }) =>
      process?.command_line === "RCPT TO:<root@mail.example.net>"
    );
    assertEquals(envelope.length, 1);
  },
);
