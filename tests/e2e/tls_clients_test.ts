/** Stock clients and tools that speak TLS with decoys: they get in as far as with the genuine servers. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { takePorts, testWith } from "./support/machine.ts";
import { runToEnd } from "./support/process.ts";
import { Program } from "./support/program.ts";
import { assertOnce, watched } from "./support/watched.ts";
import { isAttempt, type WireEvent } from "./support/wire_event.ts";

const NAMES = ["nginx", "apache", "vsftpd", "proftpd", "ftps", "inner"] as const;
type Ports = Record<(typeof NAMES)[number], number>;

const CONFIG = `service: {listen: ["127.0.0.1:@service"], inner: "127.0.0.1:@inner"}
tls: {inner: "127.0.0.1:#inner"}
sinks: [{kind: console}]
decoys:
  - {kind: https, name: nginx, product: nginx-1.22.1, listen: ["127.0.0.1:#nginx"]}
  - {kind: https, name: apache, product: apache-2.4.71, site: nas, listen: ["127.0.0.1:#apache"]}
  - {kind: ftp, name: vsftpd, auth_tls: required, listen: ["127.0.0.1:#vsftpd"]}
  - {kind: ftp, name: proftpd, product: proftpd-1.3.8, auth_tls: offered, listen: ["127.0.0.1:#proftpd"]}
  - {kind: ftp, name: ftps, tls: true, listen: ["127.0.0.1:#ftps"]}
`;

/** A program whose decoys have these ports. */
function makeProgram(): { ports: Ports; open: () => Promise<Program> } {
  const free = takePorts(NAMES.length);
  const ports = Object.fromEntries(NAMES.map((name, i) => [name, free[i]!])) as Ports;
  const config = NAMES.reduce((text, name) => text.replace(`#${name}"`, `${ports[name]}"`), CONFIG);
  return { ports, open: () => Program.source(config) };
}

async function passwordFile(folder: string, words: readonly string[]): Promise<string> {
  const file = `${folder}/${words[0]}.txt`;
  await Deno.writeTextFile(file, words.join("\n") + "\n");
  return file;
}

/** What of a ClientHello's event is looked at. */
interface Hello extends WireEvent {
  readonly tls?: { readonly established?: boolean; readonly client?: { readonly ja3?: string } };
}

const attempts = (events: readonly WireEvent[], provider: string, user: string) =>
  events.filter(({ event, user: tried }) =>
    event.action === "credential-attempt" && event.provider === provider && tried?.name === user
  ).map(({ duckblind }) => duckblind.credential.password as string);

testWith(
  "curl and openssl speak TLS with https decoys, and see a certificate that is not the service's",
  { programs: ["curl", "openssl"] },
  async () => {
    const { ports, open } = makeProgram();
    const events = await watched(open, async ({ program, event }) => {
      for (
        const [name, server] of [["nginx", "nginx/1.22.1"], ["apache", "Apache/2.4.71"]] as const
      ) {
        const url = `https://localhost:${ports[name]}`;
        const curl = async (...args: string[]) =>
          (await runToEnd("curl", ["-sSik", ...args])).stdout;
        assertMatch(
          await curl("-u", `${name}:basic`, `${url}/`),
          new RegExp(`^HTTP/1.1 200 OK\r\n[^]*${server}`),
        );
        const redirect = await curl(`${url}/${name === "nginx" ? "assets" : "static"}`);
        if (/^HTTP\/1.1 301/.test(redirect)) {
          assertMatch(redirect, new RegExp(`\r\nLocation: ${url}/`));
        }
        const clear = await curl(`http://127.0.0.1:${ports[name]}/clear`);
        assertMatch(clear, /^HTTP\/1.1 400 Bad Request\r\n[^]*plain HTTP/);
      }
      const certificate = async (port: number) => {
        const args = ["s_client", "-connect", `127.0.0.1:${port}`, "-servername", "localhost"];
        const { stdout } = await runToEnd("openssl", args, { stdin: "" });
        assertMatch(stdout, /Protocol *: TLSv1\.3|New, TLSv1\.3/);
        return /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/.exec(stdout)![0];
      };
      const shown = await certificate(ports.nginx);
      assertEquals(await certificate(ports.apache), shown, "one host, one certificate");
      assertEquals(await certificate(ports.ftps), shown);
      const kept = await Deno.readTextFile(`${program.folder}/data/decoys/tls.pem`);
      assertEquals(kept.trim(), shown);
      assert((await certificate(program.ports.service)) !== shown);
      for (const service of ["certs/server.pem", "certs/ca.pem"]) {
        assert(
          !(await Deno.readTextFile(`${program.folder}/${service}`)).includes(shown.slice(30, 200)),
        );
      }
      await event(({ event }) => event.action === "connection-closed");
    });
    for (const name of ["nginx", "apache"]) {
      assertOnce(events, name, isAttempt(name, "basic"));
    }
    const hellos: Hello[] = events.filter(({ event }) => event.action === "tls-client-hello");
    const spoken = hellos.filter(({ tls }) => tls?.established);
    assert(spoken.length >= 6, `${spoken.length} handshakes`);
    for (const { tls, duckblind } of spoken) {
      assertMatch(tls?.client?.ja3 ?? "", /^[0-9a-f]{32}$/);
      assertMatch(duckblind.tls.ja4, /^t13[di]\d{4}/);
    }
  },
);

