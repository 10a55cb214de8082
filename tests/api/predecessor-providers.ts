import { expect } from '@jest/globals';
import type { ContractWorld } from './contract-world.js';
import {
  aList,
  aNumber,
  aProvider,
  aString,
  refusal,
  noSuch,
  theProvider,
  newProvider,
  type Row,
} from './predecessor-rows.js';

/** A provider as its form sent it; its limit of requests has a row of its own. */
const form = (world: ContractWorld) => ({
  name: world.name(),
  base_url: 'http://127.0.0.1:9',
  type: 'openai',
  api_key: 'sk-of-the-contract',
  prefix: '',
  default_ollama_mode: '',
  model_filter: 'qwen, llama',
  model_filter_exclude: '',
  tags: 'a,b',
  access_groups: 'team, beta',
  sync_enabled: 'false',
  sync_interval_seconds: '0',
  auto_detect_fim: 'true',
  pricing_profile: 'gpt-4o',
  pricing_input_cost_per_token: '0.000001',
  pricing_output_cost_per_token: '',
});
const formAsShown = {
  ...aProvider,
  prefix: null,
  default_ollama_mode: null,
  model_filter: 'qwen, llama',
  model_filter_exclude: null,
  tags: ['a', 'b'],
  access_groups: ['team', 'beta'],
  sync_enabled: false,
  sync_interval_seconds: 0,
  auto_detect_fim: true,
  pricing_profile: 'gpt-4o',
  pricing_override: { input_cost_per_token: 0.000001 },
};
const aPreset = {
  name: aString,
  base_url: aString,
  type: aString,
  description: aString,
  limits: aString,
  api_key_required: true,
  api_key_url: aString,
  sync_interval_seconds: aNumber,
};
/** Of its table B.3: providers, and what came before them there. */
export const providerRows: Row[] = [
  { call: 'GET /health', status: 200, reads: { status: 'healthy', service: aString } },
  {
    call: 'POST /sync',
    status: 202,
    differs: 'runs instead of results: 202 before anything was read',
    reads: { total_providers: aNumber, runs: aList },
  },
  {
    call: 'GET /api/provider-presets',
    slash: true,
    status: 200,
    reads: expect.arrayContaining([expect.objectContaining(aPreset)]),
    check(_world, presets) {
      expect(presets).toHaveLength(10);
    },
  },
  {
    call: 'GET /api/providers',
    slash: true,
    status: 200,
    differs: 'has_api_key instead of the key; max_requests_per_hour did nothing (ADR 7)',
    reads: [
      {
        ...aProvider,
        prefix: null,
        default_ollama_mode: 'ollama_chat',
        model_filter: null,
        model_filter_exclude: null,
        sync_interval_seconds: null,
        pricing_profile: null,
      },
    ],
    check(_world, [first]) {
      expect(first).not.toHaveProperty('api_key');
    },
  },
  {
    call: 'POST /api/providers',
    slash: true,
    input: (world) => ({ form: form(world) }),
    status: 201,
    differs: '201 with the whole provider',
    reads: formAsShown,
    async check(world, { id }) {
      await world.ask('DELETE', `/api/providers/${id}`);
      await world.product.idle();
    },
  },
  {
    call: 'POST /api/providers',
    input: (world) => ({ form: { ...form(world), max_requests_per_hour: '60' } }),
    status: 422,
    differs: 'a limit that noSuch would keep is refused (ADR 7)',
    reads: { ...refusal(422), errors: [{ field: 'max_requests_per_hour' }] },
  },
  {
    call: 'POST /api/providers',
    input: (world) => ({ form: { ...form(world), name: 'box' } }),
    status: 409,
    differs: 'was 500',
    reads: refusal(409),
  },
  {
    call: 'POST /api/providers',
    input: (world) => ({ form: { ...form(world), type: 'compat' } }),
    status: 422,
    differs: 'was 500 for an unknown type; compat waits',
    reads: { errors: [{ field: 'type' }] },
  },
  {
    call: 'POST /api/providers',
    input: (world) => ({ form: { ...form(world), base_url: 'not a url' } }),
    status: 422,
    differs: 'an invalid URL was accepted',
    reads: { errors: [{ field: 'base_url' }] },
  },
  { call: 'GET /api/providers/{id}', input: theProvider, status: 200, reads: { ...aProvider, name: 'box' } },
  { call: 'GET /api/providers/{id}', input: noSuch, status: 404, reads: refusal(404) },
  ...['POST /api/providers/{id}', 'PATCH /api/providers/{id}'].map((call): Row => ({
    call,
    input: async (world) => ({ ...(await newProvider(world)), form: form(world) }),
    status: 200,
    differs: 'the changed provider instead of {status}; an empty field clears',
    reads: formAsShown,
  })),
  {
    call: 'PATCH /api/providers/{id}',
    input: () => ({ ...noSuch(), form: { prefix: 'x' } }),
    status: 404,
    reads: refusal(404),
  },
  {
    call: 'DELETE /api/providers/{id}',
    input: newProvider,
    status: 202,
    differs: 'deleting instead of deleted: LiteLLM is cleaned first',
    reads: { status: 'deleting' },
  },
  { call: 'DELETE /api/providers/{id}', input: noSuch, status: 404, reads: refusal(404) },
  {
    call: 'PATCH /api/providers/{id}/sync',
    input: async (world) => ({ ...(await newProvider(world)), json: { sync_enabled: true } }),
    status: 200,
    reads: { status: aString, provider_id: aNumber, sync_enabled: true },
    check: (world, { provider_id: id }) =>
      world.ask('PATCH', `/api/providers/${id}/sync`, { sync_enabled: false }),
  },
  {
    call: 'PATCH /api/providers/{id}/sync',
    input: async (world) => ({ ...(await newProvider(world)), json: { sync_enabled: 'maybe' } }),
    status: 422,
    differs: 'was 400',
    reads: refusal(422),
  },
];
