import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { startOpenAiCompatible, type OpenAiCompatibleStandIn } from '../../sandbox/openai-compatible.js';
import { openAiModel } from '../../sandbox/openai-models.js';
import { holdLists } from '../support/hold-lists.js';
import { Product } from '../support/product.js';
import { until } from '../support/until.js';

const ids = ['alpha', 'beta', 'gamma', 'delta'];

describe('runs through the API', () => {
  let product: Product;
  let server: OpenAiCompatibleStandIn;
  let litellm: LitellmStandIn;
  let provider: any;

  beforeEach(async () => {
    litellm = await startLitellm();
    server = await startOpenAiCompatible({ models: ids.map((id) => openAiModel(id)) });
    product = await Product.start({ litellmUrl: litellm.url });
    provider = await product.addProvider({ name: 'vllm', base_url: server.baseUrl, type: 'openai' });
  });
  afterEach(async () => {
    await product.stop();
    await Promise.all([server.close(), litellm.close()]);
  });

  const orphans = async () => (await product.models('&orphaned=true')).map((model) => model.model_id).sort();
  const lose = (...gone: string[]) => gone.forEach((id) => server.remove(id));

  async function heldRun(): Promise<any> {
    await product.sync(provider.id);
    lose('alpha', 'beta', 'gamma');
    const run = await product.sync(provider.id);
    expect(run).toMatchObject({ state: 'held', outcome: { missing: ['alpha', 'beta', 'gamma'] } });
    return run;
  }

  test('a run is found by id and by uuid, with the jobs that it took', async () => {
    const run = await product.sync(provider.id);
    const byUuid = (await product.call('GET', `/api/runs/${run.uuid}`)).body;
    expect(byUuid.id).toBe(run.id);
    expect(byUuid).toMatchObject({
      kind: 'sync',
      state: 'done',
      trigger: 'manual',
      provider_id: provider.id,
      provider_name: 'vllm',
      reason: null,
    });
    expect(byUuid.started_at <= byUuid.fetched_at && byUuid.fetched_at <= byUuid.finished_at).toBe(true);
    expect(byUuid.jobs.map((job: any) => job.queue).sort()).toEqual([
      'fetch-provider',
      'mark-orphans',
      'upsert-models',
    ]);
    expect(byUuid.jobs.every((job: any) => job.outcome === 'completed' && job.error === null)).toBe(true);
  });

  test('the list is newest first, pages, and filters by provider, state and kind', async () => {
    const held = await heldRun();
    const reconcile = await product.reconcile();
    const list = async (query: string) => (await product.call('GET', `/api/runs?${query}`)).body;
    const numbers = (await list('')).items.map((run: any) => run.id);
    expect(numbers).toEqual([...numbers].sort((a, b) => b - a));
    expect(numbers[0]).toBe(reconcile.id);
    expect((await list('limit=1&offset=1')).items.map((run: any) => run.id)).toEqual([held.id]);
    expect((await list('state=held')).items.map((run: any) => run.id)).toEqual([held.id]);
    expect((await list('kind=sync')).items.map((run: any) => run.state)).toEqual(['held', 'done']);
    expect((await list('kind=reconcile')).items).toContainEqual(
      expect.objectContaining({ id: reconcile.id }),
    );
    expect((await list('kind=delete')).total).toBe(0);
    expect((await list(`provider_id=${provider.id}`)).total).toBe(2);
    expect((await list('provider_id=4711')).total).toBe(0);
  });

  test('who asks for a sync while one is open joins it', async () => {
    const lists = holdLists(product);
    const [first, second] = await Promise.all([
      product.call('POST', `/api/providers/${provider.id}/sync`),
      product.call('POST', `/api/providers/${provider.id}/sync-now`),
    ]);
    lists.letGo();
    expect(first.body.id).toBe(second.body.id);
    expect([first.body.joined, second.body.joined].sort()).toEqual([false, true]);
    await product.finished(first.body.id);
    expect(server.counters.get('GET /v1/models')).toBe(1);
  });

  test('accepting a held run orphans what it missed; LiteLLM keeps it for its grace', async () => {
    const held = await heldRun();
    expect(await orphans()).toEqual([]);
    const answer = await product.call('POST', `/api/runs/${held.id}/accept`);
    expect(answer).toMatchObject({ status: 202, body: { decision: 'accepted' } });
    await until('the run to be done', async () => (await product.run(held.id)).state === 'done');
    expect(await product.run(held.id)).toMatchObject({ outcome: { orphaned: 3 } });
    expect(await orphans()).toEqual(['alpha', 'beta', 'gamma']);
    expect(litellm.rows()).toHaveLength(4);
    for (const word of ['accept', 'reject'])
      expect((await product.call('POST', `/api/runs/${held.id}/${word}`)).status).toBe(409);
  });

  test('accepted, with a provider that wants orphans gone at once: they leave LiteLLM in the same run', async () => {
    await product.call('PATCH', `/api/providers/${provider.id}`, { grace_misses: 0, grace_seconds: 0 });
    const held = await heldRun();
    expect(litellm.rows()).toHaveLength(4);
    await product.call('POST', `/api/runs/${held.uuid}/accept`);
    await until('the run to be done', async () => (await product.run(held.id)).state === 'done');
    expect((await product.finished(held.id)).outcome.pushes.removed).toBe(3);
    expect(litellm.rows().map((row) => row.model_name)).toEqual(['delta']);
  });

  test('rejecting a held run leaves everything as it is', async () => {
    const held = await heldRun();
    litellm.counters.reset();
    const answer = await product.call('POST', `/api/runs/${held.id}/reject`);
    expect(answer).toMatchObject({ status: 202, body: { decision: 'rejected', state: 'done' } });
    await product.idle();
    expect(await orphans()).toEqual([]);
    expect(litellm.counters.writes).toBe(0);
    expect((await product.call('POST', `/api/runs/${held.id}/accept`)).status).toBe(409);
  });

  test('a run that is not held cannot be decided', async () => {
    const run = await product.sync(provider.id);
    const answer = await product.call('POST', `/api/runs/${run.id}/accept`);
    expect(answer).toMatchObject({ status: 409, body: { detail: expect.stringContaining('done') } });
    expect(await orphans()).toEqual([]);
  });

  test('retrying a failed run starts a new one, and the old one stays as it was', async () => {
    server.faults.add({ path: '/v1/models', times: 1, behaviour: { kind: 'html' } });
    const failed = await product.sync(provider.id);
    expect(failed.state).toBe('failed');
    const { status, body } = await product.call('POST', `/api/runs/${failed.id}/retry`);
    expect(status).toBe(202);
    expect(body).toMatchObject({ trigger: 'retry', provider_id: provider.id });
    expect(body.id).not.toBe(failed.id);
    expect(await product.finished(body.id)).toMatchObject({ state: 'done', outcome: { added: 4 } });
    expect(await product.run(failed.id)).toMatchObject({ state: 'failed', reason: failed.reason });
  });

  test('a run of a provider that is gone cannot be retried', async () => {
    const run = await product.sync(provider.id);
    await product.finished((await product.call('DELETE', `/api/providers/${provider.id}`)).body.id);
    expect((await product.call('POST', `/api/runs/${run.id}/retry`)).status).toBe(409);
  });

  test.each(['/sync', '/api/sync', '/api/providers/sync-all'])(
    'POST %s syncs every enabled provider and ends with one reconcile',
    async (path) => {
      const off = await product.addProvider({
        name: 'off',
        base_url: `${server.url}/off`,
        type: 'openai',
        sync_enabled: false,
      });
      const { status, body } = await product.call('POST', path);
      expect(status).toBe(202);
      expect(body).toMatchObject({ total_providers: 1 });
      expect(body.runs.map((run: any) => run.provider_id)).toEqual([provider.id]);
      await product.finished(body.runs[0].id);
      await until('the reconcile', async () => {
        const { items } = (await product.call('GET', '/api/runs?kind=reconcile&state=done')).body;
        return items.some((run: any) => run.trigger === 'sync-all');
      });
      expect((await product.call('GET', `/api/runs?provider_id=${off.id}`)).body.total).toBe(0);
    },
  );

  test('without a LiteLLM syncs go on, and a reconcile says what is missing', async () => {
    await product.call('PATCH', '/api/settings', { litellm_base_url: null });
    expect(await product.sync(provider.id)).toMatchObject({
      state: 'done',
      outcome: { added: 4, writes: 0 },
    });
    expect((await product.call('POST', '/api/reconcile')).status).toBe(409);
    expect(litellm.counters.writes).toBe(0);
  });
});
