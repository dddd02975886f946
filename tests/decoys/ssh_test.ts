import { assert, assertEquals } from "@std/assert";
import type { Decoy } from "../../lib/decoys/decoy.ts";
import { makeHostKey } from "../../lib/decoys/ssh/keys/host_key.ts";
import { readPrivateKey } from "../../lib/decoys/ssh/keys/private_key_format.ts";
import { fingerprint } from "../../lib/decoys/ssh/keys/public_key.ts";
import { WireWriter } from "../../lib/decoys/ssh/wire.ts";
import { findDecoyKind } from "../../lib/decoys/registry.ts";
import { ssh } from "../../lib/decoys/ssh.ts";
import { v } from "../../lib/config/schema.ts";
import { allEvents } from "../support/events.ts";
import { readAll, startTestHost, type TestHost, type TestHostOptions } from "../support/host.ts";
import { emptyStore } from "../support/memory_store.ts";
import { SshClient } from "../support/ssh_client.ts";
import {
  authRequest,
  describe,
  type KexinitLists,
  message,
  passwordRequest,
  serviceRequest,
} from "../support/ssh_messages.ts";
import {
  assertTranscript,
  makeDecoy,
  TEST_CONTEXT,
  wireBytes,
  wireText,
} from "../support/transcript.ts";
import { readFixture, readPublic } from "./ssh/keys/fixtures.ts";

const PRODUCTS = ["openssh-9.2-debian12", "openssh-9.6-ubuntu24", "dropbear-2022.83"] as const;
const FAILURE = 'FAILURE "publickey,password" false';
const WAIT_MS = 10_000;
const LINE = "SSH-2.0-Test_1.0\r\n";

/** Runs a decoy that does not pause. */
async function startDecoy(options = {}, host: TestHostOptions = {}): Promise<TestHost> {
  return startTestHost(await makeDecoy(ssh, { fail_delay_ms: 0, ...options }), host);
}

async function connect(host: TestHost): Promise<SshClient> {
  return await SshClient.connect({ hostname: "127.0.0.1", port: host.port });
}

/** A client behind its key exchange. */
async function greet(host: TestHost, lists: KexinitLists = {}): Promise<SshClient> {
  const client = await connect(host);
  await client.version(LINE);
  assert(await client.exchangeKeys(lists, WAIT_MS), "no keys");
  return client;
}

/** Sends a message and gives the next that comes, as text; `end` when the server ends instead. */
async function ask(client: SshClient, payload: Uint8Array): Promise<string> {
  const before = client.received.length;
  await client.packet(payload);
  await client.until(() => client.received.length > before, WAIT_MS);
  const answer = client.received[before];
  return answer === undefined ? "end" : describe(answer.bytes);
}

/** A client whose authentication has begun. */
async function login(host: TestHost, lists: KexinitLists = {}): Promise<SshClient> {
  const client = await greet(host, lists);
  assertEquals(await ask(client, serviceRequest()), 'SERVICE_ACCEPT "ssh-userauth"');
  return client;
}

/** Actions of the first session, in order. */
async function actionsOf(host: TestHost): Promise<string[]> {
  await host.waitFor("connection-closed");
  return allEvents(host.journal).map(({ action }) => action);
}

Deno.test("ssh is a registered kind, and refuses options that make no sense", () => {
  assertEquals(findDecoyKind("ssh"), ssh);
  const wrong = [
    { product: "libssh" },
    { version: "SSH-1.5-x" },
    { version: "SSH-2.0-x\n" },
    { max_startups: "many" },
    { host_keys: [] },
    { fail_delay_ms: -1 },
  ];
  for (const options of wrong) {
    assertEquals(v.safeParse(ssh.options, options).success, false, JSON.stringify(options));
  }
});

