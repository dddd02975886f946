/**
 * The SSH decoy against Debian 12's sshd: the same packets, ends and delays for the same client.
 *
 * Left out: the moduli of a group exchange, which sshd draws from a file, and what only a login shows.
 */
import { assert, assertEquals } from "@std/assert";
import { authRequest, message, passwordRequest, serviceRequest } from "../support/ssh_messages.ts";
import {
  end,
  init,
  keys,
  listen,
  packet,
  raw,
  type Step,
  version,
  within,
} from "../support/ssh_talk.ts";
import { makeDecoy } from "../support/transcript.ts";
import { ssh } from "../../lib/decoys/ssh.ts";
import { attemptTalks, limitTalks, numberTalks, serviceTalks } from "./ssh_auth_talks.ts";
import { FAILURE_MS, FAILURE_SLACK_MS } from "./ssh_auth_talks.ts";
import { assertSameTalks, converse, segmentedTalks, type Talk } from "./ssh_compare.ts";
import { framingTalks, hello, kexinitTalks, kexValueTalks, newKeysTalks } from "./ssh_talks.ts";
import { versionTalks } from "./ssh_talks.ts";
import { opensshWith } from "./genuine/openssh.ts";
import { differentialTest, serveDecoy } from "./harness.ts";

/** As many talks at a time as the tests like. */
const roomy = { MaxStartups: "1000" };
const asked: readonly Step[] = [...hello, keys(), packet(serviceRequest())];
/** What is also told in other segments. */
const CUT = /^the line SSH-2.0-x( y z|\\x0d\\x0a)?\\x0d\\x0a$|KEXINITs|^a guess/;
const GROUP_EXCHANGE = { kex: "diffie-hellman-group-exchange-sha256" };

/** Client software that sshd treats in a way of its own, and some that it does not. */
const clients = [
  ...["OpenSSH_6.5p1", "OpenSSH_6.6p1", "OpenSSH_6.6.1p1", "OpenSSH_7.4", "PuTTY_Local:x"],
  ...["PuTTY_Release_0.60", "PuTTY_Release_0.64", "PuTTY_Release_0.65", "PuTTY-Release-0.5x"],
  ...["WinSCP_release_4.3", "WinSCP_release_5.7", "WinSCP_release_5.7.4", "WinSCP_release_5.7.5"],
  ...["FuTTY", "Probe-1", "SSH_Version_Mapper_1", "xSSH_Version_Mapperx", "Cisco-1.25", "Go"],
].map((name): Talk => ({
  name: `client ${name}`,
  steps: [
    listen(),
    version(`SSH-2.0-${name}\r\n`),
    init(GROUP_EXCHANGE),
    packet(message(34, 2048, 2048, 8192)),
  ],
}));

const sizes = [
  ...[[2048, 2048, 8192], [2048, 3072, 8192], [1024, 1024, 8192], [1024, 1024, 1024], [1, 1, 1]],
  ...[[1024, 1024, 2047], [1024, 1024, 2048], [4096, 2048, 8192], [2048, 2048, 1024]],
  ...[[8192, 8192, 8192], [8193, 8193, 8193], [2048, 16_384, 16_384], [2048, 1, 8192]],
  ...[[0, 2048, 0xffff_ffff], [2048, 9000, 8192], [3000, 3000, 3000], [3071, 3071, 3073]],
  ...[[2049, 2049, 3071], [7681, 7681, 8191], [6000, 6500, 7000], [4000, 4000, 5000]],
].map(([least, wanted, most]): Talk => ({
  name: `a group of ${least}, ${wanted}, ${most} bits`,
  steps: [
    ...hello,
    init(GROUP_EXCHANGE),
    within(1500, packet(message(34, least!, wanted!, most!))),
  ],
}));
const number = (length: number, value: number) => new Uint8Array(length).fill(value);
const group = within(1500, packet(message(34, 2048, 2048, 8192)));
const exchanges: readonly Talk[] = [
  ...[
    ["zero", number(0, 0)],
    ["two", number(1, 2)],
    ["a number", number(256, 0x55)],
    ["a long number", number(2000, 0x55)],
  ].map(([name, value]): Talk => ({
    name: `group exchange with ${name}`,
    steps: [
      ...hello,
      init(GROUP_EXCHANGE),
      group,
      within(1500, packet(message(32, value as Uint8Array))),
    ],
  })),
  ...[message(30, 2048), message(32, number(256, 0x55)), message(34, 2048), message(34, 1, 2, 3, 4)]
    .map((payload): Talk => ({
      name: `group exchange begun by ${payload[0]} of ${payload.length}`,
      steps: [...hello, init(GROUP_EXCHANGE), packet(payload)],
    })),
  { name: "two groups", steps: [...hello, init(GROUP_EXCHANGE), group, group] },
  ...[0, 1157, 1189, 1190, 1191].map((size): Talk => ({
    name: `sntrup761 with ${size} bytes`,
    steps: [
      ...hello,
      init({ kex: "sntrup761x25519-sha512" }),
      within(2000, packet(message(30, number(size, 0xff)))),
    ],
  })),
];

differentialTest(opensshWith(roomy), "ssh speaks as sshd up to the keys", async (t, genuine) => {
  await using decoy = serveDecoy(await makeDecoy(ssh, { max_startups: "1000" }));
  const cut = [...versionTalks(), ...kexinitTalks()].filter(({ name }) => CUT.test(name));
  const talks = [
    ...[...versionTalks(), ...framingTalks(), ...kexinitTalks(), ...kexValueTalks()],
    ...[...newKeysTalks(), ...clients, ...sizes, ...exchanges],
    ...segmentedTalks(cut, ["bytes", "merged"]),
  ];
  await assertSameTalks(t, { genuine, decoy: decoy.address, talks });
});

