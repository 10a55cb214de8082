import { deploymentId, markerOf, type Identity } from '../domain/deployment-body.js';
import { findDrift } from '../domain/drift.js';
import { PermanentError } from '../domain/errors.js';
import type { DeploymentBody, DestinationAccess, DestinationRow } from '../domain/ports.js';
import type { Deployment } from '../entities/deployment.js';
import type { Model } from '../entities/model.js';
import type { Provider } from '../entities/provider.js';
import type { Settings } from '../entities/settings.js';
import type { JobContext } from './define-job.js';
import { Postponed } from './job-errors.js';

/** Asks again this often whether a written row is served. */
const verifyEveryMs = 2_000;

/** Behind a balancer one answer says nothing about the next replica: an old row goes after this many good ones in a row. */
const agreeingReads = 8;

/** One push under way: what is wanted, and where. */
export interface Push {
  model: Model;
  provider: Provider;
  settings: Settings;
  access: DestinationAccess;
  hash: string;
  body: (generation: number) => DeploymentBody;
  context: JobContext;
}

/** Each step is stored before the next one begins. */
export async function save(push: Push, row: Deployment, edit: Partial<Deployment>): Promise<Deployment> {
  if (!(await push.context.stores.deployments.save(row.modelId, edit)))
    throw new PermanentError('the model was deleted meanwhile');
  return { ...row, ...edit };
}

/** A new id; the present row waits for its end. */
export function nextGeneration(push: Push, row: Deployment): Partial<Deployment> {
  const generation = row.generation + 1;
  return {
    generation,
    deploymentId: deploymentId(identityOf(push, generation)),
    retiredIds: row.deploymentId === null ? row.retiredIds : [...row.retiredIds, row.deploymentId],
  };
}

export function identityOf(
  { settings, provider, model }: Pick<Push, 'settings' | 'provider' | 'model'>,
  generation: number,
): Identity {
  return { instanceId: settings.instanceId, providerUuid: provider.uuid, modelId: model.modelId, generation };
}

export async function readById({ access, context }: Push, id: string): Promise<DestinationRow | undefined> {
  const served = await context.destination.served(access, id, context.signal);
  return served ?? context.destination.stored(access, id, context.signal);
}

/** The one call that writes. After it, the row waits to be seen served. */
export async function write(push: Push, row: Deployment, mayHaveHappened: boolean): Promise<Deployment> {
  const { access, context } = push;
  const body = push.body(row.generation);
  const written = () => save(push, row, { step: 'verify', writtenAt: context.now().toISOString() });

  if (row.intent === 'patch') {
    if (mayHaveHappened) {
      const present = await readById(push, body.model_info.id);
      // The hash alone says nothing where drift is undone: it was the wanted one before, too.
      if (present !== undefined && isOurs(push, present) && findDrift(body, present).length === 0)
        return written();
    }
    await countWrite(push, row);
    if ((await context.destination.patch(access, body, context.signal)) === 'patched') return written();
    // Somebody deleted the row: the same id may be used again.
    row = await save(push, row, { intent: 'create', deploymentId: body.model_info.id });
    return write(push, row, false);
  }

  if (mayHaveHappened) {
    const present = await readById(push, body.model_info.id);
    if (present !== undefined) return isOurs(push, present) ? written() : leaveBehind(push, row, present);
  }
  await countWrite(push, row);
  if ((await context.destination.create(access, body, context.signal)) === 'created') return written();

  const present = await readById(push, body.model_info.id);
  if (present === undefined) {
    throw new Error(
      'LiteLLM refuses to store the deployment and does not show one with its id. Its database may be down, or its ' +
        'LITELLM_SALT_KEY may have changed; its log says which.',
    );
  }
  return isOurs(push, present) ? written() : leaveBehind(push, row, present);
}

function isOurs(push: Push, row: DestinationRow): boolean {
  return markerOf(row.modelInfo)?.hash === push.hash;
}

