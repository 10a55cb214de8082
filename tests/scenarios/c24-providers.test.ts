import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { ollamaModel } from '../../sandbox/ollama-model.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import {
  startOpenAiCompatible,
  type OpenAiCompatibleOptions,
  type OpenAiCompatibleStandIn,
} from '../../sandbox/openai-compatible.js';
import { openAiModel } from '../../sandbox/openai-models.js';
import { Product } from '../support/product.js';

const ids = ['alpha', 'beta', 'gamma', 'delta', 'epsilon'];

describe('what a provider answers, and what people tell about it', () => {
  let product: Product;
  let litellm: LitellmStandIn;
  let opened: { close: () => Promise<void> }[];

  beforeEach(async () => {
    opened = [];
    litellm = await startLitellm();
    product = await Product.start({ litellmUrl: litellm.url });
  });
  afterEach(async () => {
    await product.stop();
    await Promise.all([litellm.close(), ...opened.map((one) => one.close())]);
  });

  async function openAi(options: OpenAiCompatibleOptions = {}): Promise<OpenAiCompatibleStandIn> {
    const server = await startOpenAiCompatible({ models: ids.map((id) => openAiModel(id)), ...options });
    opened.push(server);
    return server;
  }
  async function ollama(names: string[]): Promise<OllamaStandIn> {
    const server = await startOllama({ models: names.map((name) => ollamaModel(name)) });
    opened.push(server);
    return server;
  }
  const names = () =>
    litellm
      .rows()
      .map((row) => row.model_name)
      .sort();
  const listCalls = (server: OpenAiCompatibleStandIn) => server.counters.get('GET /v1/models');

  describe('C24: the address that LiteLLM calls', () => {
    test('C24: a base URL without /v1 is pushed with the version under which the list was found', async () => {
      const server = await openAi();
      const provider = await product.addProvider({ name: 'hf', base_url: server.url, type: 'openai' });
      await product.sync(provider.id);
      expect(new Set(litellm.rows().map((row) => row.litellm_params['api_base']))).toEqual(
        new Set([`${server.url}/v1`]),
      );
    });

    test('C24: a server that lists at its root is called there', async () => {
      const server = await openAi({ mount: '' });
      const provider = await product.addProvider({ name: 'root', base_url: server.url, type: 'openai' });
      await product.sync(provider.id);
      expect(names()).toHaveLength(5);
      expect(litellm.rows()[0]?.litellm_params['api_base']).toBe(server.url);
    });

    test('C24: where LiteLLM must use another address, that one gets the version', async () => {
      const server = await openAi();
      const provider = await product.addProvider({
        name: 'docker',
        base_url: server.url,
        type: 'openai',
        litellm_base_url: 'http://host.docker.internal:8000',
      });
      await product.sync(provider.id);
      expect(litellm.rows()[0]?.litellm_params['api_base']).toBe('http://host.docker.internal:8000/v1');
    });
  });

  describe('C27: a filter that matches nothing', () => {
    test('C27: a mistyped filter is refused, names the field, and changes nothing', async () => {
      const server = await openAi();
      const provider = await product.addProvider({ name: 'vllm', base_url: server.baseUrl, type: 'openai' });
      await product.sync(provider.id);
      const refused = await product.call('PATCH', `/api/providers/${provider.id}`, {
        model_filter: 'nonexistent',
      });
      expect(refused).toMatchObject({ status: 422, body: { errors: [{ field: 'model_filter' }] } });
      const excluded = await product.call('PATCH', `/api/providers/${provider.id}`, {
        model_filter_exclude: 'a',
      });
      expect(excluded).toMatchObject({ status: 200 });
      const both = await product.call('PATCH', `/api/providers/${provider.id}`, {
        model_filter_exclude: 'a,epsilon',
      });
      expect(both).toMatchObject({ status: 422, body: { errors: [{ field: 'model_filter_exclude' }] } });
      expect((await product.call('GET', `/api/providers/${provider.id}`)).body).toMatchObject({
        model_filter: null,
        model_filter_exclude: 'a',
      });
    });

    test('C27: a filter that lets nothing of the next list through holds the run and deletes nothing', async () => {
      const server = await openAi();
      const provider = await product.addProvider({
        name: 'vllm',
        base_url: server.baseUrl,
        type: 'openai',
        model_filter: 'a',
      });
      await product.sync(provider.id);
      const before = names();
      server.models = ['xen', 'yen'].map((id) => openAiModel(id));
      litellm.counters.reset();

      const run = await product.sync(provider.id);
      expect(run).toMatchObject({ state: 'held', outcome: { orphaned: 0, fetched: 0 } });
      expect([...run.outcome.missing].sort()).toEqual(before);
      expect(litellm.counters.writes).toBe(0);
      expect((await product.models()).every((model) => !model.is_orphaned)).toBe(true);
    });

    test('C27: a filter that leaves half or fewer holds the run until a person accepts it', async () => {
      const server = await openAi();
      const provider = await product.addProvider({ name: 'vllm', base_url: server.baseUrl, type: 'openai' });
      await product.sync(provider.id);
      await product.call('PATCH', `/api/providers/${provider.id}`, { model_filter: 'alpha,beta' });
      const run = await product.sync(provider.id);
      expect(run).toMatchObject({ state: 'held', outcome: { missing: ['delta', 'epsilon', 'gamma'] } });
      expect(names()).toHaveLength(5);
    });
  });

  test('C28: a run tells what was added, updated, left as it was, orphaned and restored', async () => {
    const server = await ollama(['a:1b', 'b:1b', 'c:1b', 'd:1b', 'e:1b']);
    const provider = await product.addProvider({ name: 'box', base_url: server.url, type: 'ollama' });
    const counts = async () => (await product.sync(provider.id)).outcome;

    expect(await counts()).toMatchObject({ fetched: 5, added: 5, updated: 0, unchanged: 0, orphaned: 0 });
    expect(await counts()).toMatchObject({ fetched: 5, added: 0, updated: 0, unchanged: 5, orphaned: 0 });
    server.replace('b:1b', { contextLength: 4096 });
    server.remove('e:1b');
    server.add('f:1b');
    expect(await counts()).toMatchObject({
      fetched: 5,
      added: 1,
      updated: 1,
      unchanged: 3,
      orphaned: 1,
      restored: 0,
      detail_calls: 2,
    });
    server.add('e:1b');
    expect(await counts()).toMatchObject({ fetched: 6, added: 0, updated: 0, unchanged: 5, restored: 1 });
  });

  describe('C29: shapes, pages, redirects and patience', () => {
    test.each(['bare-array', 'strings', 'no-object'] as const)(
      'C29: a list as %s is read like any other',
      async (shape) => {
        const server = await openAi({ shape });
        const provider = await product.addProvider({ name: 'odd', base_url: server.baseUrl, type: 'openai' });
        expect(await product.sync(provider.id)).toMatchObject({ state: 'done', outcome: { added: 5 } });
      },
    );

    test.each(['error-in-200', 'success-false', 'data-missing'] as const)(
      'C29: a 200 with %s is a failure that says so, and changes no model',
      async (shape) => {
        const server = await openAi();
        const provider = await product.addProvider({ name: 'odd', base_url: server.baseUrl, type: 'openai' });
        await product.sync(provider.id);
        server.shape = shape;
        litellm.counters.reset();
        const run = await product.sync(provider.id);
        expect(run.state).toBe('failed');
        expect(run.reason).toBeTruthy();
        expect((await product.models()).filter((model) => model.is_orphaned)).toEqual([]);
        expect(litellm.counters.writes).toBe(0);
        expect((await product.call('GET', `/api/providers/${provider.id}`)).body.last_error).toBe(run.reason);
      },
    );

    test('C29: data null means no models: after some it is held, not believed', async () => {
      const server = await openAi();
      const provider = await product.addProvider({ name: 'nil', base_url: server.baseUrl, type: 'openai' });
      await product.sync(provider.id);
      server.shape = 'data-null';
      expect(await product.sync(provider.id)).toMatchObject({ state: 'held', outcome: { fetched: 0 } });
      expect(names()).toHaveLength(5);
    });

    test.each(['cursor', 'links'] as const)('C29: all pages of a list with %s are read', async (paging) => {
      const models = Array.from({ length: 45 }, (_, index) => openAiModel(`m-${index}`));
      const server = await openAi({ models, paging, pageSize: 20 });
      const provider = await product.addProvider({ name: 'paged', base_url: server.baseUrl, type: 'openai' });
      // What is proved is the reading; nothing of it needs to be pushed.
      await product.call('PATCH', '/api/settings', { litellm_base_url: null });
      expect(await product.sync(provider.id)).toMatchObject({
        state: 'done',
        outcome: { fetched: 45, added: 45 },
      });
      // A later page that fails is a failed fetch: nothing of a half list is believed.
      server.faults.add({ path: /[?&](after_id|offset)=/, behaviour: { kind: 'html' } });
      expect(await product.sync(provider.id)).toMatchObject({ state: 'failed' });
      expect((await product.models()).filter((model) => model.is_orphaned)).toEqual([]);
    });

    test('C29: a redirect on the same server is followed, one to another server is refused with its reason', async () => {
      const server = await openAi();
      const other = await openAi();
      const provider = await product.addProvider({ name: 'moved', base_url: server.baseUrl, type: 'openai' });
      server.faults.add({
        path: '/v1/models',
        times: 1,
        behaviour: { kind: 'redirect', to: '/v1/models?moved=1' },
      });
      expect(await product.sync(provider.id)).toMatchObject({ state: 'done', outcome: { added: 5 } });
      server.faults.add({
        path: '/v1/models',
        times: 1,
        behaviour: { kind: 'redirect', to: `${other.url}/v1/models` },
      });
      const run = await product.sync(provider.id);
      expect(run.state).toBe('failed');
      expect(run.reason).toContain('another server');
      expect(other.counters.reads).toBe(0);
    });

    test('C29: a 429 waits as long as Retry-After asks, then the run goes on', async () => {
      const server = await openAi();
      const provider = await product.addProvider({ name: 'busy', base_url: server.baseUrl, type: 'openai' });
      server.faults.add({
        path: '/v1/models',
        times: 1,
        behaviour: { kind: 'status', status: 429, headers: { 'retry-after': '2' } },
      });
      expect(await product.sync(provider.id)).toMatchObject({ state: 'done', outcome: { added: 5 } });
      expect(listCalls(server)).toBe(2);
      const [first, second] = server.requests;
      expect(second!.at - first!.at).toBeGreaterThanOrEqual(1_950);
    });

    test('C29: a 429 that asks for more patience than a run has ends the run after one call', async () => {
      const server = await openAi();
      const provider = await product.addProvider({ name: 'busy', base_url: server.baseUrl, type: 'openai' });
      server.faults.add({
        path: '/v1/models',
        behaviour: { kind: 'status', status: 429, headers: { 'retry-after': '500' } },
      });
      const run = await product.sync(provider.id);
      expect(run.state).toBe('failed');
      expect(run.reason).toContain('429');
      expect(listCalls(server)).toBe(1);
    });

    test('C29: a refused key fails at once, without a second call', async () => {
      const server = await openAi({ apiKey: 'sk-right-key-of-the-server' });
      const provider = await product.addProvider({
        name: 'locked',
        base_url: server.baseUrl,
        type: 'openai',
        api_key: 'sk-wrong-key-of-somebody',
      });
      const run = await product.sync(provider.id);
      expect(run.state).toBe('failed');
      expect(run.reason).toContain('refused the API key');
      expect(JSON.stringify(run)).not.toContain('sk-wrong');
      expect(listCalls(server)).toBe(1);
    });

    test('C29: an unreachable provider is asked again with growing pauses, not every few seconds for ever', async () => {
      const server = await openAi();
      const provider = await product.addProvider({ name: 'down', base_url: server.baseUrl, type: 'openai' });
      server.faults.add({ path: '/v1/models', times: 2, behaviour: { kind: 'status', status: 503 } });
      expect(await product.sync(provider.id)).toMatchObject({ state: 'done', outcome: { added: 5 } });
      const [first, second, third] = server.requests.map((request) => request.at);
      expect(second! - first!).toBeGreaterThanOrEqual(900); // 2 s, of which half may be jitter
      expect(third! - second!).toBeGreaterThan(second! - first!);
      expect(server.requests).toHaveLength(3);
    });
  });

  test('C30: an Ollama provider that becomes an openai one loses its Ollama mode and goes on syncing', async () => {
    const server = await ollama(['qwen3:8b', 'llama3.1:8b']);
    const provider = await product.addProvider({
      name: 'box',
      base_url: server.url,
      type: 'ollama',
      default_ollama_mode: 'ollama_chat',
    });
    await product.sync(provider.id);
    expect(litellm.rows().map((row) => row.litellm_params['model'])).toContain('ollama_chat/qwen3:8b');
    const before = await product.model('qwen3:8b');
    await product.call('PATCH', `/api/models/${before.id}`, { ollama_mode: 'ollama' });
    await product.idle();

    const changed = await product.call('PATCH', `/api/providers/${provider.id}`, { type: 'openai' });
    expect(changed).toMatchObject({ status: 200, body: { type: 'openai', default_ollama_mode: null } });
    expect(await product.sync(provider.id)).toMatchObject({ state: 'done', outcome: { orphaned: 0 } });
    await product.idle();
    expect(
      litellm
        .rows()
        .map((row) => [row.litellm_params['model'], row.litellm_params['api_base']])
        .sort(),
    ).toEqual([
      ['openai/llama3.1:8b', `${server.url}/v1`],
      ['openai/qwen3:8b', `${server.url}/v1`],
    ]);

    const refused = await product.call('PATCH', `/api/providers/${provider.id}`, {
      default_ollama_mode: 'ollama',
    });
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ field: 'default_ollama_mode' }] } });
  });
});
