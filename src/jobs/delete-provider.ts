import type { JobContext } from './define-job.js';
import { closeRun } from './close-run.js';
import { Postponed } from './job-errors.js';
import type { Payload } from './payloads.js';
import { isAtLitellm, planPushes } from './plan-pushes.js';

const askAgainMs = 2_000;

/** Rule 9: first the deployments go from LiteLLM, as pushes of their own, then the rows here. */
export async function deleteProvider(
  payload: Extract<Payload<'push-model'>, { kind: 'delete-provider' }>,
  context: JobContext,
): Promise<string> {
  const { stores } = context;
  await stores.runs.start(payload.runId, context.now().toISOString());
  const provider = await stores.providers.byId(payload.providerId);
  const configured = (await stores.settings.destinationAccess()) !== undefined;
  if (provider !== null && configured) {
    const rows = await stores.deployments.ofProvider(provider.id);
    const left = rows.filter(({ deployment }) => isAtLitellm(deployment)).length;
    if (left > 0) {
      await planPushes({ providerId: provider.id }, payload.runId, context);
      const reason = `${left} deployments are still at LiteLLM`;
      await stores.runs.note(payload.runId, reason);
      throw new Postponed(reason, askAgainMs);
    }
  }
  if (provider !== null) await stores.providers.remove(provider.id);
  await closeRun(payload.runId, 'done', null, context);
  return 'deleted';
}
