/**
 * What is said to genuine memcached and to the decoy.
 * @module
 */
import type { Conversation } from "./client.ts";
import { segmented } from "./harness.ts";

/** Lines that are written with `|` between them; `\n` within one parts a command from its value. */
function lines(...rows: string[]): string[] {
  return rows.flatMap((row) => row.split("|")).map((line) =>
    `${line.replaceAll("\n", "\r\n")}\r\n`
  );
}

const QUICK = { quietMs: 25, waitMs: 200, greetingMs: 0 } as const;

/** What changes what all connections see: one at a time, on servers that nobody has used. */
export const FIRST: Conversation = {
  name: "storing, and what the server numbers",
  ...QUICK,
  sends: lines(
    "stats items|stats slabs|lru_crawler metadump all|set a 0 0 1\nx|gets a|set a 7 0 3\nabc|gets a",
    "cas a 0 0 1 1\ny|cas a 0 0 1 2\ny|gets a|cas none 0 0 1 2\ny|append a 9 9 2\nzz|gets a",
    "prepend a 0 0 2\n11|gets a|append none 0 0 1\nx|add a 0 0 1\nq|add b 4294967295 0 1\nq|gets a b",
    "replace b 1 0 1\nr|replace none 0 0 1\nr|gets b|delete b|gets b|delete b",
    "set n 5 0 2\n10|decr n 1|gets n|incr n 1|gets n|incr n 90|gets n|decr n 1000|gets n|incr n 5",
    "set n 0 0 20\n18446744073709551615|incr n 1|gets n|set n 0 0 1\n9|incr n 18446744073709551615",
    "gets n|incr n -1|incr n 18446744073709551616|incr n 1 noreply|gets n|set n 0 0 0\n|incr n 1",
    "set n 0 0 3\n 12|incr n 1|set n 0 0 3\n12 |incr n 1|gets n|set n 0 0 3\n-12|incr n 1|set n 0 0 3\n+12",
    "incr n 1|set n 0 0 3\n1x2|incr n 1|set n 0 0 21\n000000000000000000001|incr n 1|gets n",
    "set n 0 0 22\n0000000000000000000001|incr n 1|set n 0 0 23\n00000000000000000000001|incr n 1",
    "set n 0 0 30\n000000000000000000000000000001|incr n 1|touch n 100|me n|touch n 0|me n|gat 50 n",
    "me n|gats 0 n a|set neg 0 -1 1\nx|get neg|set old 0 2592001 1\nx|get old|touch a -1|get a",
    "flush_all|get n|set n 0 0 1\nx|gets n|flush_all 0|gets n|set n 0 0 1\ny|flush_all 100|gets n",
    "flush_all noreply|gets n|set m 0 100 4\nabcd|gets m|mg m s v t f c k l h O1|me m|me a|me none",
    "stats items x|stats slabs|stats cachedump 1 0|stats cachedump 1 1|lru_crawler metadump 2",
    "stats sizes|stats detail on|get p:q|set p:q 1 0 2\nab|get p:q r:s|delete p:q|delete p:q",
    "stats detail dump|stats detail off|get p:q|stats detail dump|stats reset|stats cachedump 5 0",
    "ms k 5 T0 F7\nhello|mg k|mg k v|mg k s v t f c h k O123 N30|mg k s v t f c h k O123 T50|mg k t",
    "mg miss v|mg miss k O9 v|mg miss q|mg k q v k|mn|mg k vv|mg k v v|mg k z|mg k T|mg k Tx|mg k N",
    "mg viv N30 t v|mg viv t N30|mg viv t R100|mg viv t R10|mg aGVsbG8= b k v|mg !!! b v|mg a b|md k q",
    "md k O1 k|ms k|ms k x|ms k -1|ms k 3 C1\nabc|ms k 3 b\nabc|ms a2V5 3 b k\nabc|mg key v k",
    "mg a2V5 b k v|me key|me a2V5 b|ms k 3 k O5 c s\nabc|ms k 3 ME\nabc|ms k 3 MA\ndef|mg k v c",
    "ms k 3 MP c\n123|mg k v s|ms k 3 MR\nxyz|ms k 3 MS\nxyz|ms k 3 MX\nxyz|ms k 3 M\nxyz",
    "ms zz 3 MA\nxyz|ms zz 3 MR\nxyz|ms zz 3 MA N30\nxyz|mg k c|ms k 3 I C1 c\nabc|ms k 3 C99999\nabc",
    "mg k c|ms k 3 q\nabc|mg k c|ms k 3 Fx\nabc|ms k 3 Tx\nabc|ms k 3 \nabcd|ms k 3 q\nabcd|ms k 3 ME q\nabc",
    "ms k 3 C1 q k\nabc|mg k s c t|ms k 3 T-1\nabc|mg k|ms k 3 F4294967296 T100 c k b\nabc|ms k 0\n",
    "ma n2|ma n2 N0 J5 v|ma n2 v t c|ma n2 D10 v|ma n2 MD D3 v|ma n2 M- D3 v|ma n2 MI v|ma n2 M+ v",
    "ma n2 Mx v|ma n2 M|ma n2 Dx|ma n2 Jx|ma n2 Nx|ma n2 C1|ma n2 c k O5 t v|ma n2 q|ma miss q",
    "ma miss k O1|md n2 I T30|mg n2 v c t|mg n2 v|mg n2 v|md n2 C1|md miss|md miss q k|md n2 x|md n2 q k",
    "mg n2|ms n2 3\nabc|ma n2|ma n2 J1 q|md n2 T30|mg n x y|mg n kk|ma n2 N30 J7 v t|md n2 b|md n2 C0",
    "mg n O12345678901234567890123456789012345|mg n k O1234567890123456789012345678901",
    "mg n O12345678901234567890123456789012|md n O12345678901234567890123456789012",
    "ms n 1 O12345678901234567890123456789012\nx|ma n O12345678901234567890123456789012",
    "mg n k s t f c h v O1 T0 R10 N10|mg n v u h|mg n P L|mg n P1 L2 S|mg n E1|mg n M1 v",
    "mg n v t f a b c d e g h i j l m n o|mg n a b c d e f g h i j k l m n o p q r s t u|mg n 1 2",
    "ms n 2 S1\nab|ms n 2 E5\nab|md n E5|mg|ms|md|ma|me|mn|mx|me a b c d|me n x|mn x",
  ),
};

