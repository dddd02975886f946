/**
 * Commands that wait for a key: until another connection of the same source fills it.
 * @module
 */
import type { Call } from "./call.ts";
import { parseFloatText, Refusal } from "./refusal.ts";

/**
 * A timeout in seconds, such as `0.5`.
 * @param text the argument.
 * @returns in ms; 0 for no end.
 * @throws {Refusal} when it is none.
 */
export function timeoutArgument(text: string | undefined): number {
  const seconds = parseFloatText(text ?? "");
  if (seconds === undefined) throw new Refusal("ERR timeout is not a float or out of range");
  if (seconds * 1000 > Number.MAX_SAFE_INTEGER) throw new Refusal("ERR timeout is out of range");
  if (seconds < 0) throw new Refusal("ERR timeout is negative");
  return Math.ceil(seconds * 1000);
}

/**
 * Tries, and waits for one of some keys to be written as long as that fails.
 * @param call the command; in a transaction it does not wait.
 * @param attempt answers and returns true when it can.
 * @param options keys to wait for, and how long in ms: 0 for ever.
 * @returns whether it was answered; if not, the time is over.
 */
export async function waitForKeys(
  call: Call,
  attempt: () => boolean,
  { keys, timeoutMs }: { keys: readonly string[]; timeoutMs: number },
): Promise<boolean> {
  const { client, source, db, nowMs, isInTransaction } = call;
  if (attempt()) return true;
  if (isInTransaction) return false;
  await client.flush();
  const untilMs = timeoutMs === 0 ? undefined : nowMs + timeoutMs;
  for (;;) {
    let listener: ((index: number, key: string) => void) | undefined;
    try {
      const woken = new Promise<void>((resolve) => {
        listener = (index, key) => {
          if (index === db.index && keys.includes(key)) resolve();
        };
        source.onTouched.add(listener);
      });
      if (!await client.waitFor(woken, untilMs)) return false;
    } finally {
      source.onTouched.delete(listener!);
    }
    source.nowMs = client.session.now();
    if (attempt()) return true;
  }
}
