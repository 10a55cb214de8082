import { displayName } from '../domain/wanted-deployment.js';
import type { PushOutcome } from '../entities/sync-run.js';
import { closeRun } from './close-run.js';
import { defineJob, type JobContext, type JobServices } from './define-job.js';
import { deleteProvider } from './delete-provider.js';
import { payloads, type Payload } from './payloads.js';
import { pushDeployment } from './push-deployment.js';
import { reconcileDestination } from './reconcile-destination.js';

/** Makes one deployment at LiteLLM equal to the wanted one; every 15 minutes, all of them. Writes are one at a time. */
export const pushModel = defineJob({
  name: 'push-model',
  payload: payloads['push-model'],
  concurrency: 1,
  keepFinished: 1_000,
  // LiteLLM reloads everything at each write, and concurrent ones lose updates without an error.
  exclusive: true,
  retry: { attempts: 5, backoffMs: 2_000 },
  whenUnreachable: 'hold-queue',
  runOf: (payload) => ('runId' in payload ? payload.runId : undefined),

  async run(payload, context) {
    switch (payload.kind) {
      case 'model':
        return pushOne(payload.modelId, context);
      case 'stray':
        return removeStray(payload, context);
      case 'reconcile':
        return reconcileDestination(payload, context);
      case 'delete-provider':
        return deleteProvider(payload, context);
    }
  },

  async retried(payload, message, { stores, now }) {
    if (payload.kind !== 'model') return;
    await stores.deployments.save(payload.modelId, { lastError: message, lastErrorAt: now().toISOString() });
  },

  async failed(payload, message, services) {
    switch (payload.kind) {
      case 'model':
        return failOne(payload.modelId, message, services);
      case 'reconcile':
      case 'delete-provider':
        if (payload.runId !== undefined) await closeRun(payload.runId, 'failed', message, services);
        return closeOpenReconcile(payload, message, services);
      case 'stray':
    }
  },

  async held(message, { stores, now }) {
    await stores.settings.noteDestination(message, now().toISOString());
    for (const run of await stores.runs.open()) {
      if (run.kind !== 'sync') await stores.runs.note(run.id, `waiting for LiteLLM: ${message}`);
    }
  },
});

/** Returns what happened to which model, for the log and Bull Board. */
async function pushOne(modelId: number, context: JobContext): Promise<string> {
  const { stores, now } = context;
  const model = await stores.models.byId(modelId);
  const provider = model && (await stores.providers.byId(model.providerId));
  const row = await stores.deployments.forModel(modelId);
  if (!model || !provider || !row) return 'unchanged: the model is gone';
  const end = await pushDeployment(model, provider, row, context);
  await stores.deployments.finishPush(modelId, {
    ...end,
    wishAtStart: row.wantedHash,
    error: null,
    now: now().toISOString(),
  });
  if (model.deletingAt !== null) await stores.modelEdits.removeDeleted();
  return `${end.outcome} ${displayName(provider, model.modelId)}`;
}

async function failOne(modelId: number, error: string, { stores, now }: JobServices): Promise<void> {
  const wishAtStart = (await stores.deployments.forModel(modelId))?.wantedHash ?? null;
  const end = { outcome: 'failed' as const, wishAtStart, error, now: now().toISOString() };
  await stores.deployments.finishPush(modelId, end);
}

/** A row of ours at LiteLLM that nothing here stands for any more. */
async function removeStray(
  payload: Extract<Payload<'push-model'>, { kind: 'stray' }>,
  context: JobContext,
): Promise<PushOutcome> {
  const access = await context.stores.settings.destinationAccess();
  if (access === undefined) return 'unchanged';
  if (payload.runId !== undefined) await context.stores.runs.countWrite(payload.runId);
  await context.destination.remove(access, payload.deploymentId, context.signal);
  if (payload.runId !== undefined) await context.stores.runs.countPush(payload.runId, 'removed');
  return 'removed';
}

async function closeOpenReconcile(
  payload: Payload<'push-model'>,
  message: string,
  services: JobServices,
): Promise<void> {
  if (payload.kind !== 'reconcile' || payload.runId !== undefined) return;
  const open = (await services.stores.runs.open()).find((run) => run.kind === 'reconcile');
  if (open) await closeRun(open.id, 'failed', message, services);
}