/** Commands about the server, and commands that make no sense. */
export const TEXT: Conversation[] = [
  {
    name: "words that are missing, too many, or wrong",
    ...QUICK,
    sends: lines(
      "get|get a1 b1 c1|gets|gat|gat 1|gat x y|gat 10 a1|gats 10 a1|set|set a1|set a1 0 0|set a1 b c d",
      "set a1 0 0 -1|set a1 -1 0 1|set a1 0 x 1|set w1 0 0 1 noreply\ny|get w1|set w1 0 0 1 foo\nz|get w1",
      "set w1 0 0 1 noreply foo|set w1 0 0 1\nyy|cas w1 0 0 1|cas w1 0 0 1 x|cas w1 0 0 1 x noreply",
      "set a1 b c d noreply|set a1 0 0 2147483646|delete|delete a1 0|delete a1 1|delete w1 noreply",
      "delete c1 0 noreply|delete c1 0 x|delete c1 0 0 0|touch|touch a1|touch a1 x|touch a1 100",
      "touch a1 100 noreply|touch a1 100 x|touch a1 x noreply|incr|incr a1|incr a1 x|incr a1 1|incr a1 1 2",
      "incr a1 1 2 3|flush_all x|flush_all 1 2 3|verbosity|verbosity x|verbosity 1 noreply|verbosity 0",
      "verbosity 1 2 3|verbosity -1|verbosity noreply|version x|versionx|stats reset x|stats foo|stats malloc",
      "stats cachedump|stats cachedump 1|stats cachedump a 1|stats cachedump 0 0|stats cachedump 63 0",
      "stats cachedump 64 0|stats cachedump 1 a|stats detail|stats detail x|stats extstore|stats sizes x",
    ).filter((send) => !send.includes("2147483646")),
  },
  {
    name: "the server's upkeep",
    ...QUICK,
    sends: lines(
      "slabs|slabs reassign|slabs reassign 1|slabs reassign 1 2|slabs reassign 1 1|slabs reassign a b",
      "slabs reassign 0 99|slabs reassign -1 5|slabs reassign 0 1|slabs automove|slabs automove x",
      "slabs automove 1|slabs automove 9|slabs foo 1|lru_crawler|lru_crawler enable|lru_crawler sleep 100",
      "lru_crawler sleep x|lru_crawler sleep 99999999|lru_crawler tocrawl 0|lru_crawler tocrawl x",
      "lru_crawler crawl x|lru_crawler crawl 99|lru_crawler crawl 0|lru_crawler metadump",
      "lru_crawler metadump 99|lru_crawler metadump x|lru_crawler mgdump|lru_crawler mgdump all",
      "lru_crawler foo|lru_crawler foo bar|lru|lru mode|lru mode segmented|lru mode x|lru tune",
      "lru tune 20 40 0.2 2.0|lru tune 60 60 1 1|lru tune 20 40 0 2|lru tune a 40 1 2|lru temp_ttl",
      "lru temp_ttl 61|lru temp_ttl -1|lru temp_ttl x|lru x|cache_memlimit|cache_memlimit x",
      "cache_memlimit 64|cache_memlimit 4|cache_memlimit 64 noreply|refresh_certs|refresh_certs x|extstore",
      "extstore x|extstore free_memchunks 1 1|extstore free_memchunks 1|extstore free_memchunks x 1",
      "debugtime|misbehave|shutdown|shutdown graceful|shutdown x|bget a1|watch foo|watch fetchers x",
    ),
  },
  {
    name: "no command at all",
    ...QUICK,
    sends: lines(
      "x|xx|  get a1| ||\0|get a1\0b|GET a1|get\ta1|\tget a1|get a1 |get  a1   b1|get a1\r|\r|\r\r|*1|$4",
      "gett|ge|setx|statsx|abc|cat|indecr|dx|tx|auth a b|HTTP/1.0|\xff\xfe|get \xff\x01\x7f|mgg a|m a|quitx",
      "get / HTTP/1.1|set / HTTP/1.1|delete / HTTP/1.1|options / HTTP/1.1x|trace / HTTP/1.1|stats HTTP/1.1",
      "incrx / HTTP/1.1|add / HTTP/1.1|mx HTTP/1.1|cx HTTP/1.1",
    ).concat("get a1\n", "version\n", "get a1\nget b1\n", "\n", "\n\n"),
  },
  ...["GET / HTTP/1.0", "POST /x HTTP/1.1", "HEAD HTTP/", "x HTTP/1.1", "xx HTTP/", "PUT a HTTP"]
    .map(
      (line): Conversation => ({
        name: `web: ${line}`,
        ...QUICK,
        sends: [`${line}\r\nHost: x\r\n\r\n`, "version\r\n"],
      }),
    ),
  {
    name: "answers, then the web",
    ...QUICK,
    sends: ["version\r\nverbosity 0\r\nGET / HTTP/1.0\r\n"],
  },
  { name: "quit", ...QUICK, sends: ["version\r\nquit\r\nversion\r\n"] },
  { name: "quit with a word", ...QUICK, sends: ["quit x\r\n"] },
  { name: "watch", ...QUICK, sends: ["watch evictions\r\n", "version\r\n"] },
  {
    name: "watch behind others",
    ...QUICK,
    sends: ["version\r\nwatch evictions\r\n", "version\r\n"],
  },
  {
    name: "dump behind others",
    ...QUICK,
    sends: ["version\r\nlru_crawler metadump 60\r\n", "version\r\n"],
  },
  { name: "end at once", ...QUICK, sends: [null] },
  { name: "end in a line", ...QUICK, sends: ["version\r\nversi", null] },
  { name: "end in a value", ...QUICK, sends: ["set e1 0 0 10\r\nabc", null] },
  { name: "end behind a command", ...QUICK, sends: ["version\r\nget e1\r\n", null] },
  ...[2047, 2048, 2049, 3000, 16_384, 20_000].map((size): Conversation => ({
    isResetAllowed: size > 16_384, // our buffers are of other sizes
    name: `${size} bytes without an end`,
    ...QUICK,
    sends: ["A".repeat(size), "\r\n"],
  })),
  ...[2047, 2500, 15_000].map((size): Conversation => ({
    name: `a line of ${size} bytes`,
    ...QUICK,
    sends: [`${"A".repeat(size)}\r\n`, "version\r\n"],
  })),
  {
    name: "long gets",
    ...QUICK,
    sends: [`get ${"A".repeat(2500)}`, "\r\n", `gets ${"a ".repeat(2500)}`, "\r\n"]
      .concat(`${" ".repeat(100)}get ${"a ".repeat(2000)}`, "\r\n"),
  },
  { name: "a long gat", ...QUICK, sends: [`gat 10 ${"a ".repeat(2000)}`, "\r\n"] },
  { name: "many spaces", ...QUICK, sends: [`${" ".repeat(101)}get ${"a ".repeat(1500)}`] },
  {
    name: "keys of 250 and 251 bytes",
    ...QUICK,
    sends: [250, 251].flatMap((size) => {
      const key = "\xe4".repeat(size);
      return lines(`set ${key} 0 0 1\nx|get ${key}|get a1 ${key}|incr ${key} 1|touch ${key} 0`)
        .concat(
          lines(
            `gat 0 ${key}|append ${key} 0 0 1\nx|mg ${key} v|ms ${key} 1\nx|ma ${key}|me ${key}x`,
          ),
          lines(
            `md ${key}|delete ${key}|delete ${key} noreply|mg ${key} k|set ${key} 0 0 1 noreply\nx`,
          ),
        );
    }),
  },
  {
    name: "values that are too large",
    ...QUICK,
    waitMs: 1500,
    sends: [
      "set l1 0 0 1\r\nx\r\nset l1 0 0 1048576\r\n",
      "v".repeat(1_048_576),
      "\r\nversion\r\nget l1\r\n",
      "set l1 0 0 1\r\nx\r\nadd l1 0 0 2000000\r\n" + "v".repeat(2_000_000),
      "\r\nget l1\r\n",
      "set l1 0 0 1048517\r\n" + "v".repeat(1_048_517) + "\r\n",
      "set l1 0 0 1048516\r\n" + "v".repeat(1_048_516) + "\r\n",
      "set l1 0 0 1048515 noreply\r\n" + "v".repeat(1_048_515) + "\r\nversion\r\n",
      "delete l1\r\n",
      "ms l1 1048576\r\n" + "v".repeat(1_048_578) + "version\r\n",
    ],
  },
  ...segmented([
    {
      name: "storing and fetching",
      ...QUICK,
      sends: lines(
        "set s1 5 0 5\nhello|get s1|append s1 0 0 3\n\r\nx|get s1 nope|delete s1|get s1|version",
      ),
    },
    {
      name: "pieces",
      ...QUICK,
      sends: ["set s2 0 0 5\r", "\nhe", "llo", "\r", "\nget s", "2\r", "\n"],
    },
    {
      name: "meta commands",
      ...QUICK,
      sends: lines("ms s3 2 F3\nhi|mg s3 v f k Oab|mn|md s3 q|mg s3 v|mn"),
    },
  ]),
  {
    name: "answers that wait for a value",
    ...QUICK,
    sends: [
      "version\r\nset f1 0 0 5\r\n",
      "he",
      "llo\r\n",
      "version\r\nset f1 0 0 5\r\nhello\r\nGET / HTTP/1\r\n",
    ],
  },
];

