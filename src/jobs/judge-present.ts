import { deploymentBody, deploymentHash, deploymentId, type Identity } from '../domain/deployment-body.js';
import { findDrift } from '../domain/drift.js';
import { whatIsWanted } from '../domain/want.js';
import { displayName, wantedDeployment } from '../domain/wanted-deployment.js';
import type { Deployment } from '../entities/deployment.js';
import type { JobContext } from './define-job.js';
import { isFresh, newestRowOf, type DestinationView, type Known } from './destination-view.js';
import { isAtLitellm } from './plan-pushes.js';

const markerName = 'model_info.litellm_updater';

/** Drift is overwritten and told; what our database lost on the way (a restored backup, a crash) is learned again. */
export async function judgePresent(view: DestinationView, context: JobContext): Promise<void> {
  const hashKey = await context.stores.settings.hashKey();
  const drifted: { model: string; keys: string[] }[] = [];
  for (const entry of view.known) {
    const keys = await judge(entry, view, hashKey, context);
    if (keys.length > 0) drifted.push({ model: displayName(entry.provider, entry.model.modelId), keys });
  }
  await context.stores.runs.noteReconcile(view.runId, { drifted });
}

/** The keys in which this model's row drifted. */
async function judge(
  entry: Known,
  { settings, ours, rows }: DestinationView,
  hashKey: Uint8Array,
  context: JobContext,
): Promise<string[]> {
  const { model, provider, deployment } = entry;
  const { deployments } = context.stores;
  if (deployment !== undefined && (deployment.intent !== null || isFresh(deployment, settings, context)))
    return [];
  const found =
    deployment?.deploymentId == null ? newestRowOf(entry, ours) : ours.get(deployment.deploymentId);

  if (deployment?.deploymentId == null || !isAtLitellm(deployment)) {
    if (found === undefined) return [];
    await deployments.adopt(model.id, {
      deploymentId: found.row.id,
      generation: found.marker.generation,
      appliedHash: found.marker.hash,
      pushedAt: context.now().toISOString(),
    });
    return [];
  }
  if (whatIsWanted(model, provider, context.now().getTime()).want !== 'present') return [];
  const identity = {
    instanceId: settings.instanceId,
    providerUuid: provider.uuid,
    modelId: model.modelId,
    generation: deployment.generation,
  };
  if (found === undefined) {
    const listed = rows.some((row) => row.id === deployment.deploymentId);
    return listed && lostItsMarker(deployment, identity) ? drift(deployment, [markerName], context) : [];
  }

  const wanted = wantedDeployment(model, provider, settings, entry.apiKey);
  const hash = deploymentHash(wanted, hashKey);
  if (found.marker.hash !== hash) {
    return found.marker.hash === deployment.appliedHash ? [] : drift(deployment, [markerName], context);
  }
  const keys = findDrift(deploymentBody(wanted, identity, hash), found.row);
  if (keys.length > 0) return drift(deployment, keys, context);
  // A push that Redis lost would be waited for without end; none runs beside a reconcile.
  if (deployment.appliedHash !== hash || deployment.pending) {
    await deployments.save(model.id, { appliedHash: hash, pending: false });
  }
  return [];
}

/** An adopted row has an id of its own and never had our marker. */
function lostItsMarker(deployment: Deployment, identity: Identity): boolean {
  return deployment.deploymentId === deploymentId(identity);
}

async function drift(deployment: Deployment, keys: string[], { stores }: JobContext): Promise<string[]> {
  if (deployment.appliedHash !== null)
    await stores.deployments.save(deployment.modelId, { appliedHash: null });
  return keys;
}
