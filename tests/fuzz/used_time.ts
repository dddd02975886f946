/**
 * Time that this process was busy, whatever else the machine does.
 * @module
 */
import process from "node:process";

/** Processor time so far, of all threads, in ms. */
export function usedMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