/** A packet of the binary protocol. */
export function packet(
  opcode: number,
  { key = "", extras = "", value = "", cas = 0, magic = 0x80, ...lengths }: {
    key?: string;
    extras?: string;
    value?: string;
    cas?: number;
    magic?: number;
    keyBytes?: number;
    bodyBytes?: number;
  } = {},
): string {
  const body = extras + key + value;
  const bytes = new Uint8Array(24);
  const view = new DataView(bytes.buffer);
  bytes.set([magic, opcode]);
  view.setUint16(2, lengths.keyBytes ?? key.length);
  bytes[4] = extras.length;
  view.setUint32(8, lengths.bodyBytes ?? body.length);
  view.setUint32(12, 0xdeadbeef);
  view.setBigUint64(16, BigInt(cas));
  return String.fromCharCode(...bytes) + body;
}

const FLAGS = "\0\0\0\x07\0\0\0\0";
const TTL = "\0\0\0\x64";

/** Extras of INCREMENT. */
function delta(by: number, initial: number, exptime: number): string {
  const bytes = new Uint8Array(20);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(by));
  view.setBigUint64(8, BigInt(initial));
  view.setUint32(16, exptime);
  return String.fromCharCode(...bytes);
}

const NOOP = packet(0x0a);

/** The same as `FIRST`, in the binary protocol. */
export const FIRST_BINARY: Conversation = {
  name: "storing in binary",
  ...QUICK,
  sends: [
    packet(0x0b),
    packet(0x01, { key: "k", extras: FLAGS, value: "hello" }),
    packet(0x00, { key: "k" }),
    packet(0x0c, { key: "k" }),
    packet(0x00, { key: "zz" }),
    packet(0x0c, { key: "zz" }),
    packet(0x09, { key: "zz" }) + packet(0x0d, { key: "zz" }) + NOOP,
    packet(0x09, { key: "k" }) + packet(0x0d, { key: "k" }) + NOOP,
    packet(0x02, { key: "k", extras: FLAGS, value: "x" }),
    packet(0x03, { key: "q", extras: FLAGS, value: "x" }),
    packet(0x01, { key: "k", extras: FLAGS, value: "x", cas: 999 }),
    packet(0x03, { key: "k", extras: FLAGS, value: "x", cas: 999 }),
    packet(0x02, { key: "q", extras: FLAGS, value: "x", cas: 999 }),
    packet(0x04, { key: "zz" }),
    packet(0x04, { key: "k", cas: 999 }),
    packet(0x05, { key: "n", extras: delta(1, 10, 0) }),
    packet(0x05, { key: "n", extras: delta(1, 10, 0) }),
    packet(0x06, { key: "n", extras: delta(100, 10, 0) }),
    packet(0x05, { key: "n", extras: delta(1, 10, 0), cas: 999 }),
    packet(0x05, { key: "nn", extras: delta(1, 10, 0xffffffff) }),
    packet(0x05, { key: "k", extras: delta(1, 1, 0) }),
    packet(0x0e, { key: "k", value: "AA" }),
    packet(0x0f, { key: "k", value: "BB" }),
    packet(0x0e, { key: "zz", value: "AA" }),
    packet(0x0e, { key: "k", value: "AA", cas: 999 }),
    packet(0x00, { key: "k" }),
    ...[0x1c, 0x1d, 0x23].flatMap((opcode) =>
      ["k", "zz"].map((key) => packet(opcode, { key, extras: TTL }))
    ),
    packet(0x1e, { key: "zz", extras: TTL }) + packet(0x24, { key: "zz", extras: TTL }) + NOOP,
    packet(0x11, { key: "k", extras: FLAGS, value: "hello" }) +
    packet(0x12, { key: "k", extras: FLAGS, value: "hello" }) + packet(0x14, { key: "zz" }) + NOOP,
    packet(0x13, { key: "zz", extras: FLAGS, value: "x" }) + packet(0x14, { key: "k" }) + NOOP,
    packet(0x15, { key: "n", extras: delta(1, 1, 0) }) +
    packet(0x16, { key: "n", extras: delta(1, 1, 0) }) + NOOP,
    packet(0x19, { key: "n", value: "1" }) + packet(0x1a, { key: "n", value: "1" }) + NOOP,
    packet(0x19, { key: "zz", value: "1" }) + packet(0x1a, { key: "zz", value: "1" }) + NOOP,
    packet(0x00, { key: "n" }),
    packet(0x20),
    packet(0x21, { key: "PLAIN", value: "\0a\0b" }),
    packet(0x22, { key: "PLAIN", value: "\0a\0b" }),
    NOOP,
    packet(0x1b),
    packet(0x99),
    packet(0x99, { key: "k", value: "abc" }),
    "x",
    NOOP,
    packet(0x10, { key: "foo" }),
    packet(0x10, { key: "sizes" }),
    packet(0x10, { key: "detail" }),
    packet(0x10, { key: "detail on" }),
    packet(0x01, { key: "p:q", extras: FLAGS, value: "x" }),
    packet(0x10, { key: "detail dump" }),
    packet(0x10, { key: "detail off" }),
    packet(0x10, { key: "cachedump 1 1" }),
    packet(0x10, { key: "conns" }),
    packet(0x10, { key: "reset" }),
    packet(0x10, { key: "resetx" }),
    packet(0x01, { key: "neg", extras: "\0\0\0\0\xff\xff\xff\xff", value: "x" }),
    packet(0x00, { key: "neg" }),
    packet(0x08) + packet(0x00, { key: "k" }),
    packet(0x18, { extras: "\0\0\0\0" }) + NOOP,
    packet(0x07),
  ],
};

