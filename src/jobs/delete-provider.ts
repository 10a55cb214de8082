import { PermanentError } from '../domain/errors.js';
import { closeRun } from './close-run.js';
import type { Provider } from '../entities/provider.js';
import type { SyncRun } from '../entities/sync-run.js';
import type { JobContext, JobServices } from './define-job.js';
import { Postponed } from './job-errors.js';
import type { Payload } from './payloads.js';
import { isAtLitellm, planPushes } from './plan-pushes.js';
import { startRun } from './start-run.js';

const askAgainMs = 2_000;

/** Rule 9: first the deployments go from LiteLLM, as pushes of their own, then the rows here. */
export async function deleteProvider(
  payload: Extract<Payload<'push-model'>, { kind: 'delete-provider' }>,
  context: JobContext,
): Promise<string> {
  const { stores } = context;
  const now = context.now().toISOString();
  await stores.runs.start(payload.runId, now);
  const provider = await stores.providers.byId(payload.providerId);
  if (provider !== null) {
    if (provider.deletingAt === null) await stores.providers.markDeleting(provider.id, now);
    await removeDeployments(provider.id, payload.runId, context);
    await stores.providers.remove(provider.id, now);
  }
  await closeRun(payload.runId, 'done', null, context);
  return 'deleted';
}

/** Throws while any are left. A refused removal ends the run with the reason; the next reconcile begins again. */
async function removeDeployments(providerId: number, runId: number, context: JobContext): Promise<void> {
  const { stores, job } = context;
  if ((await stores.settings.destinationAccess()) === undefined) return;
  const left = (await stores.deployments.ofProvider(providerId)).flatMap(({ deployment }) =>
    isAtLitellm(deployment) ? [deployment] : [],
  );
  if (left.length === 0) return;
  const reason = `${left.length} deployments are still at LiteLLM`;
  if (left.every((deployment) => !deployment.pending)) {
    const error = left.find((deployment) => deployment.lastError !== null)?.lastError;
    if (error != null && job.starts > 1) {
      throw new PermanentError(`${reason}: ${error}; the next reconcile tries again`);
    }
    await planPushes({ providerId }, runId, context);
  }
  await stores.runs.note(runId, reason);
  throw new Postponed(reason, askAgainMs);
}

/** Asks for the deletion, or finds it under way. Throws `QueueUnavailableError`; the wish itself stands in the database then. */
export async function startDeletion(
  provider: Pick<Provider, 'id' | 'name' | 'deletingAt'>,
  trigger: 'manual' | 'retry',
  services: Pick<JobServices, 'stores' | 'enqueue' | 'now'>,
): Promise<{ run: SyncRun; joined: boolean }> {
  if (provider.deletingAt === null) {
    await services.stores.providers.markDeleting(provider.id, services.now().toISOString());
  }
  return startRun(
    { kind: 'delete', trigger, providerId: provider.id, providerName: provider.name },
    (run, jobId) =>
      services.enqueue.add(
        'push-model',
        { kind: 'delete-provider', providerId: provider.id, runId: run.id },
        { jobId },
      ),
    services,
  );
}
