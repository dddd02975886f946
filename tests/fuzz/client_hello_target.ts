/**
 * The reader of TLS ClientHellos: what it finds, keeps and tells, whatever comes in whatever pieces.
 * @module
 */
import { encodeEvent } from "../../lib/events/ecs.ts";
import { describeClientHello } from "../../lib/events/tls_data.ts";
import { ClientHelloReader, MAX_HELLO_BYTES } from "../../lib/net/client_hello.ts";
import { clientHelloFixtures } from "../support/client_hellos.ts";
import { assertConforms } from "../support/conformance.ts";
import { isSame } from "./decoder_targets.ts";
import { Random } from "./random.ts";
import {
  type Case,
  check,
  cutRandomly,
  join,
  type Outcome,
  type Seed,
  type Target,
} from "./target.ts";

/** The target of `lib/net/client_hello.ts`, its fingerprints and its event. */
export function clientHelloTarget(): Target {
  return { name: "client_hello", seeds: seeds(), maxBytes: 70_000, run };
}

/** Recorded hellos as they came, and each spread over records. */
function seeds(): Seed[] {
  return clientHelloFixtures().flatMap(({ name, bytes }) => [
    { name, messages: [bytes] },
    { name: `${name}, in records`, messages: spread(bytes.subarray(5), 40) },
  ]);
}

function spread(payload: Uint8Array, size: number): Uint8Array[] {
  const records: Uint8Array[] = [];
  for (let at = 0; at < payload.length; at += size) {
    const part = payload.subarray(at, at + size);
    records.push(join([new Uint8Array([22, 3, 1, 0, part.length]), part]));
  }
  return records;
}

function run({ messages, choices }: Case): Outcome {
  const random = new Random(choices);
  const bytes = join(messages);
  const whole = new ClientHelloReader();
  const first = whole.push(bytes);
  const isCertain = first !== undefined;
  const found = first ?? whole.end();
  check(isSame(whole.bytes, bytes), "all bytes are kept", () => `${whole.bytes.length}`);

  const reader = new ClientHelloReader();
  let taken = 0;
  for (const piece of cutRandomly(bytes, random)) {
    check(taken < MAX_HELLO_BYTES, "it is certain after 64 KiB", () => `${taken}`);
    taken += piece.length;
    if (reader.push(piece) !== undefined) break;
  }
  check(isCertain || reader.result === undefined, "no piece makes it certain", () => `${taken}`);
  const told = JSON.stringify(found);
  const other = JSON.stringify(reader.end());
  check(told === other, "the pieces do not matter", () => `${told} ${other}`);
  const kept = reader.bytes;
  check(isSame(kept, bytes.subarray(0, taken)), "what was taken is kept", () => `${kept.length}`);

  const data = describeClientHello(found, kept);
  if (data.ja3 !== undefined) {
    check(/^[0-9a-f]{32}$/.test(data.ja3), "a JA3 looks like one", () => data.ja3!);
    const isRight = /^t(1[0-3]|s[23]|d[1-3]|00)[di]\d{4}[0-9A-Za-z]{2}(_[0-9a-f]{12}){2}$/
      .test(data.ja4!);
    check(isRight, "a JA4 looks like one", () => data.ja4!);
  }
  const { json } = encodeEvent(
    { id: "01J00000000000000000000001", sequence: 1, timeMs: 0 },
    {
      provider: "x",
      kind: "x",
      sessionId: "01J00000000000000000000000",
      peer: { ip: "203.0.113.7", port: 1 },
      local: { ip: "192.0.2.1", port: 2 },
    },
    {
      id: "tls.client-hello",
      data,
      sensor: { name: "a", version: "1", secrets: "plain", salt: "" },
    },
  );
  assertConforms(json);
  return { input: bytes.length, output: json.length, events: 1 };
}