/** Our id is taken by an older state of this deployment: the next generation takes over and this one goes afterwards. */
async function leaveBehind(push: Push, row: Deployment, present: DestinationRow): Promise<Deployment> {
  if (markerOf(present.modelInfo)?.instance !== push.settings.instanceId) {
    throw new PermanentError(
      `LiteLLM holds a row with our id ${present.id} that does not carry our marker; remove it there`,
    );
  }
  const next = await save(push, row, { ...nextGeneration(push, row), intent: 'replace' });
  return write(push, next, false);
}

/** Step 2: a 200 of the write proves nothing (a bad prefix is stored and never served); only being served does. */
export async function verify(push: Push, row: Deployment): Promise<Deployment> {
  const { access, context, settings } = push;
  const id = row.deploymentId ?? '';
  // Nothing depends on a first create: that the replica which took it serves it is enough.
  const [reads, connection] =
    row.intent === 'create' && row.retiredIds.length === 0
      ? [1, 'kept' as const]
      : [agreeingReads, 'fresh' as const];
  let agreeing = 0;
  let served: DestinationRow | undefined;
  while (agreeing < reads) {
    served = await context.destination.served(access, id, context.signal, connection);
    if (served === undefined || !isOurs(push, served)) break;
    agreeing += 1;
  }
  // Nothing to delete: the end of the push is stored next.
  if (agreeing === reads) return row.retiredIds.length === 0 ? row : save(push, row, { step: 'delete-old' });

  const waitedMs = context.now().getTime() - Date.parse(row.writtenAt ?? context.now().toISOString());
  const patienceMs = 2 * settings.litellmPollSeconds * 1_000;
  if (waitedMs < patienceMs) throw new Postponed('written; waiting to see it served', verifyEveryMs);
  if (row.intent === 'patch') {
    // Before 1.102 other replicas never learn of a model_info-only change; that one of them serves it is all there is to see.
    for (let read = 0; read < agreeingReads; read++) {
      const served = await context.destination.served(access, id, context.signal);
      if (served !== undefined && isOurs(push, served)) return save(push, row, { step: 'delete-old' });
    }
    throw new PermanentError(
      'LiteLLM took the change but does not serve the deployment as written; its log may say why',
    );
  }
  if (served !== undefined && row.retiredIds.length === 0) return leaveEdited(push, row);
  return giveUp(push, row);
}

/** Served, but not as written: somebody was faster than our look. It is all that serves the model, so it stays. */
async function leaveEdited(push: Push, row: Deployment): Promise<never> {
  await save(push, row, {
    intent: null,
    step: null,
    intentHash: null,
    appliedHash: null,
    appliedKeys: null,
    pushedAt: push.context.now().toISOString(),
  });
  throw new PermanentError(
    'LiteLLM serves the new deployment otherwise than it was written: somebody edited it there; the next reconcile mends it',
  );
}

/** Never served: the new row goes, the old one stays as it was. */
async function giveUp(push: Push, row: Deployment): Promise<never> {
  const { access, context } = push;
  if (row.deploymentId !== null) {
    await countWrite(push, row);
    await context.destination.remove(access, row.deploymentId, context.signal);
  }
  const previous = row.retiredIds.at(-1) ?? null;
  await context.stores.deployments.save(row.modelId, {
    intent: null,
    step: null,
    intentHash: null,
    deploymentId: previous,
    retiredIds: row.retiredIds.slice(0, -1),
    ...(previous === null && { appliedHash: null, pushedAt: null }),
  });
  throw new PermanentError(
    'LiteLLM stored the deployment but never served it, so it was removed again' +
      (previous === null ? '' : ' and the old one was kept') +
      '. Its log says why; a common cause is a route that this LiteLLM does not know.',
  );
}

/** Last: only now does an old row go. */
export async function deleteRetired(push: Push, row: Deployment): Promise<void> {
  let left = row.retiredIds;
  for (const id of row.retiredIds) {
    await countWrite(push, row);
    await push.context.destination.remove(push.access, id, push.context.signal);
    left = left.filter((other) => other !== id);
    await push.context.stores.deployments.save(row.modelId, { retiredIds: left });
  }
}

async function countWrite(push: Push, row: Deployment): Promise<void> {
  if (row.requestedRunId !== null) await push.context.stores.runs.countWrite(row.requestedRunId);
}
