import { expect } from '@jest/globals';
import {
  aList,
  aModel,
  aModelDetail,
  aNumber,
  anObject,
  aProvider,
  aRun,
  aString,
  newProvider,
  refusal,
  theModel,
  theProvider,
  type Row,
} from './predecessor-rows.js';

/** Its table A.5, row by row. */
export const earlyRows: Row[] = [
  {
    call: 'GET /api/providers',
    slash: true,
    status: 200,
    reads: [{ ...aProvider, name: 'box', prefix: null, default_ollama_mode: 'ollama_chat' }],
  },
  ...['POST /api/providers', 'POST /admin/providers'].map((call): Row => ({
    call,
    slash: true,
    input: (world) => ({
      form: {
        name: world.name(),
        base_url: 'http://127.0.0.1:9/',
        type: 'ollama',
        api_key: 'sk-of-the-contract',
        prefix: 'mks-ollama',
        default_ollama_mode: 'openai',
      },
    }),
    status: 201,
    differs: '201 instead of 200 or of a redirect',
    reads: {
      ...aProvider,
      base_url: 'http://127.0.0.1:9',
      type: 'ollama',
      has_api_key: true,
      prefix: 'mks-ollama',
      default_ollama_mode: 'openai',
    },
    async check(world, { id }) {
      await world.ask('DELETE', `/api/providers/${id}`);
      await world.product.idle();
    },
  })),
  {
    call: 'POST /admin/providers/{id}',
    input: async (world) => ({
      ...(await newProvider(world)),
      form: { name: world.name(), base_url: 'http://127.0.0.1:10', type: 'litellm', prefix: 'x' },
    }),
    status: 200,
    reads: { ...aProvider, base_url: 'http://127.0.0.1:10', type: 'litellm', prefix: 'x' },
  },
  ...['DELETE /admin/providers/{id}', 'DELETE /api/providers/{id}'].map((call): Row => ({
    call,
    input: newProvider,
    status: 202,
    differs: 'its deployments leave LiteLLM first: the run tells when it is gone',
    reads: { status: 'deleting', kind: 'delete', id: aNumber },
    async check(world, run, { id }) {
      expect(await world.product.finished(run.id)).toMatchObject({ state: 'done' });
      expect((await world.product.call('GET', `/api/providers/${id}`)).status).toBe(404);
    },
  })),
  {
    call: 'POST /api/providers/{id}/sync',
    input: theProvider,
    status: 202,
    differs: 'answers with the run at once, not when it is done',
    reads: aRun,
    async check(world, run) {
      expect(await world.product.finished(run.id)).toMatchObject({
        state: 'done',
        outcome: { fetched: aNumber, added: aNumber, updated: aNumber, orphaned: aNumber },
      });
    },
  },
  {
    call: 'GET /api/providers/{id}/models',
    input: theProvider,
    status: 200,
    reads: { provider: { name: 'box' }, models: expect.arrayContaining([expect.objectContaining(aModel)]) },
  },
  { call: 'GET /api/models/db/{id}', input: theModel, status: 200, reads: aModelDetail },
  {
    call: 'POST /api/models/db/{id}/params',
    input: async (world) => ({ ...(await theModel(world)), json: { params: { temperature: 0.5 } } }),
    status: 200,
    reads: {
      ...aModelDetail,
      user_params: { temperature: 0.5 },
      effective_params: { temperature: 0.5 },
      user_modified: true,
    },
  },
  {
    call: 'DELETE /api/models/db/{id}/params',
    input: theModel,
    status: 200,
    reads: { ...aModelDetail, user_params: null, user_modified: false },
  },
  {
    call: 'POST /api/models/db/{id}/refresh',
    input: theModel,
    status: 200,
    reads: { ...aModelDetail, status: 'refreshed', message: aString },
  },
  {
    call: 'POST /api/models/db/{id}/push',
    input: theModel,
    status: 202,
    differs: 'a worker pushes: 202, and queued instead of pushed',
    reads: { id: aNumber, status: 'queued', message: aString },
  },
  {
    call: 'POST /api/models/push-all',
    status: 202,
    differs: 'a run compares and pushes; it tells the results',
    reads: { ...aRun, kind: 'reconcile', outcome: { pushes: { created: 0, failed: 0 } } },
  },
  {
    call: 'POST /sync',
    status: 202,
    differs: 'one run for each provider instead of results at the end',
    reads: { total_providers: 1, runs: [aRun] },
  },
  {
    call: 'GET /models/show',
    input: () => ({ query: { source: 'box', model: 'qwen3:8b' } }),
    status: 200,
    reads: { source: { name: 'box' }, model: 'qwen3:8b', details: anObject },
    check(_world, body) {
      expect(JSON.stringify(body)).not.toMatch(/"(license|modelfile|tensors|template|system)"/);
    },
  },
  {
    call: 'GET /models/show',
    input: () => ({ query: { source: 'nobody', model: 'qwen3:8b' } }),
    status: 404,
    reads: refusal(404),
  },
  {
    call: 'GET /api/sources',
    slash: true,
    status: 200,
    reads: expect.arrayContaining([expect.objectContaining({ ...aProvider, name: 'box' })]),
  },
  {
    call: 'GET /api/models',
    slash: true,
    status: 200,
    differs: 'pages: the list is in items',
    reads: { items: expect.arrayContaining([expect.objectContaining(aModel)]), total: aNumber },
  },
  {
    call: 'GET /api/admin/config',
    status: 200,
    differs: 'says that there is a key, never the key',
    reads: { litellm_base_url: aString, has_litellm_api_key: true, sync_interval_seconds: 0 },
  },
  {
    call: 'POST /admin/litellm',
    input: (world) => ({ form: { base_url: `${world.litellm.url}/`, api_key: '' } }),
    status: 200,
    reads: { litellm_base_url: expect.not.stringMatching(/\/$/), has_litellm_api_key: true },
  },
  {
    call: 'POST /admin/interval',
    input: () => ({ form: { sync_interval_seconds: '29' } }),
    status: 422,
    reads: { ...refusal(422), errors: [{ field: 'sync_interval_seconds' }] },
  },
  {
    call: 'POST /admin/interval',
    input: () => ({ form: { sync_interval_seconds: '0' } }),
    status: 200,
    reads: { sync_interval_seconds: 0 },
  },
  { call: 'GET /api/diagnostics', status: 200, reads: { problems: aList } },
  { call: 'GET /api/diagnostics/health', status: 200, reads: { status: aString, problems: aList } },
];