for (const product of PRODUCTS) {
  Deno.test(`ssh as ${product} reports a password, in order, and admits nobody`, async () => {
    await using host = await startDecoy({ product });
    const client = await login(host, { kex: "curve25519-sha256,kex-strict-c-v00@openssh.com" });
    assertEquals(await ask(client, authRequest("root", "none")), FAILURE);
    assertEquals(await ask(client, passwordRequest("root", "hunter 2")), FAILURE);
    await client.close();
    assertEquals(await actionsOf(host), [
      ...[
        "connection-opened",
        "ssh-client",
        "credential-attempt",
        "credential-attempt",
        "connection-closed",
      ],
    ]);
    const [{ duckblind: { ssh: report } } = {}] = await host.waitFor("ssh-client");
    assertEquals([report.client_version, report.chosen.kex], [
      "SSH-2.0-Test_1.0",
      "curve25519-sha256",
    ]);
    const [none, attempt] = await host.waitFor("credential-attempt", 2);
    assertEquals(none.duckblind.credential.method, "none");
    const { method, password: secret, service } = attempt.duckblind.credential;
    assertEquals([method, secret, service], ["password", "hunter 2", "ssh-connection"]);
    assertEquals(attempt.user.name, "root");
    const [closed] = await host.waitFor("connection-closed");
    assertEquals([closed.duckblind.session.credentials, closed.duckblind.session.reason], [
      1,
      "peer",
    ]);
  });
}

Deno.test("ssh tells a query for a key from a signature, and a right one from a wrong one", async () => {
  await using host = await startDecoy({ product: "openssh-9.2-debian12" });
  const client = await login(host);
  const blob = readPublic("ed25519");
  const request = (signs: boolean) => authRequest("git", "publickey", signs, "ssh-ed25519", blob);
  const key = makeHostKey(readPrivateKey(readFixture("ed25519.key")));
  const signed = async (sessionId: Uint8Array) => {
    const data = new WireWriter(512).string(sessionId).raw(request(true)).bytes();
    const signature = await key.sign("ssh-ed25519", data);
    return new WireWriter(512).raw(request(true)).string(signature).bytes().slice();
  };
  assertEquals(await ask(client, request(false)), FAILURE);
  assertEquals(await ask(client, await signed(client.sessionId)), FAILURE);
  assertEquals(await ask(client, await signed(new Uint8Array(32))), FAILURE);
  await client.close();
  const attempts = await host.waitFor("credential-attempt", 3);
  const keys = attempts.map((event) => event.duckblind.credential.public_key);
  assertEquals(keys.map((key) => [key.signed, key.signature_valid]), [
    [false, undefined],
    [true, true],
    [true, false],
  ]);
  for (const { type, sha256, algorithm } of keys) {
    assertEquals([type, sha256, algorithm], ["ssh-ed25519", fingerprint(blob), "ssh-ed25519"]);
  }
});

Deno.test("ssh asks for a password by keyboard-interactive where it offers that", async () => {
  await using host = await startDecoy({ keyboard_interactive: true, banner: "Hands off\n" });
  const client = await login(host);
  const all = 'FAILURE "publickey,password,keyboard-interactive" false';
  const banner = await ask(client, authRequest("bob", "keyboard-interactive", "", ""));
  assertEquals(banner, 'BANNER "Hands off\\\\x0a" ""');
  const hasPrompt = () => client.received.at(-1)!.bytes[0] === 60;
  assert(await client.until(hasPrompt, WAIT_MS) || hasPrompt());
  assertEquals(await ask(client, message(61, 1, "se\x00cret")), all);
  assertEquals(await ask(client, passwordRequest("bob", "x")), all);
  await client.close();
  const [answer] = await host.waitFor("credential-attempt", 2);
  const { method, password: secret } = answer.duckblind.credential;
  assertEquals([answer.user.name, method, secret], ["bob", "keyboard-interactive", "se\\x00cret"]);
});

Deno.test("ssh reports hostbased with its names, and methods that nobody knows", async () => {
  await using host = await startDecoy();
  const client = await login(host);
  const blob = readPublic("ed25519");
  const hostbased = authRequest("x", "hostbased", "ssh-ed25519", blob, "pc.example.", "y", "sig");
  assertEquals(await ask(client, hostbased), FAILURE);
  assertEquals(await ask(client, authRequest("x", "gssapi-with-mic", 1, "oid")), FAILURE);
  await client.close();
  const [attempt] = await host.waitFor("credential-attempt");
  const { credential } = attempt.duckblind;
  assertEquals(credential.method, "hostbased");
  assert(JSON.stringify(credential).includes('"pc.example."'), JSON.stringify(credential));
  const [command] = await host.waitFor("command");
  assertEquals(command.process.command_line, "USERAUTH_REQUEST x ssh-connection gssapi-with-mic");
});

