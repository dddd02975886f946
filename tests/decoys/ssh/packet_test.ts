import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import {
  CLEAR_SEALER,
  clearOpener,
  makeOpener,
  makeSealer,
} from "../../../lib/decoys/ssh/cipher/ciphers.ts";
import { PacketBudget, PacketError, PacketLayer } from "../../../lib/decoys/ssh/packet.ts";
import { DROPBEAR } from "../../../lib/decoys/ssh/products/dropbear.ts";
import { OPENSSH_DEBIAN_12 } from "../../../lib/decoys/ssh/products/openssh.ts";
import { LimitError } from "../../../lib/errors.ts";
import { memorySession } from "../../support/memory_session.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const unhex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));

/** Keys that a test gives both sides. */
const AEAD = { cipher: "aes128-gcm@openssh.com", mac: "" };
const KEYS = { iv: new Uint8Array(12), key: new Uint8Array(16), macKey: new Uint8Array(0) };

function makeLayer(product = OPENSSH_DEBIAN_12, budget = new PacketBudget(1_000_000)) {
  const made = memorySession();
  const start = { sealer: CLEAR_SEALER, opener: clearOpener(), budget };
  return { ...made, layer: new PacketLayer(made.session, product.packets, start) };
}

/** Reads one packet of what a peer sends before it ends. */
function readOne(wire: Uint8Array | string, product = OPENSSH_DEBIAN_12, budget?: PacketBudget) {
  const { layer, stream } = makeLayer(product, budget);
  stream.send(typeof wire === "string" ? unhex(wire) : wire);
  stream.end();
  return layer.next();
}

Deno.test("queue() makes packets of RFC 4253 §6, OpenSSH's padded with zeros while in clear", async () => {
  const { layer, stream } = makeLayer();
  layer.queue(unhex("03 00000001"));
  layer.queue(Uint8Array.of(21));
  assertEquals(stream.written().length, 0);
  assertEquals(layer.hasQueued, true);
  await layer.flush();
  // As the genuine sshd refuses a second KEXINIT, and as its NEWKEYS is.
  assertEquals(
    stream.events.map((event) => event.kind === "write" ? hex(event.data) : event.kind),
    ["0000000c060300000001000000000000" + "0000000c0a1500000000000000000000"],
  );
  assertEquals(layer.hasQueued, false);
  await layer.flush();
  assertEquals(stream.events.length, 1);
});

Deno.test("queue() pads as products do: at least four bytes, Dropbear's packets at least 16", async () => {
  for (const product of [OPENSSH_DEBIAN_12, DROPBEAR]) {
    const { layer, stream } = makeLayer(product);
    for (let size = 1; size < 60; size++) {
      const before = stream.written().length;
      layer.queue(new Uint8Array(size).fill(2));
      await layer.flush();
      const packet = stream.written().subarray(before);
      const padding = packet[4]!;
      assertEquals(packet.length % 8, 0);
      assertEquals(new DataView(packet.slice().buffer).getUint32(0), packet.length - 4);
      assertEquals(packet.length, 5 + size + padding);
      assert(padding >= 4 && packet.length >= (product === DROPBEAR ? 16 : 8), `${size}`);
    }
  }
});

Deno.test("next() gives payload, number and place of each packet, whatever the segments", async () => {
  const wire = unhex(
    "0000000c 0a 02 00000000000000000000 00000014 05 05 616263646566676869 6a6b6c6d 0000000000",
  );
  for (const size of [1, 3, 8, 100]) {
    const { layer, stream } = makeLayer();
    layer.startAt(20);
    for (let at = 0; at < wire.length; at += size) stream.send(wire.subarray(at, at + size));
    const first = await layer.next();
    assertEquals([first.type, hex(first.payload), first.sequence, first.offset], [2, "02", 0, 20]);
    const second = await layer.next();
    assertEquals(hex(second.payload), "056162636465666768696a6b6c6d");
    assertEquals([second.type, second.sequence, second.offset, layer.offset], [5, 1, 36, 60]);
  }
});

Deno.test("next() sends what is queued before it waits", async () => {
  const { layer, stream } = makeLayer();
  layer.queueRaw(Buffer.from("SSH-2.0-x\r\n"));
  layer.queue(Uint8Array.of(21));
  stream.end();
  await assertRejects(() => layer.next(), Deno.errors.UnexpectedEof);
  assertEquals(stream.events.length, 1);
  assertEquals(stream.written().length, 11 + 16);
});

