/**
 * Waiting with an end.
 * @module
 */

/**
 * Waits for something, but not for ever.
 * @param work what is waited for; it goes on if it is late.
 * @param ms longest wait.
 * @returns whether it settled in time.
 * @throws what `work` rejects with in time.
 */
export async function settlesWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<false>((resolve) => timer = setTimeout(() => resolve(false), ms));
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
