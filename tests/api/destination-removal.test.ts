import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { ollamaModel } from '../../sandbox/ollama-model.js';
import { startOllama } from '../../sandbox/ollama.js';
import { Product } from '../support/product.js';
import { DestinationWorld } from './destination-world.js';

const form = { 'content-type': 'application/x-www-form-urlencoded' };

describe('taking rows out of LiteLLM', () => {
  let world: DestinationWorld;
  let product: Product;
  let litellm: LitellmStandIn;
  beforeEach(async () => {
    world = await DestinationWorld.start();
    ({ product, litellm } = world);
  });
  afterEach(() => world.stop());

  test('a model of ours is disabled, and its push takes it out for good', async () => {
    const id = world.idOf('qwen3:8b');
    const model = await product.model('qwen3:8b');
    expect(await world.remove(id)).toMatchObject({
      status: 202,
      body: {
        status: 'accepted',
        id,
        model_name: 'qwen3:8b',
        message: expect.stringContaining('disabled'),
        disabled_model: { id: model.id, display_name: 'qwen3:8b' },
      },
    });
    await product.idle();
    expect(world.names()).toEqual(['gemma3:12b', 'llama3.1:8b']);
    await product.sync(world.provider.id);
    await product.reconcile();
    expect(world.names()).toEqual(['gemma3:12b', 'llama3.1:8b']);
    const after = await product.model('qwen3:8b');
    expect(after).toMatchObject({ sync_enabled: false, deployment: { state: 'absent' } });
    expect(after.changes[0]).toMatchObject({
      action: 'model.update',
      before: { sync_enabled: true },
      after: { sync_enabled: false },
    });
  });

  test('a stray of ours goes, whether it is listed or not yet', async () => {
    const id = await world.seedStray();
    expect(await world.remove(id)).toMatchObject({ status: 202, body: { status: 'accepted', id } });
    await product.idle();
    expect(world.names()).toEqual(['gemma3:12b', 'llama3.1:8b', 'qwen3:8b']);
    const again = await world.seedStray();
    litellm.disturb({
      method: 'GET',
      path: '/v2/model/info',
      times: 1,
      happening: { kind: 'empty-listing' },
    });
    expect((await world.remove(again)).status).toBe(202);
    await product.idle();
    expect(litellm.row(again)).toBeUndefined();
  });

  test('what is not ours needs force, and an administrator; it is audited', async () => {
    const operator = (await product.call('POST', '/api/tokens', { name: 'op', scope: 'operate' })).body.token;
    const asOperator = { authorization: `Bearer ${operator}` };
    for (const id of [world.seedForeign(), world.seedOther(), world.seedPredecessor()]) {
      for (const headers of [{}, asOperator]) {
        expect(await world.remove(id, '', undefined, headers)).toMatchObject({
          status: 409,
          body: { detail: expect.stringContaining('force=true') },
        });
      }
      expect((await world.remove(id, '?force=true', undefined, asOperator)).status).toBe(403);
      await product.idle();
      expect(litellm.row(id)).toBeDefined();
      const forced = id.startsWith('by')
        ? await world.remove(id, '?force=true')
        : await world.remove(id, '', { force: true });
      expect(forced.status).toBe(202);
      await product.idle();
      expect(litellm.row(id)).toBeUndefined();
    }
    const { items } = (await product.call('GET', '/api/audit?limit=3')).body;
    expect(items.map(({ action, target }: any) => [action, target])).toContainEqual([
      'deployment.delete',
      'deployment:by/hand 1',
    ]);
    expect(JSON.stringify(items)).not.toContain('CANARY');
  });

  test('a row of config.yaml never goes, and an unknown id is told', async () => {
    for (const query of ['', '?force=true']) {
      expect(await world.remove('config-row', query)).toMatchObject({
        status: 409,
        body: { detail: expect.stringContaining('config.yaml') },
      });
      expect((await world.remove('no-such-row', query)).status).toBe(404);
    }
  });

  test('the predecessor’s form and JSON, one and many; what is refused holds up nothing', async () => {
    const foreign = world.seedForeign();
    const one = await product.call(
      'POST',
      '/litellm/models/delete',
      new URLSearchParams({ model_id: world.idOf('qwen3:8b') }).toString(),
      form,
    );
    expect(one).toMatchObject({ status: 202, body: { status: 'accepted' } });
    expect((await product.call('POST', '/litellm/models/delete', { model_id: 'none' })).status).toBe(404);
    await product.idle();

    const stray = await world.seedStray();
    const ids = [world.idOf('llama3.1:8b'), foreign, 'none', 'config-row', stray, stray];
    const many = await product.call('POST', '/litellm/models/delete/bulk', { model_ids: ids });
    expect(many).toMatchObject({
      status: 202,
      body: {
        status: 'partly',
        accepted: [{ id: ids[0], disabled_model: { display_name: 'llama3.1:8b' } }, { id: stray }],
        refused: [{ id: foreign }, { id: 'none' }, { id: 'config-row' }],
      },
    });
    await product.idle();
    expect(world.names()).toEqual(['by-hand', 'gemma3:12b']);

    const fields = new URLSearchParams([
      ['model_ids', world.idOf('gemma3:12b')],
      ['model_ids', 'none'],
    ]);
    const byForm = await product.call('POST', '/litellm/models/delete/bulk', fields.toString(), form);
    expect(byForm.body).toMatchObject({ status: 'partly', accepted: [{ model_name: 'gemma3:12b' }] });
    await product.idle();
    expect(world.names()).toEqual(['by-hand']);
  });

  test('with force, a selection may hold rows of others, but not for an operator', async () => {
    const ids = [world.seedForeign(), world.seedOther()];
    const path = '/api/litellm/models/delete/bulk';
    const token = (await product.call('POST', '/api/tokens', { name: 'op', scope: 'operate' })).body.token;
    const body = { model_ids: ids, force: true };
    const refused = await product.call('POST', path, body, { authorization: `Bearer ${token}` });
    expect(refused.status).toBe(403);
    expect((await product.call('POST', path, body)).body.status).toBe('accepted');
    await product.idle();
    expect(world.names()).toEqual(['gemma3:12b', 'llama3.1:8b', 'qwen3:8b']);
    expect((await product.call('POST', path, { model_ids: ['x'] })).body.status).toBe('refused');
    expect((await product.call('POST', path, { model_ids: [] })).status).toBe(422);
  });
});

