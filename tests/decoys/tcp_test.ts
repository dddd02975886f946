import { assertTranscript, makeDecoy } from "../support/transcript.ts";
import { tcp } from "../../lib/decoys/tcp.ts";

const dir = new URL("./transcripts/tcp/", import.meta.url);

Deno.test("tcp sends its banner and keeps what comes", async (t) => {
  const decoy = await makeDecoy(tcp, { banner: "hello\\r\\n", capture_bytes: 8 });
  await assertTranscript(t, decoy, new URL("banner.txt", dir));
});

Deno.test("tcp answers what matches, and closes when told to", async (t) => {
  const decoy = await makeDecoy(tcp, {
    replies: [
      { match: "PING\\n", reply: "PONG\\n" },
      { match: "QUIT", reply: "bye\\n", close: true },
    ],
  });
  await assertTranscript(t, decoy, new URL("replies.txt", dir));
});
