import { afterEach, describe, expect, test } from '@jest/globals';
import {
  startLitellm,
  type LitellmOptions,
  type LitellmStandIn,
} from '../../sandbox/litellm/start-litellm.js';
import { ollamaModel } from '../../sandbox/ollama-model.js';
import { sampleOllamaModels } from '../../sandbox/ollama-samples.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import { startOpenAiCompatible } from '../../sandbox/openai-compatible.js';
import { openAiModel, vllmModel } from '../../sandbox/openai-models.js';
import { Product, type ProductOptions } from '../support/product.js';
import { until } from '../support/until.js';

const old = '1.81.15';
const recent = '1.105.0';

describe('a sync that changes only what must change', () => {
  const closers: (() => Promise<void>)[] = [];
  let product: Product;
  let litellm: LitellmStandIn;

  async function start(options: LitellmOptions = {}, settings: ProductOptions = {}) {
    litellm = await startLitellm(options);
    product = await Product.start({ litellmUrl: litellm.url, ...settings });
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

  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  const idsByName = () =>
    Object.fromEntries(
      litellm
        .rows()
        .map((row) => [row.model_name, row.model_id] as const)
        .sort(),
    );
  const servedNames = () =>
    litellm
      .served()
      .map((row) => row.model_name)
      .sort();
  const rowOf = (name: string) => {
    const rows = litellm.rows().filter((row) => row.model_name === name);
    expect(rows).toHaveLength(1);
    return rows[0]!;
  };

  describe('C1: without churn', () => {
    const five = ['llama3.1:8b', 'gemma3:12b', 'qwen3:8b', 'gpt-oss:20b', 'nomic-embed-text:latest'];

    test.each([old, recent])(
      'C1: five unchanged real models cost one listing each run, no write, and keep their ids (LiteLLM %s)',
      async (version) => {
        await start({ version });
        const ollama = await closing(startOllama({ models: sampleOllamaModels(five) }));
        const provider = await product.addProvider({ name: 'box', base_url: ollama.url, type: 'ollama' });
        await product.sync(provider.id);
        await product.idle();
        const ids = idsByName();
        expect(Object.keys(ids)).toEqual([...five].sort());

        litellm.counters.reset();
        ollama.counters.reset();
        for (let turn = 0; turn < 3; turn += 1) {
          expect(await product.sync(provider.id)).toMatchObject({
            state: 'done',
            outcome: {
              unchanged: 5,
              added: 0,
              updated: 0,
              list_calls: 1,
              detail_calls: 0,
              writes: 0,
              pushes: { unchanged: 0 },
            },
          });
          expect(await product.reconcile()).toMatchObject({
            state: 'done',
            outcome: { list_calls: 1, writes: 0, drifted: [], missing: [] },
          });
        }
        await product.idle();
        expect(litellm.counters.writes).toBe(0);
        expect(litellm.counters.get('GET /v2/model/info')).toBe(3);
        expect(ollama.counters.all()).toEqual({ 'GET /api/tags': 3 });
        expect(idsByName()).toEqual(ids);
      },
    );

    test('C1: what differs in every answer of a server (created, permission ids) is no change', async () => {
      await start();
      const vllm = await closing(
        startOpenAiCompatible({ models: [vllmModel('Qwen/Qwen3-32B', 40_960), vllmModel('bge-m3', 8192)] }),
      );
      const provider = await product.addProvider({ name: 'gpu', base_url: vllm.baseUrl, type: 'openai' });
      await product.sync(provider.id);
      await product.idle();
      litellm.counters.reset();
      for (let turn = 0; turn < 2; turn += 1) {
        expect(await product.sync(provider.id)).toMatchObject({ outcome: { unchanged: 2, updated: 0 } });
      }
      expect(litellm.counters.writes).toBe(0);
    });

    test('C1: a model that was pulled again without a difference that matters is asked about once and not written', async () => {
      await start();
      const ollama = await closing(startOllama({ models: sampleOllamaModels(five) }));
      const provider = await product.addProvider({ name: 'box', base_url: ollama.url, type: 'ollama' });
      await product.sync(provider.id);
      await product.idle();
      const ids = idsByName();
      litellm.counters.reset();

      ollama.replace('qwen3:8b');
      expect(await product.sync(provider.id)).toMatchObject({ outcome: { detail_calls: 1, writes: 0 } });
      expect(await product.sync(provider.id)).toMatchObject({ outcome: { detail_calls: 0, writes: 0 } });
      expect(litellm.counters.writes).toBe(0);
      expect(idsByName()).toEqual(ids);
    });
  });

  describe('C2: names with blanks, commas and capitals', () => {
    const four = ['meta/llama-4', 'Mistral Small 3.2', 'gemma,3', 'Qwen3 32B, chat'];

    test.each(['OpenRouter Free', 'Free, fast  Models', 'ÜBER:lab / 2'])(
      'C2: five syncs of provider "%s" leave one row for each of its four models, with the same ids',
      async (name) => {
        await start();
        const server = await closing(startOpenAiCompatible({ models: four.map((id) => openAiModel(id)) }));
        const provider = await product.addProvider({ name, base_url: server.baseUrl, type: 'openai' });
        await product.sync(provider.id);
        const ids = idsByName();
        expect(Object.keys(ids)).toEqual([...four].sort());

        for (let turn = 2; turn <= 5; turn += 1) await product.sync(provider.id);
        await product.reconcile();
        await product.idle();
        expect(litellm.rows()).toHaveLength(4);
        expect(idsByName()).toEqual(ids);
        expect(litellm.writes).toHaveLength(4);
      },
    );

    test('C2: a vanished model of such a provider leaves LiteLLM, the others stay', async () => {
      await start();
      const server = await closing(startOpenAiCompatible({ models: four.map((id) => openAiModel(id)) }));
      const provider = await product.addProvider({
        name: 'OpenRouter Free',
        base_url: server.baseUrl,
        type: 'openai',
        grace_misses: 1,
        grace_seconds: 0,
      });
      await product.sync(provider.id);
      server.remove('Qwen3 32B, chat');
      expect(await product.sync(provider.id)).toMatchObject({
        outcome: { orphaned: 1, pushes: { removed: 1 }, writes: 1 },
      });
      expect(servedNames()).toEqual(['Mistral Small 3.2', 'gemma,3', 'meta/llama-4']);
    });

    test('C2: rows that the predecessor made for such a provider are taken over, not doubled', async () => {
      await start();
      const server = await closing(startOpenAiCompatible({ models: four.map((id) => openAiModel(id)) }));
      for (const [id, unique] of [
        ['Mistral Small 3.2', 'unique_id:openrouter-free/mistral-small-3.2'],
        ['meta/llama-4', 'unique_id:openrouter-free/meta/llama-4'],
      ] as const) {
        litellm.seed({
          model_name: id,
          litellm_params: {
            model: `openai/${id}`,
            api_base: server.baseUrl,
            tags: ['lupdater', 'provider:openrouter-free', 'type:openai', unique],
          },
        });
      }
      const provider = await product.addProvider({
        name: 'OpenRouter Free',
        base_url: server.baseUrl,
        type: 'openai',
      });
      await product.sync(provider.id);
      await product.sync(provider.id);
      await product.idle();
      expect(servedNames()).toEqual([...four].sort());

      await product.call('PATCH', `/api/providers/${provider.id}`, { tags: ['gold'] });
      await product.idle();
      expect(servedNames()).toEqual([...four].sort());
      for (const row of litellm.rows()) {
        expect(row.litellm_params['tags']).toContain('gold');
        expect(row.model_info).toHaveProperty('litellm_updater');
      }
    });
  });

  describe('C3: failures are told', () => {
    const three = () => ['qwen3:8b', 'llama3.1:8b', 'gemma3:12b'].map((name) => ollamaModel(name));
    const destination = async () => (await product.call('GET', '/api/admin/config')).body.destination;
    const deploymentStates = async () => (await product.models()).map((model) => model.deployment.state);

    test('C3: while LiteLLM is unreachable runs, models and settings say so, and everything is done once it is back', async () => {
      await start();
      await litellm.down();
      const ollama = await closing(startOllama({ models: three() }));
      const provider = await product.addProvider({ name: 'box', base_url: ollama.url, type: 'ollama' });
      const { body: started } = await product.call('POST', `/api/providers/${provider.id}/sync`);
      const run = await until('the end of the fetch', async () => {
        const seen = await product.run(started.id);
        return seen.state === 'done' && seen;
      });
      expect(run.outcome).toMatchObject({ added: 3, pushes: { created: 0, pending: 3 } });
      expect(
        await until('word of the trouble', async () => {
          const seen = await destination();
          return seen.state === 'error' && seen;
        }),
      ).toMatchObject({ error: expect.stringContaining(litellm.url), error_at: expect.any(String) });
      expect(await deploymentStates()).toEqual(['pending', 'pending', 'pending']);

      const model = await product.model('qwen3:8b');
      const push = await product.call('POST', `/api/models/${model.id}/push`);
      expect(push.body).toMatchObject({ deployment: { state: 'pending', pushed_at: null } });
      const { body: reconcile } = await product.call('POST', '/api/reconcile');
      expect(['waiting', 'running']).toContain((await product.run(reconcile.id)).state);

      await litellm.up();
      expect((await product.finished(reconcile.id)).state).toBe('done');
      expect(await product.finished(run.id)).toMatchObject({
        state: 'done',
        outcome: { pushes: { pending: 0, failed: 0 } },
      });
      await product.idle();
      expect(servedNames()).toEqual(['gemma3:12b', 'llama3.1:8b', 'qwen3:8b']);
      expect(litellm.counters.get('POST /model/new')).toBe(3);
      expect(await deploymentStates()).toEqual(['in-step', 'in-step', 'in-step']);
      expect(await destination()).toMatchObject({ state: 'ok', error: null });
    });

    test("C3: a run's pushes stay its own when a reconcile finds them waiting", async () => {
      await start();
      const ollama = await closing(startOllama({ models: three() }));
      const provider = await product.addProvider({ name: 'box', base_url: ollama.url, type: 'ollama' });
      await product.idle();
      litellm.faults.add({ path: '/model/new', behaviour: { kind: 'status', status: 500 } });
      const { body: run } = await product.call('POST', `/api/providers/${provider.id}/sync`);
      await until(
        'three pushes that will be tried again',
        async () =>
          (await product.models()).filter((model) => model.deployment.last_error !== null).length === 3,
      );
      litellm.faults.clear();
      await product.reconcile();
      expect(await product.finished(run.id)).toMatchObject({
        outcome: { added: 3, pushes: { created: 3, failed: 0 } },
      });
      expect(servedNames()).toHaveLength(3);
    });

    test('C3: a refused key fails the pushes with the reason, and the right key brings everything in step', async () => {
      await start({}, { litellmKey: 'sk-wrong' });
      const ollama = await closing(startOllama({ models: three() }));
      const provider = await product.addProvider({ name: 'box', base_url: ollama.url, type: 'ollama' });
      const run = await product.sync(provider.id);
      expect(run.outcome.pushes).toMatchObject({ created: 0, failed: 3 });
      for (const model of await product.models()) {
        expect(model.deployment).toMatchObject({
          state: 'failed',
          pushed_at: null,
          last_error: expect.stringMatching(/refused the API key/),
        });
      }
      expect(await product.reconcile()).toMatchObject({
        state: 'failed',
        reason: expect.stringMatching(/refused the API key/),
      });
      expect((await destination()).state).not.toBe('ok');

      await product.call('PATCH', '/api/admin/config', { litellm_api_key: 'sk-1234' });
      await product.idle();
      expect(await deploymentStates()).toEqual(['in-step', 'in-step', 'in-step']);
      expect((await destination()).state).toBe('ok');
      expect(servedNames()).toHaveLength(3);
    });

    test('C3: LiteLLM refusing the key after a good start is told by the settings, too', async () => {
      await start();
      const ollama = await closing(startOllama({ models: three() }));
      const provider = await product.addProvider({ name: 'box', base_url: ollama.url, type: 'ollama' });
      await product.sync(provider.id);
      await product.idle();
      expect((await destination()).state).toBe('ok');

      await product.call('PATCH', '/api/admin/config', { litellm_api_key: 'sk-wrong' });
      expect((await product.reconcile()).state).toBe('failed');
      expect(await destination()).toMatchObject({
        state: 'error',
        error: expect.stringMatching(/refused the API key/),
      });

      await product.call('PATCH', '/api/admin/config', { litellm_api_key: 'sk-1234' });
      expect((await product.reconcile()).state).toBe('done');
      expect(await destination()).toMatchObject({ state: 'ok', error: null });
    });

    test('C3: a provider that answers a login page fails the run with the reason, and no model changes', async () => {
      await start();
      const ollama = await closing(startOllama({ models: three() }));
      const provider = await product.addProvider({ name: 'box', base_url: ollama.url, type: 'ollama' });
      await product.sync(provider.id);
      ollama.faults.add({ path: '/api/tags', behaviour: { kind: 'html' } });
      const run = await product.sync(provider.id);
      expect(run).toMatchObject({ state: 'failed', reason: expect.stringMatching(/HTML/) });
      const { body } = await product.call('GET', `/api/providers/${provider.id}`);
      expect(body).toMatchObject({ last_error: run.reason });
      expect((await product.models()).filter((model) => model.is_orphaned)).toEqual([]);
      expect(servedNames()).toHaveLength(3);
    });
  });

  describe('C4: one refused update', () => {
    const four = ['one:1b', 'two:2b', 'three:3b', 'four:4b'];
    let ollama: OllamaStandIn;
    let provider: { id: number };

    async function deployed(version: string) {
      await start({ version });
      ollama = await closing(startOllama({ models: four.map((name) => ollamaModel(name)) }));
      provider = await product.addProvider({ name: 'box', base_url: ollama.url, type: 'ollama' });
      await product.sync(provider.id);
      await product.idle();
    }

    const tagged = () =>
      litellm
        .rows()
        .filter((row) => (row.litellm_params['tags'] as string[]).includes('gold'))
        .map((row) => row.model_name)
        .sort();
    const retag = () => product.call('PATCH', `/api/providers/${provider.id}`, { tags: ['gold'] });

    test('C4: when LiteLLM refuses the new row of #2, #2 stays served with its old data, and all others are updated', async () => {
      await deployed(old);
      const before = rowOf('two:2b');
      // LiteLLM wants a whole number there and answers 422; the API refuses it, too, so it comes from an older release.
      const two = await product.model('two:2b');
      const at = new Date().toISOString();
      await product.stores.modelEdits.edit(
        { id: two.id, editVersion: 0 },
        { userParams: { tpm: 'plenty' }, userModified: true },
        at,
      );
      await retag();
      await product.idle();

      expect(rowOf('two:2b')).toEqual(before);
      expect(servedNames()).toEqual([...four].sort());
      expect(tagged()).toEqual(['four:4b', 'one:1b', 'three:3b']);
      expect((await product.model('two:2b')).deployment).toMatchObject({
        state: 'failed',
        last_error: expect.stringMatching(/tpm/),
      });

      // While the rejection lasts, new models appear and others go on.
      ollama.add('nine:9b');
      expect(await product.sync(provider.id)).toMatchObject({
        state: 'done',
        outcome: { added: 1, pushes: { created: 1, failed: 1 } },
      });
      expect(servedNames()).toEqual([...four, 'nine:9b'].sort());
      expect(rowOf('two:2b')).toEqual(before);

      await product.call('PATCH', `/api/models/${two.id}`, { params: null });
      await product.idle();
      expect(tagged()).toEqual([...four, 'nine:9b'].sort());
      expect((await product.model('two:2b')).deployment).toMatchObject({
        state: 'in-step',
        last_error: null,
      });
    });

    test('C4: when LiteLLM refuses the PATCH of #2, #2 keeps its data and all others are patched', async () => {
      await deployed(recent);
      const before = rowOf('two:2b');
      const allow = litellm.faults.add({
        method: 'PATCH',
        path: `/model/${before.model_id}/update`,
        behaviour: {
          kind: 'status',
          status: 400,
          body: { error: { message: 'no', type: 'x', code: '400' } },
        },
      });
      await retag();
      await product.idle();
      expect(rowOf('two:2b')).toEqual(before);
      expect(tagged()).toEqual(['four:4b', 'one:1b', 'three:3b']);
      expect((await product.model('two:2b')).deployment.state).toBe('failed');

      allow();
      await product.reconcile();
      expect(tagged()).toEqual([...four].sort());
      expect(litellm.counters.get('POST /model/delete')).toBe(0);
    });

    test('C4: when LiteLLM refuses the first row of #2, the others are there all the same', async () => {
      await start();
      ollama = await closing(startOllama({ models: four.map((name) => ollamaModel(name)) }));
      provider = await product.addProvider({ name: 'box', base_url: ollama.url, type: 'ollama' });
      litellm.faults.add({
        method: 'POST',
        path: '/model/new',
        times: 1,
        behaviour: {
          kind: 'status',
          status: 400,
          body: { error: { message: 'no', type: 'x', code: '400' } },
        },
      });
      const run = await product.sync(provider.id);
      expect(run.outcome.pushes).toMatchObject({ created: 3, failed: 1 });
      expect(servedNames()).toHaveLength(3);
      expect(await product.sync(provider.id)).toMatchObject({
        outcome: { pushes: { created: 1, failed: 0 } },
      });
      expect(servedNames()).toEqual([...four].sort());
    });

    test('C4: an update by replacement never leaves a model without a row', async () => {
      await deployed(old);
      const names = new Map(litellm.rows().map((row) => [row.model_id, row.model_name]));
      const present = new Set(names.keys());
      const since = litellm.writes.length;
      await retag();
      await product.idle();
      for (const row of litellm.rows()) names.set(row.model_id, row.model_name);

      const updates = litellm.writes.slice(since);
      expect(updates).toHaveLength(8);
      for (const { method, id } of updates) {
        if (method === 'POST /model/delete') present.delete(id);
        else present.add(id);
        expect(new Set([...present].map((one) => names.get(one)))).toEqual(new Set(four));
      }
      expect(tagged()).toEqual([...four].sort());
    });
  });
});
