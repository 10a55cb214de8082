import { closeLostRuns } from './close-lost-runs.js';
import { closeRun, endBatch } from './close-run.js';
import { defineJob, type JobContext } from './define-job.js';
import { payloads } from './payloads.js';
import { planPushes } from './plan-pushes.js';

const dayMs = 24 * 3600_000;

/** After all chunks: what was not seen becomes an orphan, or the run is held; then what changed is pushed. */
export const markOrphans = defineJob({
  name: 'mark-orphans',
  payload: payloads['mark-orphans'],
  concurrency: 4,
  keepFinished: 500,
  retry: { attempts: 4, backoffMs: 1_000 },
  whenUnreachable: 'retry',
  runOf: (payload) => (payload.kind === 'sweep' ? undefined : payload.runId),

  async run(payload, context) {
    if (payload.kind === 'sweep') return sweep(context);
    const now = context.now().toISOString();
    const { conclusions } = context.stores;
    await (payload.kind === 'run'
      ? conclusions.concludeSync(payload.runId, now)
      : conclusions.applyAccepted(payload.runId, now));
    const run = await context.stores.runs.byId(payload.runId);
    if (run?.providerId == null) {
      await closeRun(payload.runId, 'superseded', 'the provider was deleted', context);
      return 'the provider is gone';
    }
    if (run.state === 'cancelled') return 'the run was cancelled';
    const scope = { providerId: run.providerId };
    let pushes = run.trigger === 'fetch' ? 0 : await planPushes(scope, run.id, context);
    await conclusions.close(run.id, context.now().toISOString());
    if (run.trigger === 'fetch' && (await context.stores.runs.byId(run.id))?.trigger !== 'fetch') {
      // A sync joined at the last moment.
      pushes = await planPushes(scope, run.id, context);
    }
    await endBatch(run, context);
    return { conclusion: run.conclusion, pushes };
  },

  async failed(payload, message, services) {
    if (payload.kind === 'run')
      await closeRun(payload.runId, 'failed', `marking orphans failed: ${message}`, services);
  },
});

/** Hourly: runs without a job, orphans whose grace is over, history that is old enough to go. */
async function sweep(context: JobContext): Promise<string> {
  await closeLostRuns(context);
  const settings = await context.stores.settings.get();
  const before = new Date(context.now().getTime() - settings.runRetentionDays * dayMs);
  await context.stores.runs.prune(before.toISOString());
  const pushes = await planPushes('all', null, context);
  await context.stores.modelEdits.removeDeleted();
  return `${pushes} pushes`;
}
