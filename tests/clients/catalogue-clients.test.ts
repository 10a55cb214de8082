import { afterEach, describe, expect, test } from '@jest/globals';
import zlib from 'node:zlib';
import { createCatalogueReader } from '../../src/clients/catalogue-reader.js';
import { createHttp, type HttpRequest } from '../../src/clients/http.js';
import { PermanentError, RateLimitedError, UnreachableError } from '../../src/domain/errors.js';
import type { ProviderKind } from '../../src/domain/kinds.js';
import type { Catalogue } from '../../src/domain/ports.js';
import { closeLocalServers, localServer, sample, type Handle, type LocalServer } from './local-server.js';

/** What every catalogue client promises, whatever it speaks. */
const kinds: {
  kind: ProviderKind;
  path: string;
  listOf: (ids: string[]) => Record<string, unknown>;
  empties: unknown[];
}[] = [
  {
    kind: 'ollama',
    path: '/api/tags',
    listOf: (ids) => ({ models: ids.map((id) => ({ name: id, model: id, size: 1, digest: 'ab' })) }),
    empties: [{ models: [] }, { models: null }],
  },
  {
    kind: 'openai',
    path: '/v1/models',
    listOf: (ids) => ({ object: 'list', data: ids.map((id) => ({ id, object: 'model' })) }),
    empties: [{ object: 'list', data: [] }, { data: null }, []],
  },
  {
    kind: 'litellm',
    path: '/model/info',
    listOf: (ids) => ({
      data: ids.map((id) => ({
        model_name: id,
        litellm_params: { model: `openai/${id}` },
        model_info: { id: `row-${id}` },
      })),
    }),
    empties: [{ data: [] }, { data: null }],
  },
];

const http = createHttp();
const key = 'sk-contract-0123456789';

function list(kind: ProviderKind, server: LocalServer, more: Partial<HttpRequest> = {}): Promise<Catalogue> {
  const reader = createCatalogueReader((request) => http({ ...request, ...more }));
  return reader.list({ kind, baseUrl: server.url, apiKey: key }, new AbortController().signal);
}

async function errorOf(kind: ProviderKind, handle: Handle, more: Partial<HttpRequest> = {}): Promise<Error> {
  const server = await localServer(handle);
  try {
    await list(kind, server, more);
  } catch (error) {
    expect((error as Error).message).not.toContain(key);
    return error as Error;
  }
  throw new Error('it did not throw');
}

afterEach(closeLocalServers);

