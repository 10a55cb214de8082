import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { ollamaModel } from '../../sandbox/ollama-model.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import { Product } from '../support/product.js';
import { until } from '../support/until.js';

let product: Product;
let ollama: OllamaStandIn;
let litellm: LitellmStandIn;
let providerId: number;
let oldId: string;
let modelId: number;
let serveAgain: () => void;

/** Each test begins with a replacement that is written and that LiteLLM does not serve yet. */
beforeEach(async () => {
  litellm = await startLitellm({ version: '1.81.15' });
  ollama = await startOllama({ models: ['a:1b', 'b:1b', 'c:1b', 'd:1b'].map((name) => ollamaModel(name)) });
  // A long poll: the product is patient for the whole test.
  product = await Product.start({ litellmUrl: litellm.url, pollSeconds: 30 });
  providerId = (
    await product.addProvider({
      name: 'box',
      base_url: ollama.url,
      type: 'ollama',
      grace_misses: 0,
      grace_seconds: 0,
    })
  ).id;
  await product.sync(providerId);
  await product.idle();
  oldId = rowsOf('a:1b')[0]!.model_id;
  modelId = (await product.model('a:1b')).id;
  serveAgain = litellm.faults.add({
    path: /litellm_model_id=/,
    behaviour: {
      kind: 'status',
      status: 400,
      body: { detail: { error: 'Model id = x not found on litellm proxy' } },
    },
  });
  await edit({ user_params: { temperature: 0.1 } });
  await until('the new row', () => rowsOf('a:1b').length === 2);
  await until('the wait', async () => (await waitingPushes()).length === 1);
});

afterEach(async () => {
  await product.stop();
  await Promise.all([ollama.close(), litellm.close()]);
});

const rowsOf = (name: string) => litellm.rows().filter((row) => row.model_name === name);

async function edit(fields: Record<string, unknown>): Promise<void> {
  await product.call('PATCH', `/api/models/${modelId}`, fields);
}

async function waitingPushes() {
  const delayed = await product.queues.byName['push-model'].getDelayed();
  return delayed.filter((job) => job.repeatJobKey === undefined);
}

/** Runs the waiting push until nothing waits any more. */
async function quiet(): Promise<void> {
  await until('the last push', async () => {
    for (const job of await waitingPushes()) await job.promote().catch(() => undefined);
    const models = await product.models();
    return models.every((model) => model.deployment.state !== 'pending');
  });
  await product.idle();
}

async function reconcile(): Promise<any> {
  const { body } = await product.call('POST', '/api/reconcile');
  return until('the reconcile', async () => {
    const run = await product.run(body.id);
    return run.state === 'done' ? run : undefined;
  });
}

describe('while a replacement waits to be seen served', () => {
  test('the old row stays, other models are pushed, and the replacement ends well', async () => {
    expect(litellm.row(oldId)).toBeDefined();
    const { id: other } = await product.model('b:1b');
    await product.call('PATCH', `/api/models/${other}`, { sync_enabled: false });
    await until('the other push', () => rowsOf('b:1b').length === 0);
    expect(litellm.row(oldId)).toBeDefined();
    serveAgain();
    await quiet();
    expect(rowsOf('a:1b').map((row) => row.litellm_params['temperature'])).toEqual([0.1]);
    expect(litellm.row(oldId)).toBeUndefined();
  });

  test('a reconcile takes neither of the two rows for a stray', async () => {
    const written = litellm.writes.length;
    const run = await reconcile();
    expect(run.outcome).toMatchObject({ drifted: [], missing: [] });
    expect(rowsOf('a:1b')).toHaveLength(2);
    expect(litellm.writes).toHaveLength(written);
    serveAgain();
    await quiet();
    expect(rowsOf('a:1b').map((row) => row.litellm_params['temperature'])).toEqual([0.1]);
    expect(litellm.writes.slice(written).map(({ method, id }) => [method, id])).toEqual([
      ['POST /model/delete', oldId],
    ]);
  });

  test('another edit wins: one row is left, with the last wish, and the old one served until then', async () => {
    const written = litellm.writes.length;
    await edit({ user_params: { temperature: 0.2 } });
    await until('the third row', async () => {
      for (const job of await waitingPushes()) await job.promote().catch(() => undefined);
      return rowsOf('a:1b').length === 3;
    });
    expect(litellm.row(oldId)).toBeDefined();
    serveAgain();
    await quiet();
    expect(rowsOf('a:1b').map((row) => row.litellm_params['temperature'])).toEqual([0.2]);
    expect(litellm.writes.slice(written).map(({ method }) => method)).toEqual([
      'POST /model/new',
      'POST /model/delete',
      'POST /model/delete',
    ]);
  });

  test('an edit that is taken back leaves one row, as it was before', async () => {
    await edit({ user_params: null });
    serveAgain();
    await quiet();
    const [row, ...more] = rowsOf('a:1b');
    expect(more).toEqual([]);
    expect(row?.litellm_params).not.toHaveProperty('temperature');
    expect((await product.model('a:1b')).deployment).toMatchObject({
      state: 'in-step',
      deployment_id: row?.model_id,
    });
  });

  test('a model that is disabled, or gone for good, leaves no row behind', async () => {
    ollama.remove('a:1b');
    const { body: run } = await product.call('POST', `/api/providers/${providerId}/sync`);
    await until('the sync', async () => (await product.run(run.id)).state === 'done');
    await quiet();
    expect(rowsOf('a:1b')).toEqual([]);
    expect(litellm.rows()).toHaveLength(3);
    serveAgain();
    ollama.add('a:1b');
    await product.sync(providerId);
    await quiet();
    expect(rowsOf('a:1b').map((row) => row.litellm_params['temperature'])).toEqual([0.1]);
  });

  test('a provider that is deleted takes both rows with it', async () => {
    const { body: run } = await product.call('DELETE', `/api/providers/${providerId}`);
    await until('the deletion', async () => {
      for (const job of await waitingPushes()) await job.promote().catch(() => undefined);
      return (await product.run(run.id)).state === 'done';
    });
    expect(litellm.rows()).toEqual([]);
    expect(await product.models()).toEqual([]);
  });
});
