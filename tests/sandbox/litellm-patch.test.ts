import { afterEach, describe, expect, test } from '@jest/globals';

import {
  startLitellm,
  type LitellmOptions,
  type LitellmStandIn,
} from '../../sandbox/litellm/start-litellm.js';
import { call, until } from './recordings.js';

let litellm: LitellmStandIn;
afterEach(() => litellm.close());

async function withTwoModels(options: LitellmOptions): Promise<void> {
  litellm = await startLitellm({
    configRows: [{ model_name: 'static', litellm_params: { model: 'openai/static' } }],
    ...options,
  });
  for (const id of ['a', 'b']) {
    litellm.seed({
      model_name: id,
      litellm_params: { model: `openai/${id}` },
      model_info: { id, mode: 'chat' },
    });
  }
}

async function names(): Promise<string[]> {
  const { body } = await call(litellm.url, 'GET', '/v1/models');
  return (body as { data: { id: string }[] }).data.map(({ id }) => id);
}

const patch = (id: string, body: unknown) => call(litellm.url, 'PATCH', `/model/${id}/update`, body);

describe('PATCH /model/:id/update', () => {
  test('below 1.102 no database model is listed, found or served until the reload', async () => {
    await withTwoModels({ patchGapMs: 2_500 });
    let answered = false;
    const patching = patch('a', { model_info: { id: 'a', note: 'x' } }).finally(() => (answered = true));
    await until(() => litellm.served().length === 1);
    const [listed, infos, byId, paged, pagedById, chat] = await Promise.all([
      names(),
      call(litellm.url, 'GET', '/model/info'),
      call(litellm.url, 'GET', '/model/info?litellm_model_id=b'),
      call(litellm.url, 'GET', '/v2/model/info?search=b'),
      call(litellm.url, 'GET', '/v2/model/info?modelId=static'),
      call(litellm.url, 'POST', '/v1/chat/completions', { model: 'b', messages: [] }),
    ]);
    expect(answered).toBe(false);
    expect(listed).toEqual(['static']);
    expect((infos.body as { data: unknown[] }).data).toHaveLength(1);
    expect(byId.status).toBe(400);
    expect(paged.status).toBe(200);
    expect(pagedById.body).toMatchObject({ total_count: 0 });
    expect(chat.status).toBe(400);
    expect(chat.text).toContain('There are no healthy deployments for this model');
    expect((await patching).status).toBe(200);
    expect((await names()).sort()).toEqual(['a', 'b', 'static']);
  });

  test('from 1.102 on every model stays served', async () => {
    await withTwoModels({ version: '1.105.0', writeCostMs: () => 30 });
    let least = 3;
    let answered = false;
    const patching = patch('a', { model_info: { id: 'a', note: 'x' } }).finally(() => (answered = true));
    await until(() => {
      least = Math.min(least, litellm.served().length);
      return answered;
    });
    expect((await patching).status).toBe(200);
    expect(least).toBe(3);
  });

  test('nulls are dropped, other keys are merged, and objects are replaced whole', async () => {
    await withTwoModels({ patchGapMs: 0 });
    await patch('a', { model_info: { id: 'a', mode: null, marker: { one: 1, none: null } } });
    await patch('a', {
      model_info: { id: 'a', marker: { two: 2 } },
      litellm_params: { rpm: 5, model: null },
    });
    expect(litellm.row('a')?.model_info).toMatchObject({ mode: 'chat', marker: { two: 2 } });
    expect(litellm.row('a')?.litellm_params).toMatchObject({ rpm: 5, model: 'openai/a' });
  });

  test('without an id the stored blob gets a random one, which no listing shows', async () => {
    await withTwoModels({ patchGapMs: 0 });
    await patch('a', { model_info: { note: 'x' } });
    expect(litellm.row('a')?.model_info['id']).not.toBe('a');
    const { body } = await call(litellm.url, 'GET', '/model/info?litellm_model_id=a');
    expect(body).toMatchObject({ data: [{ model_info: { id: 'a', db_model: true, note: 'x' } }] });
  });

  test('concurrent PATCHes of one model lose keys below 1.102 and keep them from 1.102 on', async () => {
    const kept = async (version: string) => {
      await withTwoModels({ version, patchGapMs: 0, writeCostMs: () => 100 });
      await Promise.all([1, 2, 3].map((n) => patch('a', { model_info: { id: 'a', [`key${n}`]: n } })));
      return Object.keys(litellm.row('a')?.model_info ?? {}).filter((key) => key.startsWith('key')).length;
    };
    expect(await kept('1.81.15')).toBeLessThan(3);
    await litellm.close();
    expect(await kept('1.105.0')).toBe(3);
  });

  test('from 1.102 on prices in model_info are not stored', async () => {
    await withTwoModels({ version: '1.105.0' });
    await patch('a', { model_info: { id: 'a', input_cost_per_token: 1, note: 'x' } });
    expect(litellm.row('a')?.model_info).not.toHaveProperty('input_cost_per_token');
    expect(litellm.row('a')?.model_info).toHaveProperty('note', 'x');
  });

  test('an unknown provider is saved with 200 and un-served below 1.102, and reported as 500 from 1.102 on', async () => {
    await withTwoModels({ patchGapMs: 0 });
    expect((await patch('a', { litellm_params: { model: 'nosuch/a' } })).status).toBe(200);
    expect((await call(litellm.url, 'GET', '/model/info?litellm_model_id=a')).status).toBe(400);
    expect((await call(litellm.url, 'GET', '/v2/model/info?modelId=a')).body).toMatchObject({
      total_count: 1,
    });
    await litellm.close();
    await withTwoModels({ version: '1.105.0' });
    const answer = await patch('a', { litellm_params: { model: 'nosuch/a' } });
    expect(answer.status).toBe(500);
    expect(answer.text).toContain('was saved to the database, but');
  });
});
