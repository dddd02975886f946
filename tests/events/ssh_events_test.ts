import { assertEquals } from "@std/assert";
import { triesCredential } from "../../lib/events/credential_part.ts";
import { encodeEvent, type SensorIdentity } from "../../lib/events/ecs.ts";
import type { EventId, EventMap } from "../../lib/events/event.ts";
import type { SshNameLists } from "../../lib/events/ssh_data.ts";
import { assertConforms } from "../support/conformance.ts";

const SENSOR: SensorIdentity = { name: "edge-1", version: "1.2.3", secrets: "plain", salt: "aa" };
const FINGERPRINT = "SHA256:ODi2rNhj8FR3/CqMx0OnMSoRUGFBEGzGsmB9vJqNcXY";

function encodeLine<K extends EventId>(
  id: K,
  data: EventMap[K],
  secrets: SensorIdentity["secrets"] = "plain",
) {
  const stamp = { id: "01J00000000000000000000001", sequence: 7, timeMs: 1_795_296_000_123 };
  const scope = {
    provider: "ssh",
    kind: "ssh",
    sessionId: "01J00000000000000000000000",
    peer: { ip: "203.0.113.7", port: 40000 },
    local: { ip: "192.0.2.1", port: 22 },
  };
  return encodeEvent(stamp, scope, { id, data, sensor: { ...SENSOR, secrets } }).json;
}

function encode<K extends EventId>(
  id: K,
  data: EventMap[K],
  secrets: SensorIdentity["secrets"] = "plain",
) {
  return assertConforms(encodeLine(id, data, secrets));
}

/** An attempt as `root`. */
function attempt(
  data: Omit<EventMap["auth.attempt"], "username">,
  secrets?: SensorIdentity["secrets"],
) {
  return encode("auth.attempt", { username: "root", ...data }, secrets);
}

const LISTS: SshNameLists = {
  kexAlgorithms: ["curve25519-sha256", "ext-info-c"],
  hostKeyAlgorithms: ["ssh-ed25519"],
  ciphersClientToServer: ["aes128-ctr"],
  ciphersServerToClient: ["aes256-ctr"],
  macsClientToServer: ["hmac-sha1"],
  macsServerToClient: ["hmac-sha2-256"],
  compressionClientToServer: ["none"],
  compressionServerToClient: ["zlib"],
  languagesClientToServer: [],
  languagesServerToClient: ["en"],
};

Deno.test("encodeEvent() tells an SSH client's lists in its order, and its HASSH", () => {
  const event = encode("ssh.client", {
    clientVersion: "SSH-2.0-Go",
    hassh: "92674389fa1e47a27ddd8d9b63ecd42b",
    hasshAlgorithms: "curve25519-sha256,ext-info-c;aes128-ctr;hmac-sha1;none",
    ...LISTS,
    firstKexPacketFollows: false,
    chosen: { kex: "curve25519-sha256", cipherClientToServer: "aes128-ctr" },
  });
  assertEquals(
    event.message,
    'SSH client "SSH-2.0-Go" from 203.0.113.7, HASSH 92674389fa1e47a27ddd8d9b63ecd42b',
  );
  assertEquals([event.event.action, event.event.severity], ["ssh-client", 10]);
  assertEquals([event.event.category, event.event.type], [["network"], ["protocol"]]);
  assertEquals(event.network.protocol, "ssh");
  assertEquals(event.related.hash, ["92674389fa1e47a27ddd8d9b63ecd42b"]);
  assertEquals(event.duckblind.ssh, {
    client_version: "SSH-2.0-Go",
    hassh: "92674389fa1e47a27ddd8d9b63ecd42b",
    hassh_algorithms: "curve25519-sha256,ext-info-c;aes128-ctr;hmac-sha1;none",
    kex_algorithms: LISTS.kexAlgorithms,
    host_key_algorithms: LISTS.hostKeyAlgorithms,
    ciphers_client_to_server: LISTS.ciphersClientToServer,
    ciphers_server_to_client: LISTS.ciphersServerToClient,
    macs_client_to_server: LISTS.macsClientToServer,
    macs_server_to_client: LISTS.macsServerToClient,
    compression_client_to_server: LISTS.compressionClientToServer,
    compression_server_to_client: LISTS.compressionServerToClient,
    languages_client_to_server: LISTS.languagesClientToServer,
    languages_server_to_client: LISTS.languagesServerToClient,
    first_kex_packet_follows: false,
    chosen: { kex: "curve25519-sha256", cipher_client_to_server: "aes128-ctr" },
  });
});

