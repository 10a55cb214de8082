import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import BetterSqlite3 from 'better-sqlite3';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { ollamaModel } from '../../sandbox/ollama-model.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import { holdLists } from '../support/hold-lists.js';
import { Product } from '../support/product.js';
import { until } from '../support/until.js';

describe('what a review found', () => {
  let product: Product;
  let ollama: OllamaStandIn;
  let litellm: LitellmStandIn;
  let provider: any;

  beforeEach(async () => {
    litellm = await startLitellm();
    ollama = await startOllama({
      models: ['qwen3:8b', 'llama3.1:8b', 'gemma3:12b'].map((name) => ollamaModel(name)),
    });
    product = await Product.start({ litellmUrl: litellm.url });
    provider = await product.addProvider({
      name: 'box',
      base_url: ollama.url,
      type: 'ollama',
      api_key: 'key-of-the-box',
      grace_misses: 1,
      grace_seconds: 0,
    });
    await product.sync(provider.id);
    await product.idle();
  });
  afterEach(async () => {
    await product.stop();
    await Promise.all([ollama.close(), litellm.close()]);
  });

  test('one key that does not open fails its own provider only, which can still be deleted', async () => {
    const other = await startOllama({ models: [ollamaModel('phi4:14b')] });
    const broken = await product.addProvider({
      name: 'other',
      base_url: other.url,
      type: 'ollama',
      api_key: 'key-of-another',
    });
    await product.sync(broken.id);
    const database = new BetterSqlite3(join(product.dataDir, 'models.db'));
    database.prepare(`UPDATE providers SET api_key = 'v1.AAAA.BBBB.CCCC' WHERE id = ?`).run(broken.id);
    database.close();

    expect((await product.call('PATCH', '/api/settings', { sync_interval_seconds: 600 })).status).toBe(200);
    const { id } = await product.model('qwen3:8b');
    const disabled = await product.call('POST', '/api/models/bulk', { action: 'disable', ids: [id] });
    expect(disabled).toMatchObject({ status: 200, body: { changed: 1 } });
    expect((await product.call('GET', '/api/litellm/models')).status).toBe(200);
    expect(await product.reconcile()).toMatchObject({ state: 'done' });
    expect(litellm.rows().map((row) => row.model_name)).toContain('phi4:14b');

    const { body } = await product.call('DELETE', `/api/providers/${broken.id}`);
    expect(await product.finished(body.id)).toMatchObject({ state: 'done' });
    expect(litellm.rows().map((row) => row.model_name)).not.toContain('phi4:14b');
    await other.close();
  });

  test('a stored key never follows a changed address to another server', async () => {
    const other = await startOllama({ models: [] });
    const moved = await product.call('PATCH', `/api/providers/${provider.id}`, { base_url: other.url });
    expect(moved).toMatchObject({ status: 422, body: { errors: [{ field: 'base_url' }] } });
    const settings = await product.call('PATCH', '/api/settings', { litellm_base_url: other.url });
    expect(settings).toMatchObject({ status: 422, body: { errors: [{ field: 'litellm_base_url' }] } });
    const withKey = { base_url: other.url, api_key: 'key-of-the-other' };
    expect((await product.call('PATCH', `/api/providers/${provider.id}`, withKey)).status).toBe(200);
    await other.close();
  });

  test('a refresh minds the filter of the provider', async () => {
    const { id } = await product.model('qwen3:8b');
    await product.call('PATCH', `/api/providers/${provider.id}`, { model_filter_exclude: 'qwen3' });
    await product.sync(provider.id);
    const { body } = await product.call('POST', `/api/models/${id}/refresh`);
    expect(body).toMatchObject({ outcome: 'orphaned', is_orphaned: true });
    await product.idle();
    expect(litellm.rows().map((row) => row.model_name)).not.toContain('qwen3:8b');
  });

  test('a refresh that was slow does not undo what a sync saw meanwhile', async () => {
    const { id } = await product.model('qwen3:8b');
    ollama.remove('qwen3:8b');
    let arrived = () => {};
    const asked = new Promise<void>((resolve) => (arrived = resolve));
    let answer = () => {};
    const held = new Promise<void>((resolve) => (answer = resolve));
    const { catalogues } = product.apiServices;
    product.apiServices.catalogues = {
      ...catalogues,
      list: async (...args) => {
        const listed = await catalogues.list(...args);
        arrived();
        await held;
        return listed;
      },
    };
    const refresh = product.call('POST', `/api/models/${id}/refresh`);
    await asked;
    ollama.add('qwen3:8b');
    await product.sync(provider.id);
    answer();
    expect((await refresh).body).toMatchObject({ outcome: 'refreshed', is_orphaned: false });
  });

  test('S7: a bulk deletion or reset whose filter leaves nothing out must say so', async () => {
    const bulk = (body: object) => product.call('POST', '/api/models/bulk', body);
    for (const filter of [{}, { search: '' }]) {
      for (const action of ['delete', 'reset']) {
        expect(await bulk({ action, filter })).toMatchObject({
          status: 422,
          body: { errors: [{ field: 'confirm' }] },
        });
      }
    }
    expect(await product.models()).toHaveLength(3);
    expect((await bulk({ action: 'disable', filter: {} })).status).toBe(200);
    expect((await bulk({ action: 'delete', filter: {}, confirm: 'all models' })).status).toBe(202);
    await until('all models to go', async () => (await product.models()).length === 0);
  });

  test('a cancelled run keeps the word of who cancelled it, whatever its job finds out later', async () => {
    const lists = holdLists(product);
    const run = (await product.call('POST', `/api/providers/${provider.id}/sync`)).body;
    await lists.arrived;
    await product.call('POST', `/api/runs/${run.id}/cancel`);
    lists.letGo();
    await product.idle();
    expect(await product.run(run.id)).toMatchObject({
      state: 'cancelled',
      reason: 'cancelled by admin',
      outcome: { fetched: null },
    });
  });

  test('deleting twice is one deletion', async () => {
    await product.stopWorker();
    const { id } = await product.model('qwen3:8b');
    const remove = () => product.call('POST', '/api/models/bulk', { action: 'delete', ids: [id] });
    expect((await remove()).body.changed).toBe(1);
    expect((await remove()).body.changed).toBe(0);
  });

  test('what was asked as a fetch stays one when it is tried again', async () => {
    await product.stopWorker();
    const run = (await product.call('POST', `/api/providers/${provider.id}/fetch`)).body;
    await product.call('POST', `/api/runs/${run.id}/cancel`);
    expect((await product.call('POST', `/api/runs/${run.id}/retry`)).body.trigger).toBe('fetch');
  });
});
