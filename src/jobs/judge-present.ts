import { whatIsWanted } from '../domain/want.js';
import { displayName } from '../domain/wanted-deployment.js';
import type { Deployment } from '../entities/deployment.js';
import { compareRow } from './compare-row.js';
import type { JobContext } from './define-job.js';
import { isFresh, newestRowOf, type DestinationView, type Known } from './destination-view.js';
import { isAtLitellm } from './plan-pushes.js';

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
  if (!entry.isReadable) return [];
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
  const row = found?.row ?? rows.find(({ id }) => id === deployment.deploymentId);
  if (row === undefined) return [];
  const seen = { row, marker: found?.marker };
  const { wantedHash, carriedHash, drifted } = compareRow(entry, deployment, seen, settings, hashKey);
  if (drifted.length > 0) return drift(deployment, drifted, context);
  if (found === undefined || carriedHash !== wantedHash) return [];
  // A push that Redis lost would be waited for without end; none runs beside a reconcile.
  if (deployment.appliedHash !== wantedHash || deployment.pending) {
    await deployments.save(model.id, { appliedHash: wantedHash, pending: false });
  }
  return [];
}

async function drift(deployment: Deployment, keys: string[], { stores }: JobContext): Promise<string[]> {
  if (deployment.appliedHash !== null)
    await stores.deployments.save(deployment.modelId, { appliedHash: null });
  return keys;
}
