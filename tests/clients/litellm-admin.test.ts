import { afterEach, describe, expect, test } from '@jest/globals';
import { createHttp } from '../../src/clients/http.js';
import { createLitellmAdmin } from '../../src/clients/litellm-admin.js';
import type { Destination, DestinationAccess } from '../../src/domain/ports.js';
import {
  closeLocalServers,
  localServer,
  recorded,
  type Answer,
  type Handle,
  type LocalServer,
} from './local-server.js';

const admin = createLitellmAdmin(createHttp());
const key = 'sk-destination-0123456789';
const id = '73e5f83c-08a8-501e-923d-4f1daab7e4cd';
const body = {
  model_name: 'lab/qwen3:8b',
  litellm_params: { model: 'openai/qwen3:8b', api_key: 'sk-upstream' },
  model_info: { id },
};
const row = (rowId: string, name = 'a', info: Record<string, unknown> = {}) => ({
  model_name: name,
  litellm_params: { model: 'openai/a' },
  model_info: { id: rowId, db_model: true, ...info },
});
const v2 = (data: unknown[], pages = 1) => ({
  data,
  total_count: data.length,
  current_page: 1,
  total_pages: pages,
  size: 5000,
});

type Calls = (admin: Destination, access: DestinationAccess) => Promise<unknown>;

async function against(
  handle: Handle,
  work: Calls,
): Promise<{ server: LocalServer; value?: unknown; error?: Error }> {
  const server = await localServer(handle);
  try {
    return { server, value: await work(admin, { baseUrl: server.url, apiKey: key }) };
  } catch (error) {
    expect((error as Error).message).not.toMatch(/sk-destination|sk-upstream|rong|2ab06cfa/);
    return { server, error: error as Error };
  }
}

afterEach(closeLocalServers);

describe('the version', () => {
  const version: Calls = (destination, access) => destination.version(access);

  test('comes from the public hub, without the key', async () => {
    const { server, value } = await against(() => recorded('005-public-model-hub-info'), version);
    expect(value).toBe('1.81.15');
    expect(server.seen).toMatchObject([{ url: '/public/model_hub/info' }]);
    expect(server.seen[0]?.headers.authorization).toBeUndefined();
  });

  test('falls back to readiness, and is never looked up in /openapi.json', async () => {
    const { server, value } = await against(
      ({ url }) => (url === '/health/readiness' ? recorded('003-readiness') : { status: 404, body: {} }),
      version,
    );
    expect(value).toBe('1.81.15');
    expect(server.seen.map(({ url }) => url)).toEqual(['/public/model_hub/info', '/health/readiness']);
  });

  test.each<[string, Answer]>([
    ['newer readiness', { body: { status: 'connected', db: 'connected' } }],
    ['HTML', { body: '<html>' }],
    ['refusals', { status: 401 }],
  ])('is not told by %s', async (_name, answer) => {
    expect(await against(() => answer, version)).toMatchObject({ value: undefined });
  });

  test('of a proxy that is away is an error', async () => {
    expect(await against(() => ({ status: 502 }), version)).toMatchObject({
      error: { name: 'UnreachableError' },
    });
  });
});

describe('the list', () => {
  const list: Calls = (destination, access) => destination.list(access);

  test('is one sorted page of v2, each row in our words', async () => {
    const { server, value } = await against(() => recorded('094-info-of-full-v2-by-modelid'), list);
    expect(server.seen.map(({ url }) => url)).toEqual(['/v2/model/info?page=1&size=5000&sortBy=model_name']);
    expect(server.seen[0]?.headers.authorization).toBe(`Bearer ${key}`);
    expect(value).toMatchObject([{ modelName: 'lab/qwen3:8b', dbModel: true }]);
  });

  test('has all pages, each id once, and no rows without an id', async () => {
    const { server, value } = await against(({ url }) => {
      const page = Number(new URL(url, 'http://x').searchParams.get('page'));
      return {
        body: v2(
          page === 1
            ? [row('1'), row('2'), { model_name: 'agent', model_info: null }]
            : [row('2', 'alias'), row('3')],
          2,
        ),
      };
    }, list);
    expect(server.seen).toHaveLength(2);
    expect(value).toMatchObject([{ id: '1' }, { id: '2', modelName: 'a' }, { id: '3' }]);
  });

  test('follows a page count that grows, and fails when a promised page comes empty', async () => {
    const grown = await against(({ url }) => {
      const page = Number(new URL(url, 'http://x').searchParams.get('page'));
      return { body: v2([row(String(page))], page === 1 ? 2 : 3) };
    }, list);
    expect(grown.value).toHaveLength(3);
    const shrunk = await against(
      ({ url }) => ({ body: url.includes('page=1') ? v2([row('1')], 2) : v2([], 0) }),
      list,
    );
    expect(shrunk.error).toMatchObject({ name: 'Error' });
  });

  test.each<[string, Answer, string]>([
    ['500', recorded('573-dbdown-v2-model-info'), 'Error'],
    ['401', recorded('025-auth-wrong-key'), 'PermanentError'],
    ['HTML', { body: '<html>' }, 'PermanentError'],
    ['an error with 200', { body: { error: { message: 'x', code: '404' } } }, 'PermanentError'],
    ['a lost router', recorded('551-noconfig-model-info'), 'Error'],
    ['429', { status: 429 }, 'RateLimitedError'],
    ['502', { status: 502 }, 'UnreachableError'],
  ])('fails as a whole when a later page is %s', async (_name, answer, name) => {
    const { error } = await against(
      ({ url }) => (url.includes('page=1&') ? { body: v2([row('1')], 2) } : answer),
      list,
    );
    expect(error?.name).toBe(name);
  });

  test('of a version without v2 comes from /model/info', async () => {
    const { server, value } = await against(
      ({ url }) =>
        url === '/model/info'
          ? { body: { data: [row('1'), row('1', 'alias')] } }
          : { status: 404, body: { detail: 'Not Found' } },
      list,
    );
    expect(value).toMatchObject([{ id: '1', modelName: 'a' }]);
    expect(server.seen).toHaveLength(2);
  });

  test.each(['553-noconfig-v2-model-info', '551-noconfig-model-info', '011-v2-model-info-empty'])(
    'is empty after %s',
    async (name) => {
      expect(await against(() => recorded(name), list)).toMatchObject({ value: [] });
    },
  );

  test('of a proxy without a database fails for good and says what to set', async () => {
    const { error } = await against(() => recorded('534-nodb-v2-model-info'), list);
    expect(error).toMatchObject({ name: 'PermanentError' });
    expect(error?.message).toContain('DATABASE_URL');
  });
});

