/**
 * git's daemon of Debian 12, as its service files start it, with a repository that is not exported,
 * and with those of ours that are.
 *
 * Debian's git-daemon-run and git-daemon-sysvinit pass these options, and no others that matter.
 * @module
 */
import { makePack } from "../../../lib/decoys/git/pack.ts";
import type { Repository } from "../../../lib/decoys/git/repository.ts";
import { type Genuine, startDaemon } from "../process.ts";

/**
 * git 2.39.5.
 * @param options further ones, such as `--informative-errors`.
 * @param repositories that it exports, by their paths; a hook of theirs declines every push.
 */
export function gitDaemon(
  options: readonly string[] = [],
  repositories: Readonly<Record<string, Repository>> = {},
): Genuine {
  return {
    name: "git 2.39.5",
    packages: ["git"],
    async start({ port, workDir }) {
      await Deno.mkdir(`${workDir}/base/empty.git`, { recursive: true });
      await runGit(["init", "-q", "--bare", `${workDir}/base/private.git`], workDir);
      for (const [path, repository] of Object.entries(repositories)) {
        await install(`${workDir}/base${path}`, repository, workDir);
      }
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

/** Makes a repository of the same objects, in one pack that is ours: what git sends is the same then. */
async function install(
  folder: string,
  { objects, refs }: Repository,
  home: string,
): Promise<void> {
  await runGit(["init", "-q", "--bare", "--initial-branch=main", folder], home);
  const git = (...args: string[]) => runGit(["--git-dir", folder, ...args], home);
  const pack = makePack([...objects.values()]);
  await Deno.writeFile(`${home}/own.pack`, pack);
  await git("index-pack", "-o", `${folder}/objects/pack/pack-own.idx`, `${home}/own.pack`);
  await Deno.rename(`${home}/own.pack`, `${folder}/objects/pack/pack-own.pack`);
  for (const { name, id, target } of refs) {
    if (target === undefined) await git("update-ref", name, id);
  }
  await Deno.writeTextFile(`${folder}/git-daemon-export-ok`, "");
  await Deno.writeTextFile(`${folder}/hooks/pre-receive`, "#!/bin/sh\nexit 1\n", { mode: 0o755 });
}

async function runGit(args: string[], home: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("/usr/bin/git", {
    args,
    clearEnv: true,
    env: { HOME: home },
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}
