import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Binding } from "../../lib/net/bind.ts";
import type { HostPort } from "../../lib/net/address.ts";

const open = ({ hostname, port }: HostPort) => Deno.listen({ hostname, port });

/** A port that nobody has at the moment. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

Deno.test("Binding opens every address and reports the port that the system chose", () => {
  const opened: HostPort[] = [];
  using binding = new Binding([{ hostname: "127.0.0.1", port: 0 }, { hostname: "::1", port: 0 }], {
    open,
    onOpen: (_listener, address) => opened.push(address),
  });
  assertEquals(opened.map(({ hostname }) => hostname), ["::1", "127.0.0.1"].reverse());
  assertEquals(binding.reports().map(({ state }) => state), ["open", "open"]);
  for (const { port } of binding.addresses()) assertEquals(port > 0, true);
});

Deno.test("Binding goes on without an address that is in use, says why, and takes it when free", async () => {
  const blocker = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const taken = blocker.addr as Deno.NetAddr;
  const told: string[] = [];
  const late = Promise.withResolvers<HostPort>();
  const third = Promise.withResolvers<void>();
  let tries = 0;
  using binding = new Binding([
    { hostname: "127.0.0.1", port: taken.port },
    { hostname: "::1", port: 0 },
  ], {
    open: (address) => {
      if (address.port === taken.port && ++tries === 3) third.resolve();
      return open(address);
    },
    retryMs: 5,
    onOpen: (_listener, address) => {
      if (address.port === taken.port) late.resolve(address);
    },
    onWaiting: (_address, detail) => told.push(detail),
  });
  assertEquals(binding.reports().map(({ state }) => state), ["waiting", "open"]);
  assertMatch(binding.reports()[0]!.detail!, /^in use by another program/);
  await third.promise;
  blocker.close();
  assertEquals((await late.promise).port, taken.port);
  assertEquals(told.length, 1);
  assertEquals(binding.reports().map(({ state }) => state), ["open", "open"]);
});

Deno.test("Binding counts 0.0.0.0 as open when its own [::] has the port", async () => {
  const port = freePort();
  const addresses = [{ hostname: "0.0.0.0", port }, { hostname: "::", port }];
  const hosts = new Set<string>();
  using binding = new Binding(addresses, {
    open,
    onOpen: async (listener) => {
      for await (const connection of listener) {
        hosts.add((connection.localAddr as Deno.NetAddr).hostname);
        connection.close();
      }
    },
  });
  assertEquals(binding.reports(), [
    { address: `0.0.0.0:${port}`, state: "open" },
    { address: `[::]:${port}`, state: "open" },
  ]);
  for (const hostname of ["127.0.0.1", "::1"]) {
    using connection = await Deno.connect({ hostname, port });
    assertEquals(await connection.read(new Uint8Array(1)), null);
  }
  assertEquals(hosts.size, 2);
});

Deno.test("Binding.update() keeps what is on both lists, closes and opens the rest", async () => {
  const [a, b, c] = [freePort(), freePort(), freePort()].map((port) => ({
    hostname: "127.0.0.1",
    port,
  }));
  const opened: number[] = [];
  const binding = new Binding([a!, b!], {
    open,
    onOpen: (_listener, { port }) => opened.push(port),
  });
  binding.update([b!, c!]);
  assertEquals(opened, [a!.port, b!.port, c!.port]);
  assertEquals(binding.addresses(), [b, c]);
  for (const address of [b!, c!]) (await Deno.connect(address)).close();
  await assertRejects(() => Deno.connect(a!), Deno.errors.ConnectionRefused);
  binding.close();
  binding.close();
});
