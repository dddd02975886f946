/** Every decoy and the encrypted service by `::1`; IPv4 beside it is written as IPv4. */
import { assertEquals } from "@std/assert";
import { hasIpv6, testWith } from "./support/machine.ts";
import { Operator } from "./support/operator.ts";
import { Peer } from "./support/peer.ts";
import { waysToStart } from "./support/program.ts";
import { isAttempt } from "./support/wire_event.ts";

/** What a decoy says, and what it is told before that. */
const TALKS = [
  { name: "ftp", say: "", hear: "220 (vsFTPd 3.0.3)\r\n" },
  { name: "telnet", say: "", hear: "login: " },
  { name: "http", say: "GET / HTTP/1.0\r\n\r\n", hear: "Server: nginx/1.22.1\r\n" },
  { name: "router", say: "GET / HTTP/1.0\r\n\r\n", hear: "Server: Apache/2.4.71 (Debian)\r\n" },
  { name: "jetdirect", say: "@PJL INFO ID\r\n", hear: "" },
] as const;

for (const { way, open } of waysToStart()) {
  testWith(
    `Every decoy answers by IPv6 as by IPv4 (${way})`,
    { missing: hasIpv6() ? undefined : "IPv6 on the loopback" },
    async () => {
      await using program = await open();
      await using sensor = await program.startSensor();
      using operator = await Operator.login({ ...await sensor.service(), hostname: "::1" });
      await operator.tail(0);
      for (const ip of ["::1", "127.0.0.1"]) {
        await Promise.all(TALKS.map(async ({ name, say, hear }) => {
          using peer = await Peer.connect(program.ports[name], ip);
          await peer.send(say);
          await peer.until(hear);
          await operator.event(({ event, source }) =>
            event.action === "connection-opened" && event.provider === name && source?.ip === ip
          );
        }));
      }
      using ftp = await Peer.connect(program.ports.ftp, "::1");
      await ftp.send("USER six\r\nPASS sesame\r\n");
      const attempt = await operator.event(isAttempt("six", "sesame"));
      assertEquals(attempt.source?.ip, "::1");
      using legacy = await Operator.login(await sensor.service());
      const logins = await legacy.events(0, "type=service-login");
      assertEquals(logins.map(({ source }) => source?.ip), ["::1", "127.0.0.1"]);
      const types = await legacy.events(0, "type=connection-opened source=::1");
      assertEquals(types.length, TALKS.length + 1);
      assertEquals((await sensor.stop()).code, 0);
    },
  );
}
