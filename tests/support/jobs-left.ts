import type { Queue } from 'bullmq';
import { jobNames, type JobName } from '../../src/jobs/payloads.js';

type ByName = Record<JobName, Queue>;

/**
 * Jobs that are under way or to come. A schedule's next turn waits among the delayed ones and is left out; one that is due
 * is not. Each queue is counted at one moment, and in the order in which work is handed on: what has left one queue is in
 * the next.
 */
export async function jobsLeft(queues: ByName): Promise<number> {
  let left = 0;
  for (const name of jobNames) {
    const turns = await queues[name].getJobSchedulersCount();
    const { delayed = 0, ...others } = await queues[name].getJobCounts(
      'active',
      'waiting',
      'prioritized',
      'waiting-children',
      'delayed',
    );
    left += Object.values(others).reduce((sum, count) => sum + count, Math.max(0, delayed - turns));
  }
  return left;
}

const housekeeping = new Set(['rederive', 'sweep', 'reconcile']);

/** Turns of the housekeeping that are due and that nothing holds; a queue is held while its server is away. */
export async function housekeepingLeft(queues: ByName): Promise<number> {
  let left = 0;
  for (const name of jobNames) {
    const due = (await queues[name].getJobs(['active', 'waiting', 'prioritized'])).filter(
      (job) => job?.repeatJobKey !== undefined && housekeeping.has(job.repeatJobKey),
    );
    if (due.length > 0 && (await queues[name].getRateLimitTtl(Number.MAX_SAFE_INTEGER)) <= 0)
      left += due.length;
  }
  return left;
}
