import { assertEquals } from "@std/assert";
import { git } from "../../lib/decoys/git.ts";
import { makeRepository } from "../../lib/decoys/git/repository.ts";
import { makeDecoy, TEST_CONTEXT } from "../support/transcript.ts";
import { type Address, type Conversation, converse } from "./client.ts";
import { gitDaemon } from "./genuine/git_daemon.ts";
import { commands, fetches, packet, PATHS, pushes, VERSIONS } from "./git_talks.ts";
import { assertSame, differentialTest, segmented, serveDecoy } from "./harness.ts";

/** Requests for repositories that are not there, by what they ask of whom and how. */
const REQUESTS: Conversation[] = [
  "git-upload-pack /nope.git\0host=x\0",
  "git-upload-pack /nope.git\0host=x:9418\0\0version=2\0",
  "git-upload-pack /nope.git\0host=x\0\0version=1\0a=b\0",
  "git-upload-pack /nope.git\0host=x\0\0version=1",
  "git-upload-pack /nope.git\0host=x",
  "git-upload-pack /nope.git\0HOST=x\0",
  "git-upload-pack /nope.git\0host=\0",
  "git-upload-pack /nope.git\0host=[::1]:33\0",
  "git-upload-pack /nope.git\0host=../../x\0",
  "git-upload-pack /nope.git\0\0",
  "git-upload-pack /nope.git\0\0\0",
  "git-upload-pack /nope.git\0\0version=2\0",
  "git-upload-pack /nope.git\0\0\0version=2\0",
  "git-upload-pack /nope.git\0foo=x\0",
  "git-upload-pack /nope.git\0host=x\0foo=y\0",
  "git-upload-pack /nope.git\0host=x\0foo",
  "git-upload-pack /nope.git\0host\0",
  "git-upload-pack /nope.git",
  "git-upload-pack /nope.git\n",
  "git-upload-pack /nope.git\n\n",
  "git-upload-pack /nope.git\n\0host=x\0",
  "git-upload-pack nope.git\0host=x\0",
  "git-upload-pack \0host=x\0",
  "git-upload-pack ",
  "git-upload-pack",
  "git-upload-pack\0host=x\0",
  "git-upload-pack  /a b\0",
  "git-upload-pack /..\0",
  "git-upload-pack ../../etc\0",
  "git-upload-pack /~root/x\0",
  "git-upload-pack ~root/x\0",
  "git-upload-pack //x\0",
  "git-upload-pack /x\xff\x01\x1b%s%n\0",
  "git-upload-pack /private.git\0host=x\0",
  "git-upload-pack /empty.git\0host=x\0",
  "git-upload-pack\t/x\0host=x\0",
  "git-upload-packs /x\0host=x\0",
  "git-receive-pack /nope.git\0host=x\0",
  "git-receive-pack /private.git\0host=x\0\0version=2\0",
  "git-upload-archive /nope.git\0host=x\0",
  "git-foo /nope.git\0host=x\0",
  "git- /nope.git\0host=x\0",
  "upload-pack /nope.git\0host=x\0",
  "GIT-UPLOAD-PACK /nope.git\0host=x\0",
  "",
  "\n",
  "\0",
  "\0\0",
  "done\n",
].map((text) => ({ name: `request ${JSON.stringify(text)}`, sends: [packet(text)] }));

const LENGTHS: Conversation[] = [
  ..."0000|0001|0002|0003|0004|zzzz|00g0|+030|-001|0x30| 030|fff4|ffff|FFFF|00".split("|").map((
    head,
  ): Conversation => ({ name: `length "${head}"`, sends: [head, null] })),
  ...[4000, 4096, 5000, 65_400, 65_449, 65_450, 65_451, 65_498].map((size): Conversation => ({
    name: `a path of ${size} bytes`,
    sends: [packet(`git-upload-pack ${"/".padEnd(size, "a")}`)],
  })),
  { name: "the longest line", sends: ["fff3" + "a".repeat(65_519)] },
  { name: "a line too long", sends: ["fff4" + "a".repeat(65_520)] },
  { name: "no end of a line too long", sends: ["ffff" + "a".repeat(70_000)] },
];

