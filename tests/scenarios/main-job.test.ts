import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { ollamaModel } from '../../sandbox/ollama-model.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import { Product } from '../support/product.js';

describe('the main job', () => {
  let product: Product;
  let ollama: OllamaStandIn;
  let litellm: LitellmStandIn;

  beforeEach(async () => {
    litellm = await startLitellm();
    ollama = await startOllama({
      models: [ollamaModel('qwen3:8b'), ollamaModel('llama3.1:8b'), ollamaModel('gemma3:12b')],
    });
    product = await Product.start({ litellmUrl: litellm.url });
  });

  afterEach(async () => {
    await product.stop();
    await Promise.all([ollama.close(), litellm.close()]);
  });

  test('a first sync registers each model once, a second one writes and asks nothing', async () => {
    const provider = await product.addProvider({
      name: 'box',
      base_url: ollama.url,
      type: 'ollama',
      prefix: 'box',
    });
    const first = await product.sync(provider.id);
    expect(first).toMatchObject({
      state: 'done',
      outcome: { fetched: 3, added: 3, detail_calls: 3, writes: 3, pushes: { created: 3, failed: 0 } },
    });
    expect(
      litellm
        .served()
        .map((row) => row.model_name)
        .sort(),
    ).toEqual(['box/gemma3:12b', 'box/llama3.1:8b', 'box/qwen3:8b']);

    const second = await product.sync(provider.id);
    expect(second).toMatchObject({
      state: 'done',
      outcome: { unchanged: 3, list_calls: 1, detail_calls: 0, writes: 0 },
    });
    const reconcile = await product.reconcile();
    expect(reconcile).toMatchObject({
      state: 'done',
      outcome: { list_calls: 1, writes: 0, drifted: [], missing: [] },
    });
    expect(litellm.counters.get('POST /model/new')).toBe(3);
    expect(ollama.counters.get('verbose')).toBe(0);
  });
});
