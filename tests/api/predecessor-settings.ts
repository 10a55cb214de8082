import { expect } from '@jest/globals';
import { anObject, aString, refusal, type Row } from './predecessor-rows.js';

/** Of its table B.3: settings, and what LiteLLM has. Compat aliases and routing groups are among those that wait. */
export const settingsRows: Row[] = [
  {
    call: 'GET /api/admin/config',
    slash: true,
    status: 200,
    reads: {
      litellm_base_url: aString,
      sync_interval_seconds: 0,
      default_pricing_profile: null,
      default_pricing_override: {},
    },
  },
  {
    call: 'POST /api/admin/config',
    input: (world) => ({
      form: {
        litellm_base_url: `${world.litellm.url}/`,
        litellm_api_key: 'sk-1234',
        sync_interval_seconds: '0',
        default_pricing_profile: 'gpt-4o-mini',
        default_input_cost_per_token: '0.000001',
        default_output_cost_per_token: '',
      },
    }),
    status: 200,
    differs: 'the settings instead of {status}',
    reads: {
      has_litellm_api_key: true,
      default_pricing_profile: 'gpt-4o-mini',
      default_pricing_override: { input_cost_per_token: 0.000001 },
    },
  },
  {
    call: 'POST /api/admin/config',
    input: () => ({ form: { sync_interval_seconds: 'soon' } }),
    status: 422,
    reads: refusal(422),
  },
  {
    call: 'GET /litellm/models',
    slash: true,
    input(world) {
      world.row();
      return {};
    },
    status: 200,
    reads: {
      models: expect.arrayContaining([expect.objectContaining({ id: aString, model_info: anObject })]),
    },
  },
  {
    call: 'GET /litellm/models',
    input: async (world) => ({ after: await world.withoutLitellm() }),
    status: 409,
    differs: 'was 200 with an error in it',
    reads: refusal(409),
  },
  {
    call: 'POST /litellm/models/delete',
    input: (world) => ({ form: { model_id: world.row(), force: 'true' } }),
    status: 202,
    differs: 'accepted; rows of others only with force',
    reads: { status: 'accepted', message: aString },
  },
  {
    call: 'POST /litellm/models/delete',
    input: () => ({ form: { model_id: 'no-such-row' } }),
    status: 404,
    differs: 'was 200 with an error in it',
    reads: refusal(404),
  },
  ...(['form', 'json'] as const).map((how): Row => ({
    call: 'POST /litellm/models/delete/bulk',
    input: (world) => {
      const ids = [world.row(), world.row()];
      return how === 'form'
        ? { form: { model_ids: ids.join(','), force: 'true' } }
        : { json: { model_ids: ids, force: true } };
    },
    status: 202,
    differs: 'accepted, each for itself',
    reads: { status: 'accepted', accepted: [{ id: aString }, { id: aString }], refused: [] },
  })),
];