/** Packets that make no sense, each in a connection of its own. */
export const BINARY: Conversation[] = [
  ...[
    packet(0x00),
    packet(0x00, { key: "k", extras: "abcd" }),
    packet(0x00, { key: "k", value: "v" }),
    packet(0x01, { key: "k" }),
    packet(0x01, { extras: FLAGS, value: "v" }),
    packet(0x01, { key: "k".repeat(251), extras: FLAGS, value: "v" }),
    packet(0x00, { key: "k".repeat(251) }),
    packet(0x0b, { key: "x" }),
    packet(0x0a, { key: "x" }),
    packet(0x07, { key: "x" }),
    packet(0x08, { key: "x" }),
    packet(0x08, { extras: "ab" }),
    packet(0x04),
    packet(0x05, { key: "k", extras: "abc" }),
    packet(0x0e, { key: "k", extras: "abcd", value: "x" }),
    packet(0x10, { key: "x", extras: "abcd" }),
    packet(0x10, { key: "x".repeat(2000) }),
    packet(0x1c, { key: "k" }),
    packet(0x00, { key: "k", bodyBytes: 0 }),
    packet(0x00, { key: "k", bodyBytes: 2 }),
    packet(0x00, { key: "k", keyBytes: 5 }),
    packet(0x01, { key: "k", extras: FLAGS, bodyBytes: 0x7fffffff }),
    packet(0x01, { key: "k", extras: FLAGS, bodyBytes: 2_000_000 }),
    packet(0x81),
    packet(0x17),
    packet(0x0b, { magic: 0x81 }),
    packet(0x0b) + "version\r\n" + "x".repeat(24),
    packet(0x20, { key: "x" }),
    packet(0x21),
  ].map((data, i): Conversation => ({
    name: `a packet that makes no sense ${i + 1}`,
    ...QUICK,
    sends: [data, packet(0x0b)],
  })),
  { name: "text, then binary", ...QUICK, sends: ["version\r\n", packet(0x0b), "\r\n"] },
  ...segmented([{
    name: "packets",
    ...QUICK,
    sends: [packet(0x0b), packet(0x00, { key: "nope" }), packet(0x99), packet(0x07)],
  }]),
];

