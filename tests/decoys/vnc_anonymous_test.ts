import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { createECDH, createHash } from "node:crypto";
import { vnc } from "../../lib/decoys/vnc.ts";
import { chooseGroup, makeAgreement } from "../../lib/decoys/vnc/anonymous_curves.ts";
import { masterSecret, recordKeys, verifyData } from "../../lib/decoys/vnc/anonymous_keys.ts";
import { clearRecord, RecordCipher } from "../../lib/decoys/vnc/anonymous_records.ts";
import { readAll, startTestHost, type TestHost } from "../support/host.ts";
import { makeDecoy } from "../support/transcript.ts";

/** The hello of TigerVNC 1.12's viewer: ECDH_anon, P-256 first, encrypt-then-MAC, extended secret. */
const HELLO = Buffer.from(
  "16030100c5010000c10303667242575b2d62c628a175cfd66ad07d488c82e2635e8c49d88c9951a2113a9020a207efc9" +
    "0ba8cb391403993bed7d0aa9bc7d906ff3c457a1ee93d02b2ad3456500141302130313011304c019c01800a7003a00" +
    "a6003401000064000a00160014001700180019001d001e01000101010201030104000b00020100000d002200200401" +
    "08090804040308070501080a0805050308080601080b0806060302010203001600000017000000230000ff01000100" +
    "002d0003020100001c00024001",
  "hex",
);
const FAILED =
  "\x15\x03\x03\0\x02\x01\0\0\0\0\x01\0\0\0,Authentication failure: TLS Handshake failed";

/** What a client does otherwise than it should. */
interface Oddities {
  point?: Uint8Array;
  finished?: Uint8Array;
  skipsChange?: boolean;
}

/** A viewer up to the end of its handshake. */
class Viewer implements Disposable {
  readonly #conn: Deno.TcpConn;
  #reading: RecordCipher | undefined;
  #writing: RecordCipher | undefined;

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  static async open(host: TestHost, type = 258): Promise<Viewer> {
    const conn = await host.connect();
    const viewer = new Viewer(conn);
    await viewer.#exactly(12);
    await conn.write(
      Buffer.concat([Buffer.from("RFB 003.008\n\x13\0\x02"), Buffer.of(0, 0, 1, type & 255)]),
    );
    await viewer.#exactly(3 + 2 + 2 + 8 + 1);
    return viewer;
  }

  async shakeHands({ point, finished, skipsChange = false }: Oddities = {}): Promise<void> {
    await this.#conn.write(HELLO);
    const flight = [await this.record(), await this.record(), await this.record()];
    const ecdh = createECDH("prime256v1");
    ecdh.generateKeys();
    const mine = point ?? Buffer.from(ecdh.getPublicKey());
    const premaster = ecdh.computeSecret(flight[1]!.subarray(8));
    const exchange = Buffer.concat([Buffer.of(16, 0, 0, mine.length + 1, mine.length), mine]);
    const hash = createHash("sha256").update(HELLO.subarray(5));
    for (const message of [...flight, exchange]) hash.update(message);
    const randoms = { client: HELLO.subarray(11, 43), server: flight[0]!.subarray(6, 38) };
    const soFar = hash.copy().digest();
    const master = masterSecret(premaster, soFar, randoms);
    const keys = recordKeys(master, randoms, 32);
    this.#writing = new RecordCipher(keys.client);
    const proof = finished ?? verifyData(master, "client", soFar);
    const last = Buffer.concat([Buffer.of(20, 0, 0, proof.length), proof]);
    await this.#conn.write(Buffer.concat([
      clearRecord(22, exchange),
      ...(skipsChange ? [] : [clearRecord(20, Buffer.of(1))]),
      this.#writing.seal(22, last),
    ]));
    if (point !== undefined || finished !== undefined || skipsChange) return;
    assertEquals(await this.record(), Buffer.of(1));
    this.#reading = new RecordCipher(keys.server);
    const expected = verifyData(master, "server", hash.update(last).digest());
    assertEquals((await this.record()).subarray(4), Buffer.from(expected));
  }

  /** What the next record holds. */
  async record(): Promise<Buffer> {
    const head = await this.#exactly(5);
    const body = await this.#exactly(head.readUInt16BE(3));
    const plain = this.#reading === undefined ? body : this.#reading.open(head[0]!, body);
    assert(plain !== undefined);
    return Buffer.from(plain);
  }

  async say(data: Uint8Array): Promise<void> {
    await this.#conn.write(this.#writing!.seal(23, data));
  }

  async sayInClear(data: Uint8Array): Promise<void> {
    await this.#conn.write(data);
  }

  async rest(): Promise<string> {
    return Buffer.from(await readAll(this.#conn)).toString("latin1");
  }

  async #exactly(count: number): Promise<Buffer> {
    const bytes = Buffer.alloc(count);
    for (let at = 0; at < count;) {
      const got = await this.#conn.read(bytes.subarray(at));
      assert(got !== null, `the end after ${at} of ${count} bytes`);
      at += got;
    }
    return bytes;
  }

  [Symbol.dispose](): void {
    this.#conn.close();
  }
}

