/**
 * Talks with git's daemon about a repository that is there, in all versions of the protocol.
 * @module
 */
import { Buffer } from "node:buffer";
import { makeCommit } from "../../lib/decoys/git/objects.ts";
import { makePack } from "../../lib/decoys/git/pack.ts";
import type { Repository } from "../../lib/decoys/git/repository.ts";
import { latin1 } from "../../lib/net/latin1.ts";
import type { Conversation } from "./client.ts";

/** A pkt-line. */
export function packet(text: string): string {
  return (text.length + 4).toString(16).padStart(4, "0") + text;
}

/** pkt-lines; `0000` and `0001` stand for themselves. */
function packets(...lines: string[]): string {
  return lines.map((line) => /^000[0-3]$/.test(line) ? line : packet(line)).join("");
}

const NOBODY = "1".repeat(40);
const ZERO = "0".repeat(40);

/** The request for a service, with a version of the protocol. */
function ask(service: string, path: string, version = 0): string {
  const extra = version === 0 ? "" : `\0version=${version}\0`;
  return packet(`git-${service} ${path}\0host=x\0${extra}`);
}

/** Requests for a repository at `/infra.git`, written in many ways. */
export const PATHS: Conversation[] = [
  ..."/infra.git|/infra|/infra/|/infra.git/|//infra.git|/infra.git/.|/./infra.git|/x/../infra.git"
    .split("|"),
  ..."/infra.git/..|/infra.git/.git|/INFRA.git|infra.git|/infra.git//|/.../infra.git".split("|"),
  ..."/app|/app/|/app/.git|/app/.git/|/app/.git/.git|/infra.git.git|/|/infra.git/objects".split(
    "|",
  ),
].map((path) => ({ name: `path "${path}"`, sends: [ask("upload-pack", path, 1)] }));

/** Extra parameters that choose a version. */
export const VERSIONS: Conversation[] = [
  "host=x\0",
  "host=x\0\0version=0\0",
  "host=x\0\0version=1\0",
  "host=x\0\0version=2\0",
  "host=x\0\0version=3\0",
  "host=x\0\0version=1\0version=2\0",
  "host=x\0\0version=2:version=1\0",
  "host=x\0\0a=b:version=1\0",
  "host=x\0\0version=2",
  "host=x\0\0 version=2\0",
  "host=version=2\0",
  "\0version=2\0",
  "\0\0version=1\0",
].map((extra) => ({
  name: `parameters ${JSON.stringify(extra)}`,
  sends: [packet(`git-upload-pack /infra.git\0${extra}`)],
}));

/** Ids of a repository's commits, newest first, and of its tag. */
function idsOf({ commits, refs }: Repository): { ids: string[]; tag: string; times: number[] } {
  const list = [...commits.values()].reverse();
  const tag = refs.find(({ peeled }) => peeled !== undefined)!.id;
  return { ids: list.map(({ object }) => object.id), tag, times: list.map(({ time }) => time) };
}

const FULL = "multi_ack_detailed side-band-64k thin-pack ofs-delta agent=git/2.39.5";

/** The same with a pack that holds all it needs. */
const WHOLE = FULL.replace(" thin-pack", "");