Deno.test("encodeEvent() tells the version of an SSH client that sent nothing else", () => {
  const event = encode("ssh.client", { clientVersion: "SSH-2.0-Go" });
  assertEquals(event.message, 'SSH client "SSH-2.0-Go" from 203.0.113.7');
  assertEquals(event.duckblind.ssh, { client_version: "SSH-2.0-Go" });
  assertEquals("hash" in event.related, false);
});

Deno.test("encodeEvent() cuts SSH lists and names, and says how many names there were", () => {
  const cut = (data: Partial<SshNameLists>) => {
    const { duckblind } = encode("ssh.client", { clientVersion: "SSH-2.0-x", ...LISTS, ...data });
    return duckblind.ssh;
  };
  const whole = cut({ kexAlgorithms: Array(128).fill("a"), languagesClientToServer: ["x"] });
  assertEquals(whole.kex_algorithms.length, 128);
  assertEquals("algorithms_truncated" in whole, false);
  const many = cut({ kexAlgorithms: Array(129).fill("a") });
  assertEquals(many.kex_algorithms.length, 128);
  assertEquals([many.algorithms_truncated, many.algorithms_count], [true, 137]);
  const big = cut({ kexAlgorithms: Array(100).fill("a".repeat(64)) });
  assertEquals(big.kex_algorithms.length, 48);
  assertEquals(big.host_key_algorithms, LISTS.hostKeyAlgorithms);
  assertEquals(big.algorithms_truncated, true);
  const long = cut({ kexAlgorithms: ["\\xff".repeat(33), "b"] });
  assertEquals(long.kex_algorithms, ["\\xff".repeat(32), "b"]);
  assertEquals([long.algorithms_truncated, long.algorithms_count], [true, 10]);
});

Deno.test("encodeEvent() makes a none request a question, not an attempt", () => {
  const event = attempt({ method: "none", service: "ssh-connection" });
  assertEquals(
    event.message,
    'SSH client asked for authentication methods as "root" from 203.0.113.7',
  );
  assertEquals([event.event.severity, event.event.kind], [20, "event"]);
  assertEquals([event.event.category, event.event.type], [["authentication"], ["info"]]);
  assertEquals("outcome" in event.event || "threat" in event, false);
  assertEquals(event.related.user, ["root"]);
  assertEquals(event.duckblind.credential, { method: "none", service: "ssh-connection" });
});

Deno.test("triesCredential() is false for none alone, whatever names a peer chooses", () => {
  const forged = '"credential":{"method":"none"';
  const line = (data: EventMap["auth.attempt"]) => encodeLine("auth.attempt", data);
  assertEquals(triesCredential(line({ method: "none", username: forged, service: forged })), false);
  assertEquals(
    triesCredential(line({ method: "password", username: forged, secret: forged })),
    true,
  );
  assertEquals(triesCredential(line({ method: "hostbased", username: "", domain: forged })), true);
});

Deno.test("encodeEvent() says of a public key what its signature is worth", () => {
  const publicKey = { type: "ssh-ed25519", sha256: FINGERPRINT };
  const message = (key: Partial<EventMap["auth.attempt"]["publicKey"]>) =>
    attempt({ method: "publickey", publicKey: { ...publicKey, ...key } }).message;
  const start = `SSH login as "root" with key ED25519 ${FINGERPRINT}`;
  assertEquals(message({}), `${start} from 203.0.113.7`);
  assertEquals(message({ signed: false }), `${start} (not signed) from 203.0.113.7`);
  assertEquals(message({ signed: true }), `${start} (signed) from 203.0.113.7`);
  assertEquals(
    [true, false].map((signatureValid) => message({ signed: true, signatureValid })),
    [
      `${start} (signature valid) from 203.0.113.7`,
      `${start} (signature wrong) from 203.0.113.7`,
    ],
  );
  assertEquals(
    message({ type: "x from 192.0.2.9" }),
    `SSH login as "root" with key "x from 192.0.2.9" ${FINGERPRINT} from 203.0.113.7`,
  );
});