/** What scanners and people at the wrong door send, and what comes behind a request. */
const STRANGERS: Conversation[] = [
  ["HTTP", "GET / HTTP/1.0\r\n\r\n"],
  ["SSH", "SSH-2.0-OpenSSH_9.2\r\n"],
  ["TLS", "\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03" + "\0".repeat(36)],
  ["SMTP", "EHLO x\r\n"],
  ["a hex word", "deadbeef\r\n"],
  ["a flush behind the request", packet("git-upload-pack /x\0host=x\0") + "0000"],
  ["two requests", packet("git-upload-pack /x\0host=x\0").repeat(2)],
].map(([name, data]) => ({ name: `stranger: ${name}`, sends: [data!] }));

const ENDS: Conversation[] = [
  { name: "silence", sends: [""] },
  { name: "end at once", sends: [null] },
  { name: "end within the length", sends: ["00", null] },
  { name: "end within the line", sends: ["0032git-upload-pack /x", null] },
  { name: "vanish within the line", sends: ["0032git-upload-pack /x"], vanishes: true },
  { name: "a line in parts", sends: ["0022git-upload", "-pack /nope\0", "host=x\0\0"] },
];

const SEGMENTED = segmented([
  { name: "upload-pack", sends: [packet("git-upload-pack /a.git\0host=h:9418\0\0version=2\0")] },
  { name: "receive-pack", sends: [packet("git-receive-pack /a.git\0host=h\0")] },
  { name: "no request", sends: ["GET / HTTP/1.0\r\n", "Host: x\r\n\r\n"] },
]);

const ALL = [...REQUESTS, ...LENGTHS, ...STRANGERS, ...ENDS, ...SEGMENTED].map((conversation) => ({
  ...conversation,
  greetingMs: 0,
  quietMs: 60,
  isResetAllowed: true, // what is left unread resets the connection
}));

differentialTest(gitDaemon(), "git answers as git daemon 2.39.5", async (t, genuine) => {
  await using decoy = serveDecoy(await makeDecoy(git));
  await assertSame(t, { genuine, decoy: decoy.address, conversations: ALL });
});

differentialTest(
  gitDaemon(["--informative-errors", "--init-timeout=1"]),
  "git tells what is wrong, and waits no longer than it should, as git daemon 2.39.5",
  async (t, genuine) => {
    const options = { informative_errors: true, init_timeout_ms: 1000 };
    await using decoy = serveDecoy(await makeDecoy(git, options));
    const conversations: Conversation[] = [
      ...REQUESTS.slice(0, 1),
      ...REQUESTS.filter(({ name }) => /(receive-pack|upload-archive) .nope|empty\.git/.test(name)),
      { name: "silence", sends: [""], waitMs: 2500 },
      { name: "half a line", sends: ["00", { data: "32git", waitMs: 2500 }] },
    ].map((conversation) => ({ ...conversation, greetingMs: 0, quietMs: 60 }));
    await assertSame(t, { genuine, decoy: decoy.address, conversations });
  },
);

/** What the decoy makes of these paths, for the genuine daemon to serve. */
const OURS = Object.fromEntries(
  [["/infra.git", "infra"], ["/app/.git", "app"]].map(([path, project]) => [
    path!,
    makeRepository(project!, TEST_CONTEXT.seed(`git ${path}`), { hostname: "srv", lures: [] }),
  ]),
);
const PATIENCE = { waitMs: 600, quietMs: 200 };
const MORE_PATIENCE = { waitMs: 3000, quietMs: 800 };
/** Talks that go on at a time: each makes the genuine daemon start two programs. */
const CONCURRENCY = 4;

/**
 * What came, by pkt-lines; what comes in a band is put together, for its parts are as a process writes
 * and another one reads.
 */
