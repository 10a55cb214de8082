import createError from 'http-errors';
import { z } from 'zod';
import type { Provider } from '../../entities/provider.js';
import { isDuplicate, type ProviderEdit } from '../../entities/providers-store.js';
import { startDeletion } from '../../jobs/delete-provider.js';
import { startSync } from '../../jobs/start-sync.js';
import { applyChanges } from '../apply-changes.js';
import { defineRoute, type ApiServices } from '../define-route.js';
import { readForm } from '../form.js';
import { idParams } from '../paging.js';
import { checkedEdit } from '../provider-edit.js';
import { formKinds, providerCreate, providerUpdate } from '../provider-schema.js';
import { providerView, viewProvider } from '../provider-view.js';
import { runView } from '../run-view.js';
import { viewOf } from './runs.js';

const defaults = {
  prefix: null,
  tags: null,
  accessGroups: null,
  pricingProfile: null,
  pricingOverride: null,
  syncEnabled: true,
  syncIntervalSeconds: null,
  autoDetectFim: true,
  modelFilter: null,
  modelFilterExclude: null,
  litellmBaseUrl: null,
  defaultNumCtx: null,
  isLocal: null,
  orphanPolicy: 'remove',
  graceMisses: 3,
  graceSeconds: 3_600,
} as const;

const fromForm = (fields: Record<string, unknown>) => readForm(fields, formKinds);

export const providerRoutes = [
  defineRoute({
    method: 'get',
    paths: ['/api/providers'],
    summary: 'All providers',
    reply: z.array(providerView),
    async handle(_input, { stores }) {
      return (await stores.providers.list()).map(viewProvider);
    },
  }),
  defineRoute({
    method: 'post',
    paths: ['/api/providers', '/admin/providers'],
    summary: 'Add a provider; its first sync starts at once',
    body: providerCreate,
    fromForm,
    reply: providerView,
    status: 201,
    needsQueue: true,
    async handle({ body, actor }, services) {
      const edit = await checkedEdit(body, undefined, services);
      const mode = body.default_ollama_mode ?? (body.type === 'ollama' ? 'ollama_chat' : null);
      const values = { ...defaults, ...edit, defaultOllamaMode: mode } as ProviderEdit;
      const provider = await unlessTaken(values.name, () =>
        services.stores.providers.insert(values, body.api_key ?? null, services.now().toISOString()),
      );
      await audit(services, actor, 'provider.create', provider.name, body);
      await applyChanges(services, { providerId: provider.id }, { schedules: true });
      return viewProvider(provider);
    },
  }),
  defineRoute({
    method: 'get',
    paths: ['/api/providers/:id'],
    summary: 'One provider',
    params: idParams,
    reply: providerView,
    async handle({ params }, services) {
      return viewProvider(await existing(params.id, services));
    },
  }),
  ...(['patch', 'post'] as const).map((method) =>
    defineRoute({
      method,
      paths: ['/api/providers/:id', '/admin/providers/:id'],
      summary: 'Change a provider: absent fields stay, null clears one',
      params: idParams,
      body: providerUpdate,
      fromForm,
      reply: providerView,
      needsQueue: true,
      async handle({ params, body, actor }, services) {
        const present = await existing(params.id, services);
        if (present.deletingAt !== null)
          throw createError(409, `provider "${present.name}" is being deleted`);
        const edit = await checkedEdit(body, present, services);
        const provider = await unlessTaken(body.name ?? present.name, () =>
          services.stores.providers.update(present, edit, body.api_key, services.now().toISOString()),
        );
        await audit(services, actor, 'provider.update', provider.name, body);
        await applyChanges(services, { providerId: provider.id }, { schedules: true });
        return viewProvider(provider);
      },
    }),
  ),
  defineRoute({
    method: 'delete',
    paths: ['/api/providers/:id', '/admin/providers/:id'],
    summary:
      'Delete a provider: first its deployments at LiteLLM, then its rows; the run tells how far it is',
    params: idParams,
    reply: runView,
    status: 202,
    needsQueue: true,
    async handle({ params, actor }, services) {
      const provider = await existing(params.id, services);
      const { run, joined } = await startDeletion(provider, 'manual', {
        ...services,
        enqueue: services.queues,
      });
      if (!joined) {
        await audit(services, actor, 'provider.delete', provider.name, {});
        await applyChanges(services, { providerId: provider.id }, { schedules: true, runId: run.id });
      }
      return viewOf(run, services);
    },
  }),
  defineRoute({
    method: 'post',
    paths: ['/api/providers/:id/sync', '/api/providers/:id/sync-now', '/api/providers/:id/fetch-now'],
    summary: 'Sync one provider now, or join the run that is open',
    params: idParams,
    reply: runView.extend({ joined: z.boolean() }),
    status: 202,
    needsQueue: true,
    async handle({ params }, services) {
      const provider = await existing(params.id, services);
      if (provider.deletingAt !== null)
        throw createError(409, `provider "${provider.name}" is being deleted`);
      const { run, joined } = await startSync(provider, 'manual', { ...services, enqueue: services.queues });
      return { ...(await viewOf(run, services)), joined };
    },
  }),
];

export async function existing(id: number, { stores }: ApiServices): Promise<Provider> {
  const provider = await stores.providers.byId(id);
  if (provider === null) throw createError(404, `there is no provider ${id}`);
  return provider;
}

async function unlessTaken<T>(name: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (isDuplicate(error))
      throw createError(409, `there is a provider named "${name}" already`, {
        fields: [{ field: 'name', message: 'is taken' }],
      });
    throw error;
  }
}

async function audit(
  services: ApiServices,
  actor: string,
  action: string,
  subject: string,
  body: object,
): Promise<void> {
  const { api_key: key, ...details } = body as Record<string, unknown>;
  await services.stores.history.addAuditEvent({
    at: services.now().toISOString(),
    actor,
    action,
    subject,
    details: { ...details, ...(key !== undefined && { api_key: key === null ? 'removed' : 'set' }) },
  });
}