describe.each(kinds)('the client for $kind', ({ kind, path, listOf, empties }) => {
  const ids = (catalogue: Catalogue) => catalogue.entries.map(({ modelId }) => modelId).sort();

  test('lists the models of its path, with the key', async () => {
    const server = await localServer(() => ({ body: listOf(['b:8b', 'a:1b']) }));
    const catalogue = await list(kind, server);
    expect(ids(catalogue)).toEqual(['a:1b', 'b:8b']);
    expect(catalogue).toMatchObject({ skipped: [], calls: 1 });
    expect(server.seen).toMatchObject([
      { method: 'GET', url: path, headers: { authorization: `Bearer ${key}` } },
    ]);
  });

  test.each(empties.map((body) => [JSON.stringify(body), body]))(
    'takes %s for an empty catalogue',
    async (_text, body) => {
      const server = await localServer(() => ({ body }));
      expect(await list(kind, server)).toMatchObject({ entries: [], skipped: [] });
    },
  );

  test('reads gzip, and a body behind a byte order mark', async () => {
    const text = `\uFEFF${JSON.stringify(listOf(['a']))}`;
    const server = await localServer(() => ({
      headers: { 'content-encoding': 'gzip' },
      body: zlib.gzipSync(text),
    }));
    expect(ids(await list(kind, server))).toEqual(['a']);
  });

  test('keeps unusual ids to the byte', async () => {
    const odd = [
      'org/sub/model',
      'hf.co/a/B-GGUF:Q4_K_M',
      'model?x=1',
      'model%2Fenc',
      'a+b&c=d',
      '../m.gguf',
      'emoji-🦙',
    ];
    const server = await localServer(() => ({ body: listOf(odd) }));
    expect(ids(await list(kind, server))).toEqual([...odd].sort());
  });

  test('follows a redirect within the origin', async () => {
    const server = await localServer(({ url }) =>
      url === path ? { status: 307, headers: { location: '/elsewhere' } } : { body: listOf(['a']) },
    );
    expect(ids(await list(kind, server))).toEqual(['a']);
  });

  test('refuses a redirect to another origin, which never sees the key', async () => {
    const other = await localServer(() => ({ body: listOf(['a']) }));
    const error = await errorOf(kind, () => ({ status: 302, headers: { location: other.url } }));
    expect(error).toBeInstanceOf(PermanentError);
    expect(other.seen).toHaveLength(0);
  });

  test('fails with an error worth a retry on 500', async () => {
    const error = await errorOf(kind, () => ({ status: 500, body: { error: 'cache unavailable' } }));
    expect(error.name).toBe('Error');
  });

  test.each([401, 403])('fails for good on %d', async (status) => {
    const error = await errorOf(kind, () => ({
      status,
      body: { error: { message: `Incorrect API key: ${key}` } },
    }));
    expect(error).toBeInstanceOf(PermanentError);
  });

  test('honours the Retry-After of a 429, in seconds and as a date', async () => {
    const seconds = await errorOf(kind, () => ({ status: 429, headers: { 'retry-after': '7' }, body: {} }));
    expect(seconds).toBeInstanceOf(RateLimitedError);
    expect(seconds).toMatchObject({ retryAfterMs: 7_000 });
    const soon = new Date(Date.now() + 120_000).toUTCString();
    const date = await errorOf(kind, () => ({
      status: 429,
      headers: { 'retry-after': soon },
    }));
    const waitMs = date instanceof RateLimitedError ? date.retryAfterMs : NaN;
    expect(waitMs).toBeGreaterThan(100_000);
    expect(waitMs).toBeLessThanOrEqual(120_000);
  });

  test.each([502, 503, 504])('takes %d for an unreachable server', async (status) => {
    expect(await errorOf(kind, () => ({ status, body: '<html>nginx</html>' }))).toBeInstanceOf(
      UnreachableError,
    );
  });

  test.each([
    ['an HTML page', sample('generic-odd/html-200-login-page.html')],
    ['a list that breaks off', sample('generic-odd/truncated.json')],
    ['an empty body', ''],
    ['plain text', sample('generic-odd/plain-text-200.txt')],
    ['an error object', sample('generic-odd/error-in-200.json')],
    ['an error that repeats the key', JSON.stringify({ error: { message: `bad key ${key}` } })],
    ['success: false', sample('generic-odd/success-false-200.json')],
    ['null', 'null'],
    ['a string', '"models"'],
    ['an object without a list', '{"object":"list"}'],
    ['NDJSON', '{"status":"a"}\n{"status":"b"}\n'],
  ])('fails for good on 200 with %s: it is never an empty catalogue', async (_name, body) => {
    expect(await errorOf(kind, () => ({ body }))).toBeInstanceOf(PermanentError);
  });

  test('fails for good on a body over the cap', async () => {
    const many = listOf(Array.from({ length: 200 }, (_, index) => `model-${index}`));
    expect(await errorOf(kind, () => ({ body: many }), { maxBytes: 1_000 })).toBeInstanceOf(PermanentError);
  });

  test('takes a body that never ends for an unreachable server', async () => {
    const drip: Handle = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"models":[');
      return undefined;
    };
    expect(await errorOf(kind, drip, { timeoutMs: 100 })).toBeInstanceOf(UnreachableError);
  });

  test('takes a dropped connection for an unreachable server', async () => {
    const drop: Handle = (_request, response) => {
      response.writeHead(200, { 'content-length': '99' });
      response.write('{"models":[', () => response.destroy());
      return undefined;
    };
    expect(await errorOf(kind, drop)).toBeInstanceOf(UnreachableError);
  });

  test('throws the reason when the signal aborts', async () => {
    const abort = new AbortController();
    const server = await localServer(() => {
      abort.abort(new Error('stop'));
      return undefined;
    });
    const reader = createCatalogueReader(http);
    await expect(reader.list({ kind, baseUrl: server.url }, abort.signal)).rejects.toThrow('stop');
  });
});

test('only Ollama has details; the others answer nothing without a call', async () => {
  const server = await localServer(() => ({ body: {} }));
  const reader = createCatalogueReader(http);
  const { signal } = new AbortController();
  for (const kind of ['openai', 'litellm'] as const) {
    const access = { kind, baseUrl: server.url };
    expect(reader.hasDetails(access)).toBe(false);
    expect(await reader.details(access, 'a', signal)).toEqual({});
    expect(await reader.observedContexts(access, signal)).toEqual(new Map());
  }
  expect(reader.hasDetails({ kind: 'ollama', baseUrl: server.url })).toBe(true);
  expect(server.seen).toHaveLength(0);
});
