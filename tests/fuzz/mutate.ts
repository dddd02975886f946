/**
 * Makes cases of seeds: a few changes each, of the kinds that break parsers.
 * @module
 */
import { LENGTHS, NUMBERS, TOKENS } from "./dictionary.ts";
import type { Random } from "./random.ts";
import { join, type Messages, type Seed, totalBytes } from "./target.ts";

/** Longest input unless a target says otherwise, in bytes. */
const MAX_BYTES = 40_960;

/** Where messages come from and how large they may become. */
export interface MutationSources {
  /** Seeds of the target; at least one. */
  readonly own: readonly Seed[];
  /** Seeds of all targets: what one protocol says is noise to the other. */
  readonly all: readonly Seed[];
  readonly maxBytes?: number;
}

/** Changes messages. */
type Mutation = (messages: Uint8Array[], random: Random, sources: MutationSources) => void;

/** Changes one message's bytes. */
type ByteMutation = (bytes: Uint8Array, random: Random) => Uint8Array;

/**
 * Makes the messages of one case.
 * @param random decides everything.
 * @param sources what is mutated.
 */
export function mutate(random: Random, sources: MutationSources): Messages {
  const { maxBytes = MAX_BYTES } = sources;
  let messages = [...random.pick(sources.own).messages];
  const changes = random.length(12);
  for (let i = 0; i < changes; i++) {
    const before = messages;
    messages = [...messages];
    random.pick(MUTATIONS)(messages, random, sources);
    // Too large: without this change.
    if (totalBytes(messages) > maxBytes) messages = before;
  }
  return messages.filter((message) => message.length > 0);
}

/** Applies a change to a message picked at random. */
function inOne(change: ByteMutation): Mutation {
  return (messages, random) => {
    const at = random.below(Math.max(1, messages.length));
    messages[at] = change(messages[at] ?? new Uint8Array(0), random);
  };
}

function spliceBytes(
  bytes: Uint8Array,
  { at, remove = 0, insert }: { at: number; remove?: number; insert?: Uint8Array },
): Uint8Array {
  return join([bytes.subarray(0, at), insert ?? new Uint8Array(0), bytes.subarray(at + remove)]);
}

/** A stretch of bytes: where it starts and how long it is. */
function stretch(bytes: Uint8Array, random: Random): { at: number; remove: number } {
  const at = random.below(bytes.length);
  return { at, remove: Math.min(bytes.length - at, random.length(64)) };
}

const flipBit: ByteMutation = (bytes, random) => {
  const changed = bytes.slice();
  if (changed.length > 0) changed[random.below(changed.length)]! ^= 1 << random.below(8);
  return changed;
};

const setByte: ByteMutation = (bytes, random) => {
  const changed = bytes.slice();
  const values = [0, 0x0a, 0x0d, 0x20, 0x25, 0x3a, 0x7f, 0x80, 0xff, random.below(256)];
  if (changed.length > 0) changed[random.below(changed.length)] = random.pick(values);
  return changed;
};

const insertToken: ByteMutation = (bytes, random) =>
  spliceBytes(bytes, { at: random.below(bytes.length + 1), insert: random.pick(TOKENS) });

const insertNoise: ByteMutation = (bytes, random) =>
  spliceBytes(bytes, {
    at: random.below(bytes.length + 1),
    insert: random.bytes(random.length(64)),
  });

const replaceByToken: ByteMutation = (bytes, random) =>
  spliceBytes(bytes, { ...stretch(bytes, random), insert: random.pick(TOKENS) });

const remove: ByteMutation = (bytes, random) => spliceBytes(bytes, stretch(bytes, random));

const repeat: ByteMutation = (bytes, random) => {
  const { at, remove } = stretch(bytes, random);
  const part = bytes.subarray(at, at + remove);
  const times = 1 + random.length(200);
  return spliceBytes(bytes, { at, insert: join(Array.from({ length: times }, () => part)) });
};

const truncate: ByteMutation = (bytes, random) => bytes.slice(0, random.below(bytes.length + 1));

