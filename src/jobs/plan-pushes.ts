import { deploymentHash } from '../domain/deployment-body.js';
import { wantedDeployment } from '../domain/wanted-deployment.js';
import { whatIsWanted } from '../domain/want.js';
import type { Deployment } from '../entities/deployment.js';
import type { ModelWithDeployment, PlannedPush } from '../entities/deployments-store.js';
import type { Provider } from '../entities/provider.js';
import type { Settings } from '../entities/settings.js';
import type { JobServices } from './define-job.js';
import { keyOf } from './provider-access.js';

type Services = Pick<JobServices, 'stores' | 'enqueue' | 'now'>;

/**
 * Queues a push for every deployment that is not as wanted, from what the database knows; asks LiteLLM nothing. `modelIds`
 * narrows it down. Returns how many. Nothing without a configured LiteLLM.
 */
export async function planPushes(
  scope: 'all' | { providerId?: number; modelIds?: number[] },
  runId: number | null,
  services: Services,
): Promise<number> {
  const { stores, enqueue } = services;
  const settings = await stores.settings.get();
  if (settings.litellmBaseUrl === null) return 0;
  const hashKey = await stores.settings.hashKey();
  const nowMs = services.now().getTime();
  const providers = (await stores.providers.list()).filter(
    (row) => scope === 'all' || scope.providerId === undefined || row.id === scope.providerId,
  );

  const modelIds = scope === 'all' ? undefined : scope.modelIds;
  let count = 0;
  for (const provider of providers) {
    const { apiKey, isReadable } = await keyOf(provider, stores);
    const rows = (await stores.deployments.ofProvider(provider.id, modelIds)).filter(
      ({ model }) => isReadable || whatIsWanted(model, provider, nowMs).want === 'absent',
    );
    const pushes: PlannedPush[] = [];
    const settled: PlannedPush[] = [];
    for (const row of rows) {
      const plan = planFor(row, provider, settings, apiKey, hashKey, nowMs);
      if (plan === undefined) continue;
      const planned = { modelId: row.model.id, wantedHash: plan.wantedHash };
      if (!plan.inStep) pushes.push(planned);
      else if (isStale(row.deployment, plan.wantedHash)) settled.push(planned);
    }
    if (settled.length > 0) await stores.deployments.settle(settled);
    if (pushes.length === 0) continue;
    await stores.deployments.markPending(pushes, runId);
    await enqueue.pushes(pushes.map((push) => push.modelId));
    count += pushes.length;
  }
  return count;
}

/** Undefined: left alone, an orphan inside its grace. */
function planFor(
  { model, deployment }: ModelWithDeployment,
  provider: Provider,
  settings: Settings,
  apiKey: string | undefined,
  hashKey: Uint8Array,
  nowMs: number,
): { wantedHash: string | null; inStep: boolean } | undefined {
  const { want } = whatIsWanted(model, provider, nowMs);
  if (want === 'leave' && !isHalfDone(deployment)) return undefined;
  if (want === 'absent') return { wantedHash: null, inStep: !isAtLitellm(deployment) };
  const wantedHash = deploymentHash(wantedDeployment(model, provider, settings, apiKey), hashKey);
  const inStep =
    deployment?.intent === null &&
    deployment.appliedHash === wantedHash &&
    deployment.retiredIds.length === 0;
  return { wantedHash, inStep };
}

/** In step again without a push, by an edit that was taken back: an old wish or error would be told for ever. */
function isStale(deployment: Deployment | undefined, wantedHash: string | null): boolean {
  return (
    deployment !== undefined &&
    !deployment.pending &&
    (deployment.wantedHash !== wantedHash || deployment.lastError !== null)
  );
}

/** Whether a row of this deployment is, or may be, at LiteLLM. */
export function isAtLitellm(deployment: Deployment | undefined): deployment is Deployment {
  if (deployment === undefined) return false;
  const { appliedHash, intent, pushedAt, retiredIds } = deployment;
  return appliedHash !== null || intent !== null || pushedAt !== null || retiredIds.length > 0;
}

/** A change that was begun is finished even for an orphan: two rows would stay beside each other. */
export function isHalfDone(deployment: Deployment | undefined): boolean {
  return deployment !== undefined && (deployment.intent !== null || deployment.retiredIds.length > 0);
}
