import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Behaviour } from '../../sandbox/faults.js';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { call } from './recordings.js';

let litellm: LitellmStandIn;
beforeEach(async () => {
  litellm = await startLitellm();
});
afterEach(() => litellm.close());

const row = (id: string) => ({ model_name: id, litellm_params: { model: 'openai/q' }, model_info: { id } });
const create = (id: string) => call(litellm.url, 'POST', '/model/new', row(id));
const ids = () => litellm.rows().map((one) => one.model_id);
const once = (behaviour: Behaviour) =>
  litellm.faults.add({ method: 'POST', path: '/model/new', times: 1, behaviour });

describe('faults', () => {
  test('a connection dropped after handling loses the answer, not the write', async () => {
    once({ kind: 'drop-after' });
    await expect(create('a')).rejects.toThrow();
    expect(ids()).toEqual(['a']);
    expect((await create('a')).status).toBe(500);
  });

  test('a connection dropped before handling writes nothing', async () => {
    once({ kind: 'drop' });
    await expect(create('a')).rejects.toThrow();
    expect(ids()).toEqual([]);
    expect((await create('a')).status).toBe(200);
  });

  test('a status comes instead of handling, or after it', async () => {
    once({ kind: 'status', status: 429, headers: { 'retry-after': '7' } });
    const limited = await create('a');
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '7']);
    expect(ids()).toEqual([]);
    once({ kind: 'status', status: 502, body: '<html>bad gateway</html>', handled: true });
    expect((await create('a')).status).toBe(502);
    expect(ids()).toEqual(['a']);
  });

  test('html, empty, truncated, slow and redirected answers are what they say', async () => {
    once({ kind: 'html' });
    expect((await create('a')).headers.get('content-type')).toContain('text/html');
    once({ kind: 'redirect', to: 'http://upstream.internal:8000/model/new' });
    expect((await create('a')).status).toBe(307);
    expect(ids()).toEqual([]);
    once({ kind: 'empty' });
    expect(await create('b')).toMatchObject({ status: 200, text: '' });
    once({ kind: 'truncated' });
    await expect(create('c')).rejects.toThrow(SyntaxError);
    once({ kind: 'slow-body', chunkBytes: 200, everyMs: 1 });
    expect((await create('d')).body).toMatchObject({ model_id: 'd' });
  });

  test('rules add up, end by themselves or when removed, and repeat by their seed', async () => {
    const remove = litellm.faults.add({ path: /liveliness/, behaviour: { kind: 'status', status: 500 } });
    const alive = async () => (await call(litellm.url, 'GET', '/health/liveliness')).status;
    expect(await alive()).toBe(500);
    remove();
    expect(await alive()).toBe(200);
    const pattern = async () => {
      litellm.faults.clear();
      litellm.faults.add({
        path: /./,
        probability: 0.5,
        seed: 7,
        behaviour: { kind: 'status', status: 500 },
      });
      const seen: number[] = [];
      for (let n = 0; n < 12; n += 1) seen.push(await alive());
      return seen;
    };
    const first = await pattern();
    expect(await pattern()).toEqual(first);
    expect(new Set(first)).toEqual(new Set([200, 500]));
  });
});
