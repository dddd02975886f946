import { ftp } from "../../lib/decoys/ftp.ts";
import { testKeys, testRelay } from "../support/test_tls.ts";
import { makeDecoy } from "../support/transcript.ts";
import { type Address, type Conversation, converse, type Send } from "./client.ts";
import { proftpdWithTls } from "./genuine/proftpd.ts";
import { vsftpdWithTls } from "./genuine/vsftpd.ts";
import { assertSame, differentialTest, segmented, serveDecoy } from "./harness.ts";

/** Longest pause of a failed login, and something to spare, in ms. */
const LOGIN_MS = 5000;

/** Commands whose answers TLS may change. */
const COMMANDS =
  ("ABOR ACCT ADAT ALGS ALLO AUTH CCC CDUP CLNT CONF CSID CWD ENC EPSV FEAT HOST LANG LIST " +
    "MIC MODE NOOP OPTS PASV PBSZ PORT PROT PWD REIN RETR RNTO SITE SSCN STAT STOR SYST TYPE XYZ")
    .split(" ");

const line = (text: string): Send => ({ data: `${text}\r\n` });
const password = (text: string): Send => ({ ...line(`PASS ${text}`), waitMs: LOGIN_MS });
const auth = (text = "AUTH TLS"): Send => ({ ...line(text), startsTls: true });
const lines = (text: string) => text.split("|").map(line);

/** What is said before and after TLS begins. */
const TALKS: Conversation[] = [
  ...["", " x"].flatMap((argument): Conversation[] => [
    {
      name: `every command in clear, with "${argument}"`,
      sends: COMMANDS.map((c) => line(c + argument)),
    },
    {
      name: `every command in TLS, with "${argument}"`,
      sends: [auth(), ...COMMANDS.map((c) => line(c + argument))],
    },
  ]).map((talk) => ({ ...talk, quietMs: 40 })),
  { name: "mechanisms", sends: lines("AUTH|AUTH X|AUTH TLS-X|AUTH  X|AUTH GSSAPI|auth krb|FEAT") },
  ...["AUTH SSL", "auth tls", "AUTH TLS-C", "AUTH TLS-P"].map((text): Conversation => ({
    name: text,
    sends: [auth(text), ...lines("PROT P|PBSZ 0|PROT P|QUIT")],
  })),
  {
    name: "PBSZ and PROT",
    sends: [
      auth(),
      ...lines(
        "PBSZ 0|PBSZ 5|PBSZ|PBSZ x|PBSZ 0 1|PBSZ 00|PROT P|PROT C|PROT S|PROT E|PROT X|PROT|prot p",
      ),
      ...lines(
        "PROT P P|PROT PP|AUTH TLS|AUTH SSL|AUTH|AUTH X|CCC|HELP AUTH|HELP PBSZ|FEAT|NOOP|QUIT",
      ),
    ],
    quietMs: 40,
  },
  {
    name: "a login in TLS",
    sends: [auth(), line("USER root"), password("hunter 2"), line("QUIT")],
  },
  {
    name: "anonymous logins in TLS",
    sends: [auth(), line("USER anonymous"), password("a@b"), line("user FTP"), password("")],
  },
  {
    name: "three tries in TLS",
    sends: [auth(), ...["a", "b", "c"].flatMap((name) => [line(`USER ${name}`), password("x")])],
  },
  { name: "a name in clear", sends: [line("USER root")] },
  { name: "an empty name in clear", sends: [line("USER")] },
  { name: "an anonymous login in clear", sends: [line("USER ftp"), password("x"), line("PASS y")] },
  { name: "a password in clear", sends: [line("PASS x"), line("SYST")] },
  { name: "an anonymous name, then TLS", sends: [line("USER ftp"), auth(), password("x")] },
  { name: "no TLS", sends: ["AUTH TLS\r\n", "FEAT\r\n"], isResetAllowed: true },
  { name: "HTTP", sends: ["AUTH TLS\r\n", "GET / HTTP/1.0\r\n\r\n"], isResetAllowed: true },
  {
    name: "CONNECT",
    sends: ["AUTH TLS\r\n", "CONNECT a:1 HTTP/1.0\r\n\r\n"],
    isResetAllowed: true,
  },
  { name: "less than a record", sends: ["AUTH TLS\r\n", "x"] },
  { name: "the end", sends: ["AUTH TLS\r\n", null], isResetAllowed: true },
];

const IN_PIECES: Conversation[] = segmented([
  { name: "a login cut in bytes", sends: [auth(), line("USER root"), password("x"), line("QUIT")] },
], ["bytes"]);

async function compare(
  t: Deno.TestContext,
  genuine: Address,
  { options, more }: { options: Record<string, unknown>; more: readonly Conversation[] },
): Promise<void> {
  await using relay = await testRelay();
  const { ca } = await testKeys();
  await using decoy = serveDecoy(await makeDecoy(ftp, options), { tls: relay });
  const masks = [{ pattern: /(Direct comments to root@)[^\r]+/g, replacement: "$1HOST" }];
  const conversations = [...TALKS, ...more].map((talk) => ({
    ...talk,
    tlsBy: ca,
    isCutAllowed: true, // vsftpd closes without close_notify
  }));
  await assertSame(t, { genuine, decoy: decoy.address, conversations, masks });
}

for (const auth_tls of ["offered", "required"] as const) {
  const force = auth_tls === "required" ? "YES" : "NO";
  differentialTest(
    vsftpdWithTls({ force_local_logins_ssl: force, force_local_data_ssl: force }),
    `ftp answers as vsftpd 3.0.3 with TLS ${auth_tls}`,
    (t, genuine) =>
      compare(t, genuine, {
        options: { product: "vsftpd-3.0.3", auth_tls },
        // What is pipelined behind AUTH is taken for TLS, as there.
        more: [...IN_PIECES, {
          name: "pipelined",
          sends: ["AUTH TLS\r\nFEAT\r\n"],
          isResetAllowed: true,
        }],
      }),
  );

  differentialTest(
    proftpdWithTls(auth_tls === "required" ? ["TLSRequired on"] : []),
    `ftp answers as ProFTPD 1.3.8 with TLS ${auth_tls}`,
    async (t, genuine) => {
      await warmUp(genuine);
      await compare(t, genuine, {
        options: { product: "proftpd-1.3.8", auth_tls },
        more: [{
          name: "data",
          sends: [auth(), ...lines("LIST|PROT P|LIST|PROT C|LIST|NLST|RETR x|PROT X|STOR x")],
          quietMs: 40,
        }, {
          name: "pipelined, and dropped",
          sends: [{ data: "AUTH TLS\r\nFEAT\r\n", startsTls: true }, line("SYST")],
        }],
      });
    },
  );
}

/** Fills the table of mod_delay: see `ftp_test.ts`. */
async function warmUp(genuine: Address): Promise<void> {
  const tlsBy = (await testKeys()).ca;
  for (let i = 0; i < 4; i++) {
    await converse(genuine, {
      name: "warm-up",
      sends: [auth(), ...lines("USER a|PASS a|USER a|PASS a|QUIT")],
      waitMs: 15_000,
      quietMs: 20,
      tlsBy,
    });
  }
}
