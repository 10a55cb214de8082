import { deploymentBody, deploymentHash, deploymentId, writtenKeys } from '../domain/deployment-body.js';
import type { DestinationAccess } from '../domain/ports.js';
import { howToUpdate } from '../domain/update-strategy.js';
import { whatIsWanted } from '../domain/want.js';
import { wantedDeployment } from '../domain/wanted-deployment.js';
import type { Deployment } from '../entities/deployment.js';
import type { DeploymentEdit } from '../entities/deployments-store.js';
import type { Model } from '../entities/model.js';
import type { Provider } from '../entities/provider.js';
import type { Settings } from '../entities/settings.js';
import type { PushOutcome } from '../entities/sync-run.js';
import type { JobContext } from './define-job.js';
import { Postponed } from './job-errors.js';
import { isAtLitellm, isHalfDone } from './plan-pushes.js';
import {
  deleteRetired,
  identityOf,
  nextGeneration,
  readById,
  save,
  verify,
  write,
  type Push,
} from './push-steps.js';
import { surveyDestination } from './survey-destination.js';

/** How a push ended; the edit is stored together with its end. */
export interface PushEnd {
  outcome: PushOutcome;
  edit?: DeploymentEdit;
}

const unchanged: PushEnd = { outcome: 'unchanged' };

/**
 * Design 4a: makes one deployment equal to the wanted one. The intent is stored before the first call and each step after
 * its own, so that whoever comes after a crash finishes the work; what may have been written is read by id, not repeated.
 */
export async function pushDeployment(
  model: Model,
  provider: Provider,
  row: Deployment,
  context: JobContext,
): Promise<PushEnd> {
  const { stores } = context;
  const access = await stores.settings.destinationAccess();
  if (access === undefined) return unchanged;
  let settings = await stores.settings.get();
  refuseWhileSuspicious(settings, context);

  const { want } = whatIsWanted(model, provider, context.now().getTime());
  if (want === 'leave' && !isHalfDone(row)) return unchanged;
  if (want === 'absent') return remove(row, access, context);

  if (!isAtLitellm(row) && (settings.surveyedAt ?? '') <= model.createdAt) {
    await surveyDestination(access, context);
    settings = await stores.settings.get();
    row = (await stores.deployments.forModel(model.id)) ?? row;
  }
  const apiKey = await stores.providers.apiKeyOf(provider.id);
  const wanted = wantedDeployment(model, provider, settings, apiKey);
  const hash = deploymentHash(wanted, await stores.settings.hashKey());
  const parts = { model, provider, settings };
  const body = (generation: number) => deploymentBody(wanted, identityOf(parts, generation), hash);
  return bringAbout({ ...parts, access, hash, body, context }, row);
}

/** When many of our rows seem gone at once, nothing is created or deleted until a later listing agrees (rule 8). */
function refuseWhileSuspicious(settings: Settings, context: JobContext): void {
  if (settings.suspectSince === null) return;
  const pollMs = settings.litellmPollSeconds * 1_000;
  const sinceMs = context.now().getTime() - Date.parse(settings.suspectSince);
  if (sinceMs < 3 * pollMs) {
    throw new Postponed(
      'LiteLLM does not list many of our rows; waiting for a second listing',
      Math.min(pollMs, 5_000),
    );
  }
}

async function bringAbout(push: Push, row: Deployment): Promise<PushEnd> {
  const resumed = row.intent !== null && row.intentHash === push.hash;
  if (!resumed) {
    if (row.intent === null && row.appliedHash === push.hash && row.retiredIds.length === 0) return unchanged;
    row = await decide(push, row);
  }
  if (row.step === 'write') row = await write(push, row, resumed);
  if (row.step === 'verify') row = await verify(push, row);
  await deleteRetired(push, row);
  const edit = {
    appliedHash: push.hash,
    appliedKeys: writtenKeys(push.body(row.generation)),
    intent: null,
    step: null,
    intentHash: null,
    retiredIds: [],
    pushedAt: push.context.now().toISOString(),
  };
  return { outcome: outcomeOf(row), edit };
}

function outcomeOf(row: Deployment): PushOutcome {
  if (row.intent === 'patch') return 'patched';
  return row.intent === 'replace' ? 'replaced' : 'created';
}

/** Which way to go, written down before the first call. */
async function decide(push: Push, row: Deployment): Promise<Deployment> {
  const fresh = { step: 'write' as const, intentHash: push.hash, writtenAt: null };
  if (row.intent === 'create' || row.intent === 'replace') {
    // The wish changed on the way. What was written for the old one is left behind as a generation of its own.
    const written = row.deploymentId === null ? undefined : await readById(push, row.deploymentId);
    return written === undefined
      ? save(push, row, fresh)
      : save(push, row, { ...nextGeneration(push, row), ...fresh });
  }
  const created = deploymentId(identityOf(push, row.generation));
  if (!isAtLitellm(row) || row.intent === 'remove' || row.deploymentId === null) {
    // An adopted row whose removal got lost must not stay beside ours.
    const strange = row.deploymentId !== null && row.deploymentId !== created ? [row.deploymentId] : [];
    const retiredIds = [...row.retiredIds, ...strange];
    return save(push, row, { ...fresh, intent: 'create', deploymentId: created, retiredIds });
  }

  const wantedKeys = writtenKeys(push.body(row.generation));
  const how = howToUpdate({
    strategy: push.settings.updateStrategy,
    version: push.settings.litellmVersion ?? undefined,
    // Keys of a row that we did not write are unknown, and an id that is not this generation's cannot be patched.
    removesKeys:
      row.deploymentId !== created || (row.appliedKeys?.some((key) => !wantedKeys.includes(key)) ?? true),
  });
  if (how === 'replace')
    return save(push, row, { ...nextGeneration(push, row), ...fresh, intent: 'replace' });
  // Should the wish change before this one is done, the keys of both may be there.
  const appliedKeys = [...new Set([...(row.appliedKeys ?? []), ...wantedKeys])].sort();
  return save(push, row, { ...fresh, intent: 'patch', appliedKeys });
}

async function remove(row: Deployment, access: DestinationAccess, context: JobContext): Promise<PushEnd> {
  if (!isAtLitellm(row)) return unchanged;
  await context.stores.deployments.save(row.modelId, { intent: 'remove', step: 'write', intentHash: null });
  const ids = row.deploymentId === null ? row.retiredIds : [...row.retiredIds, row.deploymentId];
  for (const id of ids) {
    if (row.requestedRunId !== null) await context.stores.runs.countWrite(row.requestedRunId);
    await context.destination.remove(access, id, context.signal);
  }
  // Id and generation stay: a model that comes back gets the same deployment id.
  const edit = {
    appliedHash: null,
    appliedKeys: null,
    intent: null,
    step: null,
    retiredIds: [],
    pushedAt: null,
  };
  return { outcome: 'removed', edit };
}
