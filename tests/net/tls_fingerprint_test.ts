import { assert, assertEquals } from "@std/assert";
import {
  type ClientHello,
  isGrease,
  parseClientHello,
} from "../../lib/net/client_hello_message.ts";
import { ClientHelloReader } from "../../lib/net/client_hello.ts";
import { fingerprintTls, highestTlsVersion } from "../../lib/net/tls_fingerprint.ts";
import { clientHelloFixtures } from "../support/client_hellos.ts";

const EMPTY: ClientHello = {
  kind: "client-hello",
  recordVersion: 0x0301,
  isSslv2: false,
  legacyVersion: 0x0303,
  sessionIdBytes: 0,
  cipherSuites: [],
  compressionMethods: [0],
  extensions: [],
  alpn: [],
  supportedVersions: [],
  supportedGroups: [],
  pointFormats: [],
  signatureAlgorithms: [],
  hasGrease: false,
  records: 1,
  isWhole: true,
};

function fingerprint(hello: Partial<ClientHello>) {
  return fingerprintTls({ ...EMPTY, ...hello })!;
}

/** Numbers as JA3 (decimal, dashes) or JA4 (hex, commas) writes them. */
function numbers(text: string): number[] {
  return text === "" ? [] : text.split("-").map(Number);
}
function hex(text: string): number[] {
  return text.split(",").map((digits) => parseInt(digits, 16));
}

function fromJa3(source: string): Partial<ClientHello> {
  const [version, ciphers, extensions, groups, formats] = source.split(",");
  return {
    legacyVersion: Number(version),
    cipherSuites: numbers(ciphers!),
    extensions: numbers(extensions!),
    supportedGroups: numbers(groups!),
    pointFormats: numbers(formats!),
  };
}

Deno.test("fingerprintTls() gives the JA3s of the published examples", () => {
  const examples = [
    ["769,4-5-10-9-100-98-3-6-19-18-99,,,", "de350869b8c85de67a350c8d186f11e6"],
    [
      "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0",
      "ada70206e40642a3e4461f35503241d5",
    ],
    [
      "771,4865-4866-4867-49195-49199-49196-49200-52393-52392-49171-49172-156-157-47-53," +
      "45-51-16-65037-23-17613-0-11-10-43-65281-35-18-5-13-27,4588-29-23-24,0",
      "98487aa16281980e7d1120d399efb6a4",
    ],
  ] as const;
  for (const [source, hash] of examples) {
    const { ja3, ja3Source } = fingerprint(fromJa3(source));
    assertEquals([ja3Source, ja3], [source, hash]);
  }
});

/** JA4.md's client, and one that a public service of fingerprints shows. */
const BROWSER = {
  cipherSuites: hex(
    "1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035",
  ),
  alpn: [new TextEncoder().encode("h2"), new TextEncoder().encode("http/1.1")],
  supportedVersions: [0x0303, 0x0304],
  signatureAlgorithms: hex("0403,0804,0401,0503,0805,0501,0806,0601"),
};

