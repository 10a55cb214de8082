import {
  litellmAway,
  noLitellm,
  ollamaAway,
  ollamaEmpty,
  type Input,
  type Make,
} from './contract-conditions.js';
import type { ContractWorld } from './contract-world.js';

export interface Inputs {
  /** A success each. */
  ok: Make[];
  /** As a form, where the operation takes one. */
  form?: (world: ContractWorld) => Record<string, string>;
  /** 404, where it is not by an id in the path. */
  missing?: Make;
  /** 409. */
  conflict?: Make;
  /** 502. */
  unreachable?: Make;
}

const nothing: Make = () => ({});
const ofProvider: Make = (world) => ({ params: { id: world.providerId } });
const ofRun: Make = (world) => ({ params: { id: world.runId } });
const ofModel: Make = async (world) => ({ params: { id: await world.model() } });
const goingProvider: Make = async (world) => ({ params: { id: (await world.goingProvider()).id } });

const provider = (world: ContractWorld) => ({
  name: world.name(),
  base_url: 'http://127.0.0.1:9/v1',
  type: 'openai',
  api_key: 'sk-of-the-contract',
  prefix: 'p',
  tags: ['a'],
  access_groups: ['team'],
  pricing_profile: 'gpt-4o',
  pricing_override: { input_cost_per_second: 0.5 },
  pricing_input_cost_per_token: 1e-6,
  sync_enabled: false,
  sync_interval_seconds: 3_600,
  model_filter: 'a',
  orphan_policy: 'keep',
});
const providerForm = (world: ContractWorld) => ({
  name: world.name(),
  base_url: 'http://127.0.0.1:9',
  type: 'openai',
  tags: 'a, b',
  sync_enabled: 'off',
  sync_interval_seconds: '3600',
});
const providerChange: Inputs = {
  ok: [
    async (world) => ({
      params: { id: await world.newProvider() },
      body: { prefix: 'q', tags: null, sync_interval_seconds: 60, grace_misses: 5 },
    }),
  ],
  form: (world) => ({ name: world.name(), prefix: '', auto_detect_fim: 'off' }),
  conflict: async (world) => ({ params: { id: await world.newProvider() }, body: { name: 'box' } }),
};

const modelChange: Make = async (world) => ({
  params: { id: await world.model() },
  body: {
    params: { temperature: 0.5, stop: ['\n'], metadata: { a: [1, null, true] } },
    tags: ['gold'],
    access_groups: ['team'],
    mode: 'default',
    ollama_mode: 'openai',
    input_cost_per_token: 1e-6,
  },
});

const settings = {
  ok: [
    () => ({
      body: { run_retention_days: 44, default_pricing_profile: 'gpt-4o', default_input_cost_per_token: 1e-6 },
    }),
  ],
  form: () => ({ run_retention_days: '45', default_pricing_profile: '' }),
};

const removal = (input: (id: string) => Input): Inputs => ({
  ok: [(world) => input(world.row())],
  missing: () => input('no-such-row'),
  conflict: (world) => {
    const { body, query, ...rest } = input(world.row());
    return {
      ...rest,
      ...(query && { query: {} }),
      ...(body !== undefined && { body: { ...body, force: false } }),
    };
  },
  unreachable: litellmAway((world) => input(world.row())),
});

