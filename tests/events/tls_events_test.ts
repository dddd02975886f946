import { assertEquals } from "@std/assert";
import { encodeEvent, type SensorIdentity } from "../../lib/events/ecs.ts";
import { describeClientHello, type TlsClientHello } from "../../lib/events/tls_data.ts";
import { ClientHelloReader } from "../../lib/net/client_hello.ts";
import { assertConforms } from "../support/conformance.ts";
import { clientHelloFixture } from "../support/client_hellos.ts";

function encode(data: TlsClientHello, secrets: SensorIdentity["secrets"] = "plain") {
  const stamp = { id: "01J00000000000000000000001", sequence: 7, timeMs: 1_795_296_000_123 };
  const scope = {
    provider: "https",
    kind: "https",
    sessionId: "01J00000000000000000000000",
    peer: { ip: "203.0.113.7", port: 40000 },
    local: { ip: "192.0.2.1", port: 443 },
  };
  const sensor = { name: "edge-1", version: "1.2.3", secrets, salt: "aa" };
  return assertConforms(encodeEvent(stamp, scope, { id: "tls.client-hello", data, sensor }).json);
}

/** Data of an event as the bytes of a connection give it. */
function describe(bytes: Uint8Array): TlsClientHello {
  const reader = new ClientHelloReader();
  reader.push(bytes);
  return describeClientHello(reader.end(), reader.bytes);
}

Deno.test("encodeEvent() tells what a TLS client offers", () => {
  const { bytes, ja3, ja3Source, ja4 } = clientHelloFixture("openssl-tls1_3");
  const event = encode({ ...describe(bytes), established: true, version: "1.3" });
  assertEquals(
    event.message,
    `HTTPS TLS client hello for "mail.example.com" from 203.0.113.7, JA4 ${ja4}`,
  );
  assertEquals([event.event.action, event.event.severity], ["tls-client-hello", 10]);
  assertEquals([event.event.category, event.event.type], [["network"], ["protocol"]]);
  assertEquals(event.related.hash, [ja3]);
  assertEquals(event.tls, {
    established: true,
    version: "1.3",
    client: {
      ja3,
      server_name: "mail.example.com",
      supported_ciphers: ["0x1302", "0x1303", "0x1301", "0x00ff"],
    },
  });
  const { extensions, groups, signature_algorithms, ...rest } = event.duckblind.tls;
  assertEquals(rest, {
    ja3_source: ja3Source,
    ja4,
    alpn: [],
    versions: ["1.3"],
    grease: false,
    sslv2: false,
  });
  assertEquals(extensions.map(Number).join("-"), ja3Source.split(",")[2]);
  assertEquals(groups.map(Number).join("-"), ja3Source.split(",")[3]);
  assertEquals(signature_algorithms.slice(0, 2), ["0x0403", "0x0503"]);
  assertEquals("first_bytes" in event.duckblind, false);
});

Deno.test("encodeEvent() tells that there was no TLS, and what came, unless that may be secret", () => {
  const data = { ...describe(new TextEncoder().encode("PASS hunter2\r\n")), established: false };
  const event = encode(data);
  assertEquals(event.message, "HTTPS no TLS came where it was due, from 203.0.113.7");
  assertEquals(event.tls, { established: false });
  assertEquals(event.duckblind.tls, { not_tls: "no-record" });
  assertEquals(atob(event.duckblind.first_bytes), "PASS hunter2\r\n");
  assertEquals("hash" in event.related, false);
  assertEquals("first_bytes" in encode(data, "off").duckblind, false);
  assertEquals("first_bytes" in encode(data, "sha256").duckblind, false);
  const silent = encode(describe(new Uint8Array()));
  assertEquals(silent.message, "HTTPS nothing came where TLS was due, from 203.0.113.7");
  assertEquals(silent.duckblind.tls, { not_tls: "nothing" });
});

Deno.test("encodeEvent() tells what could be read of a hello that was cut off", () => {
  const { bytes } = clientHelloFixture("openssl-tls1_3");
  const event = encode({ ...describe(bytes.subarray(0, 90)), established: false });
  assertEquals(
    event.message,
    "HTTPS malformed TLS client hello from 203.0.113.7, no handshake",
  );
  assertEquals(event.duckblind.tls.malformed, "cut off");
  assertEquals(event.tls.client.supported_ciphers.length, 4);
  assertEquals("ja3" in event.tls.client || "ja4" in event.duckblind.tls, false);
});

Deno.test("encodeEvent() keeps a server name and protocols as they came, escaped", () => {
  const { bytes } = clientHelloFixture("openssl-tls1_3");
  const text = String.fromCharCode(...bytes).replace(
    "mail.example.com",
    "\x1b[2J{from}\xff\u0085ab.c",
  );
  const event = encode(describe(Uint8Array.from(text, (character) => character.charCodeAt(0))));
  assertEquals(event.tls.client.server_name, "\\x1b[2J{from}\\xff\\x85ab.c");
  assertEquals(
    event.message.startsWith('HTTPS TLS client hello for "\\x1b[2J{from}\\xff\\x85ab.c" from 203.'),
    true,
  );
});

Deno.test("encodeEvent() cuts TLS lists, and says how many entries there were", () => {
  const cut = (data: TlsClientHello) => encode(data);
  const whole = cut({ ciphers: Array(512).fill(1), groups: Array(128).fill(2) });
  assertEquals(whole.tls.client.supported_ciphers.length, 512);
  assertEquals("lists_truncated" in whole.duckblind.tls, false);
  const many = cut({ ciphers: Array(513).fill(1), alpn: ["a"] });
  assertEquals(many.tls.client.supported_ciphers.length, 512);
  assertEquals([many.duckblind.tls.lists_truncated, many.duckblind.tls.lists_count], [true, 514]);
  const protocols = cut({ alpn: Array(33).fill("h2") }).duckblind.tls;
  assertEquals([protocols.alpn.length, protocols.lists_count], [32, 33]);
  const long = cut({ alpn: Array(5).fill("x".repeat(1000)) }).duckblind.tls;
  assertEquals([long.alpn.length, long.lists_count], [4, 5]);
  const { server_name_truncated, server_name_bytes } =
    cut({ serverName: "x".repeat(2049) }).duckblind.tls;
  assertEquals([server_name_truncated, server_name_bytes], [true, 2049]);
});

Deno.test("describeClientHello() names versions, and writes those without a name in hex", () => {
  const { bytes } = clientHelloFixture("sslv2");
  assertEquals(describe(bytes).versions, ["1.0"]);
  assertEquals(encode(describe(bytes)).tls.client.supported_ciphers[0], "0x010080");
  const browser = describe(clientHelloFixture("chromium").bytes);
  assertEquals(browser.grease, true);
  assertEquals(browser.versions?.slice(1), ["1.3", "1.2"]);
  assertEquals(/^0x([0-9a-f]a)\1$/.test(browser.versions![0]!), true);
});
