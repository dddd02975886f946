/** `nmap -sV`: every decoy is taken for its product. */
import { assertEquals, assertMatch } from "@std/assert";
import { defaultConfig } from "../../lib/config/default.ts";
import { testWith } from "./support/machine.ts";
import { runToEnd } from "./support/process.ts";
import { EXECUTABLE, Program } from "./support/program.ts";
import { assertOnce } from "./support/watched.ts";
import { watched } from "./support/watched.ts";

/** Products that the default config has not. */
const FURTHER = `decoys:
  - {kind: ftp, name: proftpd, product: proftpd-1.3.8, listen: ["127.0.0.1:@proftpd"]}
  - {kind: telnet, name: inetutils, product: inetutils-2.4, listen: ["127.0.0.1:@inetutils"]}
`;
/** What nmap 7.93 prints of the genuine products; for both telnet daemons that is the protocol alone. */
const VERDICTS: Partial<Record<keyof Program["ports"], string>> = {
  ssh: "ssh OpenSSH 9.2p1 Debian 2+deb12u10 (protocol 2.0)",
  ftp: "ftp vsftpd 3.0.3",
  telnet: "telnet",
  http: "http nginx 1.22.1",
  router: "http Apache httpd 2.4.71 ((Debian))",
  proftpd: "ftp ProFTPD",
  inetutils: "telnet",
};

/** Scans a sensor and compares; the telnet daemons take every probe there is, as the genuine ones. */
async function scan(open: () => Promise<Program>): Promise<void> {
  const events = await watched(open, async ({ program, event }) => {
    const targets = (Object.keys(VERDICTS) as (keyof typeof VERDICTS)[])
      .filter((name) => program.ports[name] > 0);
    const ports = targets.map((name) => program.ports[name]).join(",");
    const args = ["-n", "-Pn", "-sV", "-p", ports, "127.0.0.1"];
    const { code, stdout, stderr } = await runToEnd("nmap", args, { withinMs: 100_000 });
    assertEquals([code, stderr], [0, ""]);
    const verdicts = stdout.split("\n").filter((line) => /^\d+\/tcp/.test(line))
      .map((line) => line.replace(/\s+/g, " ").trim());
    assertEquals(
      verdicts.sort(),
      targets.map((name) => `${program.ports[name]}/tcp open ${VERDICTS[name]}`).sort(),
    );
    assertMatch(stdout, /Service Info: OSs: (Linux, Unix|Unix, Linux);/);
    await event(({ url }) => url?.original === "/HNAP1");
  });
  for (const decoy of ["http", "router"]) {
    const probe = assertOnce(
      events,
      `the probe of ${decoy}`,
      ({ event, url }) => event.provider === decoy && url?.original === "/HNAP1",
    );
    assertEquals(probe.event.severity, 40);
    assertMatch(JSON.stringify(probe), /Nmap Scripting Engine/);
  }
}

testWith("nmap takes every decoy for its product", { programs: ["nmap"] }, async () => {
  const config = defaultConfig("tryout").replace("decoys:\n", () => FURTHER);
  const source = () => Program.source(config);
  const ways = EXECUTABLE === undefined ? [source] : [source, () => Program.executable()];
  await Promise.all(ways.map(scan));
});
