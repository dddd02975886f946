/**
 * TLS clients: connect, handshake, read the greeting, close. Prints: done, failed, seconds.
 *
 *     tls_load.ts PORT CONNECTIONS PARALLEL
 * @module
 */
const [port, total, parallel] = Deno.args.map(Number) as [number, number, number];
const caCerts = [Deno.readTextFileSync(Deno.args[3]!)];
let [started, done, failed] = [0, 0, 0];

async function client(): Promise<void> {
  while (started++ < total) {
    try {
      using conn = await Deno.connectTls({ hostname: "localhost", port, caCerts });
      if (await conn.read(new Uint8Array(256)) === null) throw new Error("no greeting");
      done++;
    } catch {
      failed++;
    }
  }
}

const start = performance.now();
await Promise.all(Array.from({ length: parallel }, client));
// deno-lint-ignore no-console -- what this program is for
console.log(`${done} ${failed} ${((performance.now() - start) / 1000).toFixed(4)}`);
