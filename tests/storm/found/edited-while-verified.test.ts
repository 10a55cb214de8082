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
  litellm = await startLitellm({ version: '1.105.0', replicas: 2, pollMs: 500 });
  product = await Product.start({ litellmUrl: litellm.url });
});

afterEach(async () => {
  await product.stop();
  await Promise.all([ollama.close(), litellm.close()]);
});

test('a new row that LiteLLM serves, but that somebody edited before we looked, is mended and never removed', async () => {
  const box = await product.addProvider({ name: 'box', base_url: ollama.url, type: 'ollama' });
  await product.call('POST', `/api/providers/${box.id}/sync`);
  // The first look reaches the other replica, which has not read its table since; the next one is seconds away.
  const { id } = await until('the create', () => litellm.writes[0]);
  const edit = await fetch(`${litellm.url}/model/${id}/update`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${litellm.masterKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model_info: { id, litellm_updater: {} } }),
  });
  expect(edit.status).toBe(200);
  await product.idle();
  expect(litellm.writes.map(({ method }) => method)).not.toContain('POST /model/delete');
  expect(litellm.served()).toHaveLength(1);

  product.advance(5_000);
  await product.reconcile();
  await product.idle();
  expect(litellm.rows()).toHaveLength(1);
  expect(litellm.rows()[0]?.model_info['litellm_updater']).toHaveProperty('hash');
});
