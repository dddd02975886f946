/** Stock clients, guessers and scanners at the VNC decoys: what each of them tried is told, and once. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { testWith } from "./support/machine.ts";
import { runToEnd } from "./support/process.ts";
import { Program } from "./support/program.ts";
import { assertOnce, watched } from "./support/watched.ts";
import type { WireEvent } from "./support/wire_event.ts";

const CONFIG = `service:
  listen: ["127.0.0.1:@service"]
decoys:
  - kind: vnc
    name: vncopen
    blacklist: false
    security_types: [VncAuth]
    words: [${["hydra", "medusa", "ncrack"].map((tool) => `${tool}#1, ${tool}#2`).join()}]
    listen: ["127.0.0.1:@vncopen"]
  - { kind: vnc, name: vncstock, security_types: [VncAuth], listen: ["127.0.0.1:@vncstock"] }
`;
const PROGRAMS = ["hydra", "medusa", "ncrack", "nmap", "vncsnapshot", "tigervncpasswd"];

/** Guesses passwords that the decoy knows, one that it does not, and one that is cut to eight bytes. */
async function guess(tool: "hydra" | "medusa" | "ncrack", port: number, folder: string) {
  const words = [`${tool}#1`, "letmein", `${tool}#2`, `${tool}xyzw`];
  const file = `${tool}.txt`;
  await Deno.writeTextFile(`${folder}/${file}`, words.join("\n") + "\n");
  const args = {
    hydra: ["-I", "-P", file, "-t", "1", "-s", String(port), "127.0.0.1", "vnc"],
    medusa: ["-h", "127.0.0.1", "-n", String(port), "-M", "vnc", "-u", "", "-P", file],
    ncrack: ["-p", `vnc:${port}`, "--user", "", "-P", file, "127.0.0.1"],
  }[tool];
  const { stdout, stderr } = await runToEnd(tool, args, { cwd: folder, withinMs: 60_000 });
  assert(!/host:.* password:|ACCOUNT FOUND|Discovered/.test(stdout), stdout + stderr);
}

/** A client of RFB 3.3. */
async function snapshot(port: number, folder: string): Promise<string> {
  const { stdout: file } = await runToEnd("bash", [
    ...["-c", "tigervncpasswd -f <<< iloveyou > snapshot.passwd && echo snapshot.passwd"],
  ], { cwd: folder });
  const args = ["-quiet", "-passwd", file.trim(), `127.0.0.1::${port}`, "snapshot.jpg"];
  const { stdout, stderr, code } = await runToEnd("vncsnapshot", args, { cwd: folder });
  assert(code !== 0);
  return stdout + stderr;
}

async function scan(port: number): Promise<void> {
  const { stdout } = await runToEnd("nmap", [
    ...["-Pn", "-sV", "-p", String(port), "127.0.0.1", "--script"],
    "vnc-info,vnc-title,realvnc-auth-bypass",
  ], { withinMs: 120_000 });
  assertMatch(stdout, /open\s+vnc\s+VNC \(protocol 3\.8\)/);
  assertMatch(stdout, /Protocol version: 3\.8\n.*Security types: \n.*VNC Authentication \(2\)/);
  assert(!/Vulnerable/i.test(stdout), stdout);
}

testWith(
  "hydra, medusa, ncrack, vncsnapshot and nmap are answered as by TigerVNC, and what they tried is told",
  { programs: PROGRAMS },
  async () => {
    const events = await watched(() => Program.source(CONFIG), async ({ program }) => {
      const { vncopen, vncstock } = program.ports;
      const { folder } = program;
      const tools = (["hydra", "medusa", "ncrack"] as const).map((tool) =>
        guess(tool, vncopen, folder)
      );
      await Promise.all([...tools, scan(vncstock)]);
      assertMatch(await snapshot(vncopen, folder), /authentication failed/i);
      let said = "";
      for (let i = 0; i < 6; i++) said = await snapshot(vncstock, folder);
      assertMatch(said, /Too many security failures/);
    });
    const attempts = events.filter(({ event }) =>
      event.action === "credential-attempt" && event.provider === "vncopen"
    );
    const password = ({ duckblind }: WireEvent) => duckblind.credential.password;
    for (const tool of ["hydra", "medusa", "ncrack"]) {
      for (const word of [`${tool}#1`, `${tool}#2`]) {
        assertOnce(attempts, `the password ${word}`, (event) => password(event) === word);
      }
    }
    assertEquals(attempts.filter((event) => password(event) === "letmein").length, 3);
    assertOnce(attempts, "that of vncsnapshot", (event) => password(event) === "iloveyou");
    assertEquals(attempts.filter((event) => password(event) === undefined).length, 3);
    assertEquals(attempts.length, 13);
    for (const event of attempts) {
      assertEquals(event.duckblind.credential.method, "vnc-des");
      assertMatch(event.duckblind.credential.hash, /^\$vnc\$\*[0-9A-F]{32}\*[0-9A-F]{32}$/);
    }
    const isLimit = ({ event }: WireEvent) =>
      event.action === "limit-hit" && event.provider === "vncstock";
    assert(events.some(isLimit), "a refusal by the blacklist is told");
  },
);
