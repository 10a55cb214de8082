import createError from 'http-errors';
import { z } from 'zod';
import { isDuplicate } from '../../entities/database.js';
import type { Provider } from '../../entities/provider.js';
import type { ProviderEdit } from '../../entities/providers-store.js';
import { startDeletion } from '../../jobs/delete-provider.js';
import { applyChanges } from '../apply-changes.js';
import { recordChange, secretTouched } from '../audit.js';
import { defineRoute, type ApiServices, type RouteInput } from '../define-route.js';
import { editInTurn } from '../edit-in-turn.js';
import { readForm } from '../form.js';
import { idParams } from '../paging.js';
import { checkedEdit } from '../provider-edit.js';
import { formKinds, providerCreate, providerUpdate, type ProviderUpdate } from '../provider-schema.js';
import { providerView, viewProvider } from '../provider-view.js';
import { refuseOtherHost } from '../stored-key.js';
import { runView, viewRun } from '../run-view.js';

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

const gone = 'there is no such provider';
const taken = 'the name is taken';

export const providerRoutes = [
  defineRoute({
    method: 'get',
    paths: ['/api/providers', '/api/sources'],
    group: 'providers',
    summary: 'All providers',
    scope: 'read',
    reply: z.array(providerView),
    async handle(_input, { stores }) {
      return (await stores.providers.list()).map(viewProvider);
    },
  }),
  defineRoute({
    method: 'post',
    paths: ['/api/providers', '/admin/providers'],
    group: 'providers',
    summary: 'Add a provider; its first sync starts at once',
    scope: 'admin',
    body: providerCreate,
    fromForm,
    reply: providerView,
    status: 201,
    problems: { 409: taken },
    versioned: true,
    needsQueue: true,
    async handle({ body, actor }, services) {
      const edit = await checkedEdit(body, undefined, services);
      const mode = body.default_ollama_mode ?? (body.type === 'ollama' ? 'ollama_chat' : null);
      const values = { ...defaults, ...edit, defaultOllamaMode: mode } as ProviderEdit;
      const provider = await unlessTaken(values.name, () =>
        services.stores.providers.insert(values, body.api_key ?? null, services.now().toISOString()),
      );
      const after = viewProvider(provider);
      const details = secretTouched(body.api_key);
      await recordChange(
        { actor, action: 'provider.create', ...subjectOf(provider), after, details },
        services,
      );
      await applyChanges(services, { providerId: provider.id }, { schedules: true });
      return after;
    },
  }),
  defineRoute({
    method: 'get',
    paths: ['/api/providers/:id'],
    group: 'providers',
    summary: 'One provider',
    scope: 'read',
    params: idParams,
    reply: providerView,
    problems: { 404: gone },
    versioned: true,
    async handle({ params }, services) {
      return viewProvider(await existing(params.id, services));
    },
  }),
  ...(['patch', 'post'] as const).map((method) =>
    defineRoute({
      method,
      paths: ['/api/providers/:id', '/admin/providers/:id'],
      group: 'providers',
      summary: 'Change a provider: absent fields stay, null clears one',
      scope: 'admin',
      params: idParams,
      body: providerUpdate,
      fromForm,
      reply: providerView,
      problems: { 404: gone, 409: `${taken}, or the provider is being deleted` },
      versioned: true,
      needsQueue: true,
      handle: (input, services) => updateProvider(input, services),
    }),
  ),
  defineRoute({
    method: 'patch',
    paths: ['/api/providers/:id/sync'],
    group: 'providers',
    summary: 'Enable or disable the scheduled sync of a provider',
    scope: 'operate',
    params: idParams,
    body: z.strictObject({ sync_enabled: z.boolean('takes true or false') }),
    fromForm,
    reply: z.object({ status: z.literal('updated'), provider_id: z.int(), sync_enabled: z.boolean() }),
    problems: { 404: gone, 409: 'the provider is being deleted' },
    needsQueue: true,
    async handle(input, services) {
      const provider = await updateProvider(input, services);
      return {
        status: 'updated' as const,
        provider_id: provider.id,
        sync_enabled: provider.sync_enabled,
      };
    },
  }),
  defineRoute({
    method: 'delete',
    paths: ['/api/providers/:id', '/admin/providers/:id'],
    group: 'providers',
    summary:
      'Delete a provider: first its deployments at LiteLLM, then its rows; the run tells how far it is',
    scope: 'admin',
    params: idParams,
    reply: runView.extend({ status: z.literal('deleting') }),
    status: 202,
    problems: { 404: gone },
    needsQueue: true,
    async handle({ params, actor }, services) {
      const provider = await existing(params.id, services);
      const { run, joined } = await startDeletion(provider, 'manual', {
        ...services,
        enqueue: services.queues,
      });
      if (!joined) {
        const before = viewProvider(provider);
        const change = { actor, action: 'provider.delete', ...subjectOf(provider), before };
        await recordChange(change, services);
        await applyChanges(services, { providerId: provider.id }, { schedules: true, runId: run.id });
      }
      return { ...viewRun(run), status: 'deleting' as const };
    },
  }),
];

async function updateProvider(
  {
    params,
    body,
    actor,
    ifMatch,
  }: Pick<RouteInput<{ id: number }, unknown, ProviderUpdate>, 'params' | 'body' | 'actor' | 'ifMatch'>,
  services: ApiServices,
) {
  const { before, after } = await editInTurn(
    () => notDeleting(params.id, services),
    ifMatch,
    async (present) => {
      const edit = await checkedEdit(body, present, services);
      if (present.hasApiKey && body.api_key === undefined) keepKeyAtHome(edit, present);
      return unlessTaken(body.name ?? present.name, () =>
        services.stores.providers.update(present, edit, body.api_key, services.now().toISOString()),
      );
    },
  );
  const view = viewProvider(after);
  const change = {
    actor,
    action: 'provider.update',
    ...subjectOf(after),
    before: viewProvider(before),
    after: view,
    details: secretTouched(body.api_key),
  };
  await recordChange(change, services);
  await applyChanges(services, { providerId: after.id }, { schedules: true });
  return view;
}

/** LiteLLM sends the key to `litellm_base_url`, so it counts as well. */
function keepKeyAtHome(edit: Partial<ProviderEdit>, { baseUrl, litellmBaseUrl }: Provider): void {
  if (edit.baseUrl !== undefined) refuseOtherHost(edit.baseUrl, baseUrl, 'base_url', 'api_key');
  if (edit.litellmBaseUrl == null) return;
  refuseOtherHost(edit.litellmBaseUrl, [baseUrl, litellmBaseUrl], 'litellm_base_url', 'api_key');
}

function subjectOf({ id, name }: Provider): { subject: string; target: string } {
  return { subject: name, target: `provider:${id}` };
}

export async function existing(id: number, { stores }: ApiServices): Promise<Provider> {
  const provider = await stores.providers.byId(id);
  if (provider === null) throw createError(404, `there is no provider ${id}`);
  return provider;
}

/** One that may still be changed and asked. */
export async function notDeleting(id: number, services: ApiServices): Promise<Provider> {
  const provider = await existing(id, services);
  if (provider.deletingAt !== null) throw createError(409, `provider "${provider.name}" is being deleted`);
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
