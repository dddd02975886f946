/**
 * Every decoy, as every product that it plays: ends, says no more than it should, reports what came.
 *
 * Whether the same bytes in other segments must give the same events is the product's own way:
 * vsftpd and the web servers read streams; ProFTPD wants a line's end in one segment with it, and a
 * telnet daemon's `login` drops what is typed before its prompt.
 * @module
 */
import type { Decoy, DecoyKind } from "../../lib/decoys/decoy.ts";
import { DECOY_KINDS } from "../../lib/decoys/registry.ts";
import { makeDecoy } from "../support/transcript.ts";
import { type Client, converse, type Ending, type Report } from "./conversation.ts";
import { floodTarget } from "./flood_target.ts";
import { latin1 } from "./mutate.ts";
import { Random } from "./random.ts";
import { readSeeds } from "./seeds.ts";
import { type Case, check, cutRandomly, join, type Target, totalBytes } from "./target.ts";

/** What is known of a kind besides its products. */
interface Expectation {
  /** Options besides `product`; one set is chosen for each case. */
  readonly options: readonly Record<string, unknown>[];
  /** Most bytes that an honest server says to this. */
  maxOutput(input: number, report: Report): number;
  /** Most events. */
  maxEvents(input: number): number;
  /** Products whose events do not depend on segments; `all` without products. */
  readonly streams: readonly string[];
  /** Largest read buffer, in bytes, where it is not that of a line. */
  readonly maxBufferBytes?: number;
}

/** What no byte that we send may say. */
const OWN_WORDS = /duckblind|honeypot/i;

/** OpenSSH's greatest packet, and what may stand before it in the buffer. */
export const MAX_SSH_BUFFER_BYTES = 262_144 + 512;

