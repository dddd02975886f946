/**
 * TLS clients: several `openssl s_time` at once, each shaking hands anew as fast as it can. A client in
 * JavaScript would cost more than the server it drives. Prints: done, failed, seconds.
 *
 *     tls_load.ts PORT SECONDS CLIENTS CA [PATH]
 *
 * With PATH each asks for it by HTTP and reads the answer.
 * @module
 */
const [port, seconds, clients, ca, path] = Deno.args as [string, string, string, string, string?];
const get = path === undefined ? [] : ["-www", path];

async function client(): Promise<number> {
  const { success, stdout, stderr } = await new Deno.Command("openssl", {
    args: [
      ...["s_time", "-connect", `127.0.0.1:${port}`, "-new", "-time", seconds, "-CAfile", ca],
      ...get,
    ],
  }).output();
  const text = new TextDecoder().decode(stdout);
  const count = /^(\d+) connections in \d+ real seconds/m.exec(text)?.[1];
  if (!success || count === undefined) {
    throw new Error(`openssl s_time failed: ${text}${new TextDecoder().decode(stderr)}`);
  }
  return Number(count);
}

const start = performance.now();
const counts = await Promise.all(Array.from({ length: Number(clients) }, client));
const took = (performance.now() - start) / 1000;
const done = counts.reduce((sum, count) => sum + count, 0);
// deno-lint-ignore no-console -- what this program is for
console.log(`${done} 0 ${took.toFixed(4)}`);