Deno.test("encodeEvent() tells a public key whole, and its fingerprint among the hashes", () => {
  const event = attempt({
    method: "publickey",
    service: "ssh-connection",
    publicKey: {
      type: "ssh-rsa",
      sha256: FINGERPRINT,
      bits: 3072,
      blob: new Uint8Array([0, 0, 0, 7]),
      algorithm: "rsa-sha2-512",
      signed: true,
      signatureValid: false,
    },
  }, "off");
  assertEquals(event.related.hash, [FINGERPRINT]);
  assertEquals(event.threat.technique.id, ["T1110"]);
  assertEquals(event.duckblind.credential, {
    method: "publickey",
    service: "ssh-connection",
    public_key: {
      type: "ssh-rsa",
      sha256: FINGERPRINT,
      bits: 3072,
      blob: "AAAABw==",
      algorithm: "rsa-sha2-512",
      signed: true,
      signature_valid: false,
    },
  });
});

Deno.test("encodeEvent() tells who a host speaks for", () => {
  const event = attempt({
    method: "hostbased",
    clientHost: "bastion.example.",
    clientUser: "bob",
    publicKey: { type: "ecdsa-sha2-nistp256", sha256: FINGERPRINT },
  });
  assertEquals(
    event.message,
    'SSH login as "root" by "bob" of host "bastion.example." with key ECDSA ' +
      `${FINGERPRINT} from 203.0.113.7`,
  );
  assertEquals(event.related.user, ["root", "bob"]);
  assertEquals(event.duckblind.credential.client_host, "bastion.example.");
  assertEquals(event.duckblind.credential.client_user, "bob");
});

Deno.test("encodeEvent() names a user once among the related ones, and an empty one never", () => {
  const related = (username: string, clientUser: string) =>
    encode("auth.attempt", { method: "hostbased", username, clientUser }).related;
  assertEquals(related("bob", "bob").user, ["bob"]);
  assertEquals(related("", "bob").user, ["bob"]);
  assertEquals("user" in related("", ""), false);
  const login = encode("service.login", { username: "", success: false });
  assertEquals("user" in login.related, false);
});

Deno.test("encodeEvent() tells the new password of a change, and all of several answers", () => {
  const change = attempt({ method: "password", secret: "old", newSecret: "new" });
  assertEquals(
    change.message,
    'SSH login as "root" with "old", to be changed to "new", from 203.0.113.7',
  );
  assertEquals(change.duckblind.credential.new_password, "new");
  const answers = attempt({
    method: "keyboard-interactive",
    secret: "pw",
    responses: ["pw", "123456"],
  });
  assertEquals(answers.message, 'SSH login as "root" with "pw" from 203.0.113.7');
  assertEquals(answers.duckblind.credential.password, "pw");
  assertEquals(answers.duckblind.credential.responses, ["pw", "123456"]);
  const none = attempt({ method: "keyboard-interactive" });
  assertEquals(none.message, 'SSH login as "root" by keyboard-interactive from 203.0.113.7');
});

Deno.test("encodeEvent() cuts answers, and says how many there were", () => {
  const answers = (responses: string[]) =>
    attempt({ method: "keyboard-interactive", secret: "x", responses }).duckblind.credential;
  const many = answers(Array(33).fill("x"));
  assertEquals(many.responses.length, 32);
  assertEquals([many.responses_truncated, many.responses_count], [true, 33]);
  const long = answers(["x".repeat(4000), "y".repeat(200), "z"]);
  assertEquals(long.responses.map((text: string) => text.length), [4000, 96, 0]);
  assertEquals([long.responses_truncated, long.responses_count], [true, 3]);
  assertEquals("responses_truncated" in answers(["a", "b"]), false);
});

Deno.test("encodeEvent() leaves no answer and no new password with secrets sha256 and off", () => {
  const data = {
    method: "keyboard-interactive",
    secret: "hunter2",
    newSecret: "hunter3",
    responses: ["hunter2", "hunter4"],
    hash: "hunter5",
  } as const;
  assertEquals(JSON.stringify(attempt(data)).match(/hunter[2345]/g)?.length, 7);
  for (const secrets of ["sha256", "off"] as const) {
    const event = attempt(data, secrets);
    assertEquals(JSON.stringify(event).includes("hunter"), false);
    assertEquals(
      event.message,
      'SSH login as "root" by keyboard-interactive, to be changed, from 203.0.113.7',
    );
    const { credential } = event.duckblind;
    assertEquals(Object.keys(credential).length, secrets === "off" ? 1 : 4);
    if (secrets === "off") continue;
    assertEquals(credential.responses_sha256.length, 2);
    assertEquals(credential.responses_sha256[0], credential.password_sha256);
    assertEquals(/^[0-9a-f]{64}$/.test(credential.new_password_sha256), true);
  }
});