/** Bounds and options by kind; a kind without an entry gets `DEFAULT`. */
const EXPECTATIONS: Record<string, Expectation> = {
  tcp: {
    options: [
      { banner: "hello\\r\\n", capture_bytes: 64 },
      { capture_bytes: 0 },
      { replies: [{ match: "PING", reply: "PONG\\r\\n" }, { match: "QUIT", close: true }] },
    ],
    maxOutput: (input) => 7 + 6 * input, // a reply for a byte would need a pattern of one
    maxEvents: () => 1,
    streams: ["all"],
  },
  ftp: {
    options: [
      {},
      {},
      { pause_max_ms: 0, max_attempts: 100 },
      { max_attempts: 1, banner: "x" },
      { auth_tls: "offered", pause_max_ms: 0 },
    ],
    // The longest answer is ProFTPD's to HELP, a command of five bytes.
    maxOutput: (input) => 1024 + 320 * input,
    maxEvents: (input) => Math.min(1003, 2 + input / 2),
    streams: ["vsftpd-3.0.3"],
  },
  vnc: {
    options: [
      {},
      { blacklist: false },
      { security_types: ["Plain", "VncAuth", "X509Plain"], pause_ms: 0, blacklist_threshold: 1 },
      { security_types: ["X509Vnc"], words: ["own"] },
    ],
    maxOutput: () => 600, // with a handshake of TLS
    maxEvents: () => 6,
    streams: [], // what comes before a challenge waits for another segment
  },
  git: {
    options: [
      {},
      { informative_errors: true },
      { init_timeout_ms: 1000, repositories: ["/infra.git"] },
      { repositories: ["/infra.git"], receive_pack: true },
      { repositories: ["/infra.git"], receive_pack: true, capture_bytes: 16 },
    ],
    // The path again; a pack with its progress for each request of 79 bytes at least.
    maxOutput: (input) => 1024 + 128 * input,
    maxEvents: (input) => Math.min(1003, 2 + input / 4),
    streams: [], // where a pack ends is looked for at the end of a segment
  },
  socks: {
    options: [{}, { auth: "none" }, { auth: "both" }, { auth: "none", connects: "refused" }],
    maxOutput: (input) => 16 + input, // the address again
    maxEvents: () => 2,
    streams: ["dante-1.4.2"],
  },
  "http-proxy": {
    options: [{}, { auth: "basic" }, { auth: "digest" }, { auth: "ntlm" }, { auth: "negotiate" }],
    // A page for each request of twelve bytes at least, and the URL six times as long six times.
    maxOutput: (input) => 4096 + 400 * input,
    maxEvents: (input) => Math.min(2003, 2 + input / 6),
    streams: ["squid-5.7-debian12"],
    maxBufferBytes: 4 * 65_536,
  },
  ssh: {
    options: [
      {},
      { banner: "x\n", keyboard_interactive: true, fail_delay_ms: 0 },
      { max_attempts: 1, login_grace_ms: 1000 },
    ],
    // Both KEXINITs, and for each packet of 16 bytes at least as much again.
    maxOutput: (input) => 4096 + 16 * input,
    maxEvents: () => 12,
    streams: ["openssh-9.2-debian12", "openssh-9.6-ubuntu24", "dropbear-2022.83"],
    maxBufferBytes: MAX_SSH_BUFFER_BYTES,
  },
  telnet: {
    options: [
      {},
      {},
      { startup_ms: 0, pause_min_ms: 0, pause_max_ms: 0 },
      { max_attempts: 100, issue: "", hostname: "x" },
    ],
    // The terminal echoes a byte by up to eight; its reprint key shows the whole line again, and
    // clients may choose that key. A session's lines are 4096 bytes at most, controls two columns.
    maxOutput: (input) => 4096 + 128 * input + 2 * 8192 * input,
    maxEvents: (input) => 4 + input,
    streams: [],
  },
  http: {
    options: [
      {},
      { site: "default" },
      { site: "nas" },
      { site: "router", capture_bytes: 16 },
      { site: "vpn", organization: "x" },
    ],
    // A whole file for each request; parts of one have heads of their own.
    maxOutput: (input, { requests }) => (requests + 1) * 40_000 + 64 * input,
    maxEvents: (input) => 2 + input,
    streams: ["nginx-1.22.1", "apache-2.4.71"],
  },
  smtp: {
    options: [
      {},
      { auth: ["plain", "login", "cram-md5"], pause_max_ms: 0, slow_down: false },
      { soft_errors: 10_000, hard_errors: 10_000, max_message_bytes: 1000 },
      { service: "submission" },
      { service: "submissions", auth: [] },
    ],
    // EHLO is the longest answer, to a command of seven bytes; addresses come back.
    maxOutput: (input) => 1024 + 48 * input,
    maxEvents: (input) => Math.min(1003, 2 + input),
    streams: [], // each message has another queue id
  },
  pop3: {
    options: [{}, { auth: ["plain", "login"], pause_max_ms: 0 }, { require_tls: true }],
    maxOutput: (input) => 1024 + 32 * input,
    maxEvents: (input) => Math.min(1003, 3 + input),
    streams: ["dovecot-2.3.19"],
  },
  imap: {
    options: [
      {},
      { auth: ["plain", "login", "cram-md5"], pause_max_ms: 0, slow_down: false },
      { require_tls: true, starttls: false },
    ],
    maxOutput: (input) => 1024 + 64 * input,
    maxEvents: (input) => Math.min(1003, 3 + input),
    streams: [], // ID hangs on segments
  },
  mysql: {
    options: [{ ssl: false }, { ssl: true }, { clear_password: true }, { accounts: [] }],
    // The greeting, the RSA key of MySQL 8, and a name back, whose bytes may be shown as five.
    maxOutput: (input) => 1024 + 5 * input,
    maxEvents: () => 4,
    streams: [], // what is told of packets that are not read hangs on segments
    maxBufferBytes: 65_536,
  },
  postgres: {
    options: [
      { ssl: false },
      { ssl: false, auth: "password" },
      { ssl: false, auth: "md5" },
      { refuse_host: true },
    ],
    // Names and odd values come back, with an error around them.
    maxOutput: (input) => 1024 + 2 * input,
    maxEvents: () => 8,
    streams: [], // what is left unread and told hangs on segments
    maxBufferBytes: 65_536,
  },
  memcached: {
    options: [{}, { auth: "sasl" }, { auth: "file" }, { capture_bytes: 4 }],
    // All figures are a request of seven bytes; a source finds what it has stored.
    maxOutput: (input) => 65_536 + 4096 * input,
    maxEvents: (input) => 4 + input,
    streams: [], // a source finds what it left
  },
  mqtt: {
    options: [{}, { anonymous: true }, { anonymous: true }, { anonymous: true, capture_bytes: 4 }],
    // A source finds all that it has had retained, and figures every eleven seconds.
    maxOutput: (input) => 2_000_000 + 4096 * input,
    maxEvents: (input) => 4 + input,
    streams: [], // a source finds what it left
  },
  redis: {
    options: [{}, { password: "x" }, {
      enable_protected_configs: true,
      enable_debug_command: true,
    }],
    // COMMAND DOCS is a request of fourteen bytes; a transaction may hold many of them.
    maxOutput: (input) => 65_536 + 20_000 * input,
    maxEvents: (input) => 4 + input,
    streams: [], // a source finds what it left
  },
};

