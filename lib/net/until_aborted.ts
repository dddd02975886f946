/**
 * Waiting that a signal ends, for work that knows of no signal.
 * @module
 */

/**
 * Waits for something, but not beyond a signal.
 * @param work what is waited for; it goes on when the signal comes first, and how it ends then is of no
 * interest.
 * @param signal ends the wait.
 * @returns what `work` resolves to.
 * @throws the signal's reason, or what `work` rejects with.
 */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  work.catch(() => {});
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
