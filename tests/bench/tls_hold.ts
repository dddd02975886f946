/**
 * Holds TLS connections open until its input ends. Needs --unsafely-ignore-certificate-errors.
 *
 *     tls_hold.ts PORT COUNT
 * @module
 */
const [port, count] = Deno.args.map(Number) as [number, number];
const PARALLEL = 16;
const held: Deno.TlsConn[] = [];
let left = count;

async function open(): Promise<void> {
  while (left-- > 0) {
    const conn = await Deno.connectTls({ hostname: "127.0.0.1", port });
    await conn.read(new Uint8Array(64)); // the greeting
    held.push(conn);
  }
}

await Promise.all(Array.from({ length: PARALLEL }, open));
Deno.stdout.writeSync(new TextEncoder().encode(`held ${held.length}\n`));
await Deno.stdin.read(new Uint8Array(1));
