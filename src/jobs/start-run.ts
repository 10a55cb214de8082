import type { NewRun } from '../entities/runs-store.js';
import type { SyncRun } from '../entities/sync-run.js';
import { closeIfLost } from './close-lost-runs.js';
import type { JobServices } from './define-job.js';

/**
 * Opens a run and queues its job under the id that the run bears, or joins the one that is open; one that no job moves any
 * more is not joined. When Redis does not take the job (`QueueUnavailableError`), no run stays open.
 */
export async function startRun(
  wish: NewRun,
  queue: (run: SyncRun, jobId: string) => Promise<string>,
  services: Pick<JobServices, 'stores' | 'enqueue' | 'now'>,
): Promise<{ run: SyncRun; joined: boolean }> {
  const { runs } = services.stores;
  const { run, joined } = await openOrJoinLiving(wish, services);
  if (joined) return { run, joined };
  try {
    if (run.jobId === null) throw new Error(`run ${run.id} bears no job id`);
    await queue(run, run.jobId);
    return { run, joined };
  } catch (error) {
    await runs.close(run.id, 'failed', 'Redis did not take the job', services.now().toISOString());
    throw error;
  }
}

/** For a job that opens its own run, too. */
export async function openOrJoinLiving(
  wish: NewRun,
  services: Pick<JobServices, 'stores' | 'enqueue' | 'now'>,
): Promise<{ run: SyncRun; joined: boolean }> {
  const { runs } = services.stores;
  const now = services.now().toISOString();
  const first = await runs.openOrJoin(wish, now);
  const own = wish.jobId !== undefined && first.run.jobId === wish.jobId;
  if (!first.joined || own || !(await closeIfLost(first.run, services))) return first;
  return runs.openOrJoin(wish, now);
}