test('a row of the predecessor that was adopted is ours, and goes by disabling its model', async () => {
  const litellm = await startLitellm();
  const ollama = await startOllama({ models: [ollamaModel('qwen3:8b')] });
  litellm.seed({
    model_name: 'qwen3:8b',
    litellm_params: {
      model: 'ollama_chat/qwen3:8b',
      api_base: ollama.url,
      tags: ['lupdater', 'unique_id:box/qwen3:8b'],
    },
    model_info: { id: 'adopted' },
  });
  const product = await Product.start({ litellmUrl: litellm.url });
  try {
    const provider = await product.addProvider({ name: 'box', base_url: ollama.url, type: 'ollama' });
    await product.sync(provider.id);
    await product.idle();
    const { models } = (await product.call('GET', '/api/litellm/models')).body;
    expect(models).toMatchObject([{ owner: 'ours', model_ref: (await product.model('qwen3:8b')).id }]);
    const answer = await product.call('DELETE', `/api/litellm/models/${models[0].id}`);
    expect(answer).toMatchObject({ status: 202, body: { disabled_model: { display_name: 'qwen3:8b' } } });
    await product.idle();
    expect(litellm.rows()).toEqual([]);
  } finally {
    await product.stop();
    await Promise.all([ollama.close(), litellm.close()]);
  }
});
