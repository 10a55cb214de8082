import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { call, until } from './recordings.js';

let litellm: LitellmStandIn;
beforeEach(async () => {
  litellm = await startLitellm({ pollMs: 0, patchGapMs: 0 });
  for (const id of ['a', 'b', 'c']) {
    litellm.seed({ model_name: id, litellm_params: { model: 'openai/q' }, model_info: { id } });
  }
});
afterEach(() => litellm.close());

const INFO = '/model/info';
const listed = async () =>
  ((await call(litellm.url, 'GET', INFO)).body as { data: { model_name: string }[] }).data
    .map((row) => row.model_name)
    .sort();
const patch = (id: string, note: number) =>
  call(litellm.url, 'PATCH', `/model/${id}/update`, { model_info: { id, note } });

describe('what happens to the proxy just before a request', () => {
  test('one empty listing', async () => {
    litellm.disturb({ path: INFO, times: 1, happening: { kind: 'empty-listing' } });
    expect(await listed()).toEqual([]);
    expect(await listed()).toEqual(['a', 'b', 'c']);
  });

  test('a failed read inside a PATCH, healed by the poll', async () => {
    litellm.disturb({
      method: 'PATCH',
      path: /./,
      times: 1,
      happening: { kind: 'failed-read-in-patch' },
    });
    expect((await patch('a', 1)).status).toBe(200);
    expect(await listed()).toEqual([]);
    litellm.poll();
    expect(await listed()).toEqual(['a', 'b', 'c']);
  });

  test('a restart keeps the rows; one with a wrong salt key keeps them unseen', async () => {
    litellm.disturb({ path: INFO, times: 1, happening: { kind: 'restart' } });
    expect(await listed()).toEqual(['a', 'b', 'c']);
    litellm.disturb({ path: INFO, times: 1, happening: { kind: 'wrong-salt-key' } });
    expect(await listed()).toEqual([]);
    expect((await patch('a', 1)).status).toBe(200);
    expect(litellm.rows()).toHaveLength(3);
  });

  test('somebody creates, deletes, edits and patches', async () => {
    const row = { model_name: 'x', litellm_params: { model: 'openai/x' }, model_info: { id: 'x' } };
    litellm.disturb({ path: INFO, times: 1, happening: { kind: 'foreign-create', row } });
    litellm.disturb({ path: INFO, times: 1, happening: { kind: 'foreign-delete', id: 'b' } });
    const rename = { model_name: 'a2', litellm_params: { rpm: 1 } };
    litellm.disturb({ path: INFO, times: 1, happening: { kind: 'foreign-edit', id: 'a', change: rename } });
    expect(await listed()).toEqual(['a', 'c', 'x']);
    litellm.poll();
    expect(await listed()).toEqual(['a2', 'c', 'x']);
    const note = { model_info: { id: 'c', note: 'theirs' } };
    litellm.disturb({ path: INFO, times: 1, happening: { kind: 'foreign-patch', id: 'c', change: note } });
    await listed();
    await until(() => litellm.row('c')?.model_info['note'] === 'theirs');
    expect(litellm.row('c')?.updated_by).toBe('default_user_id');
    expect(litellm.row('x')?.created_by).toBe('somebody-else');
  });

  test('they add up with faults, and repeat by their seeds', async () => {
    const run = async () => {
      litellm.faults.clear();
      litellm.calm();
      const rule = { path: INFO, probability: 0.5 };
      litellm.faults.add({ ...rule, seed: 5, behaviour: { kind: 'status', status: 502 } });
      litellm.disturb({ ...rule, seed: 9, happening: { kind: 'empty-listing' } });
      const seen: string[] = [];
      for (let n = 0; n < 16; n += 1) {
        const { status, body } = await call(litellm.url, 'GET', INFO);
        seen.push(`${status} ${(body as { data?: unknown[] }).data?.length ?? '-'}`);
      }
      return seen;
    };
    const first = await run();
    expect(await run()).toEqual(first);
    expect(new Set(first)).toEqual(new Set(['502 -', '200 0', '200 3']));
  });
});
