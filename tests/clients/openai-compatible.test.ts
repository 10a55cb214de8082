import { afterEach, describe, expect, test } from '@jest/globals';
import { createHttp } from '../../src/clients/http.js';
import { createOpenAiCompatible } from '../../src/clients/openai-compatible.js';
import { PermanentError } from '../../src/domain/errors.js';
import { closeLocalServers, localServer, sample, type Handle } from './local-server.js';

const client = createOpenAiCompatible(createHttp());
const never = new AbortController().signal;

async function list(handle: Handle, path = '') {
  const server = await localServer(handle);
  const result = client.list({ kind: 'openai', baseUrl: server.url + path }, never);
  const [settled] = await Promise.allSettled([result]);
  return { server, urls: server.seen.map(({ url }) => url), settled, result };
}
const row = (id: string) => ({ id, object: 'model' });

afterEach(closeLocalServers);

describe('the address', () => {
  test('with a version is asked as it is', async () => {
    const { server, urls, result } = await list(() => ({ body: { data: [row('a')] } }), '/openai/v1');
    expect(urls).toEqual(['/openai/v1/models']);
    expect((await result).apiRoot).toBe(`${server.url}/openai/v1`);
  });

  test('without a version falls back to the root after a 404, and says where chats go', async () => {
    const { server, urls, result } = await list(({ url }) =>
      url === '/models' ? { body: { data: [row('a')] } } : { status: 404, body: 'Not Found' },
    );
    expect(urls).toEqual(['/v1/models', '/models']);
    expect(await result).toMatchObject({ calls: 2, apiRoot: server.url, entries: [{ modelId: 'a' }] });
  });

  test('that is wrong everywhere fails for good', async () => {
    const { urls, settled } = await list(() => ({ status: 404, body: 'Not Found' }));
    expect(urls).toHaveLength(2);
    expect(settled).toMatchObject({ status: 'rejected', reason: { name: 'PermanentError' } });
  });

  test('is not guessed on after another error', async () => {
    const { urls, settled } = await list(() => ({ status: 401 }));
    expect(urls).toHaveLength(1);
    expect(settled.status).toBe('rejected');
  });
});

describe('pages', () => {
  test('of Anthropic are read by after_id', async () => {
    const { urls, result } = await list(({ url }) => ({
      body: sample(`anthropic/v1-models-page${url.includes('after_id') ? 2 : 1}.json`),
    }));
    const { entries, calls } = await result;
    expect(calls).toBe(2);
    expect(urls[1]).toBe('/v1/models?after_id=claude-sonnet-4-5-20250929');
    const ids = entries.map(({ modelId }) => modelId);
    expect(ids).toContain('claude-opus-4-6');
    expect(ids).toContain('claude-3-haiku-20240307');
  });

  test.each([
    ['next_page_token', 'page_token'],
    ['nextPageToken', 'pageToken'],
  ])('are read by %s', async (field, parameter) => {
    const { urls, result } = await list(({ url }) =>
      url.includes('token=') || url.includes('Token=')
        ? { body: { models: [{ name: 'b' }], [field]: '' } }
        : { body: { models: [{ name: 'a' }], [field]: 'x/y=' } },
    );
    expect((await result).entries.map(({ modelId }) => modelId)).toEqual(['a', 'b']);
    expect(urls[1]).toBe(`/v1/models?${parameter}=x%2Fy%3D`);
  });

  test('are read by links.next of the same origin', async () => {
    const { urls, result } = await list(({ url }) => ({
      body: url.includes('offset=')
        ? { data: [row('b')] }
        : { data: [row('a')], links: { next: '/v1/models?offset=1' } },
    }));
    expect((await result).entries).toHaveLength(2);
    expect(urls).toEqual(['/v1/models', '/v1/models?offset=1']);
  });

  test('on another server are refused, and that server sees nothing', async () => {
    const other = await localServer(() => ({ body: { data: [] } }));
    const { settled } = await list(() => ({
      body: { data: [row('a')], links: { next: `${other.url}/v1/models` } },
    }));
    expect(settled).toMatchObject({ status: 'rejected', reason: { name: 'PermanentError' } });
    expect(other.seen).toHaveLength(0);
  });

  test.each([
    ['404', { status: 404 }],
    ['500', { status: 500 }],
    ['no JSON', { body: '<html>' }],
    ['an error with 200', { body: { error: 'x' } }],
  ])('of which a later one is %s fail the whole fetch', async (_name, answer) => {
    const { settled } = await list(({ url }) =>
      url.includes('after_id') ? answer : { body: { data: [row('a')], has_more: true, last_id: 'a' } },
    );
    expect(settled.status).toBe('rejected');
  });

  test('that repeat their cursor fail for good', async () => {
    const { urls, settled } = await list(() => ({
      body: { data: [row('a')], has_more: true, last_id: 'a' },
    }));
    expect(urls).toHaveLength(2);
    expect(settled).toMatchObject({ status: 'rejected', reason: { name: 'PermanentError' } });
  });

  test('without an end fail for good after 200', async () => {
    let page = 0;
    const { urls, result } = await list(() => ({
      body: { data: [], has_more: true, last_id: `p${page++}` },
    }));
    await expect(result).rejects.toBeInstanceOf(PermanentError);
    expect(urls).toHaveLength(200);
  });

  test('that repeat a model count it once and say so', async () => {
    const { result } = await list(({ url }) => ({
      body: url.includes('after_id')
        ? { data: [row('a'), row('b')] }
        : { data: [row('a')], has_more: true, last_id: 'a' },
    }));
    const { entries, skipped } = await result;
    expect(entries.map(({ modelId }) => modelId)).toEqual(['a', 'b']);
    expect(skipped).toMatchObject([{ modelId: 'a' }]);
  });
});

describe('servers', () => {
  test('a LoRA of vLLM inherits the context of its parent', async () => {
    const lora = { id: 'lora', root: '/adapters/x', parent: 'base', max_model_len: null };
    const { result } = await list(() => ({
      body: { data: [{ ...row('base'), max_model_len: 32_768 }, lora] },
    }));
    const { entries } = await result;
    expect(entries.map(({ listing }) => listing.max_model_len)).toEqual([32_768, 32_768]);
  });

  test('the bare array of Together is a list', async () => {
    const { result } = await list(() => ({ body: sample('together/v1-models.json') }));
    expect((await result).entries.length).toBeGreaterThan(0);
  });

  test('3,000 models come through', async () => {
    const { result } = await list(() => ({ body: sample('generic-odd/huge-3000.json') }));
    expect((await result).entries).toHaveLength(3_000);
  });

  test('unusable ids are skipped with a reason and do not fail the list', async () => {
    const { result } = await list(() => ({ body: sample('generic-odd/weird-ids.json') }));
    const { entries, skipped } = await result;
    expect(entries.map(({ modelId }) => modelId)).toContain('ft:gpt-4o-mini-2024-07-18:acme::id');
    expect(skipped.map(({ modelId }) => modelId)).toContain('openai/*');
  });
});
