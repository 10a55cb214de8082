import { z } from 'zod';
import { defineRoute } from '../define-route.js';
import { modelFilter, modelSort, readFilter } from '../model-filter.js';
import { modelDetailView, modelView } from '../model-view.js';
import { idParams, pageOf, paging, queryBoolean } from '../paging.js';
import { detailOf, pageOfModels } from '../read-models.js';
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
