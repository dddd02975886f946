/**
 * git's daemon of Debian 12, as its service files start it, with a repository that is not exported.
 *
 * Debian's git-daemon-run and git-daemon-sysvinit pass these options, and no others that matter.
 * @module
 */
import { type Genuine, startDaemon } from "../process.ts";

/**
 * git 2.39.5.
 * @param options further ones, such as `--informative-errors`.
 */
export function gitDaemon(options: readonly string[] = []): Genuine {
  return {
    name: "git 2.39.5",
    packages: ["git"],
    async start({ port, workDir }) {
      await Deno.mkdir(`${workDir}/base/empty.git`, { recursive: true });
      const { success, stderr } = await new Deno.Command("/usr/bin/git", {
        args: ["init", "-q", "--bare", `${workDir}/base/private.git`],
        clearEnv: true,
        env: { HOME: workDir },
      }).output();
      if (!success) throw new Error(new TextDecoder().decode(stderr));
      const address = { hostname: "127.0.0.1", port };
      const own = ["--listen=127.0.0.1", `--port=${port}`, "--reuseaddr"];
      return await startDaemon(
        // Its own program, without git's wrapper, so that it gets the signal that ends it.
        ["/usr/lib/git-core/git-daemon", ...own, `--base-path=${workDir}/base`, ...options],
        address,
        { cwd: workDir, env: { HOME: workDir } },
      );
    },
  };
}
