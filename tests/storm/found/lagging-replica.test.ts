import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../../sandbox/litellm/start-litellm.js';
import { ollamaModel } from '../../../sandbox/ollama-model.js';
import { startOllama, type OllamaStandIn } from '../../../sandbox/ollama.js';
import { Product } from '../../support/product.js';
import { until } from '../../support/until.js';

let product: Product;
let ollama: OllamaStandIn;
let litellm: LitellmStandIn;

beforeEach(async () => {
  ollama = await startOllama({ models: [ollamaModel('a:1b')] });
  litellm = await startLitellm({ replicas: 2, pollMs: 0 });
  litellm.seed({
    model_name: 'a:1b',
    litellm_params: {
      model: 'ollama_chat/a:1b',
      api_base: 'http://the-old-place.invalid',
      tags: ['lupdater', 'unique_id:box/a:1b'],
    },
    model_info: { mode: 'chat', litellm_provider: 'ollama' },
  });
  product = await Product.start({ litellmUrl: litellm.url });
});

afterEach(async () => {
  await product.stop();
  await Promise.all([ollama.close(), litellm.close()]);
});

test("a predecessor's row that was replaced is not adopted again from a replica that lists it still", async () => {
  const box = await product.addProvider({ name: 'box', base_url: ollama.url, type: 'ollama' });
  await product.call('POST', `/api/providers/${box.id}/sync`);
  await until('the replacement', () => litellm.writes.some(({ method }) => method === 'POST /model/new'));
  litellm.poll();
  await product.idle();
  expect(litellm.writes.map(({ method }) => method)).toEqual(['POST /model/new', 'POST /model/delete']);
  const replaced = litellm.rows();
  expect([0, 1].map((replica) => litellm.served(replica).length).sort()).toEqual([1, 2]);

  // One listing for each replica.
  for (let listing = 0; listing < 2; listing += 1) {
    await product.reconcile();
    await product.idle();
  }
  expect(litellm.writes).toHaveLength(2);
  expect(litellm.rows()).toEqual(replaced);
});
