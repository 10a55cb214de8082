import { randomUUID } from 'node:crypto';
import type { SyncRun } from '../entities/sync-run.js';
import type { JobServices } from './define-job.js';

/** Closes a run for good; the last one of a "sync all" asks for the reconcile that ends it. */
export async function closeRun(
  runId: number,
  state: 'done' | 'failed' | 'lost' | 'superseded',
  reason: string | null,
  services: Pick<JobServices, 'stores' | 'enqueue' | 'now'>,
): Promise<void> {
  await services.stores.runs.close(runId, state, reason, services.now().toISOString());
  const run = await services.stores.runs.byId(runId);
  if (run !== null) await endBatch(run, services);
}

/** To be called after every close of a run; asks at most once for each batch. */
export async function endBatch(
  run: Pick<SyncRun, 'batch'>,
  { stores, enqueue }: Pick<JobServices, 'stores' | 'enqueue'>,
): Promise<void> {
  if (run.batch === null || (await stores.runs.openInBatch(run.batch)) > 0) return;
  await enqueue.add(
    'push-model',
    { kind: 'reconcile', trigger: 'sync-all' },
    { jobId: `reconcile-${run.batch}` },
  );
}

export function newBatch(): string {
  return randomUUID();
}
