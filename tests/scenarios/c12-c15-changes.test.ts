import { afterEach, describe, expect, test } from '@jest/globals';
import {
  startLitellm,
  type LitellmOptions,
  type LitellmStandIn,
} from '../../sandbox/litellm/start-litellm.js';
import { ollamaModel } from '../../sandbox/ollama-model.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import { startOpenAiCompatible } from '../../sandbox/openai-compatible.js';
import { openAiModel } from '../../sandbox/openai-models.js';
import { holdLists } from '../support/hold-lists.js';
import { Product } from '../support/product.js';
import { until } from '../support/until.js';

const old = '1.81.15';
const recent = '1.105.0';
const three = ['gemma3:12b', 'llama3.1:8b', 'qwen3:8b'];

describe('changes and LiteLLM', () => {
  const closers: (() => Promise<void>)[] = [];
  let product: Product;
  let litellm: LitellmStandIn;
  let ollama: OllamaStandIn;
  let provider: { id: number };

  async function start(options: LitellmOptions = {}): Promise<void> {
    litellm = await startLitellm(options);
    product = await Product.start({ litellmUrl: litellm.url });
    closers.push(
      () => product.stop(),
      () => litellm.close(),
    );
  }

  async function closing<T extends { close: () => Promise<void> }>(server: Promise<T>): Promise<T> {
    const started = await server;
    closers.push(() => started.close());
    return started;
  }

  async function deployed(names: string[], fields: Record<string, unknown> = {}): Promise<void> {
    ollama = await closing(startOllama({ models: names.map((name) => ollamaModel(name)) }));
    provider = await product.addProvider({ name: 'alpha', base_url: ollama.url, type: 'ollama', ...fields });
    await product.sync(provider.id);
    await product.idle();
    litellm.counters.reset();
  }

  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  async function change(fields: Record<string, unknown>): Promise<void> {
    const answer = await product.call('PATCH', `/api/providers/${provider.id}`, fields);
    expect(answer).toMatchObject({ status: 200 });
  }

  const ours = () => litellm.rows().filter((row) => 'litellm_updater' in row.model_info);
  const names = () =>
    ours()
      .map((row) => row.model_name)
      .sort();
  const params = (key: string) => [...new Set(ours().map((row) => row.litellm_params[key]))];
  const tags = () => [...new Set(ours().flatMap((row) => row.litellm_params['tags'] as string[]))].sort();
  const handMade = () =>
    litellm.seed({
      model_name: 'qwen3:8b',
      litellm_params: { model: 'openai/qwen3:8b', api_base: 'http://by.hand/v1', tags: ['provider:alpha'] },
    });

  /** Two reconciles and a sync find nothing to do. */
  async function expectSettled(): Promise<void> {
    await product.idle();
    litellm.counters.reset();
    await product.sync(provider.id);
    await product.reconcile();
    await product.idle();
    expect(litellm.counters.writes).toBe(0);
  }

  describe('C12: a provider that changes', () => {
    test.each([old, recent])(
      'C12: after a rename there is one row for each model, and after the deletion none (LiteLLM %s)',
      async (version) => {
        await start({ version });
        const foreign = handMade();
        const foreignRow = litellm.row(foreign);
        await deployed(three);
        expect(tags()).toEqual(['lupdater', 'provider:alpha', 'type:ollama']);

        await change({ name: 'beta' });
        await product.idle();
        expect(names()).toEqual(three);
        expect(tags()).toEqual(['lupdater', 'provider:beta', 'type:ollama']);
        await expectSettled();

        const deletion = await product.call('DELETE', `/api/providers/${provider.id}`);
        expect(deletion.status).toBe(202);
        expect(await product.finished(deletion.body.id)).toMatchObject({ kind: 'delete', state: 'done' });
        expect(ours()).toEqual([]);
        expect((await product.call('GET', `/api/providers/${provider.id}`)).status).toBe(404);
        expect(await product.models()).toEqual([]);
        await product.reconcile();
        expect(litellm.rows()).toEqual([foreignRow]);
      },
    );

    const second = () => closing(startOllama({ models: three.map((name) => ollamaModel(name)) }));

    test.each([old, recent])(
      'C12: a prefix given, changed and removed only renames (LiteLLM %s)',
      async (version) => {
        await start({ version });
        await deployed(three);
        for (const prefix of ['lab', 'Home Lab', null]) {
          await change({ prefix });
          await product.idle();
          expect(names()).toEqual(three.map((name) => (prefix === null ? name : `${prefix}/${name}`)));
          expect(params('model').sort()).toEqual(three.map((name) => `ollama_chat/${name}`));
          await expectSettled();
        }
      },
    );

    test.each([old, recent])(
      'C12: a server that moved leaves no row with the old address (LiteLLM %s)',
      async (version) => {
        await start({ version });
        await deployed(three);
        const ids = ours().map((row) => row.model_id);
        const moved = await second();
        await change({ base_url: moved.url });
        await product.idle();
        expect(names()).toEqual(three);
        expect(params('api_base')).toEqual([moved.url]);
        if (version === recent) expect(ours().map((row) => row.model_id)).toEqual(ids);

        await change({ litellm_base_url: 'http://host.docker.internal:11434' });
        await product.idle();
        expect(names()).toEqual(three);
        expect(params('api_base')).toEqual(['http://host.docker.internal:11434']);
        await expectSettled();
      },
    );

    test.each([old, recent])(
      'C12: a provider that becomes another kind keeps one row for each model, by the new route (LiteLLM %s)',
      async (version) => {
        await start({ version });
        await deployed(three, { default_ollama_mode: 'ollama' });
        expect(params('model').sort()).toEqual(three.map((name) => `ollama/${name}`));
        await change({ type: 'openai' });
        await product.idle();
        await product.sync(provider.id);
        await product.idle();
        expect(names()).toEqual(three);
        expect(params('model').sort()).toEqual(three.map((name) => `openai/${name}`));
        expect(params('api_base')).toEqual([`${ollama.url}/v1`]);
        expect(
          (await product.call('GET', `/api/providers/${provider.id}`)).body.default_ollama_mode,
        ).toBeNull();
        await expectSettled();

        await change({ type: 'ollama', default_ollama_mode: 'ollama_chat' });
        await product.idle();
        await product.sync(provider.id);
        await product.idle();
        expect(names()).toEqual(three);
        expect(params('model').sort()).toEqual(three.map((name) => `ollama_chat/${name}`));
        expect(params('api_base')).toEqual([ollama.url]);
        await expectSettled();
      },
    );

    test('C12: changes in quick succession, without waiting for their pushes, end in the last state', async () => {
      await start();
      await deployed(three);
      const moved = await second();
      await change({ name: 'beta' });
      await change({ prefix: 'one' });
      await change({ base_url: moved.url, prefix: 'two' });
      await change({ name: 'gamma', tags: ['gold'], api_key: 'key-of-gamma' });
      await product.idle();
      expect(names()).toEqual(three.map((name) => `two/${name}`));
      expect(tags()).toEqual(['gold', 'lupdater', 'provider:gamma', 'type:ollama']);
      expect(params('api_base')).toEqual([moved.url]);
      expect(params('api_key')).toEqual(['key-of-gamma']);
      await expectSettled();
    });

    test('C12: a deletion right after a rename, with pushes under way, leaves nothing', async () => {
      await start();
      await deployed(three);
      await change({ name: 'beta' });
      const syncing = product.call('POST', `/api/providers/${provider.id}/sync`);
      const deletion = await product.call('DELETE', `/api/providers/${provider.id}`);
      await syncing;
      expect((await product.finished(deletion.body.id)).state).toBe('done');
      await product.idle();
      await product.reconcile();
      await product.idle();
      expect(litellm.rows()).toEqual([]);
      expect(await product.models()).toEqual([]);
      const open = (await product.call('GET', '/api/runs?state=running')).body.items;
      expect(open).toEqual([]);
    });

    test('C12: two providers with the same models keep theirs when one is deleted', async () => {
      await start();
      await deployed(three, { prefix: 'a' });
      const other = await second();
      const fields = { name: 'other', base_url: other.url, type: 'ollama', prefix: 'b' };
      const { id } = await product.addProvider(fields);
      await product.sync(id);
      expect(names()).toHaveLength(6);
      const { body } = await product.call('DELETE', `/api/providers/${id}`);
      await product.finished(body.id);
      expect(names()).toEqual(three.map((name) => `a/${name}`));
    });

    test('C12: a deletion while LiteLLM is down waits, which the settings tell, and finishes when it is back', async () => {
      await start();
      await deployed(three);
      await litellm.down();
      const { body } = await product.call('DELETE', `/api/providers/${provider.id}`);
      const listed = await product.call('GET', `/api/providers/${provider.id}`);
      expect(listed.body.deleting_at).toEqual(expect.any(String));
      expect(['waiting', 'running']).toContain((await product.run(body.id)).state);
      await until('word of the trouble', async () => {
        const { destination } = (await product.call('GET', '/api/admin/config')).body;
        return destination.state === 'error';
      });
      expect(ours()).toHaveLength(3);
      expect((await product.models()).map((model) => model.deployment.state)).toEqual([
        'pending',
        'pending',
        'pending',
      ]);
      await litellm.up();
      expect(await product.finished(body.id)).toMatchObject({ state: 'done' });
      expect(ours()).toEqual([]);
    });
  });

  describe('C14: everything at once', () => {
    const four = ['a:1b', 'b:2b', 'c:3b', 'd:4b'];

    test('C14: concurrent first syncs join one run: each model once in the database and once in LiteLLM', async () => {
      await start();
      ollama = await closing(startOllama({ models: four.map((name) => ollamaModel(name)) }));
      provider = await product.addProvider({ name: 'box', base_url: ollama.url, type: 'ollama' });
      const lists = holdLists(product);
      const answers = await Promise.all(
        ['sync', 'sync', 'sync-now', 'fetch-now', 'sync'].map((word) =>
          product.call('POST', `/api/providers/${provider.id}/${word}`),
        ),
      );
      lists.letGo();
      expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202]);
      expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
      expect(answers.filter(({ body }) => !body.joined)).toHaveLength(1);
      expect(await product.finished(answers[0]!.body.id)).toMatchObject({
        outcome: { added: 4, pushes: { created: 4 } },
      });
      await product.idle();
      expect((await product.models()).map((model) => model.model_id).sort()).toEqual(four);
      expect(names()).toEqual(four);
      expect(ollama.counters.get('GET /api/tags')).toBe(1);
    });

    test('C14: concurrent pushes of four models make four rows', async () => {
      litellm = await startLitellm();
      product = await Product.start({ litellmUrl: null });
      closers.push(
        () => product.stop(),
        () => litellm.close(),
      );
      await deployed(four);
      expect(litellm.rows()).toEqual([]);
      const address = { litellm_base_url: litellm.url, litellm_api_key: litellm.masterKey };
      await product.call('PATCH', '/api/admin/config', address);
      const models = await product.models();
      const pushes = [...models, ...models, ...models].map(({ id }) =>
        product.call('POST', `/api/models/${id}/push`),
      );
      await Promise.all([...pushes, product.call('POST', '/api/reconcile')]);
      await product.idle();
      expect(names()).toEqual(four);
      expect(litellm.counters.get('POST /model/new')).toBe(4);
      await expectSettled();
    });

    test('C14: syncs, "sync all", reconciles, pushes and edits through two instances of everything leave one row each', async () => {
      await start();
      const twin = await Product.start({
        litellmUrl: litellm.url,
        dataDir: product.dataDir,
        prefix: product.prefix,
      });
      closers.unshift(() => twin.stop());
      await deployed(four);
      const other = await closing(startOllama({ models: four.map((name) => ollamaModel(name)) }));
      const fields = { name: 'other', base_url: other.url, type: 'ollama', prefix: 'other' };
      const { id } = await twin.addProvider(fields);
      const models = await product.models();

      const answers = await Promise.all(
        [product, twin].flatMap((one) => [
          one.call('POST', `/api/providers/${provider.id}/sync`),
          one.call('POST', `/api/providers/${id}/sync`),
          one.call('POST', '/api/providers/sync-all'),
          one.call('POST', '/api/reconcile'),
          one.call('PATCH', `/api/providers/${provider.id}`, { tags: ['gold'] }),
          ...models.map((model) => one.call('POST', `/api/models/${model.id}/push`)),
        ]),
      );
      expect(answers.filter(({ status }) => status >= 300)).toEqual([]);
      await product.idle();
      expect(names()).toEqual([...four, ...four.map((name) => `other/${name}`)]);
      expect(await product.models()).toHaveLength(8);
      // Each of the first four was replaced once, each of the others created once.
      expect(litellm.counters.get('POST /model/new')).toBe(8);
      expect(litellm.counters.get('POST /model/delete')).toBe(4);
      await expectSettled();
    });

    test('C14: of two providers added at once under one name, one is refused', async () => {
      await start();
      ollama = await closing(startOllama());
      const fields = { name: 'box', base_url: ollama.url, type: 'ollama' };
      const answers = await Promise.all([1, 2].map(() => product.call('POST', '/api/providers', fields)));
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
      expect((await product.call('GET', '/api/providers')).body).toHaveLength(1);
    });
  });

  describe('C15: changes beside the token limits', () => {
    const embedding = 'text-embedding-3-small';

    async function embeddingServer() {
      const server = await closing(
        startOpenAiCompatible({
          apiKey: 'key-before-4711',
          models: [openAiModel(embedding, { max_model_len: 8192 }), openAiModel('gpt-4o')],
        }),
      );
      provider = await product.addProvider({
        name: 'shop',
        base_url: server.baseUrl,
        type: 'openai',
        api_key: 'key-before-4711',
      });
      await product.sync(provider.id);
      await product.idle();
      litellm.counters.reset();
      return server;
    }
    const row = () => {
      const found = litellm.rows().filter(({ model_name }) => model_name === embedding);
      expect(found).toHaveLength(1);
      return found[0]!;
    };
    const writes = () => ({
      created: litellm.counters.get('POST /model/new'),
      patched: litellm.counters.get('PATCH /model/:id/update'),
      deleted: litellm.counters.get('POST /model/delete'),
    });
    const replaced = (count: number) => ({ created: count, patched: 0, deleted: count });
    const patched = (count: number) => ({ created: 0, patched: count, deleted: 0 });

    test.each([
      [old, 'replaces', replaced(2)],
      [recent, 'patches', patched(2)],
    ])(
      'C15: a rotated key and a new tag reach the rows of unchanged models: LiteLLM %s %s',
      async (version, _how, expected) => {
        await start({ version });
        const server = await embeddingServer();
        const before = row();
        expect(before.litellm_params['api_key']).toBe('key-before-4711');

        server.apiKey = 'key-after-0815';
        await change({ api_key: 'key-after-0815', tags: ['gold'] });
        await product.idle();
        expect(writes()).toEqual(expected);
        expect(row().litellm_params).toMatchObject({
          api_key: 'key-after-0815',
          tags: ['lupdater', 'provider:shop', 'type:openai', 'gold'],
        });
        expect(row().model_id === before.model_id).toBe(version === recent);
        expect(row().model_info).toMatchObject({ mode: 'embedding' });
        expect(JSON.stringify(row().model_info)).not.toMatch(/key-(before|after)/);
        expect(await product.sync(provider.id)).toMatchObject({ state: 'done', outcome: { unchanged: 2 } });
        await expectSettled();
      },
    );

    test.each([
      ['the key', { api_key: 'key-after-0815' }, 'litellm_params', { api_key: 'key-after-0815' }],
      ['a tag', { tags: ['gold'] }, 'litellm_params', { tags: expect.arrayContaining(['gold']) }],
      ['an access group', { access_groups: ['team-a'] }, 'model_info', { access_groups: ['team-a'] }],
      ['no key any more', { api_key: null }, 'litellm_params', { api_key: 'none' }],
      ['a price', { pricing_profile: 'gpt-4o' }, 'litellm_params', { input_cost_per_token: 5e-6 }],
    ] as const)('C15: %s alone is a change', async (_what, fields, part, expected) => {
      await start({ version: recent });
      await embeddingServer();
      await change(fields);
      await product.idle();
      expect(row()[part]).toMatchObject(expected);
      expect(writes()).toEqual(patched(2));
    });

    test('C15: the key that is there already, entered again, is no change', async () => {
      await start({ version: recent });
      await embeddingServer();
      await change({ api_key: 'key-before-4711' });
      await product.idle();
      expect(writes()).toEqual(patched(0));
    });

    test.each([old, recent])(
      'C15: what must go from a row goes by replacement, as a PATCH cannot remove it (LiteLLM %s)',
      async (version) => {
        await start({ version });
        await deployed(['qwen3:8b'], { api_key: 'key-of-ollama', access_groups: ['team-a'] });
        expect(ours()[0]?.litellm_params['api_key']).toBe('key-of-ollama');
        await change({ api_key: null });
        await product.idle();
        expect(ours()).toHaveLength(1);
        expect(ours()[0]?.litellm_params).not.toHaveProperty('api_key');
        expect(writes()).toEqual(replaced(1));

        await change({ access_groups: null });
        await product.idle();
        expect(ours()).toHaveLength(1);
        expect(ours()[0]?.model_info).not.toHaveProperty('access_groups');
        expect(writes()).toEqual(replaced(2));
        await expectSettled();
      },
    );

    test.each([old, recent])(
      "C15: a model's new capabilities, mode and tags are pushed (LiteLLM %s)",
      async (version) => {
        await start({ version });
        await deployed(['qwen3:8b', 'still:1b']);
        ollama.replace('qwen3:8b', { capabilities: ['completion', 'tools', 'vision'] });
        expect(await product.sync(provider.id)).toMatchObject({ outcome: { updated: 1, unchanged: 1 } });
        const info = () => ours().find((one) => one.model_name === 'qwen3:8b')?.model_info;
        expect(info()).toMatchObject({ mode: 'chat', supports_vision: true });

        ollama.replace('qwen3:8b', { capabilities: ['embedding'] });
        await product.sync(provider.id);
        expect(info()).toMatchObject({ mode: 'embedding' });
        expect(info()).not.toHaveProperty('supports_vision');

        const { id } = await product.model('qwen3:8b');
        await product.call('PATCH', `/api/models/${id}`, { tags: ['gold'] });
        await product.idle();
        expect(names()).toEqual(['qwen3:8b', 'still:1b']);
        expect(tags()).toContain('gold');
        await expectSettled();
      },
    );
  });
});
