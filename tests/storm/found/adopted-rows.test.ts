import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../../sandbox/litellm/start-litellm.js';
import { ollamaModel } from '../../../sandbox/ollama-model.js';
import { startOllama, type OllamaStandIn } from '../../../sandbox/ollama.js';
import { Product, type Run } from '../../support/product.js';

let product: Product;
let ollama: OllamaStandIn;
let litellm: LitellmStandIn;
let adopted: string;

beforeEach(async () => {
  ollama = await startOllama({ models: [ollamaModel('a:1b')] });
  litellm = await startLitellm();
  adopted = litellm.seed({
    model_name: 'a:1b',
    litellm_params: {
      model: 'ollama_chat/a:1b',
      api_base: ollama.url,
      input_cost_per_token: 0,
      output_cost_per_token: 0,
      tags: ['lupdater', 'unique_id:box/a:1b'],
    },
    model_info: { mode: 'chat', litellm_provider: 'ollama' },
  });
  product = await Product.start({ litellmUrl: litellm.url });
  const box = await product.addProvider({ name: 'box', base_url: ollama.url, type: 'ollama' });
  await product.sync(box.id);
  product.advance(5_000);
});

afterEach(async () => {
  await product.stop();
  await Promise.all([ollama.close(), litellm.close()]);
});

async function reconcile(): Promise<Run> {
  const run = await product.reconcile();
  await product.idle();
  return product.run(run.id);
}

async function ask(method: string, path: string, body: unknown): Promise<void> {
  const { status } = await fetch(litellm.url + path, {
    method,
    headers: { authorization: `Bearer ${litellm.masterKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(status).toBe(200);
}

test("what people change in an adopted row's route is drift, and overwritten by a row of ours", async () => {
  await ask('PATCH', `/model/${adopted}/update`, {
    litellm_params: { api_base: 'http://elsewhere.invalid' },
  });
  expect((await reconcile()).outcome.drifted).toEqual([{ model: 'a:1b', keys: ['litellm_params.api_base'] }]);
  const rows = litellm.rows();
  expect(rows.map((row) => row.litellm_params['api_base'])).toEqual([ollama.url]);
  expect(rows[0]?.model_info).toHaveProperty('litellm_updater');
});

test('what an adopted row shows after its first chat is no drift', async () => {
  await ask('POST', '/v1/chat/completions', {
    model: 'a:1b',
    messages: [{ role: 'user', content: 'hello' }],
  });
  expect((await reconcile()).outcome).toMatchObject({ drifted: [], missing: [], writes: 0 });
  expect(litellm.rows().map((row) => row.model_id)).toEqual([adopted]);
});
