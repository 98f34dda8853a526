/** Several requests at once, but not all. */

/** Requests under way at once: a server batches what it has. */
const WIDTH = 8;

/** Does the work for each, some at once; the first failure ends it when those under way have ended. */
export async function atOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  let failed = false;
  const worker = async (): Promise<void> => {
    for (const item of queue) {
      if (failed) return;
      await work(item).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: Math.min(WIDTH, items.length) }, worker));
  for (const each of ended) if (each.status === "rejected") throw each.reason;
}
