/** Stock telnet clients, typed to by `expect`. */
import { assert, assertEquals } from "@std/assert";
import { testWith } from "./support/machine.ts";
import { runToEnd } from "./support/process.ts";
import { waysToStart } from "./support/program.ts";
import { assertOnce, watched } from "./support/watched.ts";
import { isAttempt } from "./support/wire_event.ts";

/** Waits for prompts and types, as a person does; ends with 0 when all came. */
const SCRIPT = String.raw`
set timeout 15
proc want {what} {
  expect {
    -re $what {}
    timeout { puts "\nNO $what"; exit 3 }
    eof { puts "\nEND before $what"; exit 4 }
  }
}
lassign $argv name password name2 password2
spawn {*}[lrange $argv 4 end]
want {Debian GNU/Linux 12\r\n}
want {login: $}
send "$name\r"
want "$name\r\n"
want {Password: $}
send "$password\r"
want {Login incorrect\r\n}
want {login: $}
send "$name2\r"
want {Password: $}
send "$password2\r"
want {Login incorrect\r\n}
want {login: $}
close
exit 0
`;

/** Programs, and what is typed to each: it asks twice. */
const CLIENTS: { command: string[]; pairs: [name: string, password: string][] }[] = [
  { command: ["inetutils-telnet"], pairs: [["root", "xc3511"], ["admin", "7ujMko0admin"]] },
  { command: ["busybox", "telnet"], pairs: [["support", "vizxv"], ["guest", "888888"]] },
];

for (const { way, open } of waysToStart()) {
  testWith(
    `Telnet clients log in as at BusyBox, and what they tried is told (${way})`,
    { programs: ["expect", "inetutils-telnet", "busybox"] },
    async () => {
      const events = await watched(open, async ({ program }) => {
        const port = String(program.ports.telnet);
        await Promise.all(CLIENTS.map(async ({ command, pairs }) => {
          const { code, stdout, stderr } = await runToEnd("expect", [
            ...["-", ...pairs.flat(), ...command, "127.0.0.1", port],
          ], { stdin: SCRIPT, env: { TERM: "xterm" } });
          assertEquals(code, 0, stdout + stderr);
          for (const [, password] of pairs) {
            assert(!stdout.includes(password), `a password is not echoed: ${stdout}`);
          }
        }));
      });
      for (const [name, password] of CLIENTS.flatMap(({ pairs }) => pairs)) {
        const attempt = assertOnce(events, name, isAttempt(name, password));
        assertEquals(attempt.event.provider, "telnet");
      }
      const attempts = events.filter(({ event }) => event.action === "credential-attempt");
      assertEquals(attempts.length, 4);
      const options = events.filter(({ event }) => event.action === "telnet-client")
        .map(({ duckblind }) => JSON.stringify(duckblind.telnet.options));
      assertEquals(options.length, CLIENTS.length);
      assert(options.every((text) => /"(WILL|DO) \d/.test(text)), options.join());
      assert(
        options.some((text) => text.includes('"WILL 31"')),
        "inetutils tells the window's size",
      );
    },
  );
}
