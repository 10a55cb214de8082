import { adoptableRows, adoptionKey } from '../domain/adoption.js';
import { deploymentBody, deploymentHash, markerKey } from '../domain/deployment-body.js';
import { findDrift } from '../domain/drift.js';
import { messageOf } from '../domain/errors.js';
import type { DestinationAccess, DestinationRow } from '../domain/ports.js';
import { wantedDeployment } from '../domain/wanted-deployment.js';
import type { JobContext } from './define-job.js';
import { keyOf } from './provider-access.js';
import { isFresh } from './destination-view.js';
import { Postponed } from './job-errors.js';
import { isAtLitellm } from './plan-pushes.js';

/**
 * Looks at what LiteLLM has: its version, its rows, and rows of the predecessor, which are adopted. Adoption writes only to
 * our database. Throws when the listing fails: that is "unknown", never "empty".
 */
export async function surveyDestination(
  access: DestinationAccess,
  context: JobContext,
): Promise<DestinationRow[]> {
  const { stores, destination, signal } = context;
  // Before the listing: a model that is stored meanwhile was not looked for.
  const now = context.now().toISOString();
  try {
    const version = await destination.version(access, signal);
    const rows = await destination.list(access, signal);
    if (!(await stores.settings.noteSurvey(access, now, version)))
      throw new Postponed('LiteLLM was changed meanwhile', 0);
    await adopt(rows, context);
    return rows;
  } catch (error) {
    if (!signal.aborted && !(error instanceof Postponed))
      await stores.settings.noteDestination(messageOf(error), now);
    throw error;
  }
}

async function adopt(rows: DestinationRow[], context: JobContext): Promise<void> {
  const { stores, now } = context;
  const adoptable = adoptableRows(rows.filter((row) => !(markerKey in row.modelInfo)));
  if (adoptable.size === 0) return;
  const settings = await stores.settings.get();
  const hashKey = await stores.settings.hashKey();
  const deployments = await stores.deployments.all();
  const claimed = new Set(
    deployments.filter(isAtLitellm).flatMap((row) => [row.deploymentId, ...row.retiredIds]),
  );
  for (const provider of await stores.providers.list()) {
    const { apiKey, isReadable } = await keyOf(provider, stores);
    if (!isReadable) continue;
    for (const { model, deployment } of await stores.deployments.ofProvider(provider.id)) {
      const found = adoptable.get(adoptionKey(provider.name, model.modelId)) ?? [];
      const unclaimed = found.filter(({ id }) => !claimed.has(id));
      const [first, ...copies] = unclaimed;
      if (first === undefined) continue;
      if (isAtLitellm(deployment)) {
        // What was just replaced is listed still where a replica lags.
        if (isFresh(deployment, settings, context)) continue;
        // Seen late, after an empty listing or a lost delete: two rows would stay for ever.
        const retiredIds = [...deployment.retiredIds, ...unclaimed.map(({ id }) => id)];
        await stores.deployments.save(model.id, { retiredIds });
        continue;
      }
      const wanted = wantedDeployment(model, provider, settings, apiKey);
      const hash = deploymentHash(wanted, hashKey);
      const identity = {
        instanceId: settings.instanceId,
        providerUuid: provider.uuid,
        modelId: model.modelId,
        generation: 0,
      };
      const body = deploymentBody(wanted, identity, hash);
      // The predecessor's tags tell the row apart and are never ours: they alone are no need for a change.
      const differs = findDrift(body, first).some((key) => !key.endsWith('.tags'));
      const edit = {
        deploymentId: first.id,
        retiredIds: copies.map((copy) => copy.id),
        appliedHash: !differs && echoesAll(body.litellm_params, first) ? hash : null,
        appliedKeys: null,
        pushedAt: now().toISOString(),
      };
      // A push that a run waits for stays that run's.
      if (deployment === undefined) await stores.deployments.adopt(model.id, edit);
      else await stores.deployments.save(model.id, edit);
    }
  }
}

/** An adopted row is only as wanted when it shows the route that we would write. */
function echoesAll(params: Record<string, unknown>, row: DestinationRow): boolean {
  return ['model', 'api_base'].every((key) => row.litellmParams[key] === params[key]);
}
