import { expect, test } from '@jest/globals';
import { groupLitellmRows } from '../../src/domain/group-litellm-rows.js';
import type { JsonObject } from '../../src/domain/json.js';
import { sample } from './sample.js';

function row(model_name: string, model_info: JsonObject, model = 'openai/x'): JsonObject {
  return { model_name, litellm_params: { model }, model_info };
}

test('rows of one name are one model with the smallest limits, the flags of all and the highest prices', () => {
  const { entries } = groupLitellmRows([
    row('m', {
      id: '1',
      max_input_tokens: 128_000,
      supports_vision: true,
      supports_reasoning: true,
      input_cost_per_token: 1e-6,
    }),
    row(
      'm',
      {
        id: '2',
        max_input_tokens: 4096,
        supports_vision: true,
        input_cost_per_token: 2e-6,
        output_cost_per_token: 1e-6,
      },
      'ollama/y',
    ),
  ]);
  expect(entries).toEqual([
    {
      modelId: 'm',
      listing: {
        model_name: 'm',
        deployments: 2,
        upstream_models: ['ollama/y', 'openai/x'],
        model_info: { max_input_tokens: 4096, supports_vision: true, input_cost_per_token: 2e-6 },
      },
    },
  ]);
});

test('the order of the rows changes nothing, and an alias counts once', () => {
  const rows = sample('litellm/model-info.json')['data'] as JsonObject[];
  expect(groupLitellmRows([...rows].reverse()).entries).toEqual(groupLitellmRows(rows).entries);
  const [first] = rows;
  expect(groupLitellmRows([first ?? {}, first ?? {}]).entries[0]?.listing['deployments']).toBe(1);
});

test('wildcards, nameless rows and every updater’s own rows are skipped, with a reason', () => {
  const { entries, skipped } = groupLitellmRows([
    row('openai/*', {}),
    row('', {}),
    row('ours', { litellm_updater: { v: 1, instance: 'someone' } }),
    row('kept', {}),
  ]);
  expect(entries.map(({ modelId }) => modelId)).toEqual(['kept']);
  expect(skipped.map(({ reason }) => reason)).toEqual([
    'a wildcard, not a model',
    'the row has no model_name',
    'written there by a LiteLLM Updater',
  ]);
});

test('deployments of different modes have no common one', () => {
  const { entries } = groupLitellmRows([row('m', { mode: 'chat' }), row('m', { mode: 'embedding' })]);
  expect(entries[0]?.listing['model_info']).toEqual({});
});
