import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Behaviour } from '../../sandbox/faults.js';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { ollamaModel } from '../../sandbox/ollama-model.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import { Product, type Run } from '../support/product.js';
import { until } from '../support/until.js';

const hourMs = 3_600_000;

describe('what is absent, and what only seems so', () => {
  let product: Product;
  let ollama: OllamaStandIn;
  let litellm: LitellmStandIn;
  let provider: { id: number };

  beforeEach(async () => {
    litellm = await startLitellm();
    ollama = await startOllama({ models: ['a:1b', 'c:3b', 'd:4b'].map((name) => ollamaModel(name)) });
    product = await Product.start({ litellmUrl: litellm.url });
  });

  afterEach(async () => {
    await product.stop();
    await Promise.all([ollama.close(), litellm.close()]);
  });

  async function deployed(fields: Record<string, unknown> = {}): Promise<void> {
    provider = await product.addProvider({ name: 'box', base_url: ollama.url, type: 'ollama', ...fields });
    await product.sync(provider.id);
    await product.idle();
  }

  const servedNames = () =>
    litellm
      .served()
      .map((row) => row.model_name)
      .sort();
  const rowOf = (name: string) => litellm.rows().find((row) => row.model_name === name);
  const edit = async (name: string, body: object) =>
    product.call('PATCH', `/api/models/${(await product.model(name)).id}`, body);

  describe('C10: a flaky detail page', () => {
    const flaws: [string, Behaviour][] = [
      ['HTML', { kind: 'html' }],
      ['JSON that breaks off', { kind: 'truncated' }],
      ['an empty body', { kind: 'empty' }],
      ['a 500', { kind: 'status', status: 500 }],
      ['an error with status 200', { kind: 'status', status: 200, body: { error: 'boom' } }],
      ['a list', { kind: 'status', status: 200, body: [] }],
      ['a dropped connection', { kind: 'drop' }],
    ];

    test.each(flaws)(
      'C10: a new model whose detail answer is %s is kept with what the list says',
      async (_what, behaviour) => {
        await deployed();
        ollama.add(ollamaModel('b:2b', { contextLength: 65_536, capabilities: ['completion', 'vision'] }));
        const heal = ollama.faults.add({ method: 'POST', path: '/api/show', behaviour });
        const run = await product.sync(provider.id);
        expect(run).toMatchObject({
          state: 'done',
          outcome: { fetched: 4, added: 1, orphaned: 0, detail_calls: 1, pushes: { created: 1, removed: 0 } },
        });
        const kept = await product.model('b:2b');
        expect(kept).toMatchObject({
          is_orphaned: false,
          mode: 'chat',
          max_context_window: 65_536,
          details_error: expect.any(String),
        });
        expect(servedNames()).toEqual(['a:1b', 'b:2b', 'c:3b', 'd:4b']);
        expect(rowOf('b:2b')?.model_info).toMatchObject({ supports_vision: true, max_input_tokens: 65_536 });

        heal();
        expect(await product.sync(provider.id)).toMatchObject({
          state: 'done',
          outcome: { detail_calls: 1 },
        });
        expect(await product.model('b:2b')).toMatchObject({
          id: kept.id,
          first_seen: kept.first_seen,
          details_error: null,
        });
        expect(await product.sync(provider.id)).toMatchObject({ outcome: { detail_calls: 0, writes: 0 } });
        expect(servedNames()).toEqual(['a:1b', 'b:2b', 'c:3b', 'd:4b']);
      },
    );

    test('C10: a known model whose new details are HTML keeps the old ones, its edits and its row', async () => {
      ollama.add(ollamaModel('b:2b', { parameters: { num_ctx: 8192 } }));
      await deployed();
      await edit('b:2b', { params: { supports_web_search: true }, tags: ['gold'] });
      await product.idle();
      const row = rowOf('b:2b');
      expect(row?.model_info).toMatchObject({ max_input_tokens: 8192, supports_web_search: true });

      ollama.replace('b:2b');
      ollama.faults.add({ method: 'POST', path: '/api/show', behaviour: { kind: 'html' } });
      for (let turn = 0; turn < 2; turn += 1) {
        const run = await product.sync(provider.id);
        expect(run).toMatchObject({ state: 'done', outcome: { orphaned: 0, detail_calls: 1, writes: 0 } });
      }
      expect(await product.model('b:2b')).toMatchObject({
        is_orphaned: false,
        context_window: 8192,
        user_params: { supports_web_search: true },
        user_tags: ['gold'],
        details_error: expect.stringMatching(/HTML/),
      });
      expect(rowOf('b:2b')).toEqual(row);
    });
  });

  describe('C11: a vanished model', () => {
    const state = async (name: string) => {
      const { is_orphaned, missed_count } = await product.model(name);
      return { is_orphaned, missed_count };
    };

    test.each([
      ['no grace', { grace_misses: 0, grace_seconds: 0 }],
      ['a grace of one miss', { grace_misses: 1, grace_seconds: 0 }],
    ])('C11: with %s it is gone from LiteLLM in the run that misses it', async (_what, grace) => {
      await deployed(grace);
      ollama.remove('c:3b');
      const run = await product.sync(provider.id);
      expect(run).toMatchObject({
        state: 'done',
        outcome: { orphaned: 1, pushes: { removed: 1, failed: 0 }, writes: 1 },
      });
      expect(servedNames()).toEqual(['a:1b', 'd:4b']);
      expect(await state('c:3b')).toEqual({ is_orphaned: true, missed_count: 1 });

      await product.sync(provider.id);
      await product.reconcile();
      await product.idle();
      expect(servedNames()).toEqual(['a:1b', 'd:4b']);
    });

    test('C11: by default it stays served for three misses and an hour, and goes in the run after both', async () => {
      await deployed();
      ollama.remove('c:3b');
      for (const misses of [1, 2, 3]) {
        await product.sync(provider.id);
        expect(await state('c:3b')).toEqual({ is_orphaned: true, missed_count: misses });
        expect(servedNames()).toEqual(['a:1b', 'c:3b', 'd:4b']);
      }
      product.advance(hourMs + 60_000);
      expect(await product.sync(provider.id)).toMatchObject({ outcome: { pushes: { removed: 1 } } });
      expect(servedNames()).toEqual(['a:1b', 'd:4b']);
    });

    test('C11: an hour without three misses does not end the grace', async () => {
      await deployed();
      ollama.remove('c:3b');
      await product.sync(provider.id);
      product.advance(3 * hourMs);
      await product.sync(provider.id);
      await product.reconcile();
      await product.idle();
      expect(servedNames()).toEqual(['a:1b', 'c:3b', 'd:4b']);
      expect(await product.sync(provider.id)).toMatchObject({ outcome: { pushes: { removed: 1 } } });
    });

    test('C11: a grace that ends between two syncs is noticed by the reconcile', async () => {
      await deployed({ grace_misses: 1 });
      ollama.remove('c:3b');
      await product.sync(provider.id);
      await product.reconcile();
      expect(servedNames()).toContain('c:3b');
      product.advance(hourMs + 60_000);
      expect(await product.reconcile()).toMatchObject({ outcome: { pushes: { removed: 1 } } });
      expect(servedNames()).toEqual(['a:1b', 'd:4b']);
    });

    test('C11: within its grace it is neither updated nor made again when somebody deletes its row', async () => {
      await deployed();
      ollama.remove('c:3b');
      await product.sync(provider.id);
      const before = rowOf('c:3b');
      await product.call('PATCH', `/api/providers/${provider.id}`, { tags: ['gold'] });
      await product.idle();
      expect(rowOf('a:1b')?.litellm_params['tags']).toContain('gold');
      expect(rowOf('c:3b')).toEqual(before);

      litellm.unseed(before?.model_id ?? '');
      litellm.poll();
      product.advance(10_000);
      await product.reconcile();
      await product.sync(provider.id);
      await product.idle();
      expect(servedNames()).toEqual(['a:1b', 'd:4b']);
    });

    test('C11: one that comes back within its grace costs no write', async () => {
      await deployed();
      ollama.remove('c:3b');
      await product.sync(provider.id);
      litellm.counters.reset();
      ollama.add('c:3b');
      expect(await product.sync(provider.id)).toMatchObject({ outcome: { restored: 1, writes: 0 } });
      expect(await state('c:3b')).toEqual({ is_orphaned: false, missed_count: 0 });
      expect(litellm.counters.writes).toBe(0);
    });

    test('C11: one that comes back after it was removed has its edits and its deployment id again', async () => {
      await deployed({ grace_misses: 0, grace_seconds: 0 });
      await edit('c:3b', { params: { supports_web_search: true } });
      await product.idle();
      const before = rowOf('c:3b');
      ollama.remove('c:3b');
      await product.sync(provider.id);
      expect(rowOf('c:3b')).toBeUndefined();

      ollama.add('c:3b');
      expect(await product.sync(provider.id)).toMatchObject({
        outcome: { restored: 1, added: 0, pushes: { created: 1 } },
      });
      expect(rowOf('c:3b')).toMatchObject({
        model_id: before?.model_id,
        model_info: { supports_web_search: true },
      });
    });

    test('C11: with orphan_policy keep it stays until the policy changes', async () => {
      await deployed({ orphan_policy: 'keep', grace_misses: 0, grace_seconds: 0 });
      ollama.remove('c:3b');
      for (let turn = 0; turn < 3; turn += 1) await product.sync(provider.id);
      product.advance(48 * hourMs);
      await product.reconcile();
      await product.idle();
      expect(servedNames()).toEqual(['a:1b', 'c:3b', 'd:4b']);

      await product.call('PATCH', `/api/providers/${provider.id}`, { orphan_policy: 'remove' });
      await product.idle();
      expect(servedNames()).toEqual(['a:1b', 'd:4b']);
    });
  });

  describe('C13: a listing that fails', () => {
    const destination = async () => (await product.call('GET', '/api/admin/config')).body.destination;
    const listsFail = () =>
      litellm.faults.add({
        method: 'GET',
        path: /model\/info/,
        behaviour: { kind: 'status', status: 500, body: 'Internal Server Error' },
      });

    async function started(path: string): Promise<Run> {
      const { status, body } = await product.call('POST', path);
      expect(status).toBe(202);
      return body;
    }
    const triedOnce = (run: Run) =>
      until(`a failed attempt of run ${run.id}`, async () => {
        const { jobs } = await product.run(run.id);
        return jobs.some((job: { outcome: string }) => job.outcome === 'retried');
      });

    test('C13: a 500 is not "no models": two runs during it write nothing, and nothing is doubled afterwards', async () => {
      await deployed();
      const before = litellm.rows();
      litellm.counters.reset();
      const heal = listsFail();

      const reconcile = await started('/api/reconcile');
      await triedOnce(reconcile);
      expect(await product.sync(provider.id)).toMatchObject({ state: 'done', outcome: { writes: 0 } });
      expect(await destination()).toMatchObject({ state: 'error', error: expect.stringMatching(/500/) });
      expect((await product.run(reconcile.id)).state).not.toBe('done');
      expect(litellm.counters.writes).toBe(0);

      heal();
      expect(await product.finished(reconcile.id)).toMatchObject({
        state: 'done',
        outcome: { missing: [], writes: 0 },
      });
      await product.reconcile();
      await product.idle();
      expect(litellm.counters.writes).toBe(0);
      expect(litellm.rows()).toEqual(before);
      expect(await destination()).toMatchObject({ state: 'ok', error: null });
    });

    test('C13: before a first listing has worked, nothing is created', async () => {
      const heal = listsFail();
      provider = await product.addProvider({ name: 'box', base_url: ollama.url, type: 'ollama' });
      const run = await started(`/api/providers/${provider.id}/sync`);
      await until('a failed push', async () => {
        const models = await product.models();
        return models.some((model) => model.deployment.last_error !== null);
      });
      expect(litellm.counters.writes).toBe(0);

      heal();
      expect(await product.finished(run.id)).toMatchObject({
        outcome: { pushes: { created: 3, failed: 0 } },
      });
      expect(servedNames()).toEqual(['a:1b', 'c:3b', 'd:4b']);
    });

    test('C13: the 500 of a LiteLLM without models holds every write until a second listing, which settles it', async () => {
      await deployed();
      // The doubt lasts a poll: longer than this test, until the product's clock is moved.
      await product.call('PATCH', '/api/settings', { litellm_poll_seconds: 60 });
      const ids = litellm.rows().map((row) => row.model_id);
      litellm.counters.reset();
      // As a proxy of before /v2 answers that has lost its model list.
      litellm.faults.add({
        path: '/v2/model/info',
        behaviour: { kind: 'status', status: 404, body: { detail: 'Not Found' } },
      });
      litellm.faults.add({
        path: '/model/info',
        behaviour: {
          kind: 'status',
          status: 500,
          body: { detail: { error: 'LLM Model List not loaded in.' } },
        },
      });
      const reconcile = await started('/api/reconcile');
      await until('the suspicion', async () => (await destination()).state === 'suspicious');
      await edit('a:1b', { tags: ['gold'] });
      expect(litellm.counters.writes).toBe(0);

      litellm.faults.clear();
      product.advance(61_000);
      await until('the end of the reconcile', async () => {
        const waiting = (await product.queues.byName['push-model'].getDelayed()).filter(
          (job) => job.repeatJobKey === undefined,
        );
        await Promise.allSettled(waiting.map((job) => job.promote()));
        return (await product.run(reconcile.id)).state === 'done';
      });
      await product.idle();
      expect(await destination()).toMatchObject({ state: 'ok' });
      expect(servedNames()).toEqual(['a:1b', 'c:3b', 'd:4b']);
      // Only the edit was written: one replacement.
      expect(litellm.counters.writes).toBe(2);
      expect(litellm.rows().filter((row) => !ids.includes(row.model_id))).toHaveLength(1);
      expect(rowOf('a:1b')?.litellm_params['tags']).toContain('gold');
    });

    test('C13: even a LiteLLM that says so twice ends with one row for each model', async () => {
      await deployed();
      const before = litellm.rows();
      litellm.emptyListings = true;
      const reconcile = await started('/api/reconcile');
      await until(
        'a create that LiteLLM refuses, as the row is there',
        () => litellm.counters.get('POST /model/new') > 3,
      );
      expect(litellm.rows()).toEqual(before);
      litellm.emptyListings = false;
      await product.finished(reconcile.id);
      await product.reconcile();
      await product.idle();
      expect(litellm.rows()).toEqual(before);
      expect((await product.models()).map((model) => model.deployment.state)).toEqual([
        'in-step',
        'in-step',
        'in-step',
      ]);
    });
  });
});
