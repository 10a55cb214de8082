import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { ollamaModel } from '../../sandbox/ollama-model.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import { Product } from '../support/product.js';

describe('editing a model through the API', () => {
  let product: Product;
  let ollama: OllamaStandIn;
  let litellm: LitellmStandIn;
  let provider: any;
  let id: number;

  beforeEach(async () => {
    litellm = await startLitellm();
    ollama = await startOllama({
      models: ['qwen3:8b', 'llama3.1:8b', 'gemma3:12b'].map((name) => ollamaModel(name)),
    });
    product = await Product.start({ litellmUrl: litellm.url });
    provider = await product.addProvider({ name: 'box', base_url: ollama.url, type: 'ollama' });
    await product.sync(provider.id);
    id = (await product.model('qwen3:8b')).id;
  });
  afterEach(async () => {
    await product.stop();
    await Promise.all([ollama.close(), litellm.close()]);
  });

  async function patch(body: unknown): Promise<any> {
    const answer = await product.call('PATCH', `/api/models/${id}`, body);
    expect({ status: answer.status, body: answer.body }).toMatchObject({ status: 200 });
    await product.idle();
    return answer.body;
  }
  const detail = async () => (await product.call('GET', `/api/models/db/${id}`)).body;
  const atLitellm = () => litellm.rows().find((row) => row.model_name === 'qwen3:8b');

  test('parameters survive a sync that changes the model, and are what is pushed', async () => {
    await patch({ params: { max_tokens: 1_000, temperature: 0.2 } });
    ollama.replace('qwen3:8b', { contextLength: 40_960 });
    expect(await product.sync(provider.id)).toMatchObject({ outcome: { updated: 1 } });

    const model = await detail();
    expect(model).toMatchObject({
      user_params: { max_tokens: 1_000, temperature: 0.2 },
      user_modified: true,
      max_context_window: 40_960,
      litellm_params: { max_input_tokens: 40_960 },
      effective_params: { max_input_tokens: 40_960, max_tokens: 1_000, temperature: 0.2 },
    });
    expect(atLitellm()).toMatchObject({
      litellm_params: { temperature: 0.2 },
      model_info: { max_tokens: 1_000, max_input_tokens: 40_960 },
    });
  });

  test('params replaces the whole object; every other edit leaves it alone', async () => {
    await patch({ params: { max_tokens: 1_000, temperature: 0.2 } });
    await patch({ tags: ['gold'] });
    await patch({ input_cost_per_token: 1e-6 });
    expect((await detail()).user_params).toEqual({ max_tokens: 1_000, temperature: 0.2 });
    await patch({ user_params: { top_p: 0.9 } });
    expect((await detail()).user_params).toEqual({ top_p: 0.9 });
    expect(atLitellm()?.litellm_params).toMatchObject({ top_p: 0.9 });
    expect(atLitellm()?.litellm_params).not.toHaveProperty('temperature');
  });

  test('an empty edit changes nothing and does not mark the model as modified', async () => {
    const before = await detail();
    litellm.counters.reset();
    await patch({});
    expect(await detail()).toEqual(before);
    expect(litellm.counters.writes).toBe(0);
  });

  test('null removes a key of the provider from what is pushed', async () => {
    expect((await detail()).effective_params).toMatchObject({ supports_function_calling: true });
    await patch({ params: { supports_function_calling: null } });
    const model = await detail();
    expect(model.litellm_params).toMatchObject({ supports_function_calling: true });
    expect(model.effective_params).not.toHaveProperty('supports_function_calling');
    expect(atLitellm()?.model_info).not.toHaveProperty('supports_function_calling');
    await product.sync(provider.id);
    expect(atLitellm()?.model_info).not.toHaveProperty('supports_function_calling');
  });

  test.each(['default', '', null])(
    'mode %p clears the mode that a person set, and only that',
    async (clearing) => {
      await patch({ params: { temperature: 0.5 }, mode: 'completion' });
      expect((await detail()).user_params).toEqual({ temperature: 0.5, mode: 'completion' });
      expect(atLitellm()?.model_info['mode']).toBe('completion');
      await patch({ mode: clearing });
      expect((await detail()).user_params).toEqual({ temperature: 0.5 });
      expect(atLitellm()?.model_info['mode']).toBe('chat');
    },
  );

  test('an Ollama mode of the model wins over that of the provider, and the empty one clears it', async () => {
    expect(atLitellm()?.litellm_params).toMatchObject({
      model: 'ollama_chat/qwen3:8b',
      api_base: ollama.url,
    });
    await patch({ ollama_mode: 'openai' });
    expect(atLitellm()).toMatchObject({
      litellm_params: { model: 'openai/qwen3:8b', api_base: `${ollama.url}/v1`, api_key: 'none' },
      model_info: { litellm_provider: 'openai', litellm_updater: { ollama_mode: 'openai' } },
    });
    await patch({ ollama_mode: '' });
    expect(atLitellm()?.litellm_params).toMatchObject({ model: 'ollama_chat/qwen3:8b' });
    expect(atLitellm()?.litellm_params).not.toHaveProperty('api_key');
  });

  test('a price of one direction leaves the other; null clears one', async () => {
    await patch({ pricing_override: { input_cost_per_token: 1e-6, output_cost_per_token: 2e-6 } });
    await patch({ input_cost_per_token: 5e-6 });
    expect((await detail()).pricing_override).toEqual({
      input_cost_per_token: 5e-6,
      output_cost_per_token: 2e-6,
    });
    await patch({ output_cost_per_token: null });
    expect((await detail()).pricing_override).toEqual({ input_cost_per_token: 5e-6 });
    expect(atLitellm()?.litellm_params).toMatchObject({
      input_cost_per_token: 5e-6,
      output_cost_per_token: 0,
    });
    await patch({ pricing_override: null });
    expect((await detail()).pricing_override).toEqual({});
    expect(atLitellm()?.litellm_params).toMatchObject({ input_cost_per_token: 0, output_cost_per_token: 0 });
  });

  test('reset drops every edit, and LiteLLM has again what the provider says', async () => {
    const before = await detail();
    await patch({
      params: { max_tokens: 7, supports_function_calling: null },
      tags: ['gold'],
      access_groups: ['team'],
      pricing_profile: 'gpt-4o',
      pricing_override: { input_cost_per_token: 1 },
      ollama_mode: 'openai',
      mode: 'completion',
    });
    const answer = await product.call('DELETE', `/api/models/db/${id}/params`);
    expect(answer.status).toBe(200);
    await product.idle();
    const after = await detail();
    expect(after).toMatchObject({
      user_params: null,
      user_tags: [],
      access_groups: [],
      pricing_profile: null,
      pricing_override: {},
      ollama_mode: null,
      user_modified: false,
      effective_params: before.effective_params,
      deployment: { state: 'in-step' },
    });
    expect(atLitellm()?.litellm_params).toMatchObject({
      model: 'ollama_chat/qwen3:8b',
      input_cost_per_token: 0,
    });
    expect(atLitellm()?.model_info).not.toHaveProperty('access_groups');
    expect(litellm.rows()).toHaveLength(3);
  });

  test('a disabled model leaves LiteLLM alone; enabled again, it has its old deployment id', async () => {
    const before = atLitellm()?.model_id;
    await patch({ sync_enabled: false });
    expect(atLitellm()).toBeUndefined();
    expect(litellm.rows()).toHaveLength(2);
    expect(await detail()).toMatchObject({ sync_enabled: false, deployment: { state: 'absent' } });
    await product.sync(provider.id);
    await product.reconcile();
    expect(atLitellm()).toBeUndefined();
    await patch({ sync_enabled: true });
    expect(atLitellm()?.model_id).toBe(before);
  });

  test('the other path of the predecessor does the same', async () => {
    const answer = await product.call('POST', `/api/models/db/${id}/params`, { params: { max_tokens: 9 } });
    expect(answer).toMatchObject({ status: 200, body: { user_params: { max_tokens: 9 } } });
    expect((await product.call('GET', `/api/models/${id}`)).body.user_params).toEqual({ max_tokens: 9 });
  });

  test('a push by hand of what is in step writes nothing; without a LiteLLM it says so', async () => {
    litellm.counters.reset();
    expect((await product.call('POST', `/api/models/${id}/push`)).status).toBe(202);
    await product.idle();
    expect(litellm.counters.writes).toBe(0);
    await product.call('PATCH', '/api/settings', { litellm_base_url: null });
    const answer = await product.call('POST', `/api/models/${id}/push`);
    expect(answer).toMatchObject({ status: 409, body: { detail: expect.stringContaining('LiteLLM') } });
  });

  test('the list pages, searches by a part of the id, and filters', async () => {
    await patch({ tags: ['gold'] });
    await product.call('PATCH', `/api/models/${(await product.model('gemma3:12b')).id}`, {
      sync_enabled: false,
    });
    ollama.remove('llama3.1:8b');
    await product.sync(provider.id);
    const ids = async (query: string) =>
      (await product.call('GET', `/api/models?${query}`)).body.items
        .map((model: any) => model.model_id)
        .sort();
    expect(await ids('')).toEqual(['gemma3:12b', 'llama3.1:8b', 'qwen3:8b']);
    expect(await ids('search=QWEN')).toEqual(['qwen3:8b']);
    expect(await ids('search=_')).toEqual([]);
    expect(await ids('search=%25')).toEqual([]);
    expect(await ids('orphaned=true')).toEqual(['llama3.1:8b']);
    expect(await ids('orphaned=false')).toEqual(['gemma3:12b', 'qwen3:8b']);
    expect(await ids('modified=true')).toEqual(['qwen3:8b']);
    expect(await ids('sync_enabled=false')).toEqual(['gemma3:12b']);
    expect(await ids('provider_id=4711')).toEqual([]);
    const page = (await product.call('GET', '/api/models?limit=2&offset=2')).body;
    expect([page.items.length, page.total]).toEqual([1, 3]);
    const ofProvider = (await product.call('GET', `/api/providers/${provider.id}/models`)).body;
    expect([ofProvider.total, ofProvider.provider.name]).toEqual([2, 'box']);
    const all = await product.call('GET', `/api/providers/${provider.id}/models?include_orphaned=true`);
    expect(all.body.total).toBe(3);
  });
});
