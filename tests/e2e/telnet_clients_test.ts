/** A stock telnet client, typed to by `expect`. */
import { assertEquals, assertMatch } from "@std/assert";
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
spawn {*}$argv
want {Debian GNU/Linux 12\r\n}
want {login: $}
send "root\r"
want {root\r\n}
want {Password: $}
send "xc3511\r"
want {Login incorrect\r\n}
want {login: $}
send "admin\r"
want {Password: $}
send "7ujMko0admin\r"
want {Login incorrect\r\n}
want {login: $}
close
exit 0
`;

for (const { way, open } of waysToStart()) {
  for (const client of ["inetutils-telnet", "busybox"] as const) {
    testWith(
      `${client} logs in to the telnet decoy, and what it tried is told (${way})`,
      { programs: ["expect", client] },
      async () => {
        const events = await watched(open, async ({ program, event }) => {
          const port = String(program.ports.telnet);
          const command = client === "busybox"
            ? ["busybox", "telnet", "127.0.0.1", port]
            : [client, "127.0.0.1", port];
          const { code, stdout, stderr } = await runToEnd("expect", ["-", ...command], {
            stdin: SCRIPT,
            env: { TERM: "xterm" },
          });
          assertEquals(code, 0, stdout + stderr);
          assertEquals(stdout.match(/xc3511|7ujMko0admin/), null, "a password is not echoed");
          await event(({ event }) => event.action === "connection-closed");
        });
        for (const [name, password] of [["root", "xc3511"], ["admin", "7ujMko0admin"]] as const) {
          const attempt = assertOnce(events, name, isAttempt(name, password));
          assertEquals(attempt.event.provider, "telnet");
        }
        const options = assertOnce(
          events,
          "options",
          ({ event }) => event.action === "telnet-client",
        );
        assertMatch(JSON.stringify(options.duckblind.telnet), /(WILL|DO)/);
        if (client === "inetutils-telnet") {
          assertMatch(JSON.stringify(options.duckblind.telnet), /WILL 31/, "the window's size");
        }
      },
    );
  }
}
