/**
 * Telnet daemons below inetutils-inetd, before Debian's `login`. Need root: they open terminals for
 * logins.
 * @module
 */
import { type Genuine, type GenuineProcess, startDaemon, unpacked } from "../process.ts";

/** BusyBox 1.35.0, of the package that is built with telnetd. */
export const busyboxTelnetd: Genuine = {
  name: "BusyBox telnetd 1.35.0",
  packages: ["busybox-static", "inetutils-inetd"],
  async start({ port, workDir }) {
    const program = unpacked("busybox", "bin/busybox");
    await Deno.writeTextFile(`${workDir}/issue`, "Debian GNU/Linux 12\n");
    // By itself it listens with a backlog of one, and loses connections that come together.
    const line = `${program} busybox telnetd -i -f ${workDir}/issue -l /bin/login`;
    return await startInetd(line, { port, workDir });
  },
};

/** inetutils-telnetd 2.4-2+deb12u3. */
export const inetutilsTelnetd: Genuine = {
  name: "inetutils-telnetd 2.4",
  packages: ["inetutils-telnetd", "inetutils-inetd"],
  start: (place) => startInetd("/usr/sbin/telnetd telnetd", place),
};

/** Runs a program for each connection; `line` is its path and arguments, as `inetd.conf` has them. */
async function startInetd(
  line: string,
  { port, workDir }: { port: number; workDir: string },
): Promise<GenuineProcess> {
  const config = `${workDir}/inetd.conf`;
  await Deno.writeTextFile(config, `127.0.0.1:${port} stream tcp nowait root ${line}\n`);
  return await startDaemon(
    // A shell that runs the tests in the background has signals ignored; login must not.
    ["/usr/bin/env", "--default-signal", INETD, "-d", "-R0", `-p${workDir}/pid`, config],
    { hostname: "127.0.0.1", port },
  );
}

const INETD = "/usr/sbin/inetutils-inetd";
