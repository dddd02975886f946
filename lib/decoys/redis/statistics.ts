/**
 * What INFO tells of single commands and errors.
 * @module
 */
import type { Call } from "./call.ts";
import { keyedHash } from "./keyed_hash.ts";

/** About how long a command takes on this server, in microseconds. */
function usecOf(name: string, { server }: Call): number {
  return 2 + keyedHash(name, server.identity.tableSeed) % 9;
}

/** The section `Commandstats`. */
export function commandStatistics(call: Call): string[] {
  return [...call.source.calls].map(([name, { calls, rejected, failed }]) => {
    const usec = calls * usecOf(name, call);
    const each = calls === 0 ? 0 : usec / calls;
    return `cmdstat_${name}:calls=${calls},usec=${usec},usec_per_call=${each.toFixed(2)},` +
      `rejected_calls=${rejected},failed_calls=${failed}`;
  });
}

/** The section `Errorstats`. */
export function errorStatistics({ source }: Call): string[] {
  return [...source.errors].sort(([a], [b]) => a < b ? -1 : 1)
    .map(([code, count]) => `errorstat_${code}:count=${count}`);
}

/** The section `Latencystats`. */
export function latencyStatistics(call: Call): string[] {
  return [...call.source.calls].filter(([, { calls }]) => calls > 0).map(([name]) => {
    const shown = histogramValue(usecOf(name, call) * 1000);
    return `latency_percentiles_usec_${name}:p50=${shown},p99=${shown},p99.9=${shown}`;
  });
}

/** The highest time that a histogram of two digits takes for the same, in microseconds. */
function histogramValue(nanoseconds: number): string {
  const unit = 2 ** Math.max(0, Math.floor(Math.log2(nanoseconds)) - 7);
  return ((Math.floor(nanoseconds / unit) * unit + unit - 1) / 1000).toFixed(3);
}
