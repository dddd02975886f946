import { assert, assertEquals } from "@std/assert";
import { acceptLoop, bindHint } from "../../lib/net/listen.ts";

/** A listener whose accepts happen as written: a connection's name, or an error to throw. */
function scripted(script: (string | Error)[]): AsyncIterable<string> & { iterations: number } {
  const listener = {
    iterations: 0,
    async *[Symbol.asyncIterator]() {
      listener.iterations++;
      for (let next = script.shift(); next !== undefined; next = script.shift()) {
        if (next instanceof Error) throw next;
        yield await Promise.resolve(next);
      }
    },
  };
  return listener;
}

/** Runs the loop over a script; what it handed out and what it told. */
async function run(script: (string | Error)[]) {
  const connections: string[] = [];
  const troubles: [unknown, boolean][] = [];
  const startedAt = performance.now();
  await acceptLoop(
    scripted(script),
    (connection) => connections.push(connection),
    (error, isNews) => troubles.push([error, isNews]),
  );
  return { connections, troubles, elapsedMs: performance.now() - startedAt };
}

const exhausted = () => new Error("Too many open files (os error 24)");

Deno.test("acceptLoop() hands out every connection until the listener ends", async () => {
  assertEquals((await run(["a", "b", "c"])).connections, ["a", "b", "c"]);
});

Deno.test("acceptLoop() goes on after the system had no descriptor left", async () => {
  const { connections, troubles, elapsedMs } = await run(["a", exhausted(), exhausted(), "b"]);
  assertEquals(connections, ["a", "b"]);
  assertEquals(troubles.map(([, isNews]) => isNews), [true, false]);
  assert(elapsedMs >= 90, `paused ${elapsedMs} ms: a loop without pauses would eat the processor`);
});

Deno.test("acceptLoop() tells failures that come and go once a minute", async () => {
  const { troubles } = await run([exhausted(), "a", exhausted(), "b"]);
  assertEquals(troubles.map(([, isNews]) => isNews), [true, false]);
});

Deno.test("acceptLoop() lets everybody else have a turn in a burst", async () => {
  let turnAfter = -1;
  let accepted = 0;
  setTimeout(() => turnAfter = accepted, 0);
  const burst = Array.from({ length: 1000 }, (_, i) => `peer ${i}`);
  await acceptLoop(scripted(burst), () => accepted++, () => {});
  assertEquals(accepted, 1000);
  assert(turnAfter > 0 && turnAfter <= 64, `the first turn came after ${turnAfter} connections`);
});

Deno.test("acceptLoop() does not pause for a connection that was reset before it was accepted", async () => {
  const reset = () => new Deno.errors.ConnectionAborted("reset");
  const { connections, troubles, elapsedMs } = await run([reset(), "a", reset(), reset(), "b"]);
  assertEquals(connections, ["a", "b"]);
  assertEquals(troubles.map(([, isNews]) => isNews), [false, false, false]);
  assert(elapsedMs < 50, `paused ${elapsedMs} ms`);
});

Deno.test("acceptLoop() pauses when resets do not end", async () => {
  const resets = Array.from({ length: 5 }, () => new Deno.errors.ConnectionReset("reset"));
  assert((await run([...resets, "a"])).elapsedMs >= 90);
});

Deno.test("acceptLoop() ends when a listener is closed, while it waits", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const taken = Promise.withResolvers<Deno.Conn>();
  const loop = acceptLoop(listener, taken.resolve, () => {
    throw new Error("told of trouble that was none");
  });
  const { port } = listener.addr as Deno.NetAddr;
  using _client = await Deno.connect({ hostname: "127.0.0.1", port });
  using _server = await taken.promise;
  listener.close();
  await loop;
});

Deno.test("acceptLoop() ends when the listener is closed in a callback", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const loop = acceptLoop(listener, (connection) => {
    connection.close();
    listener.close();
  }, () => {});
  using _client = await Deno.connect({ hostname: "127.0.0.1", port });
  await loop;
});

Deno.test("bindHint() says what an operator can do", () => {
  using blocker = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = blocker.addr as Deno.NetAddr;
  let inUse: unknown;
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
  } catch (error) {
    inUse = error;
  }
  assertEquals(
    bindHint(inUse, port),
    `in use by another program: see ss -ltnp 'sport = :${port}'`,
  );
  assert(bindHint(new Deno.errors.PermissionDenied(), 80).includes("CAP_NET_BIND_SERVICE"));
  assertEquals(bindHint(new Deno.errors.PermissionDenied(), 8080).includes("1024"), false);
  assert(bindHint(new Deno.errors.NotCapable(), 80).includes("duckblind permissions"));
  assert(bindHint(new Deno.errors.AddrNotAvailable(), 80).includes("no such address"));
  assertEquals(bindHint(new Error("anything else"), 80), "");
});
