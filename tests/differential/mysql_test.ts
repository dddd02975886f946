import { assertEquals } from "@std/assert";
import { DecoyTls } from "../../lib/decoys/decoy_tls.ts";
import { mysql } from "../../lib/decoys/mysql.ts";
import { emptyStore } from "../support/memory_store.ts";
import { packet } from "../support/mysql_messages.ts";
import { talkInTls } from "../support/tls_talk.ts";
import type { Address } from "./client.ts";
import { makeDecoy } from "../support/transcript.ts";
import { mariadb, mariadbWithPam, mariadbWithTls } from "./genuine/mariadb.ts";
import { assertSame, differentialTest, type Mask, serveDecoy } from "./harness.ts";
import { CLEAR, DISORDER, IN_TLS, LOGINS, NAMES, NO_TLS } from "./mysql_conversations.ts";

/** Thread ids and salts. */
const MASKS: readonly Mask[] = [
  { pattern: /(deb12u1\0)[^]{4}[!-~]{8}\0/, replacement: "$1" },
  { pattern: /[!-~]{12}(\0mysql_native_password\0)$/, replacement: "$1" },
  { pattern: /(\xfemysql_native_password\0)[!-~]{20}\0/, replacement: "$1" },
];

differentialTest(mariadb, "mysql answers as MariaDB 10.11", async (t, genuine) => {
  await using decoy = serveDecoy(await makeDecoy(mysql));
  const compare = { genuine, decoy: decoy.address, masks: MASKS };
  await assertSame(t, { ...compare, conversations: [...LOGINS, ...DISORDER] });
  const names = NAMES.map((conversation) => ({ ...conversation, quietMs: 40 }));
  await assertSame(t, { ...compare, conversations: names });
});

differentialTest(
  mariadbWithPam,
  "mysql asks for passwords in clear as MariaDB 10.11 with PAM",
  async (t, genuine) => {
    await using decoy = serveDecoy(await makeDecoy(mysql, { clear_password: true }));
    const compare = { genuine, decoy: decoy.address, masks: MASKS };
    await assertSame(t, { ...compare, conversations: CLEAR, slackMs: 1500 });
  },
);

differentialTest(mariadbWithTls, "mysql speaks TLS as MariaDB 10.11", async (t, genuine) => {
  const tls = new DecoyTls({
    address: { hostname: "127.0.0.1", port: 0 },
    cert: "",
    key: "",
    hostname: "localhost",
    store: emptyStore(),
    seed: new Uint8Array(32),
  });
  try {
    await using decoy = serveDecoy(await makeDecoy(mysql, { ssl: true }), { tls });
    for (const [name, [request, sends]] of Object.entries(IN_TLS)) {
      await t.step(`in TLS: ${name}`, async () => {
        const opening = { request: packet(1, request), isGreeted: true };
        const say = async (address: Address) => {
          const [greeting, ...answers] = await talkInTls(address, sends, opening);
          assertEquals(greeting!.includes("MariaDB"), true);
          return answers.map((answer) =>
            answer.replace(/(\\xfemysql_native_password\\x00).*\\x00$/, "$1")
          );
        };
        const [expected, actual] = await Promise.all([say(genuine), say(decoy.address)]);
        assertEquals(actual, expected);
        assertEquals(expected.length > 0, true);
      });
    }
    const conversations = [...NO_TLS, ...LOGINS.slice(0, 40)];
    await assertSame(t, { genuine, decoy: decoy.address, masks: MASKS, conversations });
  } finally {
    await tls.close();
  }
});
