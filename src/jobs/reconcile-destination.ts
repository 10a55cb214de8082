import { closeRun } from './close-run.js';
import type { JobContext } from './define-job.js';
import { startDeletion } from './delete-provider.js';
import { viewDestination, type DestinationView } from './destination-view.js';
import { destinationWarnings } from './destination-warnings.js';
import { judgeMissing } from './judge-missing.js';
import { judgePresent } from './judge-present.js';
import type { Payload } from './payloads.js';
import { planPushes } from './plan-pushes.js';
import { openOrJoinLiving } from './start-run.js';
import { surveyDestination } from './survey-destination.js';

/** One listing of LiteLLM against what we know: missing rows, drift, strays, clashes; then pushes for what is out of step. */
export async function reconcileDestination(
  payload: Extract<Payload<'push-model'>, { kind: 'reconcile' }>,
  context: JobContext,
): Promise<unknown> {
  const run = await runOf(payload, context);
  if (run === undefined) return 'another reconcile is under way';
  const access = await context.stores.settings.destinationAccess();
  if (access === undefined) {
    await closeRun(run, 'done', 'no LiteLLM is configured', context);
    return 'no LiteLLM is configured';
  }
  const rows = await surveyDestination(access, context);
  await context.stores.runs.countListing(run);
  const view = await viewDestination(run, access, rows, context);
  await judgeMissing(view, context);
  await judgePresent(view, context);
  await removeStrays(view, context);
  await context.stores.runs.noteReconcile(run, { warnings: destinationWarnings(view) });
  await resumeDeletions(context);
  const pushes = await planPushes('all', run, context);
  await closeRun(run, 'done', null, context);
  return { rows: rows.length, ours: view.ours.size, pushes };
}

async function runOf(
  payload: Extract<Payload<'push-model'>, { kind: 'reconcile' }>,
  context: JobContext,
): Promise<number | undefined> {
  const { runs } = context.stores;
  const now = context.now().toISOString();
  if (payload.runId !== undefined) {
    return (await runs.start(payload.runId, now)) ? payload.runId : undefined;
  }
  const wish = {
    kind: 'reconcile' as const,
    trigger: payload.trigger,
    providerId: null,
    providerName: null,
    jobId: context.job.id,
  };
  const { run, joined } = await openOrJoinLiving(wish, context);
  if (joined && run.jobId !== context.job.id) return undefined;
  await runs.start(run.id, now);
  return run.id;
}

/** Rows of ours that no deployment stands for: a deleted provider's, or a second one of a model. */
async function removeStrays(view: DestinationView, context: JobContext): Promise<void> {
  const deployments = await context.stores.deployments.all();
  const claimed = new Set(deployments.flatMap((row) => [row.deploymentId, ...row.retiredIds]));
  for (const id of view.ours.keys()) {
    if (claimed.has(id)) continue;
    await context.enqueue.add(
      'push-model',
      { kind: 'stray', deploymentId: id, runId: view.runId },
      { jobId: `stray-${id}-${view.runId}` },
    );
  }
}

/** A deletion whose job Redis lost goes on. */
async function resumeDeletions(context: JobContext): Promise<void> {
  for (const provider of await context.stores.providers.list()) {
    if (provider.deletingAt !== null) await startDeletion(provider, 'retry', context);
  }
}
