import { afterEach, describe, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { ollamaModel } from '../../sandbox/ollama-model.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import { Product } from '../support/product.js';
import { until } from '../support/until.js';

let product: Product;
let ollama: OllamaStandIn;
let litellm: LitellmStandIn;

async function start(version: string) {
  litellm = await startLitellm({ version });
  ollama = await startOllama({ models: ['a:1b', 'b:1b', 'c:1b', 'd:1b'].map((name) => ollamaModel(name)) });
  product = await Product.start({ litellmUrl: litellm.url });
  return product.addProvider({ name: 'box', base_url: ollama.url, type: 'ollama' });
}

afterEach(async () => {
  await product.stop();
  await Promise.all([ollama.close(), litellm.close()]);
});

describe.each(['1.81.15', '1.105.0'])('LiteLLM %s', (version) => {
  test('a create whose confirmation breaks off is looked up by id, not counted as failed', async () => {
    const box = await start(version);
    litellm.faults.add({ method: 'POST', path: '/model/new', times: 1, behaviour: { kind: 'truncated' } });
    const run = await product.sync(box.id);
    expect(run).toMatchObject({ state: 'done', outcome: { pushes: { created: 4, failed: 0 } } });
    expect(litellm.rows()).toHaveLength(4);
    expect(litellm.writes.filter(({ method }) => method === 'POST /model/new')).toHaveLength(4);
  });

  test('a row of ours whose marker somebody took away is mended, not left and not doubled', async () => {
    const box = await start(version);
    await product.sync(box.id);
    const { deployment } = await product.model('a:1b');
    await fetch(`${litellm.url}/model/${deployment.deployment_id}/update`, {
      method: 'PATCH',
      headers: { authorization: 'Bearer sk-1234', 'content-type': 'application/json' },
      body: JSON.stringify({ model_info: { id: deployment.deployment_id, litellm_updater: { v: 1 } } }),
    });
    product.advance(10_000); // past the time in which a listing may be older than our write
    const reconcile = await product.reconcile();
    expect(reconcile.outcome.drifted).toEqual([{ model: 'a:1b', keys: ['model_info.litellm_updater'] }]);
    const rows = litellm.rows().filter((row) => row.model_name === 'a:1b');
    expect(rows).toHaveLength(1);
    expect(rows[0]?.model_info).toMatchObject({ litellm_updater: { model: 'a:1b' } });
  });
});

test('a held run that was accepted while its job got lost can be accepted again', async () => {
  const box = await start('1.81.15');
  await product.sync(box.id);
  for (const name of ['a:1b', 'b:1b', 'c:1b']) ollama.remove(name);
  const held = await product.sync(box.id);
  expect(held.state).toBe('held');
  await product.stores.runs.decide(held.id, 'accepted', new Date().toISOString());
  expect((await product.call('POST', `/api/runs/${held.id}/accept`)).status).toBe(202);
  await until('the end of the held run', async () => (await product.run(held.id)).state === 'done');
  expect((await product.run(held.id)).outcome.orphaned).toBe(3);
  expect((await product.call('POST', `/api/runs/${held.id}/accept`)).status).toBe(409);
});
