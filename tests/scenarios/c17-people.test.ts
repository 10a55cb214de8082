import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { ollamaModel } from '../../sandbox/ollama-model.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import { Product } from '../support/product.js';

describe('what a person decided about a model', () => {
  let product: Product;
  let ollama: OllamaStandIn;
  let litellm: LitellmStandIn;
  let provider: any;

  beforeEach(async () => {
    litellm = await startLitellm();
    ollama = await startOllama({
      models: ['qwen3:8b', 'llama3.1:8b', 'gemma3:12b', 'phi4:14b', 'mistral:7b'].map((name) =>
        ollamaModel(name),
      ),
    });
    product = await Product.start({ litellmUrl: litellm.url });
    provider = await product.addProvider({ name: 'box', base_url: ollama.url, type: 'ollama' });
    await product.sync(provider.id);
  });

  afterEach(async () => {
    await product.stop();
    await Promise.all([ollama.close(), litellm.close()]);
  });

  const servedNames = () =>
    litellm
      .served()
      .map((row) => row.model_name)
      .sort();
  const rowOf = (name: string) => litellm.rows().find((row) => row.model_name === name);

  test('C17: a disabled model leaves LiteLLM and stays disabled after it vanished once and came back', async () => {
    const { id } = await product.model('qwen3:8b');
    await product.call('PATCH', `/api/models/${id}`, { sync_enabled: false });
    await product.idle();
    expect(servedNames()).toEqual(['gemma3:12b', 'llama3.1:8b', 'mistral:7b', 'phi4:14b']);

    ollama.remove('qwen3:8b');
    expect(await product.sync(provider.id)).toMatchObject({ state: 'done', outcome: { orphaned: 1 } });
    ollama.add('qwen3:8b');
    expect(await product.sync(provider.id)).toMatchObject({ state: 'done', outcome: { restored: 1 } });
    await product.reconcile();

    expect(await product.model('qwen3:8b')).toMatchObject({ id, sync_enabled: false, is_orphaned: false });
    expect(rowOf('qwen3:8b')).toBeUndefined();
  });

  test('C17: access groups and a pricing profile outlive the removal of the model from LiteLLM and its return', async () => {
    const before = await product.model('qwen3:8b');
    await product.call('PATCH', `/api/models/${before.id}`, {
      access_groups: ['team-a'],
      pricing_profile: 'gpt-4o',
    });
    await product.idle();
    await product.call('PATCH', `/api/providers/${provider.id}`, { grace_misses: 1, grace_seconds: 0 });
    ollama.remove('qwen3:8b');
    await product.sync(provider.id);
    expect(rowOf('qwen3:8b')).toBeUndefined();

    ollama.add('qwen3:8b');
    await product.sync(provider.id);

    expect(await product.model('qwen3:8b')).toMatchObject({
      id: before.id,
      access_groups: ['team-a'],
      pricing_profile: 'gpt-4o',
      user_modified: true,
    });
    expect(rowOf('qwen3:8b')).toMatchObject({
      model_info: { access_groups: ['team-a'] },
      litellm_params: { input_cost_per_token: 5e-6, output_cost_per_token: 1.5e-5 },
    });
  });

  test('C17: a model that comes back within its grace was never away from LiteLLM and keeps its deployment id', async () => {
    const before = rowOf('qwen3:8b')?.model_id;
    litellm.counters.reset();
    ollama.remove('qwen3:8b');
    await product.sync(provider.id);
    expect(rowOf('qwen3:8b')?.model_id).toBe(before);
    ollama.add('qwen3:8b');
    await product.sync(provider.id);
    expect(rowOf('qwen3:8b')?.model_id).toBe(before);
    expect(litellm.counters.writes).toBe(0);
  });

  test('C19: tags of a person reach LiteLLM after ours and before those of the provider', async () => {
    const { id } = await product.model('qwen3:8b');
    await product.call('PATCH', `/api/models/${id}`, { tags: ['gold'] });
    await product.idle();
    await product.call('PATCH', `/api/providers/${provider.id}`, { tags: ['lab'] });
    await product.idle();

    const expected = ['lupdater', 'provider:box', 'type:ollama', 'gold', 'lab'];
    expect(rowOf('qwen3:8b')?.litellm_params['tags']).toEqual(expected);
    await product.sync(provider.id);
    await product.reconcile();
    expect(rowOf('qwen3:8b')?.litellm_params['tags']).toEqual(expected);
  });
});
