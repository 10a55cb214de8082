import createError from 'http-errors';
import { z } from 'zod';
import type { Model } from '../../entities/model.js';
import type { ModelsQuery } from '../../entities/models-store.js';
import { defineRoute, type ApiServices } from '../define-route.js';
import { modelFilter, modelSort, readFilter } from '../model-filter.js';
import { modelDetailView, modelView, viewModel, viewModelDetail } from '../model-view.js';
import { idParams, pageOf, paging, queryBoolean } from '../paging.js';
import { existing as existingProvider } from './providers.js';

/** The number has digits only, so that `/api/models/db/…` and words are no ids. */
export const modelPaths: [string, string] = ['/api/models/db/:id', '/api/models/:id'];
export const under = (suffix: string): [string, string] => [modelPaths[0] + suffix, modelPaths[1] + suffix];

const filterQuery = z.object({ ...modelFilter, ...paging, sort: modelSort.default('id') });

export const modelRoutes = [
  defineRoute({
    method: 'get',
    paths: ['/api/models'],
    group: 'models',
    summary: 'Models of all providers',
    scope: 'read',
    query: filterQuery,
    reply: pageOf(modelView),
    async handle({ query: { limit, offset, sort, ...filter } }, services) {
      const nowMs = services.now().getTime();
      return pageOfModels({ limit, offset, sort, ...readFilter(filter, nowMs) }, services);
    },
  }),
  defineRoute({
    method: 'get',
    paths: ['/api/providers/:id/models'],
    group: 'models',
    summary: 'Models of one provider; orphans only when asked for',
    scope: 'read',
    params: idParams,
    query: filterQuery.omit({ provider_id: true }).extend({ include_orphaned: queryBoolean.default(false) }),
    reply: z.object({
      provider: z.object({ id: z.int(), name: z.string(), type: z.string(), base_url: z.string() }),
      models: z.array(modelView),
      total: z.int(),
    }),
    problems: { 404: 'there is no such provider' },
    async handle({ params, query }, services) {
      const provider = await existingProvider(params.id, services);
      const { limit, offset, sort, include_orphaned: includeOrphaned, ...filter } = query;
      const orphaned = filter.orphaned ?? (includeOrphaned ? undefined : false);
      const page = await pageOfModels(
        {
          limit,
          offset,
          sort,
          ...readFilter(filter, services.now().getTime()),
          providerId: provider.id,
          ...(orphaned !== undefined && { orphaned }),
        },
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
    group: 'models',
    summary: 'One model with its provider’s, edited and effective parameters, provenance and history',
    scope: 'read',
    params: idParams,
    reply: modelDetailView,
    problems: { 404: 'there is no such model' },
    versioned: true,
    async handle({ params }, services) {
      return detailOf(params.id, services);
    },
  }),
];

export async function existingModel(id: number, { stores }: ApiServices): Promise<Model> {
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

export async function partsOf(model: Model, services: ApiServices) {
  const { stores, now } = services;
  return {
    model,
    provider: await existingProvider(model.providerId, services),
    settings: await stores.settings.get(),
    deployment: (await stores.deployments.forModel(model.id)) ?? undefined,
    nowMs: now().getTime(),
  };
}

export async function detailOf(id: number, services: ApiServices) {
  const { stores } = services;
  const model = await existingModel(id, services);
  return viewModelDetail(await partsOf(model, services), {
    rawMetadata: await stores.models.rawMetadataOf(id),
    changes: (await stores.history.auditEvents({ target: `model:${id}`, limit: 50, offset: 0 })).items,
  });
}
