/**
 * What this machine has, and tests that need it: without it they are skipped by a name that says why.
 * Where it is a program that CI should have installed, they fail there.
 * @module
 */

/** First and last port taken by tests whose config is their own. */
const PORTS = [14_100, 14_999] as const;

const isCi = Deno.env.get("CI") === "true";

let nextPort: number = PORTS[0];

/**
 * Finds ports where nobody listens.
 * @param count how many.
 * @returns ports that no other test of this run has had.
 */
export function takePorts(count: number): number[] {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = nextPort++;
    if (port > PORTS[1]) throw new Error(`No ports are left from ${PORTS[0]} to ${PORTS[1]}`);
    if (isFree(port)) ports.push(port);
  }
  return ports;
}

/** Whether a port can be bound on the loopback. */
export function isFree(port: number, hostname = "127.0.0.1"): boolean {
  try {
    Deno.listen({ hostname, port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}

/** Whether a program can be found in `PATH`. */
export function hasProgram(name: string): boolean {
  return (Deno.env.get("PATH") ?? "").split(":").some((folder) => {
    try {
      return Deno.statSync(`${folder}/${name}`).isFile;
    } catch {
      return false; // not there, or not for us: the next folder may have it
    }
  });
}

/** Whether this machine has IPv6 on the loopback. */
export function hasIpv6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false; // whatever the reason is, `::1` cannot be used
  }
}

/** What a test needs beside the program. */
export interface Needs {
  /** Clients in `PATH`. */
  readonly programs?: readonly string[];
  /** What else is missing, such as IPv6 or a right; `undefined` when nothing is. */
  readonly missing?: string | undefined;
}

/**
 * Registers a test that needs something of the machine.
 * @param name a sentence.
 * @param needs what it needs.
 * @param run the test.
 */
export function testWith(name: string, needs: Needs, run: () => Promise<void>): void {
  const missing = (needs.programs ?? []).filter((program) => !hasProgram(program));
  const reasons = [...missing, ...(needs.missing === undefined ? [] : [needs.missing])];
  if (reasons.length === 0) Deno.test(name, run);
  else if (missing.length === 0 || !isCi) {
    Deno.test.ignore(`${name} [skipped, missing: ${reasons.join(", ")}]`, run);
  } else {
    Deno.test(name, () => {
      throw new Error(`CI needs what is missing here: ${missing.join(", ")}`);
    });
  }
}

/** Shows a figure that was measured, between the results. */
export function report(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`  ${line}\n`));
}
