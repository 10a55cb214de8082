import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import type { Product } from '../support/product.js';
import { DestinationWorld } from './destination-world.js';

describe('the list of what LiteLLM has', () => {
  let world: DestinationWorld;
  let product: Product;
  let litellm: LitellmStandIn;
  beforeEach(async () => {
    world = await DestinationWorld.start();
    ({ product, litellm } = world);
  });
  afterEach(() => world.stop());

  const list = async (query = '') => {
    const answer = await product.call('GET', `/api/litellm/models${query}`);
    expect({ status: answer.status, body: answer.body }).toMatchObject({ status: 200 });
    return answer.body;
  };
  const rowOf = async (name: string) =>
    (await list()).models.find((row: any) => row.model_name === name) ?? {};

  test('every row with its owner and state, tags, counts, and nothing secret', async () => {
    world.seedForeign();
    world.seedOther();
    world.seedPredecessor();
    await world.seedStray();
    const body = await list();
    const seen = Object.fromEntries(
      body.models.map((row: any) => [row.model_name, [row.owner, row.state, row.deletable]]),
    );
    expect(seen).toEqual({
      'by-hand': ['foreign', null, true],
      'from-config': ['config', null, false],
      'gemma3:12b': ['ours', 'in-step', true],
      'llama3.1:8b': ['ours', 'in-step', true],
      old: ['predecessor', null, true],
      other: ['other-instance', null, true],
      'qwen3:8b': ['ours', 'in-step', true],
      stray: ['ours', 'stray', true],
    });
    expect(body).toMatchObject({
      total: 8,
      missing: [],
      counts: {
        all: 8,
        by_owner: { ours: 4, foreign: 1, config: 1, 'other-instance': 1, predecessor: 1 },
        by_state: { 'in-step': 3, drifted: 0, pending: 0, stray: 1 },
        missing: 0,
      },
      listed_at: expect.any(String),
    });
    expect(body.tags[0]).toEqual({ tag: 'lupdater', count: 5 });
    expect(JSON.stringify(body)).not.toContain('CANARY');
    const model = await product.model('qwen3:8b');
    expect(body.models.find((row: any) => row.model_name === 'qwen3:8b')).toMatchObject({
      id: world.idOf('qwen3:8b'),
      model: 'ollama_chat/qwen3:8b',
      api_base: world.ollama.url,
      mode: 'chat',
      tags: ['lupdater', 'provider:box', 'type:ollama'],
      drifted_keys: [],
      model_ref: model.id,
      provider_id: world.provider.id,
      model_info: { litellm_updater: { model: 'qwen3:8b' } },
    });
    expect((await product.call('GET', '/litellm/models')).body.total).toBe(8);
  });

  test('it filters by tags (any of them), owner, state and text, and pages', async () => {
    world.seedForeign();
    await world.seedStray();
    const namesOf = async (query: string) =>
      (await list(`?${query}`)).models.map((row: any) => row.model_name);
    expect(await namesOf('tag=team')).toEqual(['by-hand']);
    expect(await namesOf('tag=team&tag=provider:box')).toEqual([
      'by-hand',
      'gemma3:12b',
      'llama3.1:8b',
      'qwen3:8b',
    ]);
    expect(await namesOf('tag=none')).toEqual([]);
    expect(await namesOf('owner=config')).toEqual(['from-config']);
    expect(await namesOf('state=stray')).toEqual(['stray']);
    expect(await namesOf('search=QWEN')).toEqual(['qwen3:8b']);
    expect(await namesOf(`search=${world.idOf('qwen3:8b')}`)).toEqual(['qwen3:8b']);
    const page = await list('?limit=2&offset=4');
    expect(page.models.map((row: any) => row.model_name)).toEqual(['qwen3:8b', 'stray']);
    expect([page.total, page.counts.all]).toEqual([6, 6]);
    for (const query of ['owner=me', 'state=good', 'limit=0'])
      expect((await product.call('GET', `/api/litellm/models?${query}`)).status).toBe(422);
  });

  test('what somebody edited there is drifted, with its keys; the reconcile agrees', async () => {
    const id = world.idOf('qwen3:8b');
    litellm.disturb({
      method: 'GET',
      path: '/v2/model/info',
      times: 1,
      happening: {
        kind: 'foreign-edit',
        id,
        change: { litellm_params: { api_base: 'http://elsewhere' }, model_info: { mode: 'embedding' } },
      },
    });
    await list();
    litellm.poll();
    expect(await rowOf('qwen3:8b')).toMatchObject({
      state: 'drifted',
      drifted_keys: ['litellm_params.api_base', 'model_info.mode'],
      api_base: 'http://elsewhere',
    });
    expect((await list('?state=drifted')).counts.by_state).toMatchObject({ drifted: 1 });
    const run = await product.reconcile();
    expect(run.outcome.drifted).toEqual([
      { model: 'qwen3:8b', keys: ['litellm_params.api_base', 'model_info.mode'] },
    ]);
    product.advance(10_000);
    expect(await rowOf('qwen3:8b')).toMatchObject({ state: 'in-step', drifted_keys: [] });
  });

  test('what LiteLLM lost is missing; a change on its way is pending', async () => {
    await product.stopWorker();
    const { id } = await product.model('llama3.1:8b');
    litellm.unseed(world.idOf('qwen3:8b'));
    litellm.poll();
    await product.call('PATCH', `/api/models/${id}`, { params: { temperature: 0.1 } });
    await product.call('PATCH', `/api/models/${(await product.model('gemma3:12b')).id}`, {
      sync_enabled: false,
    });
    const body = await list();
    expect(body.missing).toEqual([
      {
        model_ref: (await product.model('qwen3:8b')).id,
        provider_id: world.provider.id,
        display_name: 'qwen3:8b',
        state: 'not-listed',
      },
    ]);
    expect(body.counts).toMatchObject({ missing: 1, by_state: { pending: 2, 'in-step': 0 } });
  });

  test('LiteLLM away is 502 in words; none configured is 409', async () => {
    await litellm.down();
    const away = await product.call('GET', '/api/litellm/models');
    expect(away).toMatchObject({
      status: 502,
      body: { detail: expect.stringMatching(/refused the connection|dropped the connection/) },
    });
    await litellm.up();
    await product.call('PATCH', '/api/settings', { litellm_base_url: null });
    expect((await product.call('GET', '/api/litellm/models')).status).toBe(409);
    expect((await world.remove('any')).status).toBe(409);
  });
});
