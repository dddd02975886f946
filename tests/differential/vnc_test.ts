import { assertEquals, assertMatch } from "@std/assert";
import { vnc } from "../../lib/decoys/vnc.ts";
import { testKeys, testRelay } from "../support/test_tls.ts";
import { makeDecoy } from "../support/transcript.ts";
import { CHALLENGE } from "../support/vnc_mask.ts";
import { type Address, type Conversation, converse } from "./client.ts";
import { tigervnc } from "./genuine/tigervnc.ts";
import { assertSame, differentialTest, type Mask, segmented, serveDecoy } from "./harness.ts";
import {
  CERTIFIED,
  CERTIFIED_ONLY,
  MERGED,
  SEGMENTED,
  STOCK,
  SYSTEM_PASSWORDS,
  VNC_AUTH_ONLY,
} from "./vnc_conversations.ts";

const MASKS: readonly Mask[] = [{ pattern: CHALLENGE, replacement: "CHALLENGE" }];

const NO_BLACKLIST = "-UseBlacklist=0";

/** Compares a server and a decoy of the same security types. */
function compare(
  name: string,
  types: readonly string[],
  conversations: readonly Conversation[],
  options: readonly string[] = [],
): void {
  const all = types.length === 0 ? [] : [`-SecurityTypes=${types.join()}`];
  const hasCertificate = types.some((type) => type.startsWith("X509"));
  const certificate = hasCertificate ? ["-X509Cert=cert.pem", "-X509Key=key.pem"] : [];
  const files = async (): Promise<Record<string, string>> => {
    if (!hasCertificate) return {};
    const { cert, key } = await testKeys();
    return { "cert.pem": cert, "key.pem": key };
  };
  const server = tigervnc([NO_BLACKLIST, ...all, ...certificate, ...options], files);
  differentialTest(server, `vnc answers as TigerVNC 1.12: ${name}`, async (t, genuine) => {
    await using relay = await testRelay();
    const security = types.length === 0 ? {} : { security_types: types };
    const decoyOptions = { blacklist: false, ...security };
    await using decoy = serveDecoy(await makeDecoy(vnc, decoyOptions), { tls: relay });
    await assertSame(t, { genuine, decoy: decoy.address, masks: MASKS, conversations });
  });
}

compare("by default", [], [...STOCK, ...MERGED, ...segmented(SEGMENTED)]);
compare("VNC authentication alone", ["VncAuth"], VNC_AUTH_ONLY);
compare("with a certificate alone", ["X509Vnc", "X509Plain"], CERTIFIED_ONLY);
compare(
  "all kinds",
  ["X509Plain", "X509Vnc", "TLSPlain", "TLSVnc", "Plain", "VncAuth"],
  CERTIFIED,
);
// By default no user of the system may log in, and none is asked about; here all are.
compare("users of the system", ["Plain"], SYSTEM_PASSWORDS, ["-PlainUsers=*"]);

/** What the peer saw, as text. */
async function saysAnonymously(address: Address, args: readonly string[]): Promise<string> {
  const script = new URL("./peers/vnc_anonymous_tls.py", import.meta.url).pathname;
  const { stdout, stderr } = await new Deno.Command("/usr/bin/python3", {
    args: [script, String(address.port), ...args],
  }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

const ANSWER = "00".repeat(16);
/** Lengths of a name that is too long: the genuine server asks nobody about it. */
const LOGIN = "0000040100000001";
const ANONYMOUS: Record<string, readonly [args: readonly string[], expected: RegExp]> = {
  "AES-256": [["258", "AECDH-AES256-SHA", ANSWER], /said .*Authentication failure/],
  "AES-128": [["258", "AECDH-AES128-SHA", ANSWER], /said .*Authentication failure/],
  "the client's order": [["258", "AECDH-AES128-SHA:AECDH-AES256-SHA", ANSWER], /AECDH-AES128-SHA/],
  "user and password": [["259", "AECDH-AES256-SHA", LOGIN], /said .*Too long username/],
  "a certificate wanted": [
    ["258", "ECDHE-RSA-AES128-GCM-SHA256", ANSWER],
    /refused 15030300020100/,
  ],
  "without curves": [["258", "ADH", ANSWER], /refused 15030300020100/],
};

differentialTest(
  tigervnc([NO_BLACKLIST, "-SecurityTypes=TLSPlain,TLSVnc"]),
  "vnc speaks TLS without a certificate as TigerVNC 1.12",
  async (t, genuine) => {
    const options = { blacklist: false, security_types: ["TLSPlain", "TLSVnc"] };
    await using decoy = serveDecoy(await makeDecoy(vnc, options));
    for (const [name, [args, expected]] of Object.entries(ANONYMOUS)) {
      await t.step(name, async () => {
        const [a, b] = await Promise.all(
          [genuine, decoy.address].map((address) => saysAnonymously(address, args)),
        );
        assertEquals(b, a);
        assertMatch(a!, expected);
      });
    }
  },
);

const TIMEOUT_S = 2;

differentialTest(
  tigervnc([`-BlacklistTimeout=${TIMEOUT_S}`]),
  "vnc refuses a source after five connections for a time that doubles, as TigerVNC 1.12",
  async (_t, genuine) => {
    await using decoy = serveDecoy(await makeDecoy(vnc, { blacklist_timeout_s: TIMEOUT_S }));
    const knock = async (address: Address) =>
      (await converse(address, { name: "knock", sends: [], quietMs: 50 }))
        .map(({ received, ending }) => `${ending} ${received}`);
    const both = async () => await Promise.all([genuine, decoy.address].map(knock));
    await knock(decoy.address); // the harness has asked the genuine server whether it listens
    for (let connection = 2; connection <= 7; connection++) {
      const [expected, actual] = await both();
      assertEquals(actual, expected);
      assertEquals(expected![0]!.includes("Too many"), connection > 5, `connection ${connection}`);
    }
    // In whole seconds, and the two did not begin at the same time: wait well beyond them.
    for (const seconds of [TIMEOUT_S, 2 * TIMEOUT_S]) {
      await new Promise((resolve) => setTimeout(resolve, (seconds + 0.2) * 1000));
      for (const isRefused of [false, true]) {
        const [expected, actual] = await both();
        assertEquals(actual, expected);
        assertEquals(expected![0]!.includes("Too many"), isRefused);
      }
    }
  },
);
