import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { startOpenAiCompatible, type OpenAiCompatibleStandIn } from '../../sandbox/openai-compatible.js';
import { openAiModel } from '../../sandbox/openai-models.js';
import { holdLists } from '../support/hold-lists.js';
import { Product } from '../support/product.js';

describe('parts of a sync', () => {
  let product: Product;
  let server: OpenAiCompatibleStandIn;
  let litellm: LitellmStandIn;
  let provider: any;

  beforeEach(async () => {
    litellm = await startLitellm();
    server = await startOpenAiCompatible({ models: ['alpha', 'beta', 'gamma'].map((id) => openAiModel(id)) });
    product = await Product.start({ litellmUrl: litellm.url });
    provider = await product.addProvider({ name: 'vllm', base_url: server.baseUrl, type: 'openai' });
  });
  afterEach(async () => {
    await product.stop();
    await Promise.all([server.close(), litellm.close()]);
  });

  const post = (path: string) => product.call('POST', path);

  test('fetch only stores and pushes nothing; push only pushes without reading', async () => {
    const fetched = await product.finished((await post(`/api/providers/${provider.id}/fetch`)).body.id);
    expect(fetched).toMatchObject({ state: 'done', trigger: 'fetch', outcome: { added: 3, writes: 0 } });
    await product.idle();
    expect(litellm.rows()).toEqual([]);

    server.counters.reset();
    expect((await post(`/api/providers/${provider.id}/push`)).body).toEqual({
      status: 'queued',
      provider: 'vllm',
      pushes: 3,
    });
    await product.idle();
    expect(litellm.rows()).toHaveLength(3);
    expect(server.counters.all()).toEqual({});
    expect((await post(`/api/providers/${provider.id}/push`)).body.pushes).toBe(0);
  });

  test('fetch all reads every enabled provider and asks for no reconcile', async () => {
    const { status, body } = await post('/api/providers/fetch-all');
    expect([status, body.total_providers]).toEqual([202, 1]);
    await product.finished(body.runs[0].id);
    await product.idle();
    expect(litellm.rows()).toEqual([]);
    const reconciles = (await product.call('GET', '/api/runs?kind=reconcile')).body.items;
    expect(reconciles.map((run: any) => run.trigger)).not.toContain('sync-all');
  });

  test('a sync that joins a fetch makes a sync of it', async () => {
    await product.stopWorker();
    const fetch = (await post(`/api/providers/${provider.id}/fetch`)).body;
    const sync = (await post(`/api/providers/${provider.id}/sync`)).body;
    expect(sync).toMatchObject({ id: fetch.id, joined: true, trigger: 'manual' });
    await product.startWorker();
    await product.finished(fetch.id);
    await product.idle();
    expect(litellm.rows()).toHaveLength(3);
  });

  test('without LiteLLM a push says so', async () => {
    await product.call('PATCH', '/api/settings', { litellm_base_url: null });
    expect((await post(`/api/providers/${provider.id}/push`)).status).toBe(409);
  });

  describe('cancel', () => {
    test('a waiting sync ends at once, and its job does nothing when it comes', async () => {
      await product.stopWorker();
      const run = (await post(`/api/providers/${provider.id}/sync`)).body;
      const cancelled = await post(`/api/runs/${run.id}/cancel`);
      expect(cancelled).toMatchObject({
        status: 200,
        body: { state: 'cancelled', reason: 'cancelled by admin' },
      });
      await product.startWorker();
      await product.idle();
      expect(await product.models()).toEqual([]);
      expect((await product.run(run.id)).state).toBe('cancelled');
      // A new one may start, also as its retry.
      const again = (await post(`/api/runs/${run.id}/retry`)).body;
      expect(await product.finished(again.id)).toMatchObject({ state: 'done', outcome: { added: 3 } });
    });

    test('a running sync stores nothing more and orphans nothing', async () => {
      await product.sync(provider.id);
      server.remove('alpha');
      server.add(openAiModel('delta'));
      const lists = holdLists(product);
      const run = (await post(`/api/providers/${provider.id}/sync`)).body;
      await lists.arrived;
      expect((await post(`/api/runs/${run.id}/cancel`)).status).toBe(200);
      lists.letGo();
      await product.idle();
      expect((await product.models()).map((model) => [model.model_id, model.is_orphaned])).toEqual([
        ['alpha', false],
        ['beta', false],
        ['gamma', false],
      ]);
    });

    test('what is over, and what is no sync, cannot be cancelled', async () => {
      const run = await product.sync(provider.id);
      expect((await post(`/api/runs/${run.id}/cancel`)).status).toBe(409);
      const reconcile = await product.reconcile();
      expect((await post(`/api/runs/${reconcile.id}/cancel`)).status).toBe(409);
      expect((await post('/api/runs/999999/cancel')).status).toBe(404);
    });
  });

  test('executions of jobs are listed, by run, queue and outcome', async () => {
    const run = await product.sync(provider.id);
    const jobs = async (query: string) => (await product.call('GET', `/api/jobs?${query}`)).body;
    expect((await jobs(`run_id=${run.id}`)).items.map((job: any) => job.queue).sort()).toEqual([
      'fetch-provider',
      'mark-orphans',
      'upsert-models',
    ]);
    expect((await jobs('queue=push-model&outcome=completed')).total).toBeGreaterThanOrEqual(3);
    expect((await jobs('outcome=failed')).items).toEqual([]);
    expect((await product.call('GET', '/api/jobs?queue=nonsense')).status).toBe(422);
  });
});
