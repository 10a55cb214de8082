import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { ollamaModel } from '../../sandbox/ollama-model.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import { Product } from '../support/product.js';
import { until } from '../support/until.js';

const names = ['qwen3:8b', 'llama3.1:8b', 'gemma3:12b', 'nomic-embed-text:latest', 'phi4:14b'];

describe('what is done to models', () => {
  let product: Product;
  let ollama: OllamaStandIn;
  let litellm: LitellmStandIn;
  let provider: any;
  let id: number;

  beforeEach(async () => {
    litellm = await startLitellm();
    ollama = await startOllama({ models: names.map((name) => ollamaModel(name)) });
    product = await Product.start({ litellmUrl: litellm.url });
    provider = await product.addProvider({ name: 'box', base_url: ollama.url, type: 'ollama' });
    await product.sync(provider.id);
    id = (await product.model('qwen3:8b')).id;
  });
  afterEach(async () => {
    await product.stop();
    await Promise.all([ollama.close(), litellm.close()]);
  });

  const detail = async (model = id) => (await product.call('GET', `/api/models/${model}`)).body;
  const served = () =>
    litellm
      .rows()
      .map((row) => row.model_name)
      .sort();

  describe('refresh', () => {
    test('reads one model by its own calls, stores what changed, and pushes it', async () => {
      ollama.replace('qwen3:8b', { contextLength: 8_192 });
      ollama.replace('phi4:14b', { contextLength: 4_096 });
      ollama.counters.reset();
      const { status, body } = await product.call('POST', `/api/models/${id}/refresh`);
      expect([status, body.outcome, body.max_context_window]).toEqual([200, 'refreshed', 8_192]);
      const { counters } = ollama;
      expect([counters.get('GET /api/tags'), counters.get('POST /api/show')]).toEqual([1, 1]);
      await product.idle();
      const row = litellm.rows().find((each) => each.model_name === 'qwen3:8b');
      expect(row).toMatchObject({ model_info: { max_input_tokens: 8_192 } });
      expect((await product.model('phi4:14b')).max_context_window).not.toBe(4_096);
    });

    test('a model that is gone becomes an orphan, one that is back is restored with its edits', async () => {
      await product.call('PATCH', `/api/models/${id}`, { tags: ['gold'] });
      ollama.remove('qwen3:8b');
      expect((await product.call('POST', `/api/models/${id}/refresh`)).body).toMatchObject({
        outcome: 'orphaned',
        is_orphaned: true,
      });
      ollama.add('qwen3:8b');
      expect((await product.call('POST', `/api/models/${id}/refresh`)).body).toMatchObject({
        outcome: 'refreshed',
        is_orphaned: false,
        user_tags: ['gold'],
      });
    });

    test('an empty list proves nothing, and a provider that is away says so', async () => {
      for (const name of names) ollama.remove(name);
      expect((await product.call('POST', `/api/models/${id}/refresh`)).status).toBe(409);
      expect((await detail()).is_orphaned).toBe(false);
      await ollama.close();
      const { status, body } = await product.call('POST', `/api/models/${id}/refresh`);
      expect([status, body.title]).toEqual([502, 'Bad Gateway']);
      expect(body.detail).toContain('127.0.0.1');
      ollama = await startOllama({ models: [] });
    });
  });

  describe('delete', () => {
    test('first its deployment goes, then its row; a served model comes back with the next sync', async () => {
      const { status, body } = await product.call('DELETE', `/api/models/${id}`);
      expect([status, body.status]).toEqual([202, 'deleting']);
      expect(body.message).toContain('disable it to keep it out');
      await until('the row to go', async () => (await detail()).status === 404);
      expect(served()).not.toContain('qwen3:8b');
      await product.sync(provider.id);
      expect(served()).toContain('qwen3:8b');
    });

    test('while LiteLLM is away the row waits for its deployment', async () => {
      const back = litellm.faults.add({ path: /./, behaviour: { kind: 'status', status: 503 } });
      await product.call('DELETE', `/api/models/${id}`);
      expect(await detail()).toMatchObject({ id, deleting_at: expect.any(String) });
      back();
      await until('the row to go', async () => (await detail()).status === 404);
      expect(served()).not.toContain('qwen3:8b');
    });

    test('without LiteLLM it goes at once', async () => {
      await product.call('PATCH', '/api/settings', { litellm_base_url: null });
      const { status, body } = await product.call('DELETE', `/api/models/${id}`);
      expect([status, body.status]).toEqual([200, 'deleted']);
      expect((await detail()).status).toBe(404);
    });
  });

  describe('many at once', () => {
    const bulk = (body: unknown) => product.call('POST', '/api/models/bulk', body);
    const ids = async () => (await product.models()).map((model) => model.id);

    test('disable, enable and reset say how many changed, and LiteLLM follows', async () => {
      const all = await ids();
      const two = all.slice(0, 2);
      expect((await bulk({ action: 'disable', ids: [...two, 999_999] })).body).toEqual({
        action: 'disable',
        matched: 2,
        changed: 2,
        not_found: [999_999],
        message: '2 of 3 disabled; 1 no longer there',
      });
      await product.idle();
      expect(served()).toHaveLength(all.length - 2);
      expect((await bulk({ action: 'disable', ids: two })).body).toMatchObject({ matched: 2, changed: 0 });
      await bulk({ action: 'enable', filter: { disabled: 'true' } });
      await product.idle();
      expect(served()).toHaveLength(all.length);

      await product.call('PATCH', `/api/models/${id}`, { params: { temperature: 0.5 } });
      expect((await bulk({ action: 'reset', filter: { modified: 'true' } })).body).toMatchObject({
        matched: 1,
        changed: 1,
      });
      expect(await detail()).toMatchObject({ user_params: null, user_modified: false });
    });

    test('push and delete are queued; deleting needs the scope admin', async () => {
      expect(await bulk({ action: 'push', ids: await ids() })).toMatchObject({
        status: 202,
        body: { changed: 0 },
      });
      const { token } = (await product.call('POST', '/api/tokens', { name: 'op', scope: 'operate' })).body;
      const asOperator = { authorization: `Bearer ${token}` };
      const wish = { action: 'delete', ids: [id] };
      expect((await product.call('POST', '/api/models/bulk', wish, asOperator)).status).toBe(403);
      expect(await bulk(wish)).toMatchObject({ status: 202, body: { changed: 1 } });
      await until('the row to go', async () => (await detail()).status === 404);
    });

    test.each([
      [{ action: 'explode', ids: [1] }],
      [{ action: 'disable' }],
      [{ action: 'disable', ids: [] }],
      [{ action: 'disable', ids: [1], filter: {} }],
      [{ action: 'disable', ids: ['1'] }],
      [{ action: 'disable', filter: { unknown: 1 } }],
    ])('%j is refused', async (body) => {
      expect((await bulk(body)).status).toBe(422);
      expect((await product.models('&disabled=true')).length).toBe(0);
    });

    test('S7: deleting everything must be said in words', async () => {
      const path = '/api/models/db/reset-all';
      expect((await product.call('POST', path, {})).status).toBe(422);
      expect(await ids()).toHaveLength(names.length);
      expect((await product.call('POST', path, { confirm: 'delete all models' })).status).toBe(202);
      await until('all rows to go', async () => (await ids()).length === 0);
      expect(served()).toEqual([]);
    });
  });

  test('filters: category, capabilities, context, disabled, text', async () => {
    const found = async (query: string) => (await product.models(query)).map((model) => model.model_id);
    expect(await found('&category=embedding')).toEqual(['nomic-embed-text:latest']);
    const withTools = (await product.models()).filter((model) => model.capabilities.includes('tools'));
    expect(await found('&capability=tools')).toEqual(withTools.map((model) => model.model_id));
    expect(await found('&capability=tools,embedding')).toEqual([]);
    const contexts = (await product.models()).map((model) => model.context_window ?? 0);
    const most = Math.max(...contexts);
    expect((await found(`&context_min=${most}`)).length).toBe(contexts.filter((each) => each >= most).length);
    expect(await found('&context_max=1')).toEqual([]);
    expect(await found('&search=PHI4')).toEqual(['phi4:14b']);
    expect((await product.call('GET', '/api/models?category=nonsense')).status).toBe(422);
  });

  test('statistics by category, of one provider and of all', async () => {
    ollama.remove('phi4:14b');
    await product.sync(provider.id);
    const one = (await product.call('GET', `/api/providers/${provider.id}/stats`)).body;
    expect(one).toMatchObject({
      provider_name: 'box',
      total_models: names.length - 1,
      orphaned: 1,
      categories: { embedding: 1 },
    });
    const sum = Object.values<number>(one.categories).reduce((a, b) => a + b, 0);
    expect(sum).toBe(names.length - 1);
    expect((await product.call('GET', '/api/providers/stats/all')).body).toMatchObject({
      total_models: names.length - 1,
      providers: 1,
    });
  });
});