function readable(received: string): string[] {
  const lines: string[] = [];
  const bands = new Map<string, string>();
  const endBands = () => {
    for (const [band, said] of [...bands].sort()) {
      lines.push(...said.split(/(?<=[\r\n])/).map((text) => `${band.charCodeAt(0)}: ${text}`));
    }
    bands.clear();
  };
  for (let at = 0; at < received.length;) {
    const head = received.slice(at, at + 4);
    const isPacket = /^[0-9a-f]{4}$/.test(head);
    const end = isPacket ? at + Math.max(4, parseInt(head, 16)) : received.length;
    const text = received.slice(isPacket ? at + 4 : at, end);
    at = end;
    const band = text.slice(0, 1);
    if (band === "\x01" || band === "\x02") {
      bands.set(band, (bands.get(band) ?? "") + text.slice(1));
    } else {
      endBands();
      lines.push(text || head);
    }
  }
  endBands();
  return lines;
}

async function hold(address: Address, conversation: Conversation): Promise<unknown> {
  const steps = await converse(address, { ...conversation, greetingMs: 0 });
  // What is left unread makes the genuine one reset, and ours end in order.
  return steps.map((
    { received, ending },
  ) => [readable(received), ending === "rst" ? "fin" : ending]);
}

/** Holds each talk with both, some at a time; where they differ, once more with patience. */
async function assertSameTalks(
  t: Deno.TestContext,
  conversations: readonly Conversation[],
  { genuine, decoy }: { genuine: Address; decoy: Address },
): Promise<void> {
  const holdBoth = (talk: Conversation) => Promise.all([hold(genuine, talk), hold(decoy, talk)]);
  const queue = conversations.entries();
  const results: unknown[][] = [];
  await Promise.all(Array.from({ length: CONCURRENCY }, async () => {
    for (const [i, talk] of queue) results[i] = await holdBoth({ ...talk, ...PATIENCE });
  }));
  for (const [i, talk] of conversations.entries()) {
    await t.step(talk.name, async () => {
      let [theirs, ours] = results[i]!;
      if (JSON.stringify(theirs) !== JSON.stringify(ours)) {
        [theirs, ours] = await holdBoth({ ...talk, ...MORE_PATIENCE });
      }
      assertEquals(ours, theirs);
    });
  }
  assertEquals(conversations.length > 0, true, "no conversations");
}

const OPTIONS = { repositories: Object.keys(OURS) };

differentialTest(
  gitDaemon([], OURS),
  "git gives a repository away as git 2.39.5, to the byte",
  async (t, genuine) => {
    await using decoy = serveDecoy(await makeDecoy(git, OPTIONS));
    const repository = OURS["/infra.git"]!;
    const talks = [...PATHS, ...VERSIONS, ...fetches({ repository }), ...commands({ repository })];
    await assertSameTalks(t, talks, { genuine, decoy: decoy.address });
  },
);

differentialTest(
  gitDaemon(["--enable=receive-pack"], OURS),
  "git declines pushes as git 2.39.5 with a hook that does",
  async (t, genuine) => {
    await using decoy = serveDecoy(await makeDecoy(git, { ...OPTIONS, receive_pack: true }));
    const talks = pushes({ repository: OURS["/infra.git"]! });
    await assertSameTalks(t, talks, { genuine, decoy: decoy.address });
  },
);

differentialTest(
  gitDaemon(["--informative-errors"], OURS),
  "git tells why a service is not to be had as git 2.39.5",
  async (t, genuine) => {
    await using decoy = serveDecoy(await makeDecoy(git, { ...OPTIONS, informative_errors: true }));
    const talks = ["receive-pack /infra.git", "upload-archive /infra.git", "upload-pack /nope.git"]
      .map((request) => ({ name: request, sends: [packet(`git-${request}\0host=x\0`)] }));
    await assertSameTalks(t, talks, { genuine, decoy: decoy.address });
  },
);
