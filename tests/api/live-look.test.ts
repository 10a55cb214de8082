import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { ollamaModel } from '../../sandbox/ollama-model.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import { startOpenAiCompatible, type OpenAiCompatibleStandIn } from '../../sandbox/openai-compatible.js';
import { vllmModel } from '../../sandbox/openai-models.js';
import { Product } from '../support/product.js';
import { everything } from './seed.js';

describe('a live look at one model', () => {
  let product: Product;
  let ollama: OllamaStandIn;
  let openai: OpenAiCompatibleStandIn;
  let id: number;

  beforeAll(async () => {
    ollama = await startOllama({ models: ['qwen3:8b', 'gemma3'].map((name) => ollamaModel(name)) });
    openai = await startOpenAiCompatible({ models: [vllmModel('org/qwen', 8_192)] });
    product = await Product.start();
    id = (await product.addProvider({ name: 'my box', base_url: ollama.url, type: 'ollama' })).id;
    await product.addProvider({ name: '4711', base_url: openai.url, type: 'openai' });
    await product.sync(id);
  });
  afterEach(() => ollama.faults.clear());
  afterAll(async () => {
    await product.stop();
    await Promise.all([ollama.close(), openai.close()]);
  });

  async function show(source: string, model: string) {
    const before = everything(product);
    const answer = await product.call('GET', `/models/show?${new URLSearchParams({ source, model })}`);
    expect(everything(product)).toEqual(before);
    return answer;
  }

  test('by name or id of the provider: cleaned details and what they mean', async () => {
    const stored = await product.model('qwen3:8b');
    for (const source of ['my box', String(id)]) {
      const { status, body } = await show(source, 'qwen3:8b');
      expect(status).toBe(200);
      expect(body).toMatchObject({
        source: { id, name: 'my box', type: 'ollama' },
        model: 'qwen3:8b',
        found: true,
        stored_as: stored.id,
        details_error: null,
        normalised: {
          mode: stored.mode,
          category: stored.category,
          capabilities: stored.capabilities,
          max_context_window: stored.max_context_window,
        },
      });
      // The same cleaning as a sync's.
      expect({ listing: body.listing, details: body.details }).toEqual({
        listing: stored.raw_metadata.listing,
        details: stored.raw_metadata.details,
      });
      expect(JSON.stringify(body)).not.toMatch(/license|modelfile|tensors|"template"/i);
    }
  });

  test('Ollama’s short names are understood; another kind has no details', async () => {
    expect((await show('my box', 'Gemma3')).body).toMatchObject({ model: 'gemma3:latest', found: true });
    expect((await show('4711', 'org/qwen')).body).toMatchObject({
      source: { name: '4711', type: 'openai' },
      details: null,
      normalised: { mode: 'chat', max_context_window: 8_192 },
    });
  });

  test('an unknown source or model is 404, a provider that is away 502', async () => {
    expect(await show('nobody', 'qwen3:8b')).toMatchObject({
      status: 404,
      body: { detail: expect.stringContaining('nobody') },
    });
    expect(await show('my box', 'none')).toMatchObject({
      status: 404,
      body: { detail: expect.stringContaining('none') },
    });
    expect((await show('999', 'qwen3:8b')).status).toBe(404);
    expect((await product.call('GET', '/models/show?source=x')).status).toBe(422);
    ollama.faults.add({ path: '/api/tags', behaviour: { kind: 'drop' } });
    expect(await show('my box', 'qwen3:8b')).toMatchObject({
      status: 502,
      body: { detail: expect.stringContaining('dropped the connection') },
    });
  });

  test('details that fail are told, and the rest is shown', async () => {
    ollama.faults.add({ path: '/api/show', behaviour: { kind: 'status', status: 500 } });
    expect((await show('my box', 'qwen3:8b')).body).toMatchObject({
      found: true,
      details: null,
      details_error: expect.stringContaining('500'),
      normalised: { mode: expect.any(String) },
    });
  });
});