/** Fetches in versions 0 and 1. */
export function fetches({ repository }: { repository: Repository }): Conversation[] {
  const { ids, tag, times } = idsOf(repository);
  const [head, second, third] = ids as [string, string, string];
  const oldest = ids.at(-1)!;
  const tree = [...repository.commits.values()].at(-1)!.contents[0]!.id;
  const talks: [name: string, ...sends: string[]][] = [
    ["nothing", "0000"],
    ["a delimiter", "0001"],
    ["no wants, then done", "0000" + packets("done\n")],
    ["a clone", packets(`want ${head} ${FULL}\n`, `want ${tag}\n`, "0000", "done\n")],
    ["a clone, in two parts", packets(`want ${head} ${FULL}`, "0000"), packets("done")],
    ["a clone with a narrow band", packets(`want ${head} side-band\n`, "0000", "done\n")],
    ["a clone with no band", packets(`want ${head}\n`, "0000", "done\n")],
    ["a silent clone", packets(`want ${head} ${FULL} no-progress\n`, "0000", "done\n")],
    ["with its tags", packets(`want ${head} ${FULL} include-tag\n`, "0000", "done\n")],
    ["with tags elsewhere", packets(`want ${head} include-tag\n`, "deepen 1", "0000", "done\n")],
    ["the tag", packets(`want ${tag} ${FULL}\n`, "0000", "done\n")],
    ["in capitals", packets(`want ${head.toUpperCase()} ${FULL}\n`, "0000", "done\n")],
    ["features at once", packets(`want ${head}side-band-64k\n`, "0000", "done\n")],
    ["a NUL before features", packets(`want ${head}\0side-band-64k\n`, "0000", "done\n")],
    ["nobody", packets(`want ${NOBODY} ${FULL}\n`, "0000", "done\n")],
    ["no tip", packets(`want ${second} ${FULL}\n`, "0000"), "0000"],
    ["a tree", packets(`want ${tree} ${FULL}\n`, "0000")],
    ["half an id", packets(`want ${head.slice(1)}\n`, "0000")],
    ["an odd line", packets("wants\n")],
    ["an empty line", packets("")],
    ["an error", packets("ERR oops\n")],
    ["a filter", packets(`want ${head} ${FULL} filter\n`, "filter blob:none", "0000", "done")],
    ["a flush while having", packets(`want ${head} ${FULL}\n`, "0000", "0000"), packets("done\n")],
    ["an odd line while having", packets(`want ${head} ${FULL}\n`, "0000", "has\n")],
    ...["", "multi_ack", "multi_ack_detailed"].flatMap((ack): [string, ...string[]][] => [
      [
        `up to date, ${ack}`,
        packets(`want ${head} ${ack}`, "0000", `have ${head}`, "0000", "done"),
      ],
      [
        `two commits, ${ack}`,
        packets(
          `want ${head} ${ack} side-band-64k`,
          "0000",
          `have ${third}`,
          `have ${NOBODY}`,
          "0000",
        ),
        packets(`have ${oldest}`, `have ${third}`, "done"),
      ],
      [
        `unknown first, ${ack}`,
        packets(`want ${head} ${ack} side-band-64k`, "0000", `have ${NOBODY}`, "0000"),
        packets(`have ${oldest}`, `have ${NOBODY}`, "0000"),
        packets("done"),
      ],
    ]),
    ...["1", "2", "3", String(ids.length), "100", "2147483647", "0x2"].map((
      depth,
    ): [string, ...string[]] => [
      `depth ${depth}`,
      packets(`want ${head} ${FULL}\n`, `want ${tag}`, `deepen ${depth}\n`, "0000"),
      packets("done\n"),
    ]),
    ...["0", "-1", "x", "2x", "", "2147483648"].map((depth): [string, ...string[]] => [
      `no depth "${depth}"`,
      packets(`want ${head} ${FULL}\n`, `deepen ${depth}\n`, "0000"),
    ]),
    ...[times[1], times[3]! + 1, times.at(-1)! - 1, times[0]! + 1, 0].map((
      time,
    ): [string, ...string[]] => [
      `since ${time}`,
      packets(`want ${head} ${FULL}\n`, `deepen-since ${time}\n`, "0000"),
      packets("done\n"),
    ]),
    ...["v1.0", "main", "refs/tags/v1.0", "nope", "HEAD"].map((name): [string, ...string[]] => [
      `not ${name}`,
      packets(`want ${head} ${FULL}\n`, `deepen-not ${name}\n`, "0000"),
      packets("done\n"),
    ]),
    [
      "depth and time",
      packets(`want ${head} ${FULL}\n`, "deepen 1", `deepen-since ${times[1]}`, "0000"),
    ],
    [
      "more of a shallow one",
      packets(`want ${head} ${WHOLE}\n`, `shallow ${second}`, "deepen 3", "0000"),
      packets(`have ${head}`, "done\n"),
    ],
    [
      "all of a shallow one",
      packets(`want ${head} ${WHOLE}\n`, `shallow ${second}`, "deepen 2147483647", "0000"),
      packets(`have ${head}`, "done\n"),
    ],
    [
      "relatively more",
      packets(`want ${head} ${WHOLE} deepen-relative\n`, `shallow ${second}`, "deepen 1", "0000"),
      packets(`have ${head}`, "done\n"),
    ],
    [
      "a shallow one as it is",
      packets(`want ${head} ${WHOLE}\n`, `shallow ${second}`, `shallow ${NOBODY}`, "0000"),
      packets(`have ${second}`, "done\n"),
    ],
    ["a shallow tree", packets(`want ${head}`, `shallow ${tree}`, "0000")],
    ["a shallow nothing", packets(`want ${head}`, "shallow x", "0000")],
  ];
  return [0, 1].flatMap((version) =>
    talks.map(([name, ...sends]) => ({
      name: `version ${version}: ${name}`,
      sends: [ask("upload-pack", "/infra.git", version), ...sends],
    }))
  ).filter(({ name }, i) => i < talks.length || name.endsWith("a clone"));
}

const ABOUT = ["agent=git/2.39.5\n", "object-format=sha1\n"];

