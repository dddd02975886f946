import { createRedisDecoy } from "../../lib/decoys/redis/create.ts";
import { redis } from "../../lib/decoys/redis.ts";
import { v } from "../../lib/config/schema.ts";
import { TEST_CONTEXT } from "../support/transcript.ts";
import { assert, assertEquals } from "@std/assert";
import { type Answer, inOrder, readAnswer } from "../support/resp.ts";
import { type Address, type Conversation, converse } from "./client.ts";
import { redisOpen, redisPassword, redisUnprotected } from "./genuine/redis.ts";
import { assertSame, differentialTest, type Mask, segmented, serveDecoy } from "./harness.ts";

const COMMANDS = new URL("./redis/commands.txt", import.meta.url);

/** What must differ: numbers of connections, addresses, ids, and the order of rules in a table. */
const MASKS: Mask[] = [
  { pattern: /(\$2\r\nid\r\n):\d+/g, replacement: "$1:N" },
  { pattern: /master_replid:[0-9a-f]{40}/g, replacement: "master_replid:ID" },
  { pattern: /-sync -psync/g, replacement: "-psync -sync" },
  { pattern: /id=\d+ addr=\S+ laddr=\S+/g, replacement: "ID" },
];

/** The blocks of the file of commands, each said in one segment. */
function blocks(proto: 2 | 3): Conversation[] {
  const parts = Deno.readTextFileSync(COMMANDS).split(/^## /m).slice(1);
  assert(parts.length > 15, "no commands were found");
  return parts.map((part, i) => {
    const [name = "", ...rest] = part.split("\n");
    const lines = rest.filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => line.replace(/%(?=[\w*[])/g, `p${proto}t${i}`) + "\r\n");
    const start = proto === 3 ? "HELLO 3\r\n" : "";
    return {
      name: `${name} in RESP${proto}`,
      sends: [start + lines.join("")],
      greetingMs: 0,
      waitMs: 3000,
      quietMs: 300,
    };
  });
}

/** Says something with no greeting to wait for. */
function say(name: string, ...sends: (string | null)[]): Conversation {
  return { name, sends, greetingMs: 0, waitMs: 300 };
}

const FRAMING: Conversation[] = [
  say("too many arguments", "*2147483648\r\n"),
  say("as many as there may be", "*2147483647\r\n"),
  say("too long an argument", "*1\r\n$536870913\r\n"),
  say("as long as it may be", "*1\r\n$536870912\r\n"),
  ...["-1", " 4", "+4", "04", "x", "", "4x", "4 "].flatMap((text) => [
    say(`length "${text}"`, `*1\r\n$${text}\r\nPING\r\n`),
    say(`count "${text}"`, `*${text}\r\n$4\r\nPING\r\n`, "PING\r\n"),
  ]),
  say("any bytes behind an argument", "*1\r\n$4\r\nPINGxxPING\r\n"),
  say("an empty name", "*1\r\n$0\r\n\r\n", "*2\r\n$0\r\n\r\n$0\r\n\r\n"),
  say("LF alone in RESP", "*1\n$4\r\nPING\r\n", "\r\n", "PING\r\n"),
  say("CR and anything", "*1\rX$4\rXPING\r\n"),
  say("no argument", "*1\r\n\r\nPING\r\n"),
  say("no dollar", "*1\r\n\x01\xff\r\n"),
  say("inline spaces", " \r\n", "  PING  \r\n", "\n", "PING\n", "PING\r", "\n", "PING\t\x0bhi\r\n"),
  say("inline case and quotes", "pInG\r\n", '"PING"\r\n', "''\r\n", '"" x\r\n', "\xff\xfe\r\n"),
  say("NUL hides a line's end", "PING\0\r\n", "PING\r\n"),
  say("NUL first", "\0PING\r\n", "PING\r\n"),
  say("escapes", 'PING "a\\x41\\n\\t\\"b\\q"\r\n', "PING 'a\\'b\\n'\r\n", 'PING "\\x4"\r\n'),
  ...['PING "a', 'PING "a"b', "PING 'a", "PING 'a'b", 'PING a"b', 'PING a"b"', "AUTH 'x"]
    .map((text) => say(`quotes: ${text}`, `${text}\r\n`, "PING\r\n")),
  say("a name in pieces", "*2\r\n$4\r\nEC", "HO\r\n$2\r\n\r", "\n\r", "\n"),
  say("pipelined and POST", "PING\r\nPING\r\nPOST x\r\nPING\r\n"),
  say("POST later", "PING\r\n", "post x\r\n"),
  say("Host", "HOST: x\r\n"),
  say("QUIT and more", "PING\r\nQUIT\r\nPING\r\n"),
  say("QUIT in pieces", "PING\r\nQUIT", "\r\n"),
  say("a mistake behind answers", "PING\r\n*1\r\n$x\r\nPING\r\n"),
  say("HTTP", "GET / HTTP/1.0\r\nUser-Agent: x\r\nAccept: */*\r\n\r\n"),
  say("HTTP with a host", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
  say("SSH", "SSH-2.0-OpenSSH_9.2\r\n"),
  say("TLS", "\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03" + "\0".repeat(30) + "\r\n", null),
  say("end at once", null),
  say("end within a command", "*2\r\n$4\r\nECHO", null),
  say("end behind a command", "PING\r\n", null),
  say("names in errors", `foo ${"abcdefghij ".repeat(20)}\r\n`, `foo ${"a".repeat(200)}\r\n`),
  say("long names", `${"f".repeat(200)}\r\n`, `config ${"f".repeat(200)}\r\n`),
  say("odd names", 'foo "a\\r\\nb" "\\x00z"\r\n', '"fo\\x00o" "a\\x00b"\r\n', '"fo\\no"\r\n'),
  say("line of 65535", "x".repeat(65_535)),
  say("line of 65537", "x".repeat(65_537)),
  say("long count", `*${"1".repeat(65_537)}`),
  say("long length", `*1\r\n$${"1".repeat(65_537)}`),
  say("a value of 200 kB", `*2\r\n$4\r\nPING\r\n$200000\r\n${"y".repeat(200_000)}\r\n`),
  ...segmented([
    say(
      "several",
      "SET seg 1\r\n",
      "*2\r\n$3\r\nGET\r\n$3\r\nseg\r\n",
      'ECHO "a b"\r\n',
      "QUIT\r\n",
    ),
    say("bytes", "*2\r\n$4\r\nECHO\r\n$5\r\n\xff\0\r\n\x80\r\n", "*1\r\nx"),
  ]),
];

const LOCKED: Conversation[] = [
  ...("PING|FOO a|GET|CONFIG|CONFIG FOO|MODULE LIST|DEBUG x|HELLO|HELLO 3|HELLO 9|HELLO x|HELLO 3 FOO|" +
    "HELLO 3 AUTH default x|HELLO 3 AUTH|HELLO 3 AUTH a b SETNAME x|AUTH|AUTH a|AUTH a b|AUTH a b c|" +
    'AUTH ""|AUTH "a b"|RESET|QUIT x|MULTI|EXEC|SUBSCRIBE a|COMMAND|INFO|EVAL x 0|host: x|POST')
    .split("|").map((line) => say(`locked: ${line}`, `${line}\r\n`, "PING\r\n")),
  say("eleven arguments", "*11\r\n"),
  say("ten arguments", "*10\r\n"),
  say("16385 bytes", "*1\r\n$16385\r\n"),
  say("16384 bytes", `*2\r\n$4\r\nauth\r\n$16384\r\n${"a".repeat(16_384)}\r\n`),
  say("no transaction", "MULTI\r\n", "EXEC\r\n"),
  ...segmented([
    say("a login", "AUTH wrong\r\n", "AUTH s3cret\r\n", "ACL WHOAMI\r\n", "RESET\r\n", "PING\r\n"),
    say("a login by HELLO", "HELLO 3 AUTH default s3cret SETNAME x\r\n", "CLIENT GETNAME\r\n"),
    say(
      "guesses",
      "AUTH \xff\xfe\r\n*3\r\n$4\r\nAUTH\r\n$1\r\na\r\n$2\r\n\0b\r\nAUTH default c\r\n",
    ),
  ]),
  say("users", "AUTH s3cret\r\n", "ACL LIST\r\nACL GETUSER default\r\nCONFIG GET requirepass\r\n"),
];

const UNPROTECTED: Conversation[] = [
  say(
    "folders and files",
    "CONFIG SET dir /nonexistent/x\r\nCONFIG SET dbfilename a/b\r\nCONFIG SET dir /tmp\r\n" +
      "CONFIG GET dir\r\nCONFIG SET dbfilename x.rdb dir /usr\r\nCONFIG GET dbfilename\r\n" +
      "CONFIG SET dir /proc\r\nSAVE\r\n",
  ),
];

/** Questions whose answers are the same but for their order, which hangs on a server's own seed. */
const TABLES = [
  "COMMAND",
  "COMMAND DOCS",
  "COMMAND LIST",
  "COMMAND LIST FILTERBY PATTERN *",
  "COMMAND LIST FILTERBY ACLCAT slow",
  ...("keyspace read write set sortedset list hash string bitmap hyperloglog geo stream pubsub " +
    "admin fast slow blocking dangerous connection transaction scripting").split(" ")
    .map((name) => `ACL CAT ${name}`),
];
/** Settings that hang on where a server runs. */
const OF_THE_PLACE = new Set(["bind", "dir", "logfile", "pidfile", "port", "supervised"]);

/** Asks one question and reads the whole answer. */
async function ask(address: Address, question: string): Promise<Answer> {
  const conversation = { ...say("", `${question}\r\n`), waitMs: 3000, quietMs: 250 };
  const [result] = await converse(address, conversation);
  return readAnswer(result!.received);
}

differentialTest(redisOpen, "redis has the tables of Redis 7.0.15", async (t, genuine) => {
  await using served = serveDecoy(decoy());
  const both = async (question: string) =>
    await Promise.all([ask(served.address, question), ask(genuine, question)]);
  for (const question of TABLES) {
    await t.step(question, async () => {
      const [actual, expected] = await both(question);
      assert(Array.isArray(expected) && expected.length > 3, "it has rows");
      assertEquals(inOrder(actual), inOrder(expected));
    });
  }
  await t.step("CONFIG GET *", async () => {
    const [actual, expected] = (await both("CONFIG GET *")).map((answer) => {
      const flat = answer as string[];
      const rows = flat.flatMap((name, i) => i % 2 === 0 ? [[name, flat[i + 1]!] as const] : []);
      return rows.filter(([name]) => !OF_THE_PLACE.has(name)).sort();
    });
    assertEquals(actual, expected);
  });
  await t.step("INFO everything, but for its figures", async () => {
    const [actual, expected] = (await both("INFO everything")).map((answer) =>
      String(answer).split("\r\n").map((line) => line.split(":")[0]!)
        .filter((name) => !/^(?:cmdstat|errorstat|latency_percentiles|db\d)/.test(name))
    );
    assertEquals(actual, expected);
  });
});

function decoy(options: Record<string, unknown> = {}) {
  return createRedisDecoy(v.parse(redis.options, options), TEST_CONTEXT);
}

/** Empties both stores: the decoy's has keys from the start. */
async function empty(...addresses: Address[]): Promise<void> {
  for (const address of addresses) await converse(address, say("", "FLUSHALL\r\n"));
}

differentialTest(redisOpen, "redis answers as Redis 7.0.15 of Debian 12", async (t, genuine) => {
  await using served = serveDecoy(decoy());
  await empty(genuine, served.address);
  const conversations = [...blocks(2), ...blocks(3), ...FRAMING];
  await assertSame(t, { genuine, decoy: served.address, conversations, masks: MASKS });
});

differentialTest(redisPassword, "redis answers as Redis 7.0.15 before AUTH", async (t, genuine) => {
  await using served = serveDecoy(decoy({ password: "s3cret" }));
  const comparison = { genuine, decoy: served.address, masks: MASKS };
  await assertSame(t, { ...comparison, conversations: LOCKED });
});

differentialTest(
  redisUnprotected,
  "redis answers as one whose files may be set",
  async (t, genuine) => {
    await using served = serveDecoy(decoy({ enable_protected_configs: true }));
    await assertSame(t, { genuine, decoy: served.address, conversations: UNPROTECTED });
  },
);
