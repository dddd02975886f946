/**
 * Conversations of the scriptable SSH client: a list of steps, and what the server sent after each,
 * as text in which nothing differs between two connections to one product.
 * @module
 */
import { Buffer } from "node:buffer";
import { escapeBytes } from "../../lib/net/escape.ts";
import type { PacketShape, Received, SshClient } from "./ssh_client.ts";
import { describe, type KexinitLists } from "./ssh_messages.ts";

/** Before bytes that are neither a line nor a packet. */
const TEXT = "bytes ";

/** One thing that the client does, and how long it waits for what comes of it. */
export interface Step {
  /** Tells it in a result. */
  readonly label: string;
  /** @param client what it is done with. */
  act(client: SshClient): Promise<void>;
  /** Longest wait for the first byte of an answer, in ms; the conversation's own when absent. */
  readonly waitMs?: number;
}

/** What came after one step. */
export interface StepAnswer {
  readonly label: string;
  /** Lines, packets and bytes, as text. */
  readonly received: string[];
  readonly ending: "fin" | "rst" | "open";
  /** From the step's last byte sent to the first thing that came, in ms. */
  readonly delayMs: number | undefined;
  /** In how many reads it came. */
  readonly segments: number;
}

/** How a conversation is held. */
export interface TalkOptions {
  /** Each step whole, one byte a segment, or as much in one segment as can be. */
  readonly segmentation?: "whole" | "bytes" | "merged";
  /** Longest wait for the first byte of an answer, in ms. */
  readonly waitMs?: number;
  /** An answer has ended when nothing came for so long, in ms. */
  readonly quietMs?: number;
}

/** Holds a conversation; it ends early when the server closes. */
export async function talk(
  client: SshClient,
  steps: readonly Step[],
  options: TalkOptions = {},
): Promise<StepAnswer[]> {
  const { segmentation = "whole", waitMs = 400, quietMs = 120 } = options;
  const answers: StepAnswer[] = [];
  let seen = 0;
  client.byByte = segmentation === "bytes";
  client.isCorked = segmentation === "merged";
  try {
    for (const step of steps) {
      await step.act(client);
      const isLast = step === steps.at(-1);
      if (client.isCorked && !isLast) continue;
      await client.flush();
      const sentMs = performance.now();
      const isAnswered = () => client.received.length > seen || client.ending !== "open";
      await client.until(isAnswered, step.waitMs ?? waitMs);
      while (await client.news(quietMs)); // until it is quiet
      const received = client.received.slice(seen);
      seen += received.length;
      const firstMs = received[0]?.atMs ?? client.endedAtMs;
      answers.push({
        label: step.label,
        received: received.map(describeReceived).reduce(joinText, [] as string[]),
        ending: client.ending,
        delayMs: firstMs === undefined ? undefined : firstMs - Math.min(sentMs, firstMs),
        segments: new Set(received.map(({ segment }) => segment)).size,
      });
      if (client.ending !== "open") break;
    }
  } finally {
    await client.close();
  }
  return answers;
}

/**
 * What came as text: a packet by its message, and how many bytes of padding it has, zero or not. Left
 * out where numbers or signatures of changing length stand before it.
 */
export function describeReceived({ kind, bytes, padding, isEncrypted }: Received): string {
  if (kind !== "packet") return `${kind} ${escapeBytes(bytes)}`;
  const pad = padding!.every((byte) => byte === 0) && !isEncrypted ? "zero" : "random";
  const text = describe(bytes);
  const isChanging = /^(KEX_REPLY \S+ long|KEX_REPLY ecdsa|GEX)/.test(text);
  return `${text} [${isChanging ? "" : padding!.length} ${pad}]`;
}

/** Text comes in as many parts as the server wrote it in. */
function joinText(parts: string[], part: string): string[] {
  const last = parts.at(-1);
  if (!part.startsWith(TEXT) || !last?.startsWith(TEXT)) return [...parts, part];
  return [...parts.slice(0, -1), last + part.slice(TEXT.length)];
}

/** Waits for the server to speak. */
export const listen = (waitMs = 3000): Step => ({
  label: "listen",
  waitMs,
  act: () => Promise.resolve(),
});

/** The version line. */
export const version = (line = "SSH-2.0-Test_1.0\r\n"): Step => ({
  label: `version ${escapeBytes(Buffer.from(line, "latin1"))}`,
  act: (client) => client.version(line),
});

/** Bytes, or text of one character a byte. */
export const raw = (data: string | Uint8Array, label?: string): Step => {
  const bytes = typeof data === "string" ? Buffer.from(data, "latin1") : data;
  return { label: label ?? `raw ${escapeBytes(bytes.subarray(0, 40))}`, act: (c) => c.raw(bytes) };
};

/** A packet. */
export const packet = (payload: Uint8Array, shape: PacketShape = {}, label?: string): Step => ({
  label: label ?? `packet ${payload[0]} of ${payload.length}`,
  act: (client) => client.packet(payload, shape),
});

/** A packet whose payload depends on the connection, such as on its session identifier. */
export const packetOf = (make: (client: SshClient) => Uint8Array, label: string): Step => ({
  label,
  act: (client) => client.packet(make(client)),
});

/** A KEXINIT. */
export const init = (lists: KexinitLists | Uint8Array = {}): Step => ({
  label: `kexinit ${lists instanceof Uint8Array ? "" : JSON.stringify(lists)}`,
  act: (client) => client.kexinit(lists),
});

/** The first message of curve25519, or of group 14. */
export const ecdh = (name?: "diffie-hellman-group14-sha256"): Step => ({
  label: "kex init",
  act: (client) => client.kexStart(name),
});

/** NEWKEYS. */
export const newKeys: Step = { label: "newkeys", act: (client) => client.newKeys() };

/** A whole key exchange. */
export const keys = (lists: KexinitLists = {}): Step => ({
  label: `key exchange ${JSON.stringify(lists)}`,
  act: async (client) => {
    await client.exchangeKeys(lists);
  },
});

/** Several steps sent one after the other, without waiting between them. */
export const together = (...steps: readonly Step[]): Step => ({
  label: steps.map(({ label }) => label).join(" & "),
  act: async (client) => {
    const wasCorked = client.isCorked;
    client.isCorked = true;
    for (const step of steps) await step.act(client);
    client.isCorked = wasCorked;
  },
});

/** Ends our side. */
export const end: Step = { label: "end", act: (client) => client.end() };

/** The same step with another wait for its answer. */
export const within = (waitMs: number, step: Step): Step => ({ ...step, waitMs });
