import { afterEach, describe, expect, test } from '@jest/globals';
import { createHttp } from '../../src/clients/http.js';
import { createOllama } from '../../src/clients/ollama.js';
import { closeLocalServers, localServer, sample, type Handle } from './local-server.js';

const http = createHttp();
const ollama = createOllama(http);
const never = new AbortController().signal;
const show = async (handle: Handle, modelId = 'qwen3:8b') => {
  const server = await localServer(handle);
  return { server, result: await ollama.details({ kind: 'ollama', baseUrl: server.url }, modelId, never) };
};

afterEach(closeLocalServers);

describe('the list', () => {
  test('of a current Ollama is read with its digests', async () => {
    const server = await localServer(() => ({ body: sample('ollama/tags.json') }));
    const { entries, skipped } = await ollama.list({ kind: 'ollama', baseUrl: server.url }, never);
    const expected = (JSON.parse(sample('ollama/tags.json')) as { models: { name: string }[] }).models;
    expect(entries.map(({ modelId }) => modelId).sort()).toEqual(expected.map(({ name }) => name).sort());
    expect(skipped).toEqual([]);
    expect(entries.every(({ listing }) => typeof listing.digest === 'string')).toBe(true);
  });

  test('keeps a path prefix of the base URL', async () => {
    const server = await localServer(() => ({ body: sample('ollama/tags-empty.json') }));
    await ollama.list({ kind: 'ollama', baseUrl: `${server.url}/ollama` }, never);
    expect(server.seen[0]?.url).toBe('/ollama/api/tags');
  });

  test('of a server that is no Ollama fails with a hint', async () => {
    const server = await localServer(() => ({
      status: 404,
      body: sample('ollama/error-unknown-route-404.txt'),
    }));
    await expect(ollama.list({ kind: 'ollama', baseUrl: server.url }, never)).rejects.toThrow(/right URL/);
  });

  test('refused by the Host check of Ollama says how to open it', async () => {
    const server = await localServer(() => ({ status: 403 }));
    await expect(ollama.list({ kind: 'ollama', baseUrl: server.url }, never)).rejects.toThrow(/OLLAMA_HOST/);
  });
});

describe('the details', () => {
  test('are asked for by name and never verbose, and come without the heavy fields', async () => {
    const { server, result } = await show(
      () => ({ body: sample('ollama/show-qwen3--8b.json') }),
      'hf.co/a/b:Q4 é',
    );
    expect(server.seen).toMatchObject([{ method: 'POST', url: '/api/show' }]);
    expect(JSON.parse(server.seen[0]?.body ?? '')).toEqual({ model: 'hf.co/a/b:Q4 é' });
    expect(result.detailsError).toBeUndefined();
    expect(result.details?.capabilities).toEqual(['completion', 'thinking', 'tools']);
    for (const heavy of ['license', 'modelfile', 'tensors']) expect(result.details).not.toHaveProperty(heavy);
  });

  test.each<[string, Handle, RegExp]>([
    ['the model vanished', () => ({ status: 404, body: sample('ollama/error-show-404.json') }), /removed/],
    ['the route is missing', () => ({ status: 404, body: '404 page not found' }), /right URL/],
    ['the server fails', () => ({ status: 500, body: { error: 'no such blob' } }), /no such blob/],
    ['the cloud wants a sign-in', () => ({ status: 401, body: { error: 'unauthorized' } }), /API key/],
    ['it is asked too often', () => ({ status: 429 }), /wait/],
    ['the answer is HTML', () => ({ body: '<html></html>' }), /HTML/],
    ['the answer is a list', () => ({ body: [] }), /something else/],
    ['the answer is an error with 200', () => ({ body: { error: 'x' } }), /error/],
    [
      'the connection drops',
      (_request, response) => {
        response.destroy();
        return undefined;
      },
      /dropped/,
    ],
  ])('are an error of this model alone when %s', async (_name, handle, says) => {
    const { result } = await show(handle);
    expect(result.details).toBeUndefined();
    expect(result.detailsError).toMatch(says);
    expect(result.detailsError?.length).toBeLessThanOrEqual(500);
  });

  test('throw when the signal aborts, so that a shutdown is no failed model', async () => {
    const abort = new AbortController();
    const server = await localServer(() => {
      abort.abort(new Error('stop'));
      return undefined;
    });
    await expect(ollama.details({ kind: 'ollama', baseUrl: server.url }, 'a', abort.signal)).rejects.toThrow(
      'stop',
    );
  });
});

describe('the observed contexts', () => {
  const observe = async (handle: Handle) => {
    const server = await localServer(handle);
    return ollama.observedContexts({ kind: 'ollama', baseUrl: server.url }, never);
  };

  test('are those of the loaded models', async () => {
    const loaded = (
      JSON.parse(sample('ollama/ps.json')) as { models: { name: string; context_length: number }[] }
    ).models;
    const contexts = await observe(() => ({ body: sample('ollama/ps.json') }));
    expect(contexts.size).toBeGreaterThan(0);
    expect([...contexts]).toEqual(loaded.map(({ name, context_length }) => [name, context_length]));
  });

  test.each<[string, Handle]>([
    ['nothing is loaded', () => ({ body: sample('ollama/ps-empty.json') })],
    ['the server is old', () => ({ body: { models: [{ name: 'a' }] } })],
    [
      'the numbers are odd',
      () => ({
        body: {
          models: [
            { name: 'a', context_length: '4096' },
            { name: 'b', context_length: 0 },
          ],
        },
      }),
    ],
    ['the route is missing', () => ({ status: 404, body: '404 page not found' })],
    ['the answer is HTML', () => ({ body: '<html>' })],
  ])('are empty when %s', async (_name, handle) => {
    expect(await observe(handle)).toEqual(new Map());
  });
});