Deno.test("ssh ends a client that failed too often, as each product does", async () => {
  for (const product of ["openssh-9.2-debian12", "dropbear-2022.83"] as const) {
    await using host = await startDecoy({ product, max_attempts: 3 });
    const client = await login(host);
    assertEquals(await ask(client, passwordRequest("root", "1")), FAILURE);
    assertEquals(await ask(client, passwordRequest("root", "2")), FAILURE);
    const last = await ask(client, passwordRequest("root", "3"));
    const words = 'DISCONNECT 2 "Too many authentication failures" ""';
    assertEquals(last, product === "dropbear-2022.83" ? "end" : words);
    await client.until(() => client.ending !== "open", WAIT_MS);
    assertEquals(client.ending, "fin");
    await client.close();
    assertEquals((await host.waitFor("credential-attempt", 3)).length, 3);
  }
});

Deno.test("ssh as Dropbear takes new keys between two passwords", async () => {
  await using host = await startDecoy({ product: "dropbear-2022.83" });
  const client = await login(host);
  assertEquals(await ask(client, passwordRequest("root", "1")), FAILURE);
  assert(await client.exchangeKeys({ macs: "hmac-sha2-256" }, WAIT_MS));
  assertEquals(await ask(client, passwordRequest("root", "2")), FAILURE);
  await client.close();
  const attempts = await host.waitFor("credential-attempt", 2);
  assertEquals(attempts.map((event) => event.duckblind.credential.password), ["1", "2"]);
  assertEquals((await host.waitFor("ssh-client")).length, 1);
});

Deno.test("ssh is done with peers that vanish, whatever they had said", async () => {
  await using host = await startDecoy({ max_startups: "500" });
  const steps: ((client: SshClient) => Promise<void>)[] = [
    (client) => client.raw(new Uint8Array(0)),
    (client) => client.raw(new TextEncoder().encode("SSH-2.")),
    (client) => client.version(LINE),
    async (client) => {
      await client.version(LINE);
      await client.raw(Uint8Array.of(0, 0, 4, 0, 10, 20, 1, 2, 3));
    },
    async (client) => {
      await client.version(LINE);
      await client.kexinit();
    },
    async (client) => {
      await client.version(LINE);
      await client.kexinit();
      await client.kexStart();
    },
    async (client) => {
      await client.version(LINE);
      await client.exchangeKeys();
    },
    async (client) => {
      await client.version(LINE);
      await client.exchangeKeys();
      await client.packet(serviceRequest());
      await client.packet(passwordRequest("root", "x"));
    },
  ];
  let count = 0;
  for (const step of steps) {
    for (const ends of [true, false]) {
      const client = await connect(host);
      await step(client);
      if (ends) await client.end();
      await client.close();
      count++;
    }
  }
  const closed = await host.waitFor("connection-closed", count);
  assertEquals(closed.length, count);
  assertEquals([...host.gate.sessions()].length, 0);
});

Deno.test("ssh waits for a login only so long, whatever the client says meanwhile", async () => {
  await using host = await startDecoy({ login_grace_ms: 300 }, { limits: { idleMs: 400 } });
  const silent = await connect(host);
  const busy = await greet(host);
  const isOver = () => silent.ending !== "open";
  while (!isOver()) {
    await busy.packet(message(2, "still here"));
    await silent.news(50);
  }
  await busy.until(() => busy.ending !== "open", WAIT_MS);
  assert(busy.ending !== "open");
  await silent.close();
  await busy.close();
  const closed = await host.waitFor("connection-closed", 2);
  assert(closed.every((event) => event.event.duration < 5e9));
});

Deno.test("ssh ends a flood at the host's limit", async () => {
  await using host = await startDecoy({}, { limits: { maxBytesIn: 200_000 } });
  const client = await greet(host);
  const noise = message(2, "x".repeat(30_000));
  for (let i = 0; i < 20 && client.ending === "open"; i++) await client.packet(noise);
  await client.until(() => client.ending !== "open", WAIT_MS);
  await client.close();
  const [limit] = await host.waitFor("limit-hit");
  assertEquals(limit.duckblind.limit.name, "bytes_in");
});