Deno.test("next() tells what is wrong with a packet of OpenSSH's", async () => {
  const cases: Record<string, [fault: string, value: number]> = {
    "00000004 0a 0000 00": ["length", 4],
    "ffffffff 0000 0000": ["length", 4_294_967_295],
    "00040001 0000 0000": ["length", 262_145],
    "0000000b 0a 02 0000": ["alignment", 11],
    "0000000c 03 02 00000000000000000000": ["padding", 3],
    "0000000c 0c 02 00000000000000000000": ["overlong padding", 12],
    "0000000c 0b 02 00000000000000000000": ["empty", 0],
  };
  for (const [wire, [fault, value]] of Object.entries(cases)) {
    const error = await assertRejects(() => readOne(wire), PacketError);
    assertEquals([error.fault, error.value], [fault, value], wire);
  }
});

Deno.test("next() lets pass what Dropbear lets pass, up to its greatest packet", async () => {
  const { payload } = await readOne("0000000c 03 02 00000000000000000000", DROPBEAR);
  assertEquals(payload.length, 8);
  const sized = (bytes: number, padding: number) => {
    const wire = new Uint8Array(bytes);
    new DataView(wire.buffer).setUint32(0, bytes - 4);
    wire.set([padding, 2], 4);
    return wire;
  };
  assertEquals((await readOne(sized(32_800, 6), DROPBEAR)).payload.length, 32_789);
  for (const wire of [sized(32_800, 5), sized(35_008, 255)]) {
    const error = await assertRejects(() => readOne(wire, DROPBEAR), PacketError);
    assertEquals(error.fault, "length");
  }
});

Deno.test("next() waits for as much as the length says, and no more", async () => {
  const { layer, stream } = makeLayer();
  stream.send(unhex("00000014 05 05 6162636465666768"));
  const reading = layer.next();
  stream.send(unhex("696a6b6c6d 0000000000"));
  assertEquals((await reading).payload.length, 14);
});

Deno.test("packets pass under keys, sequence numbers counted or begun anew", async () => {
  for (const resets of [false, true]) {
    const [from, into] = [makeLayer(), makeLayer()];
    from.layer.queue(Uint8Array.of(20));
    from.layer.setSealer(makeSealer(AEAD, KEYS), resets);
    from.layer.queue(Uint8Array.of(5, 6, 7));
    from.layer.queue(Uint8Array.of(50));
    await from.layer.flush();
    into.stream.send(from.stream.written());
    assertEquals((await into.layer.next()).sequence, 0);
    into.layer.setOpener(makeOpener(AEAD, KEYS), resets);
    const packet = await into.layer.next();
    assertEquals([hex(packet.payload), packet.sequence], ["050607", resets ? 0 : 1]);
    assertEquals((await into.layer.next()).sequence, resets ? 1 : 2);
  }
});

Deno.test("next() refuses a packet whose tag is wrong", async () => {
  const [from, into] = [makeLayer(), makeLayer()];
  from.layer.setSealer(makeSealer(AEAD, KEYS), false);
  from.layer.queue(Uint8Array.of(5, 6, 7));
  await from.layer.flush();
  const wire = from.stream.written();
  wire[wire.length - 1]! ^= 1;
  into.layer.setOpener(makeOpener(AEAD, KEYS), false);
  into.stream.send(wire);
  const error = await assertRejects(() => into.layer.next(), PacketError);
  assertEquals(error.fault, "mac");
});

Deno.test("PacketBudget bounds large packets of all sessions together, and gets them back", async () => {
  const budget = new PacketBudget(300_000);
  const big = new Uint8Array(200_000);
  new DataView(big.buffer).setUint32(0, big.length - 4);
  big.set([10, 2], 4);
  const first = makeLayer(OPENSSH_DEBIAN_12, budget);
  first.stream.send(big.subarray(0, 100_000));
  const waiting = first.layer.next();
  const error = await assertRejects(() => readOne(big, OPENSSH_DEBIAN_12, budget), LimitError);
  assertEquals([error.limit, error.max], ["ssh_packet_bytes", 300_000]);
  // Small ones pass meanwhile.
  assertEquals((await readOne("0000000c 0a 02 00000000000000000000", undefined, budget)).type, 2);
  first.stream.send(big.subarray(100_000));
  assertEquals((await waiting).payload.length, 200_000 - 15);
  assertEquals((await readOne(big, OPENSSH_DEBIAN_12, budget)).type, 2);
  // A peer that goes away half-way gives them back, too.
  await assertRejects(
    () => readOne(big.subarray(0, 1000), OPENSSH_DEBIAN_12, budget),
    Deno.errors.UnexpectedEof,
  );
  budget.take(300_000);
  assertThrows(() => budget.take(1), LimitError);
});