testWith(
  "hydra guesses in TLS, and every password is told once",
  { programs: ["hydra"] },
  async () => {
    const { ports, open } = makeProgram();
    const words = ["alpha", "beta", "gamma", "delta", "epsilon"];
    let tried: string[] = [];
    const events = await watched(open, async ({ program }) => {
      const file = await passwordFile(program.folder, words);
      const hydra = async (port: number, ...module: string[]) => {
        const args = [
          "-I",
          "-V",
          "-l",
          "hydra",
          "-P",
          file,
          "-t",
          "2",
          "-s",
          String(port),
          "127.0.0.1",
        ];
        return (await runToEnd("hydra", [...args, ...module], { withinMs: 60_000 })).stdout;
      };
      const form = "/login.php:username=^USER^&password=^PASS^:not correct";
      assertMatch(await hydra(ports.nginx, "https-post-form", form), /0 valid password/);
      // A page that asks for no password: hydra takes the first for right, and stops.
      const found = await hydra(ports.apache, "https-get", "/");
      tried = [...found.matchAll(/\[ATTEMPT\].* pass "(\w+)"/g)].map(([, word]) => word!);
      assert(tried.length > 0, found);
    });
    assertEquals(attempts(events, "nginx", "hydra").sort(), [...words].sort());
    const told = attempts(events, "apache", "hydra");
    assertEquals(told.length, new Set(told).size, "each once");
    assert(told.length > 0 && told.every((word) => tried.includes(word)), told.join());
  },
);

testWith(
  "lftp and curl log in to ftp by AUTH TLS, and to ftps, and what they tried is told",
  { programs: ["lftp", "curl"] },
  async () => {
    const { ports, open } = makeProgram();
    const events = await watched(open, async () => {
      const lftp = async (name: "vsftpd" | "proftpd") => {
        const script =
          "set net:max-retries 1; set net:timeout 10; set ssl:verify-certificate no; " +
          "set ftp:ssl-force yes; debug 9; ls; bye";
        const { stdout, stderr } = await runToEnd("lftp", [
          ...["-u", `lftp,${name}`, "-e", script, `ftp://127.0.0.1:${ports[name]}`],
        ]);
        assertMatch(stdout + stderr, /Login failed: 530 Login incorrect\./);
      };
      const curl = async (user: string, ...args: string[]) => {
        const { code, stderr } = await runToEnd("curl", ["-sSkv", "-u", user, ...args]);
        assertEquals(code, 67, stderr);
        assertMatch(stderr, /530 Login incorrect\./);
      };
      await Promise.all([
        lftp("vsftpd"),
        lftp("proftpd"),
        curl("curl:vsftpd", "--ssl-reqd", `ftp://127.0.0.1:${ports.vsftpd}/`),
        curl("curl:proftpd", "--ssl-reqd", `ftp://127.0.0.1:${ports.proftpd}/`),
        curl("curl:ftps", `ftps://127.0.0.1:${ports.ftps}/`),
      ]);
    });
    for (
      const [user, word] of [
        ["lftp", "vsftpd"],
        ["lftp", "proftpd"],
        ["curl", "vsftpd"],
        ["curl", "proftpd"],
        ["curl", "ftps"],
      ] as const
    ) {
      assertOnce(events, `${user} ${word}`, isAttempt(user, word));
    }
  },
);

testWith("nmap takes https and ftp with TLS for the products", { programs: ["nmap"] }, async () => {
  const { ports, open } = makeProgram();
  await watched(open, async () => {
    const list = [ports.nginx, ports.apache, ports.ftps].join(",");
    const args = ["-n", "-Pn", "-sV", "-p", list, "127.0.0.1"];
    const { code, stdout } = await runToEnd("nmap", args, { withinMs: 100_000 });
    assertEquals(code, 0, stdout);
    const verdicts = stdout.split("\n").filter((line) => /^\d+\/tcp/.test(line))
      .map((line) => line.replace(/\s+/g, " ").trim());
    assertEquals(
      verdicts.sort(),
      [
        `${ports.nginx}/tcp open ssl/http nginx 1.22.1`,
        `${ports.apache}/tcp open http Apache httpd 2.4.71`, // as the genuine one: it answers in clear
        `${ports.ftps}/tcp open ssl/ftp vsftpd 3.0.3`,
      ].sort(),
    );
  });
});
