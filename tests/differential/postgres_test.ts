import { assertEquals } from "@std/assert";
import { postgres } from "../../lib/decoys/postgres.ts";
import { ScramPeer } from "../support/scram_peer.ts";
import { makeDecoy } from "../support/transcript.ts";
import type { Address, Conversation } from "./client.ts";
import { postgresql, STOCK_HBA } from "./genuine/postgres.ts";
import { assertSame, differentialTest, type Mask, segmented, serveDecoy } from "./harness.ts";
import {
  FINALS,
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
    await using decoy = serveDecoy(await makeDecoy(postgres));
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
      await using decoy = serveDecoy(await makeDecoy(postgres, options));
      await assertSame(t, { genuine, decoy: decoy.address, masks: MASKS, conversations });
    };
    await compare({ auth: "password" }, passwords("cleardb"));
    await compare({ auth: "md5" }, passwords("md5db"));
    await compare({ refuse_host: true }, REFUSED_HOSTS);
  },
);
