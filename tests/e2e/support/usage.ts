/**
 * What a running program takes of the machine. Linux only.
 * @module
 */
import { runToEnd } from "./process.ts";
import type { RunningSensor } from "./program.ts";

/**
 * CPU time of a program so far, in ms.
 * @param program that runs.
 */
export async function cpuTime({ process }: RunningSensor): Promise<number> {
  const fields = (await read(process.pid, "stat")).split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10; // in ticks, of which a second has 100
}

/**
 * Resident memory of a program, in MiB.
 * @param program that runs.
 */
export async function residentMib({ process }: RunningSensor): Promise<number> {
  return Number(/VmRSS:\s+(\d+)/.exec(await read(process.pid, "status"))![1]) / 1024;
}

/** By another program: Deno itself lets nobody read there who has not all rights. */
async function read(pid: number, name: string): Promise<string> {
  return (await runToEnd("cat", [`/proc/${pid}/${name}`])).stdout;
}