/** A run of one byte, or of one token, up to where some buffer ends. */
const insertRun: ByteMutation = (bytes, random) => {
  const length = LENGTHS[random.below(1 + random.below(LENGTHS.length))]! +
    (random.chance(0.3) ? random.below(5) - 2 : 0);
  const unit = random.chance(0.3)
    ? random.pick(TOKENS)
    : new Uint8Array([random.pick([0x41, 0x20, 0x5c, 0xff, 0x00, 0x25, 0x2f, random.below(256)])]);
  const run = Uint8Array.from({ length }, (_, i) => unit[i % unit.length]!);
  return spliceBytes(bytes, { at: random.below(bytes.length + 1), insert: run });
};

const replaceNumber: ByteMutation = (bytes, random) => {
  const text = latin1(bytes);
  const found = [...text.matchAll(/[0-9]+/g)];
  if (found.length === 0) return insertToken(bytes, random);
  const match = random.pick(found);
  const insert = fromLatin1(random.pick(NUMBERS));
  return spliceBytes(bytes, { at: match.index, remove: match[0].length, insert });
};

const changeLineEnds: ByteMutation = (bytes, random) => {
  const end = random.pick(["\n", "\r", "\r\n", "\r\0", "\n\r", "\r\r\n", "", " \r\n", "\0"]);
  const isAll = random.chance(0.5);
  return fromLatin1(
    latin1(bytes).replace(/\r\n|\n|\r/g, (old) => isAll || random.chance(0.3) ? end : old),
  );
};

const changeCase: ByteMutation = (bytes, random) =>
  bytes.map((byte) =>
    /[A-Za-z]/.test(String.fromCharCode(byte)) && random.chance(0.3) ? byte ^ 0x20 : byte
  );

const BYTE_MUTATIONS: readonly ByteMutation[] = [
  ...[flipBit, flipBit, setByte, setByte, insertToken, insertToken, insertToken, insertNoise],
  ...[replaceByToken, replaceByToken, remove, repeat, truncate, insertRun, replaceNumber],
  ...[replaceNumber, changeLineEnds, changeCase],
];

const dropMessage: Mutation = (messages, random) => {
  messages.splice(random.below(messages.length), 1);
};

const repeatMessage: Mutation = (messages, random) => {
  const at = random.below(messages.length);
  const message = messages[at] ?? random.pick(TOKENS);
  messages.splice(at, 0, ...Array.from({ length: random.length(20) }, () => message));
};

const swapMessages: Mutation = (messages, random) => {
  const [a, b] = [random.below(messages.length), random.below(messages.length)];
  if (messages.length > 1) [messages[a], messages[b]] = [messages[b]!, messages[a]!];
};

/** Messages of another conversation, mostly of the same protocol. */
const spliceConversation: Mutation = (messages, random, { own, all }) => {
  const other = random.pick(random.chance(0.7) ? own : all).messages;
  const from = random.below(other.length);
  const count = random.length(other.length - from);
  messages.splice(
    random.below(messages.length + 1),
    random.below(2),
    ...other.slice(from, from + count),
  );
};

/** The start of one message and the end of another. */
const crossMessages: Mutation = (messages, random, { own, all }) => {
  const other = random.pick(random.pick(random.chance(0.7) ? own : all).messages);
  if (other === undefined) return;
  const at = random.below(Math.max(1, messages.length));
  const first = messages[at] ?? new Uint8Array(0);
  messages[at] = join([
    first.subarray(0, random.below(first.length + 1)),
    other.subarray(random.below(other.length + 1)),
  ]);
};

const MUTATIONS: readonly Mutation[] = [
  ...BYTE_MUTATIONS.map(inOne),
  dropMessage,
  repeatMessage,
  swapMessages,
  spliceConversation,
  spliceConversation,
  crossMessages,
];

/** Bytes as text, one character each. */
export function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 4096) {
    text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  }
  return text;
}

/** Undoes `latin1`. */
export function fromLatin1(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
