import { memcached } from "../../lib/decoys/memcached.ts";
import { makeDecoy } from "../support/transcript.ts";
import { memcached as genuine, memcachedFile, memcachedSasl } from "./genuine/memcached.ts";
import { assertSame, differentialTest, serveDecoy } from "./harness.ts";
import { BINARY, FILE, FIRST, FIRST_BINARY, SASL, TEXT } from "./memcached_conversations.ts";

/** What hangs on the second in which something is said, and on the work of the list's keeper. */
const masks = [
  { pattern: / ([tl])\d+/g, replacement: " $1" },
  { pattern: /\b(exp|la)=-?\d+/g, replacement: "$1" },
  { pattern: / \d+ s\]/g, replacement: " s]" },
  {
    pattern:
      /:(age\w*|reclaimed|number_\w+|moves_\w+|hits_to_\w+|crawler_\w+|expired_unfetched|lrutail_reflocked) \d+/g,
    replacement: ":$1",
  },
];

for (const [name, conversation] of [["text", FIRST], ["binary", FIRST_BINARY]] as const) {
  differentialTest(
    genuine,
    `memcached stores as memcached 1.6.18 (${name})`,
    async (t, address) => {
      await using decoy = serveDecoy(await makeDecoy(memcached));
      const conversations = [conversation];
      await assertSame(t, { genuine: address, decoy: decoy.address, conversations, masks });
    },
  );
}

differentialTest(genuine, "memcached answers as memcached 1.6.18", async (t, address) => {
  await using decoy = serveDecoy(await makeDecoy(memcached));
  const conversations = [...TEXT, ...BINARY];
  await assertSame(t, { genuine: address, decoy: decoy.address, conversations });
});

differentialTest(
  memcachedSasl,
  "memcached refuses as memcached 1.6.18 with SASL",
  async (t, address) => {
    await using decoy = serveDecoy(await makeDecoy(memcached, { auth: "sasl" }));
    await assertSame(t, { genuine: address, decoy: decoy.address, conversations: SASL });
  },
);

differentialTest(
  memcachedFile,
  "memcached refuses as memcached 1.6.18 with a file",
  async (t, address) => {
    await using decoy = serveDecoy(await makeDecoy(memcached, { auth: "file" }));
    await assertSame(t, { genuine: address, decoy: decoy.address, conversations: FILE });
  },
);
