import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { call } from './recordings.js';

interface Page {
  data: { model_name: string; model_info: Record<string, unknown> }[];
  total_count: number;
  total_pages: number;
}

let litellm: LitellmStandIn;
beforeEach(async () => {
  litellm = await startLitellm({ patchGapMs: 0 });
});
afterEach(() => litellm.close());

async function page(query: string): Promise<Page> {
  return (await call(litellm.url, 'GET', `/v2/model/info${query}`)).body as Page;
}

function seedMany(count: number): void {
  for (let n = 0; n < count; n += 1) {
    const id = `id-${String(n)}`;
    const litellm_params = { model: 'openai/same', input_cost_per_token: n === 0 ? 0.5 : 0 };
    litellm.seed({
      model_name: `${n % 2 === 0 ? 'even' : 'Odd'}-${String(n)}`,
      litellm_params,
      model_info: { id },
    });
  }
}

describe('the listings', () => {
  test('v2 pages, searches without regard to case, and matches a name exactly', async () => {
    seedMany(12);
    expect(await page('?page=3&size=5')).toMatchObject({
      total_count: 12,
      current_page: 3,
      total_pages: 3,
      size: 5,
    });
    expect((await page('?page=3&size=5')).data).toHaveLength(2);
    expect(await page('?page=99&size=5')).toMatchObject({ data: [], total_count: 12 });
    expect((await page('?search=ODD')).total_count).toBe(6);
    expect((await page('?model=even-0')).total_count).toBe(1);
    expect((await page('?model=EVEN-0')).total_count).toBe(0);
    expect((await page('?sortBy=model_name&sortOrder=desc&size=1')).data[0]?.model_name).toBe('Odd-9');
  });

  test('a PATCH moves its row to another place in the order', async () => {
    seedMany(3);
    await call(litellm.url, 'PATCH', '/model/id-0/update', { litellm_params: { rpm: 1 } });
    expect((await page('')).data.map((row) => row.model_name)).toEqual(['Odd-1', 'even-2', 'even-0']);
  });

  test('the first chat through a priced model makes model_info of all rows of that model grow', async () => {
    seedMany(2);
    const keys = async () =>
      (await page('?modelId=id-1')).data.map((row) => Object.keys(row.model_info).length);
    const before = await keys();
    const chat = await call(litellm.url, 'POST', '/v1/chat/completions', { model: 'even-0', messages: [] });
    expect(chat.headers.get('x-litellm-model-id')).toBe('id-0');
    expect((await keys())[0]).toBeGreaterThan((before[0] ?? 0) + 50);
  });

  test('empty listings are 200, and a create then meets the taken id', async () => {
    seedMany(2);
    litellm.emptyListings = true;
    expect(await page('')).toMatchObject({ data: [], total_count: 0 });
    expect((await call(litellm.url, 'GET', '/model/info')).body).toEqual({ data: [] });
    const body = { model_name: 'x', litellm_params: { model: 'openai/x' }, model_info: { id: 'id-0' } };
    expect((await call(litellm.url, 'POST', '/model/new', body)).status).toBe(500);
    expect(litellm.rows()).toHaveLength(2);
  });

  test('a wrong salt key leaves nothing to serve after a restart, while the rows stay', async () => {
    seedMany(2);
    litellm.wrongSaltKey = true;
    litellm.restart();
    expect((await page('')).total_count).toBe(0);
    expect(litellm.rows()).toHaveLength(2);
  });

  test('config rows have a sha256 id and db_model false', async () => {
    const other = await startLitellm({
      configRows: [{ model_name: 'cfg', litellm_params: { model: 'openai/q' } }],
    });
    const [row] = other.served();
    await other.close();
    expect(row?.model_info['id']).toMatch(/^[0-9a-f]{64}$/);
    expect(row?.model_info['db_model']).toBe(false);
  });

  test('writes are logged in order, reads and writes are counted by route, and it comes back on the same port', async () => {
    await call(litellm.url, 'POST', '/model/new', {
      model_name: 'x',
      litellm_params: { model: 'openai/x' },
      model_info: { id: 'x' },
    });
    await call(litellm.url, 'POST', '/model/delete', { id: 'x' });
    await call(litellm.url, 'GET', '/v2/model/info?size=1');
    expect(litellm.writes.map(({ method, id }) => [method, id])).toEqual([
      ['POST /model/new', 'x'],
      ['POST /model/delete', 'x'],
    ]);
    expect(litellm.counters.get('POST /model/new')).toBe(1);
    expect([litellm.counters.reads, litellm.counters.writes]).toEqual([1, 2]);
    await litellm.down();
    await expect(fetch(litellm.url)).rejects.toThrow();
    await litellm.up();
    expect((await call(litellm.url, 'GET', '/health/liveliness')).body).toBe("I'm alive!");
  });
});
