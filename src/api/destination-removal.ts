import createError from 'http-errors';
import { displayName } from '../domain/wanted-deployment.js';
import { applyChanges } from './apply-changes.js';
import { recordChange } from './audit.js';
import type { Actor } from './auth.js';
import type { ApiServices } from './define-route.js';
import { judgeRows, type JudgedRow } from './destination-rows.js';
import { lookAtDestination } from './destination-look.js';
import { editableView } from './model-view.js';

export interface Removal {
  id: string;
  model_name: string;
  message: string;
  /** Ours that was switched off, so that no sync brings the row back. */
  disabled_model?: { id: number; display_name: string };
}

export interface Refusal {
  id: string;
  status: 404 | 409;
  reason: string;
}

type Decision = { judged: JudgedRow; how: 'disable' | 'finish' | 'stray' } | Refusal;

interface Wish {
  ids: string[];
  /** Also rows that are not ours. */
  force: boolean;
  actor: Actor;
}

/** Takes rows out of LiteLLM, each for itself; a worker does it. What is refused stays, and says why. */
export async function removeRows(
  { ids, force, actor }: Wish,
  services: ApiServices,
  signal: AbortSignal,
): Promise<{ accepted: Removal[]; refused: Refusal[] }> {
  const { contents, clock } = await lookAtDestination(services, signal, ids);
  const judged = judgeRows(contents, clock);
  const byId = new Map(judged.map((each) => [each.row.id, each]));
  const decisions = [...new Set(ids)].map((id) => decide(id, byId.get(id), force));
  const accepted: Removal[] = [];
  for (const decision of decisions) {
    if ('how' in decision) accepted.push(await carryOut(decision, { actor, force }, services));
  }
  const touched = decisions.flatMap((decision) =>
    'how' in decision && decision.how !== 'stray' && decision.judged.known !== undefined
      ? [decision.judged.known.model.id]
      : [],
  );
  if (touched.length > 0) await applyChanges(services, { modelIds: touched }, { schedules: false });
  return { accepted, refused: decisions.filter((decision) => 'reason' in decision) };
}

function decide(id: string, judged: JudgedRow | undefined, force: boolean): Decision {
  if (judged === undefined) return { id, status: 404, reason: `LiteLLM has no model with the id ${id}` };
  const { owner, known, isCopy, row } = judged;
  const refused = (reason: string): Refusal => ({ id, status: 409, reason: `"${row.modelName}" ${reason}` });
  switch (owner) {
    case 'config':
      return refused('is in LiteLLM’s config.yaml: it can be removed only there');
    case 'ours':
      return { judged, how: known === undefined ? 'stray' : isCopy ? 'finish' : 'disable' };
    case 'other-instance':
      return force
        ? { judged, how: 'stray' }
        : refused('belongs to another LiteLLM Updater, which would bring it back; force=true removes it');
    case 'predecessor':
      return force
        ? { judged, how: 'stray' }
        : refused('was made by the predecessor and waits for its provider; force=true removes it');
    case 'foreign':
      return force
        ? { judged, how: 'stray' }
        : refused('was not made by this LiteLLM Updater; force=true removes it');
  }
}

async function carryOut(
  { judged, how }: Extract<Decision, { how: unknown }>,
  asked: { actor: Actor; force: boolean },
  services: ApiServices,
): Promise<Removal> {
  const { row, known } = judged;
  if (known === undefined || how === 'stray') return removeStray(judged, asked, services);
  const { model, provider } = known;
  const removal = { id: row.id, model_name: row.modelName };
  const name = displayName(provider, model.modelId);
  if (how === 'finish') {
    return { ...removal, message: `an older copy of "${name}", which the push of that model removes` };
  }
  await disable(known, asked.actor, services);
  return {
    ...removal,
    message: `"${name}" is disabled, and its push removes it; enable the model to bring it back`,
    disabled_model: { id: model.id, display_name: name },
  };
}

async function disable(
  { model }: NonNullable<JudgedRow['known']>,
  actor: Actor,
  services: ApiServices,
): Promise<void> {
  const { stores, now } = services;
  await stores.modelEdits.editMany([model.id], { syncEnabled: false }, now().toISOString());
  const before = editableView(model);
  const change = {
    actor,
    action: 'model.update',
    subject: model.modelId,
    target: `model:${model.id}`,
    before,
    after: { ...before, sync_enabled: false },
  };
  await recordChange(change, services);
}

/** Nothing here stands for the row, so the job needs no more than its id. */
async function removeStray(
  { row, owner }: JudgedRow,
  { actor, force }: { actor: Actor; force: boolean },
  services: ApiServices,
): Promise<Removal> {
  await services.queues.add('push-model', { kind: 'stray', deploymentId: row.id });
  const before = { owner, model_name: row.modelName, model: row.litellmParams['model'] ?? null };
  const change = {
    actor,
    action: 'deployment.delete',
    subject: row.modelName,
    target: `deployment:${row.id}`,
    before,
    details: { force },
  };
  await recordChange(change, services);
  return { id: row.id, model_name: row.modelName, message: 'it is removed as soon as a worker is free' };
}

/** The only one of a request. */
export function throwRefusal({ status, reason }: Refusal): never {
  throw createError(status, reason);
}
