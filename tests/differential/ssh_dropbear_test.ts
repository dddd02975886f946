/**
 * The SSH decoy against Debian 12's Dropbear: the same packets, ends and delays for the same client.
 *
 * It bears five at a time from an address, so the talks take turns.
 */
import { assertEquals } from "@std/assert";
import { SshClient } from "../support/ssh_client.ts";
import { message, passwordRequest, serviceRequest } from "../support/ssh_messages.ts";
import { init, keys, packet, type Step, within } from "../support/ssh_talk.ts";
import { describeReceived } from "../support/ssh_talk.ts";
import { makeDecoy } from "../support/transcript.ts";
import { ssh } from "../../lib/decoys/ssh.ts";
import type { Address } from "./client.ts";
import { attemptTalks, limitTalks, numberTalks, serviceTalks } from "./ssh_auth_talks.ts";
import { assertSameTalks, type Pair, segmentedTalks, type Talk } from "./ssh_compare.ts";
import { framingTalks, hello, kexinitTalks, kexValueTalks, newKeysTalks } from "./ssh_talks.ts";
import { versionTalks } from "./ssh_talks.ts";
import { dropbear } from "./genuine/dropbear.ts";
import { differentialTest, type ServedDecoy, serveDecoy } from "./harness.ts";
import { freePort, makeWorkDir } from "./process.ts";

const OPTIONS = { product: "dropbear-2022.83" };
/** What is also told in other segments. */
const CUT = /^the line SSH-2.0-x( y z|\\x0d\\x0a)?\\x0d\\x0a$|KEXINITs|^a guess of/;
/** Fewer than the five that it bears: it takes a while to see that one has gone. */
const CONCURRENCY = 4;
const asked: readonly Step[] = [...hello, keys(), packet(serviceRequest())];

/** At the edges of what fits. */
const sizes: readonly Talk[] = [
  ...[32_784, 32_785].map((size): Talk => ({
    name: `${size} bytes to ignore`,
    steps: [...hello, packet(message(2, new Uint8Array(size))), init()],
    isResetAllowed: true,
  })),
  ...[9000, 9001].map((size): Talk => ({
    name: `a password of ${size} bytes`,
    steps: [...asked, within(1500, packet(passwordRequest("root", "p".repeat(size))))],
    isResetAllowed: true,
  })),
];

/** Further pairs of servers, since one bears so little. */
const OTHERS = 3;

/** Compares with several servers of each. */
async function assertSame(t: Deno.TestContext, genuine: Address, talks: Talk[]): Promise<void> {
  await using servers = new AsyncDisposableStack();
  const startOne = async (): Promise<Pair> => {
    const workDir = await makeWorkDir();
    servers.defer(() => Deno.remove(workDir, { recursive: true }));
    const running = await dropbear.start({ port: freePort(), workDir });
    servers.defer(() => running.stop());
    return { genuine: running.address, decoy: (await serveOne(servers)).address };
  };
  const others = await Promise.all(Array.from({ length: OTHERS }, startOne));
  const decoy = (await serveOne(servers)).address;
  await assertSameTalks(t, { genuine, decoy, others, talks, concurrency: CONCURRENCY });
}

async function serveOne(servers: AsyncDisposableStack): Promise<ServedDecoy> {
  return servers.use(serveDecoy(await makeDecoy(ssh, OPTIONS)));
}

differentialTest(dropbear, "ssh speaks as Dropbear up to the keys", async (t, genuine) => {
  const cut = [...versionTalks(), ...kexinitTalks()].filter(({ name }) => CUT.test(name));
  const talks = [
    ...[...versionTalks(), ...framingTalks(), ...kexinitTalks(), ...kexValueTalks()],
    ...[...newKeysTalks(), ...sizes],
    ...segmentedTalks(cut, ["bytes", "merged"]),
  ];
  await assertSame(t, genuine, talks);
});

differentialTest(dropbear, "ssh lets nobody in as Dropbear does", async (t, genuine) => {
  const passwords = Array.from({ length: 11 }, () => packet(passwordRequest("root", "x")));
  const talks: Talk[] = [
    {
      name: "as many passwords as it bears",
      steps: [...asked, ...passwords.map((step) => within(2000, step))],
    },
    ...[...attemptTalks(), ...serviceTalks(), ...numberTalks(), ...limitTalks()],
    ...segmentedTalks(serviceTalks().filter(({ name }) => /behind|after/.test(name)), [
      "bytes",
      "merged",
    ]),
  ];
  await assertSame(t, genuine, talks);
});

differentialTest(dropbear, "ssh bears as many of an address as Dropbear", async (t, genuine) => {
  await using decoy = serveDecoy(await makeDecoy(ssh, OPTIONS));
  const greetings = async (address: Address) => {
    const clients: SshClient[] = [];
    try {
      for (let i = 0; i < 8; i++) {
        const client = await SshClient.connect(address);
        clients.push(client);
        await client.until(() => client.received.length > 0, 2000);
        while (await client.news(100)); // until it is quiet
      }
      return clients.map(({ received, ending }) =>
        [...received.map(describeReceived), ending].join(" | ")
      );
    } finally {
      for (const client of clients) await client.close();
    }
  };
  await t.step("eight at a time", async () => {
    const [expected, actual] = await Promise.all([greetings(genuine), greetings(decoy.address)]);
    assertEquals(actual, expected);
  });
});
