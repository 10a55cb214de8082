import type { Product } from '../support/product.js';

const queuesOf = (product: Product) => Object.values(product.queues.byName);

/** Ends every hold and delay; returns how many jobs only waited for their time. */
export async function callForward(product: Product): Promise<number> {
  let called = 0;
  for (const queue of queuesOf(product)) {
    await queue.removeRateLimitKey().catch(() => undefined);
    const delayed = (await queue.getDelayed()).filter((job) => job.repeatJobKey === undefined);
    for (const job of delayed) await job.promote().catch(() => undefined);
    called += delayed.length;
  }
  return called;
}

/** Jobs that are under way or could be. */
export async function workLeft(product: Product): Promise<number> {
  let left = 0;
  for (const queue of queuesOf(product)) {
    left += await queue.getJobCountByTypes('active', 'waiting', 'prioritized', 'waiting-children');
  }
  return left;
}
