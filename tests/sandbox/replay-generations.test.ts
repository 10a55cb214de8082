import { afterEach, describe, expect, test } from '@jest/globals';

import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { call } from './recordings.js';

let litellm: LitellmStandIn;
afterEach(() => litellm.close());

const on = (replica: number) => ({ Authorization: 'Bearer sk-1234', 'x-sandbox-replica': String(replica) });

describe.each([
  ['1.81.15', false],
  ['1.105.0 (unverified)', true],
])('%s', (name, newer) => {
  const version = name.split(' ')[0] ?? name;

  async function withRow(): Promise<void> {
    litellm = await startLitellm({ version, pollMs: 0, patchGapMs: 0, replicas: 2 });
    const params = { model: 'openai/q', rpm: 1, litellm_credential_name: 'c', input_cost_per_token: 1 };
    litellm.seed({ model_name: 'one', litellm_params: params, model_info: { id: 'one' } });
  }

  test('POST /model/update', async () => {
    await withRow();
    const body = { model_name: 'two', litellm_params: { rpm: 9 }, model_info: { id: 'one', x: 1 } };
    expect((await call(litellm.url, 'POST', '/model/update', body, on(0))).status).toBe(200);
    expect(litellm.row('one')?.model_name).toBe(newer ? 'two' : 'one');
    expect(litellm.row('one')?.model_info).not.toHaveProperty('x');
    const [served] = litellm.served(0);
    expect([served?.model_name, served?.litellm_params['rpm']]).toEqual(newer ? ['two', 9] : ['one', 1]);
  });

  test('null in a PATCH', async () => {
    await withRow();
    const params = { rpm: null, litellm_credential_name: null, input_cost_per_token: null };
    await call(litellm.url, 'PATCH', '/model/one/update', { litellm_params: params }, on(0));
    const kept = Object.keys(litellm.row('one')?.litellm_params ?? {});
    expect(kept).toContain('rpm');
    expect(kept.includes('litellm_credential_name')).toBe(!newer);
    expect(kept.includes('input_cost_per_token')).toBe(!newer);
  });

  test('a chat on a worker that has not loaded the model', async () => {
    await withRow();
    const body = { model_name: 'new', litellm_params: { model: 'openai/q' } };
    await call(litellm.url, 'POST', '/model/new', body, on(0));
    const chat = await call(
      litellm.url,
      'POST',
      '/v1/chat/completions',
      { model: 'new', messages: [] },
      on(1),
    );
    expect(chat.status).toBe(newer ? 200 : 400);
  });
});

test('a write costs what was measured, more with more rows', async () => {
  litellm = await startLitellm({ pollMs: 0, patchGapMs: 0, writeCostMs: 'measured' });
  const patched = async () => {
    const startedAt = performance.now();
    await call(litellm.url, 'PATCH', '/model/row-0/update', { model_info: { id: 'row-0', n: 1 } });
    return performance.now() - startedAt;
  };
  const fill = (from: number, to: number) => {
    for (let n = from; n < to; n += 1) {
      litellm.seed({
        model_name: `m${n}`,
        litellm_params: { model: 'openai/x' },
        model_info: { id: `row-${n}` },
      });
    }
  };
  fill(0, 1);
  const few = await patched();
  fill(1, 200);
  const many = await patched();
  expect(few).toBeGreaterThan(15);
  expect(many).toBeGreaterThan(75);
});
