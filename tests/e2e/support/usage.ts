/**
 * What a running process takes of the machine. Linux only.
 * @module
 */
import { runToEnd } from "./process.ts";

/** How a process stands. */
export interface Usage {
  /** User and system time, in s. */
  readonly cpuSeconds: number;
  /** Resident memory, in bytes. */
  readonly rss: number;
  /** Resident memory that is no file's, in bytes. */
  readonly anonymous: number;
}

/**
 * Asks the system what a process uses.
 * @param pid of the process.
 * @throws when there is none.
 */
export async function usage(pid: number): Promise<Usage> {
  // A program reads it: Deno lets nobody look into /proc who has not all rights.
  const [stat, status] = await Promise.all(["stat", "status"].map(async (name) => {
    const { code, stdout, stderr } = await runToEnd("cat", [`/proc/${pid}/${name}`]);
    if (code !== 0) throw new Error(`Cannot ask about process ${pid}: ${stderr}`);
    return stdout;
  }));
  const fields = stat!.slice(stat!.lastIndexOf(")") + 2).split(" ");
  const kib = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status!)?.[1]);
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100,
    rss: kib("VmRSS") * 1024,
    anonymous: kib("RssAnon") * 1024,
  };
}
