import { assertEquals } from "@std/assert";
import { DecoyTls } from "../../lib/decoys/decoy_tls.ts";
import { postgres } from "../../lib/decoys/postgres.ts";
import { emptyStore } from "../support/memory_store.ts";
import { type Say, talkInTls } from "../support/tls_talk.ts";
import { SSL_REQUEST } from "../support/postgres_messages.ts";
import { ScramPeer } from "../support/scram_peer.ts";
import { makeDecoy } from "../support/transcript.ts";
import type { Address, Conversation } from "./client.ts";
import { postgresql, STOCK_HBA } from "./genuine/postgres.ts";
import { assertSame, differentialTest, type Mask, segmented, serveDecoy } from "./harness.ts";
import {
  EARLY,
  FINALS,
  IN_TLS,
  passwords,
  REFUSED_HOSTS,
  REQUESTS,
  SASL,
  SEGMENTED,
  STARTUPS,
} from "./postgres_conversations.ts";

/** Nonces, and the salts of users, which hang on a secret of each installation. */
const MASKS: readonly Mask[] = [
  {
    pattern: /[A-Za-z0-9+/]{24},s=[A-Za-z0-9+/]{22}==,i=4096/g,
    replacement: "NONCE,s=SALT,i=4096",
  },
  // deno-lint-ignore no-control-regex -- bytes
  { pattern: /R\0\0\0\x0c\0\0\0\x05[^]{4}/g, replacement: "R\0\0\0\x0c\0\0\0\x05SALT" },
];

differentialTest(
  postgresql(STOCK_HBA),
  "postgres answers as PostgreSQL 15",
  async (t, genuine) => {
    await using decoy = serveDecoy(await makeDecoy(postgres, { ssl: false }));
    const conversations = [...REQUESTS, ...STARTUPS, ...SASL, ...segmented(SEGMENTED)];
    await assertSame(t, { genuine, decoy: decoy.address, masks: MASKS, conversations });
    for (const [name, final] of Object.entries(FINALS)) {
      await t.step(`final message: ${name}`, async () => {
        const say = async (address: Address) =>
          await new ScramPeer(address, "postgres").finish(final);
        const [expected, actual] = await Promise.all([say(genuine), say(decoy.address)]);
        assertEquals(actual, expected);
      });
    }
  },
);

const HBA = [
  "host cleardb all 127.0.0.1/32 password",
  "host md5db all 127.0.0.1/32 md5",
];

differentialTest(
  postgresql(HBA, ["password_encryption=md5"]),
  "postgres asks for passwords in clear and as MD5, and refuses hosts, as PostgreSQL 15",
  async (t, genuine) => {
    const compare = async (
      options: Record<string, unknown>,
      conversations: readonly Conversation[],
    ) => {
      await using decoy = serveDecoy(await makeDecoy(postgres, { ssl: false, ...options }));
      await assertSame(t, { genuine, decoy: decoy.address, masks: MASKS, conversations });
    };
    await compare({ auth: "password" }, passwords("cleardb"));
    await compare({ auth: "md5" }, passwords("md5db"));
    await compare({ refuse_host: true }, REFUSED_HOSTS);
  },
);

differentialTest(
  postgresql(STOCK_HBA, ["ssl=on", "ssl_cert_file=tls.pem", "ssl_key_file=tls.key"]),
  "postgres speaks TLS, and binds logins to it, as PostgreSQL 15",
  async (t, genuine) => {
    const tls = new DecoyTls({
      address: { hostname: "127.0.0.1", port: 0 },
      cert: "",
      key: "",
      hostname: "localhost",
      store: emptyStore(),
      seed: new Uint8Array(32),
    });
    try {
      await using decoy = serveDecoy(await makeDecoy(postgres), { tls });
      const compare = async (name: string, sends: readonly Say[], early = "") => {
        const opening = { request: SSL_REQUEST, isAnswered: true, early };
        await t.step(name, async () => {
          const say = async (address: Address) =>
            (await talkInTls(address, sends, opening)).map((answer) =>
              answer.replace(/[A-Za-z0-9+/]{24},s=[A-Za-z0-9+/]{22}==/, "NONCE,s=SALT")
            );
          const [expected, actual] = await Promise.all([say(genuine), say(decoy.address)]);
          assertEquals(actual, expected);
          assertEquals(expected.length > 1, true);
        });
      };
      for (const [name, sends] of Object.entries(IN_TLS)) await compare(`in TLS: ${name}`, sends);
      for (const [name, early] of Object.entries(EARLY)) {
        await compare(`before TLS: ${name}`, [], early);
      }
    } finally {
      await tls.close();
    }
  },
);