Deno.test("fingerprintTls() gives the JA4s of the published examples", () => {
  const first = fingerprint({
    ...BROWSER,
    extensions: hex(
      "001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015",
    ),
  });
  assertEquals(first.ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1");
  const second = fingerprint({
    ...BROWSER,
    extensions: hex(
      "002d,0033,0010,fe0d,0017,44cd,0000,000b,000a,002b,ff01,0023,0012,0005,000d,001b",
    ),
  });
  assertEquals(second.ja4, "t13d1516h2_8daaf6152771_d8a2da3f94cd");
});

Deno.test("fingerprintTls() agrees with tshark on recorded clients", () => {
  const recordings = clientHelloFixtures().filter(({ ja3 }) => ja3 !== "");
  assert(recordings.length >= 10);
  for (const { name, bytes, ja3, ja3Source, ja4 } of recordings) {
    const hello = new ClientHelloReader().push(bytes);
    assert(hello?.kind === "client-hello", name);
    assertEquals({ name, ...fingerprintTls(hello) }, { name, ja3, ja3Source, ja4 });
  }
});

Deno.test("fingerprintTls() leaves GREASE out everywhere, of both fingerprints", () => {
  const extensions = [0, 10, 13, 16, 43];
  const groups = { supportedGroups: [29, 23] };
  const plain = fingerprint({ ...BROWSER, ...groups, extensions });
  const greased = fingerprint({
    ...BROWSER,
    cipherSuites: [0x2a2a, ...BROWSER.cipherSuites],
    supportedVersions: [0xfafa, ...BROWSER.supportedVersions],
    signatureAlgorithms: [...BROWSER.signatureAlgorithms, 0x0a0a],
    supportedGroups: [0xcaca, 29, 23],
    extensions: [0x6a6a, ...extensions, 0xbaba],
  });
  assertEquals(greased, plain);
  assertEquals(plain.ja4.slice(0, 11), "t13d1505h2_");
});

Deno.test("fingerprintTls() writes the first protocol as JA4 says", () => {
  const written = (...bytes: number[]) =>
    fingerprint({ alpn: [new Uint8Array(bytes), new Uint8Array([0x68, 0x32])] }).ja4.slice(8, 10);
  assertEquals(written(...new TextEncoder().encode("http/1.1")), "h1");
  assertEquals(written(0x68), "hh");
  assertEquals(written(0xab), "ab");
  assertEquals(written(0xab, 0xcd), "ad");
  assertEquals(written(0x30, 0xab), "3b");
  assertEquals(written(0x30, 0x31, 0xab, 0xcd), "3d");
  assertEquals(written(0x30, 0xab, 0xcd, 0x31), "01");
  assertEquals(written(0x5f, 0x78), "58");
  assertEquals(written(), "00");
  assertEquals(fingerprint({}).ja4, "t12i000000_000000000000_000000000000");
});

Deno.test("fingerprintTls() knows the versions of JA4, counts to 99, and hashes no empty list", () => {
  const start = (hello: Partial<ClientHello>) => fingerprint(hello).ja4.slice(0, 8);
  assertEquals(start({ legacyVersion: 0x0301 }), "t10i0000");
  assertEquals(start({ legacyVersion: 0x0300 }), "ts3i0000");
  assertEquals(start({ legacyVersion: 0x1234 }), "t00i0000");
  assertEquals(start({ supportedVersions: [0x0302, 0x0303, 0x0301] }), "t12i0000");
  assertEquals(start({ supportedVersions: [0x7f1c, 0x0304] }), "t00i0000");
  assertEquals(start({ supportedVersions: [0x0a0a], legacyVersion: 0x0302 }), "t11i0000");
  assertEquals(
    start({ cipherSuites: Array(99).fill(1), extensions: Array(9).fill(2) }),
    "t12i9909",
  );
  assertEquals(
    start({ cipherSuites: Array(500).fill(1), extensions: Array(100).fill(2) }),
    "t12i9999",
  );
  // Nothing is left to hash when these two are all.
  const named = fingerprint({ extensions: [0, 16], cipherSuites: [0x1301] }).ja4;
  assertEquals(named, "t12d010200_0f2cb44170f4_000000000000");
});

Deno.test("fingerprintTls() makes none of half a hello, nor of the form of SSL 2.0", () => {
  assertEquals(fingerprintTls({ ...EMPTY, isWhole: false }), undefined);
  assertEquals(fingerprintTls({ ...EMPTY, isSslv2: true }), undefined);
  const frame = { recordVersion: 0x0301, records: 1 };
  assertEquals(fingerprintTls(parseClientHello(new Uint8Array(36), frame)), undefined);
});

Deno.test("highestTlsVersion() is that of the list, or the old one without a list", () => {
  const highest = (supportedVersions: number[]) =>
    highestTlsVersion({ ...EMPTY, supportedVersions });
  assertEquals(highest([0xdada, 0x0303, 0x0304]), 0x0304);
  assertEquals(highest([0xdada]), 0x0303);
  assertEquals(highest([]), 0x0303);
});

Deno.test("isGrease() knows the sixteen values of RFC 8701 and no other", () => {
  const found = Array.from({ length: 65_536 }, (_, i) => i).filter(isGrease);
  assertEquals(found, Array.from({ length: 16 }, (_, i) => (i * 16 + 10) * 257));
});
