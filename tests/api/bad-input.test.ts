import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { adminToken, Product } from '../support/product.js';
import { everything, seedModels } from './seed.js';

const json = { 'content-type': 'application/json' };
const good = { name: 'good', base_url: 'http://box:8000', type: 'openai' };

describe('bad input', () => {
  let product: Product;
  let provider: any;
  let ollama: any;
  let modelId: number;
  let ollamaModelId: number;

  beforeAll(async () => {
    product = await Product.start({ worker: false, litellmUrl: 'http://litellm.test:4000' });
    provider = await product.addProvider({ ...good, name: 'there' });
    ollama = await product.addProvider({ name: 'box', base_url: 'http://box:11434', type: 'ollama' });
    [modelId] = (await seedModels(product, provider.id, ['alpha', 'beta'])) as [number];
    [ollamaModelId] = (await seedModels(product, ollama.id, ['qwen3:8b'])) as [number];
  });
  afterAll(() => product.stop());

  async function send(method: string, path: string, body?: string, headers: Record<string, string> = {}) {
    const response = await fetch(product.url + path, {
      method,
      headers: { authorization: `Bearer ${adminToken}`, ...headers },
      ...(body !== undefined && { body }),
    });
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      body: await response.json(),
    };
  }

  /** Refused with a problem document, and nothing is changed. */
  async function refused(method: string, path: string, body: unknown, status: number, headers = json) {
    const before = everything(product);
    const answer: any = await send(
      method,
      path,
      body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
      headers,
    );
    expect({ status: answer.status, body: answer.body }).toMatchObject({ status });
    expect(answer.type).toMatch(/^application\/problem\+json/);
    expect(answer.body).toMatchObject({ status, title: expect.any(String), detail: expect.any(String) });
    expect(answer.body.detail).not.toBe('');
    expect(everything(product)).toEqual(before);
    return answer.body as { detail: string; errors?: { field: string; message: string }[] };
  }
  const fields = (problem: { errors?: { field: string }[] }) => problem.errors?.map(({ field }) => field);

  describe('of a provider', () => {
    test.each<[string, Record<string, unknown>, string]>([
      ['no name', { name: undefined }, 'name'],
      ['an empty name', { name: '  ' }, 'name'],
      ['a name of 101 characters', { name: 'x'.repeat(101) }, 'name'],
      ['a name with a line break', { name: 'a\nb' }, 'name'],
      ['a name that is a number', { name: 7 }, 'name'],
      ['no URL', { base_url: undefined }, 'base_url'],
      ['an empty URL', { base_url: '' }, 'base_url'],
      ['a URL of null', { base_url: null }, 'base_url'],
      ['words instead of a URL', { base_url: 'not a url' }, 'base_url'],
      ['ftp', { base_url: 'ftp://box/' }, 'base_url'],
      ['file', { base_url: 'file:///etc/passwd' }, 'base_url'],
      ['javascript', { base_url: 'javascript:alert(1)' }, 'base_url'],
      ['the metadata address', { base_url: 'http://169.254.169.254/latest' }, 'base_url'],
      ['the metadata address as a number', { base_url: 'http://2852039166/' }, 'base_url'],
      ['the metadata address in IPv6', { base_url: 'http://[::ffff:169.254.169.254]/' }, 'base_url'],
      ['the metadata name', { base_url: 'http://metadata.google.internal/' }, 'base_url'],
      ['user and password in the URL', { base_url: 'http://user:pass@box:8000' }, 'base_url'],
      ['the destination itself', { base_url: 'http://litellm.test:4000/v1' }, 'base_url'],
      ['the destination itself in capitals', { base_url: 'HTTP://LITELLM.TEST:4000/' }, 'base_url'],
      ['no kind', { type: undefined }, 'type'],
      ['an unknown kind', { type: 'compat' }, 'type'],
      ['an unknown field', { colour: 'red' }, 'colour'],
      ['a field of the view', { id: 7 }, 'id'],
      ['an interval of 5 s', { sync_interval_seconds: 5 }, 'sync_interval_seconds'],
      ['a negative interval', { sync_interval_seconds: -30 }, 'sync_interval_seconds'],
      ['half a second', { sync_interval_seconds: 30.5 }, 'sync_interval_seconds'],
      ['an interval in words', { sync_interval_seconds: '300' }, 'sync_interval_seconds'],
      ['an unknown Ollama mode', { type: 'ollama', default_ollama_mode: 'chat' }, 'default_ollama_mode'],
      ['an Ollama mode without an Ollama', { default_ollama_mode: 'ollama' }, 'default_ollama_mode'],
      ['an unknown pricing profile', { pricing_profile: 'gpt-9' }, 'pricing_profile'],
      [
        'a negative price',
        { pricing_override: { input_cost_per_token: -1 } },
        'pricing_override.input_cost_per_token',
      ],
      ['an unknown price', { pricing_override: { cost: 1 } }, 'pricing_override.cost'],
      ['a flag in words', { sync_enabled: 'yes' }, 'sync_enabled'],
      ['tags as text', { tags: 'a,b' }, 'tags'],
      ['an empty key', { api_key: '' }, 'api_key'],
      ['a key with a line break', { api_key: 'sk-\n1' }, 'api_key'],
      ['a prefix that ends in a slash', { prefix: 'a/' }, 'prefix'],
      [
        'the metadata address for LiteLLM',
        { litellm_base_url: 'http://169.254.169.254' },
        'litellm_base_url',
      ],
      ['a context of 0', { default_num_ctx: 0 }, 'default_num_ctx'],
      ['an unknown policy', { orphan_policy: 'delete' }, 'orphan_policy'],
      ['a grace below 0', { grace_misses: -1 }, 'grace_misses'],
    ])('%s is refused when it is added, and named', async (_what, change, field) => {
      expect(fields(await refused('POST', '/api/providers', { ...good, ...change }, 422))).toEqual([field]);
    });

    test('every wrong field is named, not only the first', async () => {
      const problem = await refused('POST', '/api/providers', { type: 'x', colour: 1 }, 422);
      expect(fields(problem)?.sort()).toEqual(['base_url', 'colour', 'name', 'type']);
    });

    test.each<[string, Record<string, unknown>, string]>([
      ['a URL of null', { base_url: null }, 'base_url'],
      ['ftp', { base_url: 'ftp://x' }, 'base_url'],
      ['the destination itself', { base_url: 'http://litellm.test:4000' }, 'base_url'],
      ['an unknown kind', { type: 'x' }, 'type'],
      ['an interval of 29 s', { sync_interval_seconds: 29 }, 'sync_interval_seconds'],
      ['an unknown field', { api_keys: 'x' }, 'api_keys'],
      ['a filter that matches none of the stored models', { model_filter: 'gpt' }, 'model_filter'],
      ['an exclusion of all stored models', { model_filter_exclude: 'a' }, 'model_filter_exclude'],
    ])('%s is refused when it is changed, and named', async (_what, change, field) => {
      expect(fields(await refused('PATCH', `/api/providers/${provider.id}`, change, 422))).toEqual([field]);
    });

    test('a name that is taken is a conflict, when added and when renamed', async () => {
      expect(fields(await refused('POST', '/api/providers', { ...good, name: 'there' }, 409))).toEqual([
        'name',
      ]);
      expect(fields(await refused('PATCH', `/api/providers/${ollama.id}`, { name: 'there' }, 409))).toEqual([
        'name',
      ]);
    });

    test('a password in a URL is not repeated in the refusal', async () => {
      const problem = await refused(
        'POST',
        '/api/providers',
        { ...good, base_url: 'http://user:hunter2@box' },
        422,
      );
      expect(JSON.stringify(problem)).not.toContain('hunter2');
    });
  });

  describe('of a model', () => {
    test.each<[string, Record<string, unknown>, string]>([
      ['an unknown field', { colour: 1 }, 'colour'],
      ['an unknown mode', { mode: 'ollama' }, 'mode'],
      ['parameters as text', { params: 'max_tokens=1' }, 'params'],
      ['a parameter that is ours', { params: { api_base: 'http://evil' } }, 'params.api_base'],
      ['a key as a parameter', { params: { api_key: 'sk' } }, 'params.api_key'],
      ['a limit of 0', { params: { max_tokens: 0 } }, 'params.max_tokens'],
      ['a limit in words', { user_params: { max_input_tokens: '8192' } }, 'user_params.max_input_tokens'],
      ['a flag in words', { params: { supports_vision: 'yes' } }, 'params.supports_vision'],
      ['parameters under both names', { params: {}, user_params: {} }, 'user_params'],
      ['a price below 0', { input_cost_per_token: -1 }, 'input_cost_per_token'],
      ['an Ollama mode', { ollama_mode: 'ollama' }, 'ollama_mode'],
      ['a flag of null', { sync_enabled: null }, 'sync_enabled'],
    ])('%s is refused, and named', async (_what, change, field) => {
      expect(fields(await refused('PATCH', `/api/models/${modelId}`, change, 422))).toEqual([field]);
      expect(fields(await refused('POST', `/api/models/db/${modelId}/params`, change, 422))).toEqual([field]);
    });

    test('an unknown Ollama mode of an Ollama model is refused', async () => {
      const problem = await refused('PATCH', `/api/models/${ollamaModelId}`, { ollama_mode: 'chat' }, 422);
      expect(fields(problem)).toEqual(['ollama_mode']);
    });
  });

  describe('of the settings', () => {
    test.each<[string, Record<string, unknown>, string]>([
      ['an interval of 5 s', { sync_interval_seconds: 5 }, 'sync_interval_seconds'],
      ['no interval', { sync_interval_seconds: null }, 'sync_interval_seconds'],
      ['an unknown field', { litellm_url: 'http://x' }, 'litellm_url'],
      ['ftp', { litellm_base_url: 'ftp://x' }, 'litellm_base_url'],
      ['the metadata address', { litellm_base_url: 'http://169.254.169.254' }, 'litellm_base_url'],
      ['user and password', { litellm_base_url: 'http://a:b@x' }, 'litellm_base_url'],
      ['what a provider reads from', { litellm_base_url: 'http://box:8000/v1' }, 'litellm_base_url'],
      ['an unknown strategy', { update_strategy: 'delete' }, 'update_strategy'],
      ['a retention of 0 days', { run_retention_days: 0 }, 'run_retention_days'],
    ])('%s is refused, and named', async (_what, change, field) => {
      expect(fields(await refused('PATCH', '/api/settings', change, 422))).toEqual([field]);
      expect(fields(await refused('POST', '/api/admin/config', change, 422))).toEqual([field]);
    });
  });

  describe('of the request itself', () => {
    const routes: [string, () => string][] = [
      ['POST', () => '/api/providers'],
      ['PATCH', () => `/api/providers/${provider.id}`],
      ['PATCH', () => `/api/models/${modelId}`],
      ['PATCH', () => '/api/settings'],
    ];

    test.each(routes)('%s of 10 MB is too large (%#)', async (method, path) => {
      await refused(method, path(), `{"name":"${'x'.repeat(10_000_000)}"}`, 413);
    });

    test.each(routes)('%s of what is no JSON is a bad request (%#)', async (method, path) => {
      for (const text of ['{"name":', 'name=x', '"text"', 'null', '{}}'])
        await refused(method, path(), text, 400);
    });

    test.each(routes)('%s of a list instead of an object is refused (%#)', async (method, path) => {
      await refused(method, path(), [], 422);
    });

    test.each(routes)('%s of another content type is refused (%#)', async (method, path) => {
      for (const type of ['text/plain', 'application/xml', 'multipart/form-data; boundary=x'])
        await refused(method, path(), '{"name":"x"}', 415, { 'content-type': type });
    });

    test('a form is refused where the predecessor took none', async () => {
      const form = { 'content-type': 'application/x-www-form-urlencoded' };
      await refused('PATCH', `/api/models/${modelId}`, 'sync_enabled=false', 415, form);
    });

    test.each(['/api/providers/{}', '/api/models/{}', '/api/models/db/{}'])(
      '%s takes a positive whole number',
      async (path) => {
        for (const id of ['abc', '0', '-1', '1.5', '99999999999999999999', 'NaN', '%20'])
          expect(fields(await refused('GET', path.replace('{}', id), undefined, 422))).toEqual(['id']);
        await refused('GET', path.replace('{}', '%ff'), undefined, 400);
      },
    );

    test.each<[string, string, unknown?]>([
      ['GET', '/api/providers/4711'],
      ['PATCH', '/api/providers/4711', { name: 'x' }],
      ['POST', '/admin/providers/4711', { name: 'x' }],
      ['DELETE', '/api/providers/4711'],
      ['POST', '/api/providers/4711/sync'],
      ['GET', '/api/providers/4711/models'],
      ['GET', '/api/models/4711'],
      ['GET', '/api/models/db/4711'],
      ['PATCH', '/api/models/4711', { tags: [] }],
      ['POST', '/api/models/db/4711/params', { tags: [] }],
      ['DELETE', '/api/models/db/4711/params'],
      ['POST', '/api/models/4711/push'],
      ['GET', '/api/runs/4711'],
      ['GET', '/api/runs/no-such-uuid'],
      ['POST', '/api/runs/4711/accept'],
      ['POST', '/api/runs/4711/reject'],
      ['POST', '/api/runs/4711/retry'],
      ['GET', '/api/nothing'],
      ['PUT', '/api/providers'],
    ])('%s %s: there is nothing', async (...[method, path, body]) => {
      await refused(method, path, body, 404);
    });

    test.each([
      ['/api/models?limit=0', 'limit'],
      ['/api/models?limit=1001', 'limit'],
      ['/api/models?limit=x', 'limit'],
      ['/api/models?offset=-1', 'offset'],
      ['/api/models?orphaned=maybe', 'orphaned'],
      ['/api/models?provider_id=x', 'provider_id'],
      ['/api/runs?state=odd', 'state'],
      ['/api/runs?kind=odd', 'kind'],
    ])('GET %s is refused, and the parameter named', async (path, field) => {
      expect(fields(await refused('GET', path, undefined, 422))).toEqual([field]);
    });
  });
});
