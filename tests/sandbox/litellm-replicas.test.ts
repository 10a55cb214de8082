import { afterEach, describe, expect, test } from '@jest/globals';

import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { call } from './recordings.js';

let litellm: LitellmStandIn;
afterEach(() => litellm.close());

const on = (replica: number) => ({ Authorization: 'Bearer sk-1234', 'x-sandbox-replica': String(replica) });
const names = (replica: number) => litellm.served(replica).map((row) => row.model_name);

async function create(replica: number, id: string): Promise<void> {
  const body = { model_name: id, litellm_params: { model: 'openai/q' }, model_info: { id } };
  expect((await call(litellm.url, 'POST', '/model/new', body, on(replica))).status).toBe(200);
}

async function foundById(replica: number, id: string): Promise<{ v1: number; v2: number }> {
  const v1 = await call(litellm.url, 'GET', `/model/info?litellm_model_id=${id}`, undefined, on(replica));
  const v2 = await call(litellm.url, 'GET', `/v2/model/info?modelId=${id}`, undefined, on(replica));
  return { v1: v1.status, v2: (v2.body as { total_count: number }).total_count };
}

describe('several workers on one database', () => {
  test('another worker sees a create at its poll, and by v2 modelId at once when its own list is not empty', async () => {
    litellm = await startLitellm({ replicas: 2, pollMs: 0 });
    await create(0, 'one');
    expect(await foundById(1, 'one')).toEqual({ v1: 400, v2: 0 });
    litellm.poll(1);
    await create(0, 'two');
    expect(await foundById(1, 'two')).toEqual({ v1: 400, v2: 1 });
    litellm.poll(1);
    expect(await foundById(1, 'two')).toEqual({ v1: 200, v2: 1 });
  });

  test.each([
    ['1.81.15', 'never', 'q', 'one'],
    ['1.105.0', 'at its poll', 'q', 'renamed'],
  ])('on %s another worker takes over a rename alone %s', async (version, _when, _model, expected) => {
    litellm = await startLitellm({ version, replicas: 2, pollMs: 0, patchGapMs: 0 });
    await create(0, 'one');
    litellm.poll();
    await call(litellm.url, 'PATCH', '/model/one/update', { model_name: 'renamed' }, on(0));
    litellm.poll();
    expect(names(0)).toEqual(['renamed']);
    expect(names(1)).toEqual([expected]);
  });

  test('below 1.102 another worker keeps serving the last model after its delete, until its own next create', async () => {
    litellm = await startLitellm({ replicas: 2, pollMs: 0 });
    await create(0, 'one');
    litellm.poll();
    await call(litellm.url, 'POST', '/model/delete', { id: 'one' }, on(0));
    litellm.poll();
    expect([names(0), names(1)]).toEqual([[], ['one']]);
    await create(1, 'two');
    expect(names(1)).toEqual(['two']);
  });

  test('requests take turns when no replica is asked for', async () => {
    litellm = await startLitellm({ replicas: 2, pollMs: 0 });
    await create(0, 'one');
    const lists = [
      await call(litellm.url, 'GET', '/v1/models'),
      await call(litellm.url, 'GET', '/v1/models'),
    ];
    expect(lists.map(({ body }) => (body as { data: unknown[] }).data.length).sort()).toEqual([0, 1]);
  });

  test('the poll runs by itself', async () => {
    litellm = await startLitellm({ replicas: 2, pollMs: 20 });
    await create(0, 'one');
    const both = () => [names(0).length, names(1).length].join();
    const deadline = Date.now() + 5000;
    while (both() !== '1,1' && Date.now() < deadline) await call(litellm.url, 'GET', '/health/liveliness');
    expect(both()).toBe('1,1');
  });
});
