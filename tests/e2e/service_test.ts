/** The encrypted service by hand, with `openssl s_client` and `ncat`, and whoever has no business there. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { testWith } from "./support/machine.ts";
import { Peer, poll } from "./support/peer.ts";
import { Running, runToEnd } from "./support/process.ts";
import { waysToStart } from "./support/program.ts";
import { assertOnce, watched } from "./support/watched.ts";
import { isAttempt, type WireEvent } from "./support/wire_event.ts";

const GREETING = /^\+OK Welcome to the encrypted server!\r?$/;

/** Waits for the next line of a client that is typed to, from where the last one stood. */
function reader(client: Running): (form: RegExp) => Promise<string> {
  let next = 0;
  return async (form) => {
    const line = await client.stdout.find(form, { from: next });
    next = client.stdout.all.indexOf(line, next) + 1;
    return line.trimEnd();
  };
}

for (const { way, open } of waysToStart()) {
  testWith(
    `The encrypted service is usable from openssl s_client -quiet (${way})`,
    { programs: ["openssl"] },
    async () => {
      await watched(open, async ({ program, sensor }) => {
        const { port, name, token } = await sensor.service();
        const options = ["-CAfile", "certs/ca.pem", "-verify_return_error"];
        await using client = new Running(
          "openssl",
          ["s_client", "-quiet", "-connect", `localhost:${port}`, ...options],
          { cwd: program.folder, isTypedTo: true },
        );
        const line = reader(client);
        await line(GREETING);
        await client.type("HELP");
        await line(/^\+OK 4\r?$/);
        await line(/^AUTH name token/);
        await line(/^\.\r?$/);
        await client.type("STATUS");
        await line(/^-ERR login-required /);
        await client.type(`AUTH ${name} ${token}`);
        await line(/^\+OK Logged in as operator/);
        await client.type("STATUS");
        await line(/^\+OK 1\r?$/);
        const status = JSON.parse(await line(/^\{/));
        assertEquals(status.decoys.total, 6);
        await line(/^\.\r?$/);
        await client.type("TAIL");
        await line(/^\+OK tail since=\d+\r?$/);
        using peer = await Peer.connect(program.ports.ftp);
        await peer.send("USER tail\r\nPASS live\r\n");
        for (;;) {
          const event = JSON.parse(await line(/^\{/)) as WireEvent;
          if (isAttempt("tail", "live")(event)) break;
        }
        await client.type("");
        await line(/^\.\r?$/);
        await client.type("QUIT");
        await line(/^\+OK Bye\r?$/);
        await client.exit();
        assertMatch(client.stderr.text, /verify return:1/);
        const subject = /depth=0 (.*)/.exec(client.stderr.text)?.[1] ?? "";
        assertEquals(subject.match(/duckblind|honeypot/i), null);
      });
    },
  );

  testWith(
    `The encrypted service is usable from ncat --ssl (${way})`,
    { programs: ["ncat"] },
    async () => {
      await watched(open, async ({ program, sensor }) => {
        const { port, name, token } = await sensor.service();
        const trust = ["--ssl", "--ssl-verify", "--ssl-trustfile", "certs/ca.pem"];
        await using client = new Running("ncat", [...trust, "localhost", String(port)], {
          cwd: program.folder,
          isTypedTo: true,
        });
        const line = reader(client);
        await line(GREETING);
        await client.type("ping");
        await line(/^\+OK PONG\r?$/);
        await client.type(`AUTH ${name} ${token}`);
        await line(/^\+OK Logged in as operator/);
        await client.type("EVENTS limit=1 type=sensor-started");
        await line(/^\+OK 1\r?$/);
        await line(/"sensor-started"/);
        await client.type("QUIT");
        await line(/^\+OK Bye\r?$/);
        await client.endInput();
        assertEquals((await client.exit()).code, 0);
      });
    },
  );

  testWith(
    `Whoever probes the encrypted service is told at severity 80 (${way})`,
    { programs: ["curl", "openssl"] },
    async () => {
      const events = await watched(open, async ({ program, sensor, event }) => {
        const { port } = await sensor.service();
        const probes = async (count: number) => {
          await poll(async () => {
            const { stdout } = await program.run(["status", "--json"]);
            return JSON.parse(stdout).service.probes;
          }, (probes) => probes >= count);
        };
        const isProbe = ({ event }: WireEvent) => event.action === "service-probe";
        // No TLS: a scanner's request. The first of a source is told at once.
        const plain = await runToEnd("curl", ["-sS", `http://127.0.0.1:${port}/`]);
        assert(plain.code !== 0 && plain.stdout === "", plain.stdout);
        await event(isProbe);
        // One that says nothing and goes.
        (await Peer.connect(port))[Symbol.dispose]();
        await probes(2);
        // TLS by someone who does not know the authority, and HTTP inside.
        const tls = await runToEnd("curl", ["-sS", `https://127.0.0.1:${port}/`]);
        assertEquals(tls.code, 60, tls.stderr);
        await probes(3);
        // Three guesses, and out.
        const guess = ["s_client", "-quiet", "-connect", `127.0.0.1:${port}`];
        await using client = new Running("openssl", guess, { isTypedTo: true });
        const line = reader(client);
        await line(GREETING);
        for (let i = 0; i < 3; i++) {
          await client.type(`AUTH operator guess-${i}`);
          await line(/^-ERR login-failed /);
        }
        await client.exit();
        assertEquals(sensor.process.stderr.text.match(/guess-\d/), null);
      });
      const loud = events.filter(({ event }) => event.severity >= 80);
      assertEquals(loud.filter(({ event }) => event.action === "service-probe").length, 2);
      assertEquals(loud.filter(({ event }) => event.action === "service-login").length, 3);
      assertOnce(events, "plain HTTP", ({ message }) => message.includes("(not TLS)"));
      // What follows within a minute is counted, and told at the latest at the end.
      assertOnce(events, "the others", ({ message }) => message.includes("2 more within a minute"));
      assertEquals(events.at(-1)!.event.action, "sensor-stopped");
    },
  );
}
