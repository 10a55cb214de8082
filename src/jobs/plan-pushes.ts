import { deploymentHash } from '../domain/deployment-body.js';
import { wantedDeployment } from '../domain/wanted-deployment.js';
import { whatIsWanted } from '../domain/want.js';
import type { Deployment } from '../entities/deployment.js';
import type { ModelWithDeployment, PlannedPush } from '../entities/deployments-store.js';
import type { Provider } from '../entities/provider.js';
import type { Settings } from '../entities/settings.js';
import type { JobServices } from './define-job.js';

type Services = Pick<JobServices, 'stores' | 'enqueue' | 'now'>;

/**
 * Queues a push for every deployment that is not as wanted, from what the database knows; asks LiteLLM nothing. `modelIds`
 * narrows it down. Returns how many. Nothing without a configured LiteLLM.
 */
export async function planPushes(
  scope: 'all' | { providerId: number; modelIds?: number[] },
  runId: number | null,
  services: Services,
): Promise<number> {
  const { stores, enqueue } = services;
  const settings = await stores.settings.get();
  if (settings.litellmBaseUrl === null) return 0;
  const hashKey = await stores.settings.hashKey();
  const nowMs = services.now().getTime();
  const providers = (await stores.providers.list()).filter(
    (row) => scope === 'all' || row.id === scope.providerId,
  );

  let count = 0;
  for (const provider of providers) {
    const apiKey = await stores.providers.apiKeyOf(provider.id);
    const rows = (await stores.deployments.ofProvider(provider.id)).filter(
      ({ model }) => scope === 'all' || (scope.modelIds?.includes(model.id) ?? true),
    );
    const pushes = rows.flatMap((row) => outOfStep(row, provider, settings, apiKey, hashKey, nowMs) ?? []);
    if (pushes.length === 0) continue;
    await stores.deployments.markPending(pushes, runId);
    await enqueue.pushes(pushes.map((push) => push.modelId));
    count += pushes.length;
  }
  return count;
}

function outOfStep(
  { model, deployment }: ModelWithDeployment,
  provider: Provider,
  settings: Settings,
  apiKey: string | undefined,
  hashKey: Uint8Array,
  nowMs: number,
): PlannedPush | undefined {
  const { want } = whatIsWanted(model, provider, nowMs);
  if (want === 'leave') return undefined;
  if (want === 'absent') return isAtLitellm(deployment) ? { modelId: model.id, wantedHash: null } : undefined;
  const wantedHash = deploymentHash(wantedDeployment(model, provider, settings, apiKey), hashKey);
  const inStep =
    deployment?.intent === null &&
    deployment.appliedHash === wantedHash &&
    deployment.retiredIds.length === 0;
  return inStep ? undefined : { modelId: model.id, wantedHash };
}

/** Whether a row of this deployment is, or may be, at LiteLLM. */
export function isAtLitellm(deployment: Deployment | undefined): deployment is Deployment {
  if (deployment === undefined) return false;
  const { appliedHash, intent, pushedAt, retiredIds } = deployment;
  return appliedHash !== null || intent !== null || pushedAt !== null || retiredIds.length > 0;
}