describe('a row by id', () => {
  test('as served now is asked of v1', async () => {
    const answer = recorded('093-info-of-full-v1-by-id');
    const rowId = (answer.body as { data: { model_info: { id: string } }[] }).data[0]?.model_info.id ?? '';
    const { server, value } = await against(
      () => answer,
      (destination, access) => destination.served(access, rowId),
    );
    expect(server.seen[0]?.url).toBe(`/model/info?litellm_model_id=${rowId}`);
    expect(value).toMatchObject({ id: rowId, dbModel: true });
  });

  test('as stored is asked of v2', async () => {
    const { server, value } = await against(
      () => ({ body: v2([row('other'), row('a/b?c')]) }),
      (destination, access) => destination.stored(access, 'a/b?c'),
    );
    expect(server.seen[0]?.url).toBe('/v2/model/info?modelId=a%2Fb%3Fc');
    expect(value).toMatchObject({ id: 'a/b?c' });
  });

  test.each(['015-model-info-unknown-id-none-there', '552-noconfig-model-info-by-id'])(
    'is not served after %s',
    async (name) => {
      const { value, error } = await against(
        () => recorded(name),
        (destination, access) => destination.served(access, 'nope'),
      );
      expect({ value, error }).toEqual({ value: undefined, error: undefined });
    },
  );

  test('is not stored when v2 has no row, and is an error when the database is away', async () => {
    const stored: Calls = (destination, access) => destination.stored(access, 'nope');
    expect(
      await against(() => recorded('016-v2-model-info-unknown-modelid-none-there'), stored),
    ).toMatchObject({
      value: undefined,
    });
    expect((await against(() => recorded('573-dbdown-v2-model-info'), stored)).error?.name).toBe('Error');
  });
});

