import type { SyncRun } from '../entities/sync-run.js';
import { closeRun } from './close-run.js';
import type { JobServices } from './define-job.js';
import { concludeJobId } from './enqueue.js';

type Services = Pick<JobServices, 'stores' | 'enqueue' | 'now'>;

/** A run is inserted before its job is queued; it is nobody's yet for this long. */
const birthMs = 10_000;

/** Open runs whose jobs Redis no longer knows (wiped, or lost); for the start and the hourly sweep. */
export async function closeLostRuns(services: Services): Promise<void> {
  for (const run of await services.stores.runs.open()) await closeIfLost(run, services);
}

/** True when the run was closed, because no live job moves it any more. */
export async function closeIfLost(run: SyncRun, services: Services): Promise<boolean> {
  if (services.now().getTime() - Date.parse(run.createdAt) < birthMs) return false;
  // One after the other, in the order in which they hand on: asked at once, the next could be unknown yet and the first gone.
  const fates = [];
  for (const [name, jobId] of jobsOf(run)) {
    const fate = await services.enqueue.fate(name, jobId);
    if (fate.state === 'live') return false;
    fates.push(fate);
  }

  if (run.kind === 'delete' && run.providerId !== null) {
    // The wish stands in the database (`deleting_at`); only its job is gone.
    const wish = { kind: 'delete-provider' as const, providerId: run.providerId, runId: run.id };
    await services.stores.runs.setJob(run.id, await services.enqueue.add('push-model', wish));
    return false;
  }
  const failed = fates.find((fate) => fate.state === 'failed');
  if (failed) await closeRun(run.id, 'failed', failed.reason, services);
  else await closeRun(run.id, 'lost', 'its job is gone from Redis; the next sync starts anew', services);
  return true;
}

function jobsOf(run: SyncRun): ['fetch-provider' | 'mark-orphans' | 'push-model', string][] {
  if (run.kind !== 'sync') return run.jobId === null ? [] : [['push-model', run.jobId]];
  return [
    ...(run.jobId === null ? [] : [['fetch-provider', run.jobId] as ['fetch-provider', string]]),
    ['mark-orphans', concludeJobId(run)],
  ];
}
