import { assert, assertEquals } from "@std/assert";
import { v } from "../../lib/config/schema.ts";
import { connectNats } from "../../lib/nats/connection.ts";
import { SERVER_KEYS } from "../../lib/nats/options.ts";
import type { PubAck } from "../../lib/nats/pub_ack.ts";
import { type AnswerListener, Publisher, sizeOf } from "../../lib/nats/publisher.ts";
import { NatsPeer } from "../support/nats_peer.ts";

/** Longest a test waits for what must come at once. */
const SOON_MS = 10_000;

/** Keeps what it is told. */
class Listener implements AnswerListener {
  readonly answers: [number, PubAck | Error][] = [];
  readonly ends: Error[] = [];
  #onAnswers = () => {};

  onAnswer(number: number, answer: PubAck | Error): void {
    this.answers.push([number, answer]);
    this.#onAnswers();
  }

  onDenied(): void {}

  onEnd(error: Error): void {
    this.ends.push(error);
  }

  async until(count: number): Promise<void> {
    const tooLong = new AbortController();
    const timer = setTimeout(() => tooLong.abort(), SOON_MS);
    tooLong.signal.addEventListener("abort", () => this.#onAnswers());
    while (this.answers.length < count && !tooLong.signal.aborted) {
      await new Promise<void>((resolve) => this.#onAnswers = resolve);
    }
    clearTimeout(timer);
    assertEquals(this.answers.length, count);
  }
}

async function connect(peer: NatsPeer) {
  const keys = v.parse(v.strictObject(SERVER_KEYS), { servers: [`127.0.0.1:${peer.port}`] });
  return await connectNats(keys, {
    name: "test",
    secret: (reference) => Promise.resolve(reference),
    signal: AbortSignal.timeout(SOON_MS),
  });
}

Deno.test("Publisher says in a frame what it has, whatever size it was told", async () => {
  await using peer: NatsPeer = new NatsPeer();
  const link = await connect(peer);
  const publisher = new Publisher(link, "_INBOX");
  const listener = new Listener();
  publisher.listen(listener);
  const bodies = ["plain", "\u20ac".repeat(9), "", "\ud83e", "x".repeat(200_000), "end"];
  for (const body of bodies) {
    for (const wrong of [0, -1, 1, 5, 300_000]) {
      const bytes = Math.max(0, sizeOf(body) + wrong);
      publisher.publish({ subject: "a.b", id: "", stream: "", body }, bytes);
    }
  }
  publisher.flush();
  const count = bodies.length * 5;
  await listener.until(count);
  const decoded = (text: string) => new TextDecoder().decode(new TextEncoder().encode(text));
  assertEquals(
    peer.published.map(({ body }) => body),
    bodies.flatMap((body) => Array(5).fill(decoded(body))),
  );
  assertEquals(listener.answers.map(([number]) => number), [...Array(count).keys()]);
  assertEquals(publisher.next, count);
  link.close();
  await link.closed;
});

Deno.test("Publisher tells whoever listens that the connection ended, once, and who comes later too", async () => {
  await using peer: NatsPeer = new NatsPeer();
  const link = await connect(peer);
  const publisher = new Publisher(link, "_INBOX");
  const [early, late] = [new Listener(), new Listener()];
  publisher.listen(early);
  assertEquals(publisher.end, undefined);
  link.close();
  await link.closed;
  assert(publisher.end instanceof Error);
  publisher.listen(late);
  publisher.publish({ subject: "a.b", id: "", stream: "", body: "" }, 0);
  publisher.flush();
  assertEquals([early.ends.length, late.ends, late.answers], [1, [publisher.end], []]);
});