/** Commands of version 2. */
export function commands({ repository }: { repository: Repository }): Conversation[] {
  const { ids, tag, times } = idsOf(repository);
  const [head, second, third] = ids as [string, string, string];
  const { contents } = [...repository.commits.values()].at(-1)!;
  const list = (...args: string[]) =>
    packets("command=ls-refs\n", ...ABOUT, "0001", ...args, "0000");
  const fetch = (...args: string[]) => packets("command=fetch", ...ABOUT, "0001", ...args, "0000");
  const info = (...args: string[]) =>
    packets("command=object-info", ...ABOUT, "0001", ...args, "0000");
  const talks: [name: string, ...sends: string[]][] = [
    ["flush", "0000"],
    ["delimiter", "0001"],
    ["end of a response", "0002"],
    ["names", list("peel\n", "symrefs\n", "unborn\n"), list(), "0000"],
    [
      "names of a kind",
      list("peel", "ref-prefix refs/tags/", "ref-prefix HE"),
      list("ref-prefix x"),
    ],
    ["names as a clone asks", list("peel", "symrefs", "ref-prefix HEAD", "ref-prefix refs/heads/")],
    ["names, odd", list("peels")],
    ["names without arguments", packets("command=ls-refs", "0000"), list()],
    ["names with a delimiter at the end", packets("command=ls-refs", "0001", "peel", "0001")],
    [
      "a clone",
      list(),
      fetch("thin-pack", "ofs-delta", `want ${head}`, `want ${tag}`, "done"),
      "0000",
    ],
    ["two clones", fetch(`want ${head}`, "done"), fetch(`want ${tag}`, "no-progress", "done")],
    ["a clone without done", fetch(`want ${head}`)],
    ["a clone with its tags", fetch(`want ${head}`, "include-tag", "done")],
    ["an old commit", fetch(`want ${third}`, "done")],
    ["a tree", fetch(`want ${contents[0]!.id}`, "done")],
    ["a file", fetch(`want ${contents[1]!.id}`, "no-progress", "done")],
    ["nothing", fetch("done"), list()],
    ["nobody", fetch(`want ${NOBODY}`, "done")],
    ["half an id", fetch(`want ${head.slice(2)}`)],
    ["an id and more", fetch(`want ${head} side-band-64k`, "no-progress", "done")],
    ["nothing, and haves", fetch(`have ${head}`), list()],
    ["up to date", fetch(`want ${head}`, `have ${head}`), list()],
    ["two commits", fetch(`want ${head}`, `have ${third}`, `have ${third}`, "no-progress")],
    ["two commits, done", fetch(`want ${head}`, `have ${third}`, "no-progress", "done")],
    [
      "haves that are unknown",
      fetch(`want ${head}`, `have ${NOBODY}`),
      fetch(`want ${head}`, "done"),
    ],
    ["known and unknown", fetch(`want ${tag}`, `have ${NOBODY}`, `have ${ids.at(-1)}`)],
    ["a tree, and haves", fetch(`want ${contents[0]!.id}`, `have ${third}`, "no-progress")],
    ["a tag, and haves", fetch(`want ${tag}`, `have ${head}`, "no-progress")],
    ["a shallow tag", fetch(`shallow ${third}`, `want ${tag}`, `have ${head}`), list()],
    ["a tag, and its parent", fetch(`want ${tag}`, `have ${third}`, "no-progress")],
    ["waiting", fetch("wait-for-done", `want ${head}`, `have ${second}`), list()],
    ["waiting for nothing", fetch("wait-for-done", `have ${second}`), list()],
    ["a filter", fetch(`want ${head}`, "filter blob:none", "done")],
    ["a name", fetch("want-ref refs/heads/main", "done")],
    ["everything in a band", fetch("sideband-all", `want ${head}`, "done")],
    ["packs elsewhere", fetch("packfile-uris https", `want ${head}`, "no-progress", "done")],
    ["depth 1", fetch(`want ${head}`, `want ${tag}`, "deepen 1", "done")],
    ["depth 2", fetch(`want ${head}`, "deepen 2", "include-tag", "no-progress", "done")],
    ["since", fetch(`want ${head}`, `deepen-since ${times[1]}`, "done")],
    ["not the tag", fetch(`want ${head}`, "deepen-not v1.0", "no-progress", "done")],
    ["since tomorrow", fetch(`want ${head}`, `deepen-since ${times[0]! + 1}`, "done")],
    [
      "more of a shallow one",
      fetch(`want ${head}`, `have ${head}`, `shallow ${second}`, "deepen 4", "done"),
    ],
    [
      "relatively more",
      fetch(
        `want ${head}`,
        `have ${head}`,
        `shallow ${head}`,
        "deepen-relative",
        "deepen 1",
        "done",
      ),
    ],
    ["a shallow one", fetch(`want ${head}`, `shallow ${second}`, "done")],
    ["fetch without arguments", packets("command=fetch", "0000"), list()],
    ["sizes", info("size", `oid ${head}`, `oid ${NOBODY}`, "oid x", `oid ${tag.toUpperCase()}`)],
    ["sizes, odd", info("what", `oid ${head}`), list()],
    ["sizes that nobody asked for", info(`oid ${head}`)],
    ["sizes of nothing", info("size"), info(), list()],
    ["sizes, no end", packets("command=object-info", "0001", "size", "0001")],
    ["no command", packets("agent=x", "0000")],
    ["an unknown command", packets("command=push", "0000")],
    ["a command with a value", packets("command=ls-refs=x", "0000")],
    ["two commands", packets("command=ls-refs", "command=fetch", "0000")],
    ["a command as a capability", packets("ls-refs", "0000")],
    ["an unknown capability", packets("command=ls-refs", "session-id=x", "0000")],
    ["another format", packets("command=ls-refs", "object-format=sha256", "0000")],
    ["no format", packets("command=ls-refs", "object-format", "0000")],
    ["bare capabilities", packets("command=ls-refs", "agent", "server-option", "0000")],
    ["options", packets("command=ls-refs", "server-option=a=b", "server-option=c", "0000")],
    ["an empty line", packets("command=ls-refs", "", "0000")],
    ["no length", "00g0"],
    ["HTTP", "GET / HTTP/1.0\r\n\r\n"],
  ];
  return talks.map(([name, ...sends]) => ({
    name: `version 2: ${name}`,
    sends: [ask("upload-pack", "/infra.git", 2), ...sends],
  }));
}

