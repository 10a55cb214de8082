import { PermanentError } from '../domain/errors.js';
import type { Provider } from '../entities/provider.js';
import type { RunTrigger, SyncRun } from '../entities/sync-run.js';
import type { JobServices } from './define-job.js';
import { startRun } from './start-run.js';

type Services = Pick<JobServices, 'stores' | 'enqueue' | 'now'>;

/** Opens a run and queues its fetch, or joins the one that is open. Throws `QueueUnavailableError`; then no run stays open. */
export async function startSync(
  provider: Pick<Provider, 'id' | 'name' | 'deletingAt'>,
  trigger: Exclude<RunTrigger, 'schedule'>,
  services: Services,
  batch: string | null = null,
): Promise<{ run: SyncRun; joined: boolean }> {
  if (provider.deletingAt !== null) throw new PermanentError(`provider "${provider.name}" is being deleted`);
  return startRun(
    { kind: 'sync', trigger, providerId: provider.id, providerName: provider.name, batch },
    (run, jobId) =>
      services.enqueue.add('fetch-provider', { providerId: provider.id, runId: run.id, trigger }, { jobId }),
    services,
  );
}

/** Every enabled provider; a sync ends with one reconcile of the destination, a fetch does not. */
export async function startSyncOfAll(
  trigger: 'sync-all' | 'fetch',
  batch: string,
  services: Services,
): Promise<SyncRun[]> {
  const providers = (await services.stores.providers.list()).filter(
    (row) => row.syncEnabled && row.deletingAt === null,
  );
  const runs: SyncRun[] = [];
  for (const provider of providers) {
    const batchOfSyncs = trigger === 'fetch' ? null : batch;
    runs.push((await startSync(provider, trigger, services, batchOfSyncs)).run);
  }
  if (runs.length === 0 && trigger === 'sync-all')
    await services.enqueue.add('push-model', { kind: 'reconcile', trigger: 'sync-all' });
  return runs;
}
