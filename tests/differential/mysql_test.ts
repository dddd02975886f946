import { mysql } from "../../lib/decoys/mysql.ts";
import { makeDecoy } from "../support/transcript.ts";
import { mariadb, mariadbWithPam } from "./genuine/mariadb.ts";
import { assertSame, differentialTest, type Mask, serveDecoy } from "./harness.ts";
import { CLEAR, DISORDER, LOGINS, NAMES } from "./mysql_conversations.ts";

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