/** By the name of the route, so that its aliases are called in the same way. */
export const inputs: Record<string, Inputs> = {
  'POST /api/runs/:id/accept': {
    ok: [async (world) => ({ params: { id: await world.heldRun() } })],
    conflict: ofRun,
  },
  'POST /api/runs/:id/reject': {
    ok: [async (world) => ({ params: { id: await world.heldRun() } })],
    conflict: ofRun,
  },
  'POST /api/runs/:id/cancel': {
    ok: [
      async (world) => ({
        params: { id: await world.waitingRun() },
        after: () => world.product.startWorker(),
      }),
    ],
    conflict: ofRun,
  },
  'POST /api/runs/:id/retry': {
    ok: [ofRun],
    conflict: async (world) => ({ params: { id: (await world.goingProvider()).runId } }),
  },
  'GET /api/runs/:id': { ok: [ofRun] },
  'GET /api/runs': { ok: [nothing, () => ({ query: { kind: 'sync', state: 'done', limit: '2' } })] },
  'GET /api/jobs': { ok: [() => ({ query: { queue: 'fetch-provider', outcome: 'completed' } })] },
  'POST /api/reconcile': { ok: [nothing], conflict: noLitellm(nothing) },

  'POST /api/providers/test-connection': {
    ok: [
      (world) => ({ body: { base_url: world.ollama.url, type: 'ollama' } }),
      (world) => ({ body: { base_url: world.ollama.url, type: 'openai' } }),
      (world) => ({ body: { base_url: world.litellm.url, type: 'litellm' } }),
      () => ({ body: { base_url: 'http://127.0.0.1:9', type: 'litellm' } }),
      (world) => ({ body: { provider_id: world.providerId } }),
    ],
    form: (world) => ({ base_url: world.ollama.url, type: 'ollama', api_key: '' }),
    missing: () => ({ body: { provider_id: 999_999 } }),
  },
  'GET /api/providers/:id/stats': { ok: [ofProvider] },
  'POST /api/providers/:id/sync': { ok: [ofProvider], conflict: goingProvider },
  'POST /api/providers/:id/fetch': { ok: [ofProvider], conflict: goingProvider },
  'PATCH /api/providers/:id/sync': {
    ok: [async (world) => ({ params: { id: await world.newProvider() }, body: { sync_enabled: false } })],
    form: () => ({ sync_enabled: 'off' }),
    conflict: async (world) => ({ ...(await goingProvider(world)), body: { sync_enabled: false } }),
  },
  'POST /api/providers/:id/push': { ok: [ofProvider], conflict: noLitellm(ofProvider) },
  'POST /api/providers': {
    ok: [(world) => ({ body: provider(world) })],
    form: providerForm,
    conflict: (world) => ({ body: { ...provider(world), name: 'box' } }),
  },
  'GET /api/providers/:id': { ok: [ofProvider] },
  'PATCH /api/providers/:id': providerChange,
  'POST /api/providers/:id': providerChange,
  'DELETE /api/providers/:id': { ok: [async (world) => ({ params: { id: await world.newProvider() } })] },
  'GET /api/providers/:id/models': {
    ok: [(world) => ({ params: { id: world.providerId }, query: { include_orphaned: 'true' } })],
  },

  'GET /models/show': {
    ok: [() => ({ query: { source: 'box', model: 'qwen3:8b' } })],
    missing: () => ({ query: { source: 'box', model: 'none' } }),
    unreachable: ollamaAway(() => ({ query: { source: 'box', model: 'qwen3:8b' } })),
  },
  'POST /api/models/bulk': {
    ok: [
      async (world) => ({ body: { action: 'enable', ids: [await world.model(), 999_999] } }),
      () => ({ body: { action: 'disable', filter: { search: 'no such model' } } }),
      () => ({ body: { action: 'push', filter: {} } }),
    ],
    conflict: noLitellm(() => ({ body: { action: 'push', filter: {} } })),
  },
  'POST /api/models/db/reset-all': { ok: [() => ({ body: { confirm: 'delete all models' } })] },
  'GET /api/models': {
    ok: [nothing, () => ({ query: { search: 'qwen', disabled: 'false', capability: 'tools,vision' } })],
  },
  'GET /api/models/db/:id': { ok: [ofModel] },
  'PATCH /api/models/db/:id': { ok: [modelChange] },
  'POST /api/models/db/:id/params': { ok: [modelChange] },
  'GET /api/models/db/:id/params': { ok: [ofModel] },
  'DELETE /api/models/db/:id/params': { ok: [ofModel] },
  'DELETE /api/models/db/:id': {
    ok: [
      async (world) => ({ params: { id: await world.newModel('sync') } }),
      async (world) => ({ params: { id: await world.newModel('fetch') } }),
    ],
  },
  'POST /api/models/db/:id/push': { ok: [ofModel], conflict: noLitellm(ofModel) },
  'POST /api/models/db/:id/refresh': {
    ok: [ofModel],
    conflict: ollamaEmpty(ofModel),
    unreachable: ollamaAway(ofModel),
  },

  'POST /api/litellm/test': {
    ok: [nothing, (world) => ({ body: { litellm_base_url: world.litellm.url, litellm_api_key: 'sk-1234' } })],
    form: (world) => ({ litellm_base_url: world.litellm.url, litellm_api_key: '' }),
    conflict: noLitellm(nothing),
  },
  'GET /api/litellm/models': {
    ok: [nothing, () => ({ query: { owner: 'ours', tag: 'lupdater', limit: '1' } })],
    conflict: noLitellm(nothing),
    unreachable: litellmAway(nothing),
  },
  'POST /litellm/models/delete/bulk': {
    ok: [(world) => ({ body: { model_ids: [world.row(), 'no-such-row'], force: true } })],
    form: (world) => ({ model_ids: `${world.row()},${world.row()}`, force: 'true' }),
    conflict: noLitellm(() => ({ body: { model_ids: ['a'] } })),
    unreachable: litellmAway(() => ({ body: { model_ids: ['a'] } })),
  },
  'POST /litellm/models/delete': {
    ...removal((id) => ({ body: { model_id: id, force: true } })),
    form: (world) => ({ model_id: world.row(), force: 'on' }),
  },
  'DELETE /api/litellm/models/:id': removal((id) => ({ params: { id }, query: { force: 'true' } })),

  'PATCH /api/admin/config': settings,
  'POST /api/admin/config': settings,
  'POST /admin/litellm': {
    ok: [(world) => ({ body: { litellm_base_url: world.litellm.url } })],
    form: (world) => ({ base_url: world.litellm.url, api_key: '' }),
  },
  'POST /admin/interval': {
    ok: [() => ({ body: { sync_interval_seconds: 0 } })],
    form: () => ({ sync_interval_seconds: '0' }),
  },
  'POST /api/tokens': {
    ok: [(world) => ({ body: { name: world.name(), scope: 'read', expires_at: '2099-01-31T12:00:00Z' } })],
    conflict: async (world) => {
      const token = { name: world.name(), scope: 'read' };
      await world.ask('POST', '/api/tokens', token);
      return { body: token };
    },
  },
  'DELETE /api/tokens/:id': {
    ok: [
      async (world) => ({
        params: { id: (await world.ask('POST', '/api/tokens', { name: world.name(), scope: 'read' })).id },
      }),
    ],
  },
  'GET /api/audit': { ok: [nothing, () => ({ query: { action: 'provider.create', actor: 'admin' } })] },
};

export const inputsOf = (name: string): Inputs => inputs[name] ?? { ok: [nothing] };