describe('a create', () => {
  const create: Calls = (destination, access) => destination.create(access, body);

  test('sends the body as it is', async () => {
    const { server, value } = await against(() => recorded('092-new-full'), create);
    expect(value).toBe('created');
    expect(server.seen).toMatchObject([{ method: 'POST', url: '/model/new' }]);
    expect(JSON.parse(server.seen[0]?.body ?? '')).toEqual(body);
  });

  test.each(['096-new-duplicate-id-same-body', '575-dbdown-new'])(
    'is refused or exists after %s',
    async (name) => {
      expect(await against(() => recorded(name), create)).toMatchObject({ value: 'refused-or-exists' });
    },
  );

  test('that was saved but is not live counts as created', async () => {
    const message = 'Model create was saved to the database, but the model is not live on this worker';
    const { value } = await against(
      () => ({ status: 500, body: { error: { message, type: 'internal_server_error', code: '500' } } }),
      create,
    );
    expect(value).toBe('created');
  });

  test.each<[string, string, RegExp]>([
    ['522-nostore-new', 'PermanentError', /STORE_MODEL_IN_DB=True/],
    ['537-nodb-new', 'PermanentError', /DATABASE_URL/],
    ['123-new-bad-tier-other', 'PermanentError', /tier: Input should be 'free' or 'paid'/],
    ['107-new-bad-litellm-params-string', 'PermanentError', /litellm_params/],
    ['102-new-bad-empty-object', 'Error', /failed \(500\)/],
    ['040-auth-wrong-key-model-new', 'PermanentError', /refused the API key/],
    ['053-model-new-as-sk-rig-plain-0001', 'PermanentError', /proxy_admin/],
    ['856-team-model-new-without-licence', 'PermanentError', /Enterprise/],
    ['088-model-info-as-limited-on-a-route-not-allowed', 'PermanentError', /allowed_routes/],
    ['578-dbdown-wrong-key', 'UnreachableError', /database/],
    ['541-nodb-wrong-key', 'PermanentError', /DATABASE_URL/],
  ])('answered with %s is a %s', async (name, kind, says) => {
    const { error } = await against(() => recorded(name), create);
    expect(error?.name).toBe(kind);
    expect(error?.message).toMatch(says);
  });

  test.each<[string, Answer]>([
    ['a login page', { body: '<html>' }],
    ['an error', { body: { error: { message: 'x' } } }],
  ])('is not believed when 200 comes with %s', async (_name, answer) => {
    expect((await against(() => answer, create)).error).toBeInstanceOf(Error);
  });

  test('whose validation error repeats the upstream key does not', async () => {
    const detail = [
      { loc: ['body', 'litellm_params', 'api_key'], msg: 'Input should be odd', input: 'sk-upstream' },
    ];
    const { error } = await against(() => ({ status: 422, body: { detail } }), create);
    expect(error?.message).toContain('litellm_params.api_key: Input should be odd');
  });
});

describe('a patch', () => {
  const patch: Calls = (destination, access) => destination.patch(access, body);

  test('goes to the id as one path segment', async () => {
    const { server, value } = await against(
      () => ({ body: { model_id: 'a/b c' } }),
      (destination, access) => destination.patch(access, { ...body, model_info: { id: 'a/b c' } }),
    );
    expect(value).toBe('patched');
    expect(server.seen).toMatchObject([{ method: 'PATCH', url: '/model/a%2Fb%20c/update' }]);
  });

  test('of an unknown id says so', async () => {
    expect(await against(() => recorded('056-patch-as-sk-rig-plain-0001'), patch)).toMatchObject({
      value: 'unknown-id',
    });
  });

  test('that was saved but is not live counts as patched', async () => {
    const message = 'Model update was saved to the database, but the reload dropped models';
    const { value } = await against(() => ({ status: 500, body: { error: { message } } }), patch);
    expect(value).toBe('patched');
  });

  test.each<[string, string, RegExp]>([
    ['503-cfg-patch-0', 'PermanentError', /config\.yaml/],
    ['523-nostore-patch-unknown', 'PermanentError', /STORE_MODEL_IN_DB=True/],
    ['188-odd-id-patch-with-slash', 'PermanentError', /right URL/],
    ['576-dbdown-patch', 'UnreachableError', /database/],
  ])('answered with %s is a %s', async (name, kind, says) => {
    const { error } = await against(() => recorded(name), patch);
    expect(error?.name).toBe(kind);
    expect(error?.message).toMatch(says);
  });
});

describe('a removal', () => {
  const remove: Calls = (destination, access) => destination.remove(access, id);

  test('sends the id', async () => {
    const { server, value } = await against(
      () => ({ body: { message: `Model: ${id} deleted successfully` } }),
      remove,
    );
    expect(value).toBe('removed');
    expect(server.seen).toMatchObject([{ method: 'POST', url: '/model/delete' }]);
    expect(JSON.parse(server.seen[0]?.body ?? '')).toEqual({ id });
  });

  const notInDb =
    (served: Answer): Handle =>
    ({ method }) =>
      method === 'POST' ? recorded('059-delete-as-sk-rig-plain-0001') : served;

  test('of an unknown id says so', async () => {
    expect(await against(notInDb(recorded('015-model-info-unknown-id-none-there')), remove)).toMatchObject({
      value: 'unknown-id',
    });
  });

  test('of a row that this worker still serves although it is gone says so too', async () => {
    expect(await against(notInDb({ body: { data: [row(id)] } }), remove)).toMatchObject({
      value: 'unknown-id',
    });
  });

  test('of a row of config.yaml, which LiteLLM answers the same, fails for good', async () => {
    const { error } = await against(notInDb({ body: { data: [row(id, 'a', { db_model: false })] } }), remove);
    expect(error?.name).toBe('PermanentError');
    expect(error?.message).toMatch(/config\.yaml/);
  });

  test('while the database is away is no success', async () => {
    expect((await against(() => recorded('577-dbdown-delete'), remove)).error?.name).toBe('UnreachableError');
  });
});

test('a server that is silent is unreachable, and an abort is an abort', async () => {
  const abort = new AbortController();
  const { error } = await against(
    () => {
      abort.abort(new Error('stop'));
      return undefined;
    },
    (destination, access) => destination.list(access, abort.signal),
  );
  expect(error?.message).toBe('stop');
});
