import { assertEquals } from "@std/assert";
import { memorySession } from "../support/memory_session.ts";

Deno.test("LiveSession answers only when what the peer did is safe", async () => {
  let commit = () => {};
  let newest = 0;
  const { session, stream } = memorySession({
    record: () => ++newest,
    committed: (sequence) =>
      sequence === 0 ? undefined : new Promise((resolve) => commit = resolve),
  });
  await session.write(new TextEncoder().encode("220 hello\r\n"));
  assertEquals(stream.written().length, 11);
  session.emit("command", { verb: "NOOP", argument: "" });
  const answer = session.write(new TextEncoder().encode("200 done\r\n"));
  for (let i = 0; i < 50; i++) await undefined;
  assertEquals(stream.written().length, 11);
  commit();
  await answer;
  assertEquals(stream.written().length, 21);
});