/** Logins by SASL, and what may be said before. */
export const SASL: Conversation[] = [
  {
    name: "logins",
    ...QUICK,
    sends: [
      packet(0x0b),
      packet(0x20),
      packet(0x21, { key: "PLAIN", value: "\0admin\0secret" }),
      packet(0x21, { key: "PLAIN" }),
      packet(0x21, { key: "PLAIN", value: "x" }),
      packet(0x21, { key: "FOO", value: "x" }),
      packet(0x22, { key: "PLAIN", value: "\0a\0b" }),
      packet(0x21, { key: "A".repeat(33), value: "x" }),
      packet(0x21),
    ],
  },
  ...[
    "\0a\0",
    "a\0b\0c",
    "\0\0",
    "\0a\0b\0",
    "a",
    "\0\xff\xfe\0\xe4",
    "\0" + "a".repeat(300) + "\0b",
  ].map((value): Conversation => ({
    name: `login with ${JSON.stringify(value).slice(0, 30)}`,
    ...QUICK,
    sends: [packet(0x21, { key: "PLAIN", value })],
  })),
  ...[
    "version\r\n" + "v".repeat(24),
    NOOP,
    packet(0x99),
    packet(0x20, { key: "x" }),
    packet(0x0b, { key: "x" }),
    packet(0x21, { key: "PLAIN", extras: "abcd", value: "\0a\0b" }),
    packet(0x00, { key: "k" }),
    packet(0x22, { key: "PLAIN", value: "\0a\0b" }),
    packet(0x00, { key: "k", bodyBytes: 0 }),
    packet(0x07),
    packet(0x10),
  ].map((data, i): Conversation => ({
    name: `before the login ${i + 1}`,
    ...QUICK,
    sends: [data, NOOP],
  })),
  {
    name: "a login of 3 MB",
    ...QUICK,
    waitMs: 2000,
    sends: [packet(0x21, { key: "PLAIN", value: "\0a\0b".repeat(700_000) })],
  },
  ...segmented([{
    name: "a login, and more",
    ...QUICK,
    sends: [packet(0x20), packet(0x21, { key: "PLAIN", value: "\0root\0hunter 2" }), NOOP],
  }]),
];