/** The same server for those who speak no TLS to it. */
EXPECTATIONS["https"] = { ...EXPECTATIONS["http"]!, streams: [] };

const DEFAULT: Expectation = {
  options: [{}],
  maxOutput: (input) => 65_536 + 1024 * input,
  maxEvents: (input) => 4 + input,
  streams: [],
};

/** Targets of all decoys that are registered. */
export async function decoyTargets(): Promise<Target[]> {
  const targets: Target[] = [];
  for (const kind of DECOY_KINDS) {
    for (const product of productsOf(kind)) {
      targets.push(await decoyTarget(kind, product));
      const decoy = inClear(
        kind,
        await makeDecoy(kind, product === undefined ? {} : { product }),
      );
      const { maxBufferBytes } = EXPECTATIONS[kind.kind] ?? DEFAULT;
      targets.push(floodTarget(kind.kind, decoy, {
        name: product ?? kind.kind,
        ...(maxBufferBytes === undefined ? {} : { maxBufferBytes }),
      }));
    }
  }
  return targets;
}

/** What there is without TLS: where that is always spoken, the answer to those who do not. */
// deno-lint-ignore no-explicit-any -- kinds of any options
function inClear(kind: DecoyKind<any>, decoy: Decoy): Decoy {
  if (kind.tls !== "implicit" || decoy.serveClear === undefined) return decoy;
  return { serve: (session) => decoy.serveClear!(session) };
}

/** The products that a kind's schema allows; `undefined` alone where it has none. */
// deno-lint-ignore no-explicit-any -- kinds of any options
function productsOf(kind: DecoyKind<any>): (string | undefined)[] {
  const { entries } = kind.options as unknown as {
    entries: { product?: { wrapped: { options: readonly string[] } } };
  };
  return [...(entries.product?.wrapped.options ?? [undefined])];
}

async function decoyTarget(
  // deno-lint-ignore no-explicit-any -- as above
  kind: DecoyKind<any>,
  product: string | undefined,
): Promise<Target> {
  const expectation = EXPECTATIONS[kind.kind] ?? DEFAULT;
  const optionSets = expectation.options.map((options) => ({
    ...(product === undefined ? {} : { product }),
    ...options,
  }));
  const decoys = await Promise.all(
    optionSets.map(async (options) => inClear(kind, await makeDecoy(kind, options))),
  );
  const isStream = expectation.streams.includes(product ?? "all");
  const seeds = readSeeds(kind.kind === "https" ? "http" : kind.kind);
  return {
    name: product === undefined ? kind.kind : `${kind.kind}/${product}`,
    seeds,
    run: async (input) => {
      const plan = planOf(input.choices, decoys.length);
      const decoy = decoys[plan.optionSet]!;
      const { maxBufferBytes } = expectation;
      const bounds = maxBufferBytes === undefined ? {} : { maxBufferBytes };
      const report = await converse(decoy, kind.kind, { ...makeClient(input, plan), ...bounds });
      checkReport(report, { expectation, input });
      const hasReplies = kind.kind === "tcp" && plan.optionSet === 2;
      if (isStream && plan.compares && !hasReplies) {
        await compareSegments(decoy, kind.kind, input);
      }
      return { input: report.input, output: report.output, events: report.events.length };
    },
    describe: (choices) => {
      const { optionSet, segments, ending, isQuiet } = planOf(choices, decoys.length);
      return `options ${JSON.stringify(optionSets[optionSet])}, segments ${segments}, ` +
        `end ${ending}${isQuiet ? ", silences" : ""}`;
    },
  };
}