/** Pushes that a hook declines. */
export function pushes({ repository }: { repository: Repository }): Conversation[] {
  const { ids, tag } = idsOf(repository);
  const [head, second] = ids as [string, string];
  const tree = [...repository.commits.values()].at(-1)!.contents[0]!.id;
  const author = { name: "A", email: "a@example.com", time: 1_700_000_000, zone: "+0000" };
  const commit = makeCommit(tree, head, { author, message: "x" });
  const pack = latin1(makePack([commit]));
  const empty = latin1(makePack([]));
  const all = "report-status-v2 side-band-64k object-format=sha1 agent=git/2.39.5";
  const push = (features: string, ...lines: string[]) =>
    packets(...lines.map((line, i) => i === 0 ? `${line}\0 ${features}` : line), "0000");
  const update = `${head} ${commit.id} refs/heads/main`;
  const create = `${ZERO} ${second} refs/heads/x`;
  const remove = `${tag} ${ZERO} refs/tags/v1.0`;
  const bad = Buffer.from(empty, "latin1");
  bad[0] = 0x51;
  const old = Buffer.from(empty, "latin1");
  old[7] = 4;
  const talks: [name: string, ...sends: (string | null)[]][] = [
    ["nothing", "0000"],
    ["a commit", push(all, update), pack],
    ["a commit at once", push(all, update) + pack],
    ["a name", push(all, create), empty],
    ["a name away", push(all, remove)],
    ["several", push(all, update, create, remove), pack],
    ["with status", push("report-status", update), pack],
    ["with both", push("report-status report-status-v2 atomic quiet", create), empty],
    ["without status", push("side-band-64k", update), pack],
    ["with nothing", push("", update), pack],
    ["no features", packets(create, "0000"), empty],
    ["another name", push(all, `${ZERO} ${second} no/such name`), empty],
    ["a shallow one", packets(`shallow ${second}`, `${create}\0${all}`, "0000"), empty],
    ["only shallow", packets(`shallow ${second}`, "0000")],
    ["another format", push("object-format=sha256", create)],
    ["an odd line", packets("x", "0000")],
    ["half an id", packets(create.slice(1), "0000")],
    ["no space", packets(create.replaceAll(" ", "-"), "0000")],
    ["no pack", push(all, create), latin1(bad)],
    ["another pack", push(all, create), latin1(old)],
    ["an end at once", push(all, create), null],
    ["an end in the head", push(all, create) + "PACK", null],
    ["a delimiter", packets(`${remove}\0${all}`) + "0001"],
  ];
  return [0, 1, 2].flatMap((version) =>
    talks.map(([name, ...sends]) => ({
      name: `push in version ${version}: ${name}`,
      sends: [ask("receive-pack", "/infra.git", version), ...sends],
    }))
  ).filter(({ name }, i) => i < talks.length || name.endsWith("a commit"));
}
