/**
 * What the program may assume of the terminal it talks to.
 * @module
 */

/**
 * Whether output may be coloured: only on a terminal, and not when `NO_COLOR` is set.
 * @param stream where the output goes.
 */
export function wantsColor(stream: { isTerminal(): boolean }): boolean {
  if (!stream.isTerminal()) return false;
  try {
    return (Deno.env.get("NO_COLOR") ?? "") === "";
  } catch (error) {
    // Without the right to read the variable it counts as not set.
    if (error instanceof Deno.errors.NotCapable) return true;
    throw error;
  }
}