/** What the choices of a case come to. */
interface Plan {
  readonly optionSet: number;
  readonly segments: "messages" | "bytes" | "merged" | "random";
  readonly ending: Ending;
  readonly isQuiet: boolean;
  readonly mostPerWrite: number;
  readonly compares: boolean;
  /** Seeds what is drawn while the case runs. */
  readonly seed: string;
}

function planOf(choices: string, optionSets: number): Plan {
  const random = new Random(choices);
  return {
    optionSet: random.below(optionSets),
    segments: random.pick(["messages", "messages", "bytes", "merged", "random", "random"]),
    ending: random.pick(["eof", "eof", "eof", "reset", "stall"]),
    isQuiet: random.chance(0.15),
    mostPerWrite: random.chance(0.1) ? random.pick([1, 7, 100]) : Infinity,
    compares: random.chance(0.25),
    seed: choices,
  };
}

function makeClient({ messages }: Case, plan: Plan): Client {
  const random = new Random(plan.seed + " run");
  const silences = new Map<number, number>();
  return {
    segments: segmentsOf(messages, plan.segments, random),
    silenceMs: (index) => {
      if (!plan.isQuiet) return 0;
      const ms = silences.get(index) ??
        (random.chance(0.2) ? random.pick([1, 10, 100, 3000, 59_000, 61_000, 400_000]) : 0);
      silences.set(index, ms);
      return ms;
    },
    ending: plan.ending,
    mostPerWrite: plan.mostPerWrite,
    random: () => random.next(),
  };
}

function segmentsOf(
  messages: Case["messages"],
  how: Plan["segments"],
  random: Random,
): readonly Uint8Array[] {
  if (how === "messages") return messages.filter((message) => message.length > 0);
  const all = join(messages);
  if (all.length === 0) return [];
  if (how === "merged") return [all];
  if (how === "random" || all.length > 1500) return cutRandomly(all, random);
  return [...all].map((byte) => new Uint8Array([byte]));
}

function checkReport(
  report: Report,
  { expectation, input }: { expectation: Expectation; input: Case },
): void {
  const sent = totalBytes(input.messages);
  const { output, events, eventBytes } = report;
  const maxOutput = expectation.maxOutput(sent, report);
  check(output <= maxOutput, "output is bounded", () => `${output} bytes, at most ${maxOutput}`);
  const maxEvents = expectation.maxEvents(sent);
  check(
    events.length <= maxEvents,
    "events are bounded",
    () => `${events.length} events, at most ${maxEvents}`,
  );
  // A byte may stand in a message, two fields and a list, escaped by five characters each time.
  const maxEventBytes = 32 * sent + 3000 * events.length;
  check(
    eventBytes <= maxEventBytes,
    "events are bounded",
    () => `${eventBytes} bytes of events, at most ${maxEventBytes}`,
  );
  // A genuine server may echo what it was sent.
  const isEcho = OWN_WORDS.test(latin1(join(input.messages)));
  const word = OWN_WORDS.exec(report.said)?.[0];
  check(word === undefined || isEcho, "says nothing of itself", () => `it says ${word}`);
}

/**
 * The same bytes whole and one by one give the same events. Of what is no request at all, a web
 * server's event has as much as had come.
 */
async function compareSegments(decoy: Decoy, kind: string, { messages }: Case): Promise<void> {
  const all = join(messages);
  if (all.length === 0 || all.length > 1500) return;
  const hold = (segments: Uint8Array[]) =>
    converse(decoy, kind, {
      segments,
      silenceMs: () => 0,
      ending: "eof",
      mostPerWrite: Infinity,
      random: () => 0,
    });
  const whole = await hold([all]);
  const bytes = await hold([...all].map((byte) => new Uint8Array([byte])));
  const [a, b] = [whole, bytes].map(({ events }) => events.map(withoutGarbage).join("\n"));
  check(a === b, "segments change no event", () => `whole\n${a}\nbyte by byte\n${b}`);
}

/** An event without what hangs on how much of a line had come that is no request. */
function withoutGarbage(event: string): string {
  if (event.startsWith("tls.client-hello")) return event.replace(/"firstBytes":\{[^}]*\}/, "");
  return event.includes('"version":""')
    ? event.replace(/"target":"(?:[^"\\]|\\.)*",/, "").replace(',"attack":true', "")
    : event;
}
