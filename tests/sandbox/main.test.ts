import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { call } from './recordings.js';

const child = spawn(process.execPath, ['--import', 'tsx', 'sandbox/main.ts', '--with-parent'], {
  stdio: ['pipe', 'pipe', 'inherit'],
  env: { ...process.env, NODE_OPTIONS: '' },
});
let urls: Record<'ollama' | 'openai' | 'litellm' | 'litellm_key', string>;

beforeAll(async () => {
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  urls = JSON.parse(line) as typeof urls;
});
afterAll(() => void child.kill('SIGKILL'));

describe('the stand-ins as a process', () => {
  test('print their addresses and serve the demo models', async () => {
    const tags = (await call(urls.ollama, 'GET', '/api/tags')).body as { models: { name: string }[] };
    expect(tags.models).toHaveLength(6);
    const list = (await call(urls.openai, 'GET', '/v1/models')).body as { data: unknown[] };
    expect(list.data).toHaveLength(3);
    expect(urls.litellm_key).toBe('sk-1234');
    expect((await call(urls.litellm, 'GET', '/health/liveliness')).body).toBe("I'm alive!");
  });

  test('are changed through control routes, which are not counted', async () => {
    await call(urls.ollama, 'POST', '/__sandbox/models', { name: 'hf.co/x/y:Q4', contextLength: 1000 });
    const { body } = await call(
      urls.ollama,
      'DELETE',
      `/__sandbox/models/${encodeURIComponent('hf.co/x/y:Q4')}`,
    );
    expect((body as { models: string[] }).models).toHaveLength(6);
    await call(urls.ollama, 'POST', '/__sandbox/faults', {
      path: '/api/tags',
      behaviour: { kind: 'status', status: 500 },
    });
    expect((await call(urls.ollama, 'GET', '/api/tags')).status).toBe(500);
    await call(urls.ollama, 'DELETE', '/__sandbox/faults');
    const seeded = { model_name: 'theirs', litellm_params: { model: 'openai/t' } };
    await call(urls.litellm, 'POST', '/__sandbox/models', seeded);
    expect((await call(urls.litellm, 'GET', '/__sandbox/rows')).body).toMatchObject({
      rows: [{ model_name: 'theirs' }],
    });
    const counters = (await call(urls.litellm, 'GET', '/__sandbox/counters')).body;
    expect(counters).toMatchObject({ writes: 0, routes: { 'GET /health/liveliness': 1 } });
  });

  test('end when their parent is gone', async () => {
    const exit = once(child, 'exit');
    child.stdin.end();
    expect(await exit).toEqual([0, null]);
  });
});
