import createError from 'http-errors';
import { z } from 'zod';
import type { Model } from '../../entities/model.js';
import type { ModelEdit, ModelsQuery } from '../../entities/models-store.js';
import { planPushes } from '../../jobs/plan-pushes.js';
import { applyChanges } from '../apply-changes.js';
import { defineRoute, type ApiServices } from '../define-route.js';
import { modelEditOf, modelUpdate } from '../model-edit.js';
import { modelDetailView, modelView, viewModel, viewModelDetail } from '../model-view.js';
import { idParams, pageOf, paging, queryBoolean } from '../paging.js';
import { invalidField } from '../problem.js';
import { existing as existingProvider } from './providers.js';

const listQuery = z.object({
  ...paging,
  provider_id: z.coerce.number().int().positive().optional(),
  search: z.string().max(256).optional(),
  orphaned: queryBoolean.optional(),
  modified: queryBoolean.optional(),
  sync_enabled: queryBoolean.optional(),
});

/** The number has digits only, so that `/api/models/db/…` and words are no ids. */
const modelPaths: [string, string] = ['/api/models/db/:id', '/api/models/:id'];
const under = (suffix: string): [string, string] => [modelPaths[0] + suffix, modelPaths[1] + suffix];

export const modelRoutes = [
  defineRoute({
    method: 'get',
    paths: ['/api/models'],
    summary: 'Models of all providers',
    query: listQuery,
    reply: pageOf(modelView),
    async handle({ query }, services) {
      return pageOfModels(
        {
          limit: query.limit,
          offset: query.offset,
          ...(query.provider_id !== undefined && { providerId: query.provider_id }),
          ...(query.search !== undefined && { search: query.search }),
          ...(query.orphaned !== undefined && { orphaned: query.orphaned }),
          ...(query.modified !== undefined && { modified: query.modified }),
          ...(query.sync_enabled !== undefined && { syncEnabled: query.sync_enabled }),
        },
        services,
      );
    },
  }),
  defineRoute({
    method: 'get',
    paths: ['/api/providers/:id/models'],
    summary: 'Models of one provider; orphans only when asked for',
    params: idParams,
    query: z.object({ ...paging, include_orphaned: queryBoolean.default(false) }),
    reply: z.object({
      provider: z.object({ id: z.int(), name: z.string(), type: z.string(), base_url: z.string() }),
      models: z.array(modelView),
      total: z.int(),
    }),
    async handle({ params, query }, services) {
      const provider = await existingProvider(params.id, services);
      const { limit, offset, include_orphaned: includeOrphaned } = query;
      const page = await pageOfModels(
        { limit, offset, providerId: provider.id, ...(!includeOrphaned && { orphaned: false }) },
        services,
      );
      return {
        provider: { id: provider.id, name: provider.name, type: provider.type, base_url: provider.baseUrl },
        models: page.items,
        total: page.total,
      };
    },
  }),
  defineRoute({
    method: 'get',
    paths: modelPaths,
    summary: 'One model with its provider’s, edited and effective parameters',
    params: idParams,
    reply: modelDetailView,
    async handle({ params }, services) {
      return detailOf(params.id, services);
    },
  }),
  ...(['patch', 'post'] as const).map((method) =>
    defineRoute({
      method,
      paths: method === 'patch' ? [...modelPaths, ...under('/params')] : under('/params'),
      summary: 'Edit a model; edits survive every sync',
      params: idParams,
      body: modelUpdate,
      reply: modelDetailView,
      needsQueue: true,
      async handle({ params, body, actor }, services) {
        const model = await existing(params.id, services);
        if (body.params !== undefined && body.user_params !== undefined)
          throw invalidField('user_params', 'is the same as params; send one of them');
        const provider = await existingProvider(model.providerId, services);
        if (body.ollama_mode && provider.type !== 'ollama')
          throw invalidField('ollama_mode', 'is for models of an Ollama provider only');
        await edit(
          model,
          modelEditOf(body, model),
          { actor, action: 'model.update', details: body },
          services,
        );
        return detailOf(model.id, services);
      },
    }),
  ),
  defineRoute({
    method: 'delete',
    paths: under('/params'),
    summary: 'Reset: drop every edit, back to what the provider says',
    params: idParams,
    reply: modelDetailView,
    needsQueue: true,
    async handle({ params, actor }, services) {
      const model = await existing(params.id, services);
      const reset: ModelEdit = {
        userParams: null,
        userTags: null,
        accessGroups: null,
        pricingProfile: null,
        pricingOverride: null,
        ollamaMode: null,
        userModified: false,
      };
      await edit(
        model,
        reset,
        { actor, action: 'model.reset', details: { user_params: model.userParams } },
        services,
      );
      return detailOf(model.id, services);
    },
  }),
  defineRoute({
    method: 'post',
    paths: under('/push'),
    summary: 'Push one model now',
    params: idParams,
    reply: modelView,
    status: 202,
    needsQueue: true,
    async handle({ params }, services) {
      const model = await existing(params.id, services);
      if ((await services.stores.settings.get()).litellmBaseUrl === null) {
        throw createError(409, 'no LiteLLM is configured; set litellm_base_url with PATCH /api/admin/config');
      }
      const scope = { providerId: model.providerId, modelIds: [model.id] };
      await planPushes(scope, null, { stores: services.stores, enqueue: services.queues, now: services.now });
      return viewModel(await partsOf(model, services));
    },
  }),
];

async function existing(id: number, { stores }: ApiServices): Promise<Model> {
  const model = await stores.models.byId(id);
  if (model === null) throw createError(404, `there is no model ${id}`);
  return model;
}

async function pageOfModels(query: ModelsQuery, { stores, now }: ApiServices) {
  const { items, total } = await stores.models.page(query);
  const settings = await stores.settings.get();
  const providers = new Map((await stores.providers.list()).map((provider) => [provider.id, provider]));
  const deployments = await stores.deployments.forModels(items.map((model) => model.id));
  const nowMs = now().getTime();
  const views = items.flatMap((model) => {
    const provider = providers.get(model.providerId);
    return provider
      ? [viewModel({ model, provider, settings, deployment: deployments.get(model.id), nowMs })]
      : [];
  });
  return { items: views, total };
}

async function partsOf(model: Model, services: ApiServices) {
  const { stores, now } = services;
  return {
    model,
    provider: await existingProvider(model.providerId, services),
    settings: await stores.settings.get(),
    deployment: (await stores.deployments.forModel(model.id)) ?? undefined,
    nowMs: now().getTime(),
  };
}

async function detailOf(id: number, services: ApiServices) {
  const model = await existing(id, services);
  return viewModelDetail(await partsOf(model, services), await services.stores.models.rawMetadataOf(id));
}

async function edit(
  model: Model,
  change: ModelEdit,
  audit: { actor: string; action: string; details: Record<string, unknown> },
  services: ApiServices,
): Promise<void> {
  const at = services.now().toISOString();
  await services.stores.models.edit(model.id, change, at);
  await services.stores.history.addAuditEvent({ at, ...audit, subject: model.modelId });
  await applyChanges(services, { providerId: model.providerId, modelIds: [model.id] }, { schedules: false });
}
