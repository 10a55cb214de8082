import { z } from 'zod';
import { modelCategories } from '../../domain/kinds.js';
import { planPushes } from '../../jobs/plan-pushes.js';
import { startSync, startSyncOfAll } from '../../jobs/start-sync.js';
import { newBatch } from '../../jobs/close-run.js';
import { requireDestination } from '../apply-changes.js';
import { defineRoute, type ApiServices } from '../define-route.js';
import { idParams } from '../paging.js';
import { runView, viewRun } from '../run-view.js';
import { existing, notDeleting } from './providers.js';

const categories = z.record(z.enum(modelCategories), z.int());

const stats = z.object({
  total_models: z.int().describe('without orphans'),
  orphaned: z.int(),
  modified: z.int(),
  disabled: z.int(),
  in_litellm: z.int(),
  categories,
});

const startedRun = runView.extend({
  joined: z.boolean(),
  status: z.literal('started'),
  provider: z.string().describe('its name'),
});

export const providerActionRoutes = [
  defineRoute({
    method: 'get',
    paths: ['/api/providers/stats/all'],
    group: 'providers',
    summary: 'How many models there are, of all providers, by category',
    scope: 'read',
    reply: stats.extend({ providers: z.int() }),
    async handle(_input, { stores }) {
      return { ...(await statsOf(undefined, stores)), providers: (await stores.providers.list()).length };
    },
  }),
  defineRoute({
    method: 'get',
    paths: ['/api/providers/:id/stats'],
    group: 'providers',
    summary: 'How many models one provider has, by category',
    scope: 'read',
    params: idParams,
    reply: stats.extend({ provider_id: z.int(), provider_name: z.string() }),
    problems: { 404: 'there is no such provider' },
    async handle({ params }, services) {
      const { id, name } = await existing(params.id, services);
      return { provider_id: id, provider_name: name, ...(await statsOf(id, services.stores)) };
    },
  }),
  ...(['manual', 'fetch'] as const).map((trigger) =>
    defineRoute({
      method: 'post',
      paths:
        trigger === 'manual'
          ? ['/api/providers/:id/sync', '/api/providers/:id/sync-now']
          : ['/api/providers/:id/fetch', '/api/providers/:id/fetch-now'],
      group: 'providers',
      summary:
        trigger === 'manual'
          ? 'Sync one provider now, or join the run that is open'
          : 'Fetch only: read and store one provider; what changed is pushed by the next sync or reconcile',
      scope: 'operate',
      params: idParams,
      reply: startedRun,
      status: 202,
      problems: { 404: 'there is no such provider', 409: 'the provider is being deleted' },
      needsQueue: true,
      async handle({ params }, services) {
        const provider = await notDeleting(params.id, services);
        const { run, joined } = await startSync(provider, trigger, { ...services, enqueue: services.queues });
        const view = viewRun(run);
        return { ...view, joined, status: 'started' as const, provider: provider.name };
      },
    }),
  ),
  ...(['sync-all', 'fetch'] as const).map((trigger) =>
    defineRoute({
      method: 'post',
      paths:
        trigger === 'sync-all'
          ? ['/sync', '/api/sync', '/api/providers/sync-all']
          : ['/api/providers/fetch-all'],
      group: 'providers',
      summary:
        trigger === 'sync-all'
          ? 'Sync every enabled provider now; ends with a reconcile of LiteLLM'
          : 'Fetch only: read and store every enabled provider',
      scope: 'operate',
      reply: z.object({ batch: z.string(), total_providers: z.int(), runs: z.array(runView) }),
      status: 202,
      needsQueue: true,
      async handle(_input, services) {
        const batch = newBatch();
        const runs = await startSyncOfAll(trigger, batch, { ...services, enqueue: services.queues });
        return { batch, total_providers: runs.length, runs: runs.map(viewRun) };
      },
    }),
  ),
  defineRoute({
    method: 'post',
    paths: ['/api/providers/:id/push'],
    group: 'providers',
    summary: 'Push only: bring LiteLLM to what is stored of one provider, without reading it',
    scope: 'operate',
    params: idParams,
    reply: z.object({
      status: z.literal('queued'),
      provider: z.string(),
      pushes: z.int().describe('deployments that are not as wanted; 0 when all are in step'),
    }),
    status: 202,
    problems: { 404: 'there is no such provider', 409: 'no LiteLLM is configured' },
    needsQueue: true,
    async handle({ params }, services) {
      const provider = await notDeleting(params.id, services);
      await requireDestination(services);
      const { stores, now, queues } = services;
      const pushes = await planPushes({ providerId: provider.id }, null, { stores, now, enqueue: queues });
      return { status: 'queued' as const, provider: provider.name, pushes };
    },
  }),
];

async function statsOf(providerId: number | undefined, stores: ApiServices['stores']) {
  const { total, orphaned, modified, disabled, inLitellm, byCategory } =
    await stores.models.statistics(providerId);
  const counts = Object.fromEntries(
    modelCategories.map((category) => [category, byCategory[category] ?? 0]),
  ) as Record<(typeof modelCategories)[number], number>;
  return {
    total_models: total,
    orphaned,
    modified,
    disabled,
    in_litellm: inLitellm,
    categories: counts,
  };
}
