import { assertEquals } from "@std/assert";
import { BoundedInput } from "../../lib/net/bounded_input.ts";
import { KeptOutput } from "../../lib/net/kept_output.ts";

/** A source that gives these chunks, and then ends. */
function source(...chunks: number[][]) {
  const queue: Uint8Array[] = chunks.map((chunk) => new Uint8Array(chunk));
  return {
    read: () => Promise.resolve(queue.shift() ?? null),
    unread: (bytes: Uint8Array): void => {
      if (bytes.length > 0) queue.unshift(bytes);
    },
  };
}
const nothing = () => Promise.resolve();

Deno.test("BoundedInput takes what fits, and leaves the rest to the source", async () => {
  const input = new BoundedInput(source([1, 2, 3], [4]), 2, nothing);
  assertEquals(await input.more(), "more");
  assertEquals([...input.data], [1, 2]);
  assertEquals(await input.more(), "full");
  input.skip(1);
  assertEquals(input.offset, 1);
  assertEquals(await input.more(), "more");
  assertEquals([...input.data], [2, 3]);
  input.skip(2);
  assertEquals(await input.more(), "more");
  assertEquals(await input.more(), "end");
  assertEquals([...input.data], [4]);
});

Deno.test("BoundedInput lets answers go before it waits", async () => {
  const written: string[] = [];
  const output = new KeptOutput({
    write: (data) => {
      written.push(new TextDecoder().decode(data));
      return Promise.resolve();
    },
  });
  const input = new BoundedInput(source([1], [2]), 9, () => output.flush());
  output.add("a");
  output.add("b");
  assertEquals(written, []);
  await input.more();
  await input.more();
  assertEquals(written, ["ab"], "in one piece, and nothing of nothing");
});
