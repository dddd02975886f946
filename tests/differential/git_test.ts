import { git } from "../../lib/decoys/git.ts";
import { makeDecoy } from "../support/transcript.ts";
import type { Conversation } from "./client.ts";
import { gitDaemon } from "./genuine/git_daemon.ts";
import { assertSame, differentialTest, segmented, serveDecoy } from "./harness.ts";

/** A pkt-line. */
function packet(text: string): string {
  return (text.length + 4).toString(16).padStart(4, "0") + text;
}

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
