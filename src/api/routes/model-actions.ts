import createError from 'http-errors';
import { z } from 'zod';
import { planPushes } from '../../jobs/plan-pushes.js';
import { refreshModel } from '../../jobs/refresh-model.js';
import { applyChanges, requireDestination } from '../apply-changes.js';
import { recordChange } from '../audit.js';
import { defineRoute } from '../define-route.js';
import { upstream } from '../upstream.js';
import { editableView, modelDetailView, modelView, viewModel } from '../model-view.js';
import { idParams } from '../paging.js';
import { detailOf, existingModel, partsOf } from '../read-models.js';
import { modelPaths, under } from './models.js';
import { notDeleting } from './providers.js';

/** A person waits for the answer. */
const refreshPatienceMs = 30_000;

const outcome = z.enum(['refreshed', 'orphaned']);

export const modelActionRoutes = [
  defineRoute({
    method: 'post',
    paths: under('/push'),
    group: 'models',
    summary: 'Push one model now',
    scope: 'operate',
    params: idParams,
    reply: modelView.extend({ status: z.literal('queued'), message: z.string() }),
    status: 202,
    problems: { 404: 'there is no such model', 409: 'no LiteLLM is configured' },
    needsQueue: true,
    async handle({ params }, services) {
      const model = await existingModel(params.id, services);
      await requireDestination(services);
      const scope = { providerId: model.providerId, modelIds: [model.id] };
      const { stores, queues, now } = services;
      const pushes = await planPushes(scope, null, { stores, enqueue: queues, now });
      const message = pushes === 0 ? 'LiteLLM has it as wanted already' : 'its push is queued';
      return { ...viewModel(await partsOf(model, services)), status: 'queued' as const, message };
    },
  }),
  defineRoute({
    method: 'post',
    paths: under('/refresh'),
    group: 'models',
    summary: 'Read one model again, by its own calls only; what changed is stored and pushed',
    scope: 'operate',
    params: idParams,
    reply: modelDetailView.extend({ outcome, status: outcome, message: z.string() }),
    problems: {
      404: 'there is no such model',
      409: 'the provider lists no models at all, which proves nothing; sync it to review that',
      502: 'the provider did not answer, or not as it should',
    },
    needsQueue: true,
    async handle({ params, signal }, services) {
      const model = await existingModel(params.id, services);
      const provider = await notDeleting(model.providerId, services);
      const patience = AbortSignal.any([signal, AbortSignal.timeout(refreshPatienceMs)]);
      const result = await upstream(() => refreshModel(model, provider, services, patience));
      if (result === 'nothing-listed') {
        throw createError(
          409,
          `provider "${provider.name}" lists no models at all now, which proves nothing; sync it to review that`,
        );
      }
      const scope = { providerId: provider.id, modelIds: [model.id] };
      await applyChanges(services, scope, { schedules: false });
      const message =
        result === 'refreshed'
          ? 'read again, and stored'
          : `provider "${provider.name}" does not list it any more: it is an orphan now`;
      return { ...(await detailOf(model.id, services)), outcome: result, status: result, message };
    },
  }),
  defineRoute({
    method: 'delete',
    paths: modelPaths,
    group: 'models',
    summary:
      'Delete a model with its edits: first its deployment, then its row. One that its provider still lists comes back ' +
      'with the next sync; disable it to keep it out',
    scope: 'admin',
    params: idParams,
    reply: z.object({
      status: z.enum(['deleted', 'deleting']),
      id: z.int(),
      message: z.string(),
    }),
    status: { among: [200, 202], of: ({ status }) => (status === 'deleted' ? 200 : 202) },
    problems: { 404: 'there is no such model' },
    needsQueue: true,
    async handle({ params, actor }, services) {
      const { stores, now } = services;
      const model = await existingModel(params.id, services);
      const at = now().toISOString();
      await stores.modelEdits.editMany([model.id], { deletingAt: at }, at);
      const before = editableView(model);
      await recordChange(
        { actor, action: 'model.delete', subject: model.modelId, target: `model:${model.id}`, before },
        services,
      );
      await stores.modelEdits.removeDeleted();
      const rest = await stores.models.byId(model.id);
      if (rest !== null) {
        const scope = { providerId: model.providerId, modelIds: [model.id] };
        await applyChanges(services, scope, { schedules: false });
      }
      const returns = model.isOrphaned
        ? ''
        : '; its provider still lists it, so the next sync brings it back: disable it to keep it out';
      return {
        status: rest === null ? ('deleted' as const) : ('deleting' as const),
        id: model.id,
        message: `${rest === null ? 'deleted' : 'it goes as soon as LiteLLM has removed its deployment'}${returns}`,
      };
    },
  }),
];