differentialTest(opensshWith(roomy), "ssh lets nobody in as sshd does", async (t, genuine) => {
  await using decoy = serveDecoy(await makeDecoy(ssh, { max_startups: "1000" }));
  const passwords = Array.from({ length: 7 }, () => packet(passwordRequest("root", "x")));
  const talks: Talk[] = [
    {
      name: "as many passwords as it bears",
      steps: [...asked, ...passwords.map((step) => within(FAILURE_MS, step))],
      slackMs: FAILURE_SLACK_MS,
    },
    ...[...attemptTalks(), ...serviceTalks(), ...numberTalks(), ...limitTalks()],
    ...segmentedTalks(serviceTalks().filter(({ name }) => /behind|after/.test(name)), [
      "bytes",
      "merged",
    ]),
  ];
  await assertSameTalks(t, { genuine, decoy: decoy.address, talks, concurrency: 16 });
});

const interactive = { ...roomy, KbdInteractiveAuthentication: "yes", Banner: "/etc/issue.net" };
differentialTest(
  opensshWith(interactive),
  "ssh asks as sshd, below its banner",
  async (t, genuine) => {
    const banner = await Deno.readTextFile("/etc/issue.net");
    const options = { max_startups: "1000", keyboard_interactive: true, banner };
    await using decoy = serveDecoy(await makeDecoy(ssh, options));
    const ask = (devices = "") => packet(authRequest("root", "keyboard-interactive", "", devices));
    const talk = (name: string, ...steps: readonly Step[]): Talk => ({
      name,
      steps: [...asked, ...steps.map((step) => within(FAILURE_MS, step))],
      slackMs: FAILURE_SLACK_MS,
    });
    const answer = (...answers: readonly string[]) =>
      packet(message(61, answers.length, ...answers));
    const nobody = packet(authRequest("nosuchuser", "keyboard-interactive", "", ""));
    const none = packet(authRequest("root", "none"));
    const talks = [
      talk("an answer", ask(), answer("wrong"), none, ask("pam"), answer("")),
      talk("nobody's answer", nobody, answer("wrong")),
      talk("another device", ask("foo"), ask("foo,pam"), answer("x")),
      talk("no answer", ask(), answer()),
      talk("two answers", ask(), answer("a", "b")),
      talk("a cut answer", ask(), packet(message(61, 1))),
      talk("an answer and a byte", ask(), packet(message(61, 1, "x", { raw: number(1, 0) }))),
      talk("asked again and again", ask(), ask(), ask(), ask(), ask(), ask(), ask(), ask(), none),
      talk("a password in between", none, ask(), packet(passwordRequest("root", "x")), answer("x")),
      talk("an answer to nothing", answer("x")),
      talk("an answer to an attempt", none, answer("x")),
      talk(
        "as many answers as it bears",
        ...Array.from({ length: 6 }, () => [ask(), answer("x")]).flat(),
      ),
    ];
    await assertSameTalks(t, { genuine, decoy: decoy.address, talks, concurrency: 12 });
  },
);

differentialTest(
  opensshWith({ ...roomy, LoginGraceTime: "3" }),
  "ssh gives as much time as sshd",
  async (t, genuine) => {
    const options = { max_startups: "1000", login_grace_ms: 3000 };
    await using decoy = serveDecoy(await makeDecoy(ssh, options));
    const silence = within(5000, raw("", "silence"));
    const talks: Talk[] = [
      { name: "no version in time", steps: [listen(), silence] },
      { name: "half a version in time", steps: [listen(), raw("SSH-2.0"), silence] },
      { name: "no KEXINIT in time", steps: [...hello, silence] },
      { name: "no keys in time", steps: [...hello, init(), silence] },
      { name: "no attempt in time", steps: [...asked, silence] },
      {
        name: "a password at the end",
        steps: [
          ...asked,
          within(1200, raw("", "a pause")),
          within(5000, packet(passwordRequest("admin", "x"))),
          within(5000, packet(passwordRequest("admin", "x"))),
        ],
      },
    ];
    await assertSameTalks(t, { genuine, decoy: decoy.address, talks: talks.slice(0, 5) });
    // Whether the pause ends before the time does is up to the second and to each server's secret.
    for (const address of [genuine, decoy.address]) {
      const startMs = performance.now();
      const answers = await converse(address, talks[5]!);
      const elapsedMs = performance.now() - startMs;
      assertEquals(answers.at(-1)!.ending, "fin");
      assert(elapsedMs > 2700 && elapsedMs < 4500, `ended after ${elapsedMs.toFixed()} ms`);
    }
  },
);

differentialTest(
  opensshWith({ MaxStartups: "3:100:3" }),
  "ssh turns away as sshd who comes when it is full",
  async (t, genuine) => {
    await using decoy = serveDecoy(await makeDecoy(ssh, { max_startups: "3:100:3" }));
    const talks: Talk[] = ["a", "b", "c", "d", "e", "f", "g"].map((name) => ({
      name,
      steps: [listen(), within(2000, raw("", "silence"))],
    }));
    const count = async (address: typeof genuine) => {
      const all = await Promise.all(talks.map((one) => converse(address, one)));
      return all.map((answers) =>
        answers.flatMap(({ received, ending }) => [...received, ending]).join(" | ")
      ).sort();
    };
    await t.step("seven at a time", async () => {
      // The harness's own knock is counted until sshd has seen it go.
      await converse(genuine, { name: "a look", steps: [listen(), ...hello.slice(1), end] });
      await new Promise((resolve) => setTimeout(resolve, 1000));
      const [expected, actual] = await Promise.all([count(genuine), count(decoy.address)]);
      assertEquals(actual, expected);
    });
  },
);
