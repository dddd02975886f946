import { assert, assertEquals } from "@std/assert";
import type { DecoyKind } from "../../lib/decoys/decoy.ts";
import { DECOY_KINDS } from "../../lib/decoys/registry.ts";
import { ProtocolError } from "../../lib/errors.ts";
import { converse } from "./conversation.ts";
import { formatFailure, fuzz, makeCase } from "./fuzz.ts";
import { check, type Target } from "./target.ts";
import { allTargets } from "./targets.ts";

/** The same cases at every run. */
const SEED = 20_261_121;
const encoder = new TextEncoder();

Deno.test("decoys and decoders keep their promises on mutated transcripts", async () => {
  const targets = await allTargets();
  for (const { kind } of DECOY_KINDS) {
    assert(targets.some(({ name }) => name.split("/")[0] === kind), `${kind} is not fuzzed`);
  }
  const results = await fuzz(
    targets.filter(({ name }) => !name.startsWith("flood/")),
    { seed: SEED, casesPerTarget: 40 },
  );
  const failed = results.flatMap(({ failure, name }) => {
    const target = targets.find((target) => target.name === name)!;
    return failure === undefined ? [] : [formatFailure(target, failure, SEED)];
  });
  assertEquals(failed, []);
  assert(results.every(({ cases }) => cases === 40));
});

Deno.test("decoys hold little of a flood", async () => {
  const results = await fuzz(await allTargets("flood/"), { seed: SEED, casesPerTarget: 1 });
  assertEquals(results.flatMap(({ failure }) => failure?.detail ?? []), []);
});

Deno.test("makeCase() gives the same case for the same seed, and others for others", () => {
  const target: Target = {
    name: "t",
    seeds: [{ name: "s", messages: [encoder.encode("GET / HTTP/1.1\r\n")] }],
    run: () => ({ input: 0, output: 0, events: 0 }),
  };
  const cases = [1, 1, 2].map((seed) =>
    Array.from({ length: 20 }, (_, i) => makeCase(target, i, { seed, all: target.seeds }))
  );
  assertEquals(cases[0], cases[1]);
  assert(JSON.stringify(cases[0]) !== JSON.stringify(cases[2]));
});

Deno.test("fuzz() finds what breaks, and makes it small", async () => {
  const target: Target = {
    name: "t",
    seeds: [{ name: "s", messages: ["first", "a long line with an X in it", "last"].map(bytes) }],
    run: ({ messages }) => {
      const isBroken = messages.some((message) => message.includes(0x58));
      check(!isBroken, "no X", () => "there is one");
      return { input: 1, output: 1, events: 0 };
    },
  };
  const [result] = await fuzz([target], { seed: 1, casesPerTarget: 5 });
  assertEquals(result?.failure?.minimal.messages, [bytes("X")]);
  const text = formatFailure(target, result!.failure!, 1);
  assert(text.includes("--seed 1 --target t --case 0"), text);
  assert(text.endsWith("> X\n> <EOF>"), text);
});

/** Decoys that each break one promise, and the words of the finding. */
const BROKEN: Record<string, DecoyKind<unknown>["create"]> = {
  "it ends": () => ({ serve: () => new Promise(() => {}) }),
  "calls of its session": () => ({
    serve: async (s) => {
      for (;;) await s.arrival();
    },
  }),
  "not TypeError": () => ({ serve: () => Promise.reject(new TypeError("bug")) }),
  "text is escaped": () => ({
    serve: (s) => Promise.resolve(s.emit("command", { verb: "\x1b[2J", argument: "" })),
  }),
  "half an escape": () => ({
    serve: (s) => Promise.resolve(s.emit("command", { verb: "\\x0", argument: "" })),
  }),
  "no timer is left": () => ({
    serve: async (s) => {
      s.pause(500_000).catch(() => {});
      s.pause(1).catch(() => {}); // a session knows one pause: the other goes on after its end
      await s.read();
    },
  }),
};

for (const [words, create] of Object.entries(BROKEN)) {
  Deno.test(`converse() finds a decoy that breaks a promise: ${words}`, async () => {
    const decoy = await create(undefined, undefined as never);
    const found = await talkTo(decoy).then(() => "", (error) => String(error));
    assert(found.includes(words === "half an escape" ? "text is escaped" : words), found);
  });
}

Deno.test("converse() lets a decoy refuse what makes no sense", async () => {
  const report = await talkTo({
    serve: async (s) => {
      await s.line({ maxBytes: 2 });
      throw new ProtocolError("sense", 0);
    },
  });
  assertEquals(report.events, []);
});

function talkTo(decoy: Parameters<typeof converse>[0]) {
  return converse(decoy, "test", {
    segments: [bytes("hello")],
    silenceMs: () => 0,
    ending: "eof",
    mostPerWrite: Infinity,
    random: () => 0,
  });
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}