Deno.test("ssh lets only so many wait to log in, and says so as the genuine server", async () => {
  for (
    const [product, words] of [
      ["openssh-9.2-debian12", "Exceeded MaxStartups\r\n"],
      ["dropbear-2022.83", ""],
    ] as const
  ) {
    await using host = await startDecoy({ product, max_startups: "2" });
    const waiting = [await greet(host), await greet(host)];
    using refused = await host.connect();
    assertEquals(new TextDecoder().decode(await readAll(refused)), words);
    const [limit] = await host.waitFor("limit-hit");
    assertEquals(limit.duckblind.limit.name, "ssh_max_startups");
    await waiting[0]!.close();
    await host.waitFor("connection-closed", 2);
    const again = await greet(host);
    for (const client of [waiting[1]!, again]) await client.close();
  }
});

Deno.test("ssh holds only so much of large packets, of all clients together", async () => {
  await using host = await startDecoy({ max_startups: "200" });
  const start = new Uint8Array(8);
  new DataView(start.buffer).setUint32(0, 262_140);
  const clients: SshClient[] = [];
  for (let i = 0; i < 65; i++) {
    const client = await connect(host);
    clients.push(client);
    await client.version(LINE);
    await client.raw(start);
  }
  const [limit] = await host.waitFor("limit-hit");
  assertEquals(limit.duckblind.limit.name, "ssh_packet_bytes");
  // Those who send little are served all the same.
  clients.push(await greet(host));
  for (const client of clients) await client.close();
  await host.waitFor("connection-closed", 66);
});

Deno.test("ssh keeps its host keys, for all decoys of a sensor and over its restarts", async () => {
  const keep = { ssh_host_rsa_key: readFixture("rsa.key") }; // making one takes seconds
  const store = emptyStore(keep);
  const open = async (context: typeof TEST_CONTEXT): Promise<Decoy> =>
    await ssh.create(v.parse(ssh.options, {}), context);
  const hostKeyOf = async (decoy: Decoy, hostKeys: string): Promise<string> => {
    await using host = startTestHost(decoy);
    const client = await greet(host, { hostKeys });
    const { hostKey } = client;
    await client.close();
    await host.waitFor("connection-closed");
    return fingerprint(hostKey);
  };
  const restarted = { ...TEST_CONTEXT, store };
  const first = await open(restarted);
  const second = await open({
    ...TEST_CONTEXT,
    store: emptyStore(Object.fromEntries(store.secrets)),
  });
  const other = await open({ ...TEST_CONTEXT, store: emptyStore(keep) });
  for (const type of ["ssh-ed25519", "ecdsa-sha2-nistp256"]) {
    const key = await hostKeyOf(first, type);
    assertEquals(await hostKeyOf(await open(restarted), type), key);
    assertEquals(await hostKeyOf(second, type), key);
    assert(await hostKeyOf(other, type) !== key);
  }
});

/** `{{KEXINIT}}` in the place of one in clear: its cookie is random, and Dropbear's padding too. */
function maskKexInit(line: string): string {
  if (!line.startsWith("< ")) return line;
  const bytes = wireBytes(line.slice(2));
  const view = new DataView(bytes.buffer);
  for (let at = 0; at + 6 < bytes.length; at++) {
    const isStart = at === 0 || bytes[at - 1] === 0x0a;
    const end = at + 4 + view.getUint32(at);
    if (!isStart || bytes[at + 5] !== 20 || end > bytes.length) continue;
    return `< ${wireText(bytes.subarray(0, at))}{{KEXINIT}}${wireText(bytes.subarray(end))}`;
  }
  return line;
}

for (const product of ["openssh-9.2-debian12", "dropbear-2022.83"] as const) {
  Deno.test(`ssh answers as ${product} while all is in clear`, async (t) => {
    const folder = new URL(`./transcripts/ssh/${product.split("-")[0]}/`, import.meta.url);
    const files = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assert(files.length >= 6, `only ${files.length} transcripts`);
    for (const file of files) {
      await t.step(file, async (t) => {
        const decoy = await makeDecoy(ssh, { product, fail_delay_ms: 0 });
        await assertTranscript(t, decoy, new URL(file, folder), ["whole", "bytes"], maskKexInit);
      });
    }
  });
}
