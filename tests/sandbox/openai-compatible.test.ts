import { afterEach, describe, expect, test } from '@jest/globals';

import type { ListShape } from '../../sandbox/openai-list.js';
import { startOpenAiCompatible, type OpenAiCompatibleStandIn } from '../../sandbox/openai-compatible.js';
import { openAiModel, vllmModel } from '../../sandbox/openai-models.js';
import { call } from './recordings.js';

let server: OpenAiCompatibleStandIn;
afterEach(() => server.close());

const models = ['a', 'b', 'c'].map((id) => openAiModel(id));
const list = (query = '') => call(server.baseUrl, 'GET', `/models${query}`);

describe('the OpenAI-compatible stand-in', () => {
  test.each<[ListShape, unknown]>([
    ['list', { object: 'list', data: models }],
    ['bare-array', models],
    ['strings', { object: 'list', data: ['a', 'b', 'c'] }],
    ['data-null', { object: 'list', data: null }],
    ['no-object', { data: models }],
    ['error-in-200', { error: { message: 'upstream connect error', type: 'server_error' } }],
  ])('answers 200 in the shape %s', async (shape, expected) => {
    server = await startOpenAiCompatible({ models, shape });
    expect(await list()).toMatchObject({ status: 200, body: expected });
  });

  test('pages by cursor as Anthropic does', async () => {
    server = await startOpenAiCompatible({ models, paging: 'cursor', pageSize: 2 });
    expect((await list()).body).toMatchObject({
      data: [{ id: 'a' }, { id: 'b' }],
      has_more: true,
      last_id: 'b',
    });
    expect((await list('?after_id=b')).body).toMatchObject({ data: [{ id: 'c' }], has_more: false });
  });

  test('pages by links as OpenRouter does, mounted at the root', async () => {
    server = await startOpenAiCompatible({ models, paging: 'links', pageSize: 2, mount: '' });
    const first = (await list()).body as { links: { next: string } };
    expect(first.links.next).toBe('/models?offset=2&limit=2');
    expect((await call(server.url, 'GET', first.links.next)).body).toMatchObject({
      data: [{ id: 'c' }],
      links: { next: null },
    });
  });

  test('wants its key, and sends a trailing slash away with a 307', async () => {
    server = await startOpenAiCompatible({
      models,
      apiKey: 'k',
      unauthorizedBody: { error: 'Unauthorized' },
    });
    expect(await list()).toMatchObject({ status: 401, body: { error: 'Unauthorized' } });
    const key = { 'x-api-key': 'k' };
    expect((await call(server.baseUrl, 'GET', '/models', undefined, key)).status).toBe(200);
    const redirected = await call(server.baseUrl, 'GET', '/models/', undefined, key);
    expect([redirected.status, redirected.headers.get('location')]).toEqual([
      307,
      `${server.baseUrl}/models`,
    ]);
  });

  test('vLLM rows change their volatile fields with every call', async () => {
    server = await startOpenAiCompatible({ models: [vllmModel('Qwen/Qwen3-32B', 40_960)] });
    const rows = [await list(), await list()].map(
      ({ body }) => (body as { data: { created: number }[] }).data[0],
    );
    expect(rows[0]).toMatchObject({ id: 'Qwen/Qwen3-32B', max_model_len: 40_960, owned_by: 'vllm' });
    expect(rows[0]?.created).not.toBe(rows[1]?.created);
  });

  test('answers chats and embeddings of listed models only', async () => {
    server = await startOpenAiCompatible({ models });
    const ask = (model: string) => call(server.baseUrl, 'POST', '/chat/completions', { model, messages: [] });
    expect([(await ask('a')).status, (await ask('z')).status]).toEqual([200, 404]);
    const vectors = await call(server.baseUrl, 'POST', '/embeddings', { model: 'a', input: ['x', 'y'] });
    expect((vectors.body as { data: unknown[] }).data).toHaveLength(2);
  });
});
