import { mqtt } from "../../lib/decoys/mqtt.ts";
import { makeDecoy } from "../support/transcript.ts";
import { mosquitto, mosquittoOpen, mosquittoPasswords } from "./genuine/mosquitto.ts";
import { assertSame, differentialTest, serveDecoy } from "./harness.ts";
import { CONNECTS, FIVE, OPEN, SESSIONS } from "./mqtt_conversations.ts";

/** Ids that the broker makes up. */
const masks = [{ pattern: /auto-[0-9A-F-]{36}/g, replacement: "auto" }];

for (const genuine of [mosquitto, mosquittoPasswords]) {
  differentialTest(genuine, `mqtt refuses as ${genuine.name}`, async (t, address) => {
    await using decoy = serveDecoy(await makeDecoy(mqtt));
    const conversations = CONNECTS;
    await assertSame(t, { genuine: address, decoy: decoy.address, conversations, masks });
  });
}

differentialTest(mosquittoOpen, "mqtt lets in as mosquitto 2.0.11", async (t, address) => {
  await using decoy = serveDecoy(await makeDecoy(mqtt, { anonymous: true }));
  const conversations = [...CONNECTS, ...OPEN, ...FIVE];
  await assertSame(t, { genuine: address, decoy: decoy.address, conversations, masks });
  for (const conversation of SESSIONS) {
    const one = { genuine: address, decoy: decoy.address, conversations: [conversation], masks };
    await assertSame(t, one);
  }
});