Deno.test("vnc takes an answer inside of TLS without a certificate, as viewers send it by default", async () => {
  await using host = startTestHost(await makeDecoy(vnc));
  using viewer = await Viewer.open(host);
  await viewer.shakeHands();
  assertEquals((await viewer.record()).length, 16);
  await viewer.say(new Uint8Array(5));
  await viewer.say(new Uint8Array(11));
  assertEquals(
    (await viewer.record()).toString("latin1"),
    "\0\0\0\x01\0\0\0\x16Authentication failure",
  );
  assertEquals(await viewer.record(), Buffer.of(1, 0));
  assertEquals(await viewer.rest(), "");
  const [attempt] = await host.waitFor("credential-attempt");
  assert(attempt.duckblind.credential.hash.endsWith(`*${"0".repeat(32)}`));
  const [hello] = await host.waitFor("tls-client-hello");
  assertEquals([hello.tls.established, hello.tls.version], [true, "1.2"]);
  assertEquals(hello.duckblind.tls.ja4, "t12i100900_23efbc308c2c_3a14403bfa32");
});

Deno.test("vnc takes a name and a password inside of TLS without a certificate", async () => {
  const options = {
    security_types: ["TLSPlain", "VncAuth"],
    system_pause_min_ms: 0,
    system_pause_max_ms: 0,
  };
  await using host = startTestHost(await makeDecoy(vnc, options));
  using viewer = await Viewer.open(host, 259);
  await viewer.shakeHands();
  await viewer.say(Buffer.from("\0\0\0\x04\0\0\0\x06rootsecret"));
  await viewer.record();
  const [attempt] = await host.waitFor("credential-attempt");
  assertEquals([attempt.user.name, attempt.duckblind.credential.password], ["root", "secret"]);
});

Deno.test("vnc refuses handshakes that make no sense", async () => {
  const notOnCurve = Buffer.alloc(65, 4);
  const odd: Oddities[] = [
    { point: notOnCurve },
    { point: Buffer.alloc(0) },
    { point: Buffer.alloc(33, 2) },
    { finished: Buffer.alloc(12) },
    { finished: Buffer.alloc(0) },
    { skipsChange: true },
  ];
  for (const oddities of odd) {
    await using host = startTestHost(await makeDecoy(vnc));
    using viewer = await Viewer.open(host);
    await viewer.shakeHands(oddities);
    assertEquals(await viewer.rest(), FAILED);
    const [hello] = await host.waitFor("tls-client-hello");
    assertEquals(hello.tls.established, false);
    const [close] = await host.waitFor("connection-closed");
    assertEquals(close.duckblind.session.reason, "done");
  }
});

Deno.test("vnc ends a talk in TLS whose records make no sense", async () => {
  const records = [
    Buffer.of(23, 3, 3, 0, 0),
    Buffer.of(23, 3, 3, 255, 255),
    Buffer.concat([Buffer.of(23, 3, 3, 0, 20), Buffer.alloc(20)]),
    Buffer.concat([Buffer.of(23, 3, 3, 0, 68), Buffer.alloc(68)]),
    Buffer.concat([Buffer.of(23, 3, 3, 0, 67), Buffer.alloc(67)]),
  ];
  for (const record of records) {
    await using host = startTestHost(await makeDecoy(vnc));
    using viewer = await Viewer.open(host);
    await viewer.shakeHands();
    await viewer.record();
    await viewer.sayInClear(record);
    assertEquals(await viewer.record(), Buffer.of(1, 0));
    assertEquals(await viewer.rest(), "");
  }
});

Deno.test("chooseGroup() takes the client's first choice of those that there are", () => {
  assertEquals([[24, 29, 23], [23, 29], [24, 25], []].map(chooseGroup), [
    29,
    23,
    undefined,
    undefined,
  ]);
});

Deno.test("makeAgreement() gives both sides the same secret, and none for what is no point", () => {
  for (const group of [23, 29]) {
    const [a, b] = [makeAgreement(group), makeAgreement(group)];
    assertEquals(Buffer.from(a.agree(b.point)!), Buffer.from(b.agree(a.point)!));
    for (const length of [0, 31, 32, 33, 64, 65, 66]) {
      assertEquals(a.agree(new Uint8Array(length)), undefined, `${length} zeros`);
    }
    const off = Buffer.from(b.point);
    off[64] = (off[64] ?? 0) ^ 1;
    if (group === 23) assertEquals(a.agree(off), undefined);
  }
});
