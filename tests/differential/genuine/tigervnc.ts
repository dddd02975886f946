/**
 * Xvnc of Debian 12's tigervnc-standalone-server.
 *
 * Differs from its defaults only in what one test needs: address, port, a password, and no blacklist,
 * which would end a test after five connections.
 * @module
 */
import { type Genuine, startDaemon } from "../process.ts";

/** The password that the server has: none of those that tests try. */
const PASSWORD = "jCk3vQ1z";

/**
 * TigerVNC 1.12.
 * @param options further options, such as `-SecurityTypes`.
 * @param files what the options name, by file name in the server's own folder.
 */
export function tigervnc(
  options: readonly string[] = ["-UseBlacklist=0"],
  files: () => Promise<Record<string, string>> = () => Promise.resolve({}),
): Genuine {
  return {
    name: "TigerVNC 1.12",
    packages: ["tigervnc-standalone-server", "tigervnc-tools"],
    async start({ port, workDir }) {
      for (const [name, text] of Object.entries(await files())) {
        await Deno.writeTextFile(`${workDir}/${name}`, text);
      }
      const obfuscate = new Deno.Command("/usr/bin/tigervncpasswd", {
        args: ["-f"],
        stdin: "piped",
        stdout: "piped",
        stderr: "null",
      }).spawn();
      const writer = obfuscate.stdin.getWriter();
      await writer.write(new TextEncoder().encode(`${PASSWORD}\n`));
      await writer.close();
      const { stdout } = await obfuscate.output();
      await Deno.writeFile(`${workDir}/passwd`, stdout, { mode: 0o600 });
      return await startDaemon(
        ["/usr/bin/Xvnc", "-displayfd", "1", "-rfbport", String(port)].concat(
          ["-interface", "127.0.0.1", "-nolisten", "tcp", "-nolisten", "unix", "-noreset"],
          ["-rfbauth", `${workDir}/passwd`],
          options,
        ) as [string, ...string[]],
        { hostname: "127.0.0.1", port },
        { cwd: workDir },
      );
    },
  };
}