/** Logins by a file of users. */
export const FILE: Conversation[] = [
  {
    name: "logins",
    ...QUICK,
    sends: lines(
      "version|get a||x|set x 0 0 10\nuser passw|set x 0 0 3\nabc|set x 0 0 x|set x 0 0|set x 0 0 0\n",
      "set x 0 0 -1|set x 0 0 9 noreply\nroot toor|set x 0 0 5 a b\na b c|set x y z 7 8\n  a   b|mn",
      "GET / HTTP/1.0|add x 0 0 3\na b|set x 0 0 6\n\xff\xfe \0ab|quit",
    ).concat("set x 0 0 5\r\n", "ab cd", "x", "y", "\n", "a", "\n"),
  },
  { name: "answers over answers", ...QUICK, sends: ["version\r\nget a\r\n\r\n"] },
  {
    name: "a login, and a line behind it",
    ...QUICK,
    sends: ["set x 0 0 3\r\na b\r\nversion\r\n", "version\r\nset x 0 0 3\r\na b\r\n"],
  },
  {
    name: "two logins at a time",
    ...QUICK,
    sends: ["set x 0 0 3\r\na b\r\nset x 0 0 3\r\nc d\r\n"],
  },
  { name: "2049 bytes without an end", ...QUICK, sends: ["A".repeat(2049)] },
  { name: "2048 bytes without an end", ...QUICK, sends: ["A".repeat(2048), "\r\n"] },
  { name: "a long get", ...QUICK, sends: [`get ${"a ".repeat(2000)}`] },
  { name: "binary", ...QUICK, sends: [packet(0x0b)] },
  {
    name: "5000 bytes",
    ...QUICK,
    sends: ["set x 0 0 5000\r\n", "A".repeat(3000), "B".repeat(2002)],
  },
  ...segmented([{ name: "a login", ...QUICK, sends: lines("set u 0 0 9\nroot toor|version") }], [
    "whole",
    "bytes",
  ]),
];
