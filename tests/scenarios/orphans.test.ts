import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Behaviour } from '../../sandbox/faults.js';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { ollamaModel } from '../../sandbox/ollama-model.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import { openAiModel } from '../../sandbox/openai-models.js';
import { startOpenAiCompatible, type OpenAiCompatibleStandIn } from '../../sandbox/openai-compatible.js';
import { Product, type Run } from '../support/product.js';
import { until } from '../support/until.js';

const names = ['a:1b', 'b:1b', 'c:1b', 'd:1b', 'e:1b', 'f:1b'];
const hourMs = 3_600_000;

let product: Product;
let ollama: OllamaStandIn;
let litellm: LitellmStandIn;

beforeEach(async () => {
  litellm = await startLitellm();
  ollama = await startOllama({ models: names.map((name) => ollamaModel(name)) });
  product = await Product.start({ litellmUrl: litellm.url });
});

afterEach(async () => {
  await product.stop();
  await Promise.all([ollama.close(), litellm.close()]);
});

/** The six models, registered. */
async function registered(fields: Record<string, unknown> = {}): Promise<number> {
  const { id } = await product.addProvider({ name: 'box', base_url: ollama.url, type: 'ollama', ...fields });
  expect(await product.sync(id)).toMatchObject({ state: 'done', outcome: { pushes: { created: 6 } } });
  await product.idle();
  return id;
}

const atLitellm = () =>
  litellm
    .rows()
    .map((row) => row.model_name)
    .sort();

/** Everything that a sync may not change when it believes nothing. */
async function truth() {
  const models = await product.models();
  return {
    rows: litellm.rows(),
    models: models.map(({ model_id, is_orphaned, missed_count, deployment }) => [
      model_id,
      is_orphaned,
      missed_count,
      deployment.deployment_id,
    ]),
    writes: litellm.counters.writes,
  };
}

/** Retries run at once instead of after their backoff; the schedules keep their time. */
async function syncWithoutBackoff(providerId: number): Promise<Run> {
  const { body } = await product.call('POST', `/api/providers/${providerId}/sync`);
  return until('the end of the run', async () => {
    for (const queue of Object.values(product.queues.byName)) {
      const waiting = (await queue.getDelayed()).filter((job) => job.repeatJobKey === undefined);
      await Promise.allSettled(waiting.map((job) => job.promote()));
    }
    const run = await product.run(body.id);
    return run.state === 'waiting' || run.state === 'running' ? undefined : run;
  });
}

async function sweep(): Promise<void> {
  await product.queues.add('mark-orphans', { kind: 'sweep' });
  await product.idle();
}

describe('a model that the provider no longer lists', () => {
  test('is an orphan at once, stays at LiteLLM, and leaves it after three misses and an hour', async () => {
    const id = await registered();
    ollama.remove('a:1b');
    const first = await product.sync(id);
    expect(first).toMatchObject({ state: 'done', outcome: { orphaned: 1, writes: 0 } });
    expect(await product.model('a:1b')).toMatchObject({ is_orphaned: true, missed_count: 1 });
    expect((await product.model('a:1b')).orphaned_at).not.toBeNull();
    expect(atLitellm()).toEqual(names);

    product.advance(2 * hourMs); // long enough, but only the second miss
    expect((await product.sync(id)).outcome).toMatchObject({ orphaned: 0, writes: 0 });
    expect(atLitellm()).toEqual(names);

    const third = await product.sync(id);
    expect(third.outcome).toMatchObject({ writes: 1, pushes: { removed: 1 } });
    expect(atLitellm()).toEqual(names.slice(1));
    expect(await product.model('a:1b')).toMatchObject({
      is_orphaned: true,
      missed_count: 3,
      deployment: { state: 'absent' },
    });
    expect((await product.sync(id)).outcome.writes).toBe(0);
  });

  test('stays after three misses until the hour is over; then the hourly sweep removes it', async () => {
    const id = await registered();
    ollama.remove('a:1b');
    for (let misses = 0; misses < 4; misses++) await product.sync(id);
    product.advance(hourMs - 60_000);
    await sweep();
    expect(atLitellm()).toEqual(names);
    product.advance(120_000);
    await sweep();
    expect(atLitellm()).toEqual(names.slice(1));
  });

  test('is no longer pushed while it is an orphan', async () => {
    const id = await registered();
    ollama.remove('a:1b');
    await product.sync(id);
    const writes = litellm.counters.writes;
    const { id: modelId } = await product.model('a:1b');
    await product.call('PATCH', `/api/models/${modelId}`, { user_params: { temperature: 0.5 } });
    product.advance(5_000);
    await product.reconcile();
    await product.idle();
    expect(litellm.counters.writes).toBe(writes);
  });

  test.each([0, 1])('leaves at once where the grace is %s misses and 0 seconds', async (misses) => {
    const id = await registered({ grace_misses: misses, grace_seconds: 0 });
    ollama.remove('a:1b');
    expect(await product.sync(id)).toMatchObject({
      state: 'done',
      outcome: { orphaned: 1, writes: 1, pushes: { removed: 1 } },
    });
    expect(atLitellm()).toEqual(names.slice(1));
  });

  test('stays for ever where the policy is keep', async () => {
    const id = await registered({ orphan_policy: 'keep', grace_misses: 0, grace_seconds: 0 });
    ollama.remove('a:1b');
    for (let misses = 0; misses < 4; misses++) await product.sync(id);
    product.advance(365 * 24 * hourMs);
    await sweep();
    await product.reconcile();
    await product.idle();
    expect(atLitellm()).toEqual(names);
    expect(await product.model('a:1b')).toMatchObject({ is_orphaned: true, missed_count: 4 });
  });
});

describe('a model that comes back', () => {
  test.each([
    ['within its grace', {}],
    ['after it left LiteLLM', { grace_misses: 1, grace_seconds: 0 }],
  ])('%s has its edits and its deployment id', async (_when, grace) => {
    const id = await registered(grace);
    const { id: modelId } = await product.model('a:1b');
    await product.call('PATCH', `/api/models/${modelId}`, {
      user_params: { temperature: 0.5, max_tokens: 77 },
      tags: ['gold'],
      access_groups: ['team-a'],
    });
    await product.idle();
    const before = litellm.rows().find((row) => row.model_name === 'a:1b')!;
    const edited = await product.model('a:1b');

    ollama.remove('a:1b');
    await product.sync(id);
    ollama.add('a:1b');
    const run = await product.sync(id);
    await product.idle();

    expect(run.outcome).toMatchObject({ restored: 1, added: 0, orphaned: 0 });
    const after = litellm.rows().find((row) => row.model_name === 'a:1b')!;
    expect(after).toMatchObject({
      model_id: before.model_id,
      litellm_params: before.litellm_params,
      model_info: before.model_info,
    });
    expect(after.litellm_params).toMatchObject({ temperature: 0.5 });
    expect(await product.model('a:1b')).toMatchObject({
      id: edited.id,
      user_params: { temperature: 0.5, max_tokens: 77 },
      user_tags: ['gold'],
      access_groups: ['team-a'],
      user_modified: true,
      is_orphaned: false,
      orphaned_at: null,
      missed_count: 0,
      first_seen: edited.first_seen,
      deployment: { state: 'in-step', deployment_id: before.model_id },
    });
    expect(litellm.rows()).toHaveLength(6);
  });

  test('and was disabled is still disabled and not published', async () => {
    const id = await registered();
    const { id: modelId } = await product.model('a:1b');
    await product.call('PATCH', `/api/models/${modelId}`, { sync_enabled: false });
    await product.idle();
    expect(atLitellm()).toEqual(names.slice(1));
    ollama.remove('a:1b');
    await product.sync(id);
    ollama.add('a:1b');
    expect((await product.sync(id)).outcome).toMatchObject({ restored: 1, writes: 0 });
    expect(await product.model('a:1b')).toMatchObject({ sync_enabled: false, is_orphaned: false });
    expect(atLitellm()).toEqual(names.slice(1));
  });
});

describe('a list that is not to be believed', () => {
  test.each<[string, Behaviour, RegExp]>([
    ['a 500', { kind: 'status', status: 500 }, /failed \(500\)/],
    ['a page of HTML', { kind: 'html' }, /HTML/],
    ['a body that breaks off', { kind: 'truncated' }, /breaks off/],
    ['a dropped connection', { kind: 'drop' }, /./],
    ['an empty body', { kind: 'empty' }, /answered nothing/],
    [
      'an error object with 200',
      { kind: 'status', status: 200, body: { error: 'loading' } },
      /loading|error/,
    ],
    ['a wrong shape', { kind: 'status', status: 200, body: { models: 'soon' } }, /list|shape|models/],
    ['a refused key', { kind: 'status', status: 401 }, /key/],
  ])(
    '%s: the run failed with its reason, nothing is orphaned, nothing leaves LiteLLM',
    async (_what, behaviour, reason) => {
      const id = await registered({ grace_misses: 0, grace_seconds: 0 });
      const before = await truth();
      const clear = ollama.faults.add({ path: '/api/tags', behaviour });
      const run = await syncWithoutBackoff(id);
      expect(run).toMatchObject({ state: 'failed', reason: expect.stringMatching(reason) });
      expect(run.outcome).toMatchObject({ writes: 0 });
      expect(await truth()).toEqual(before);
      const provider = (await product.call('GET', `/api/providers/${id}`)).body;
      expect(JSON.stringify(provider)).toContain(JSON.stringify(run.reason).slice(1, -1));

      clear();
      expect(await product.sync(id)).toMatchObject({ state: 'done', outcome: { unchanged: 6, writes: 0 } });
      expect(await truth()).toEqual(before);
    },
  );

  test('a failing second page: the first page’s models are no catalogue', async () => {
    const paged: OpenAiCompatibleStandIn = await startOpenAiCompatible({
      models: ['m1', 'm2', 'm3', 'm4', 'm5', 'm6'].map((id) => openAiModel(id)),
      paging: 'links',
      pageSize: 4,
    });
    try {
      const { id } = await product.addProvider({
        name: 'paged',
        base_url: paged.baseUrl,
        type: 'openai',
        grace_misses: 0,
        grace_seconds: 0,
      });
      expect(await product.sync(id)).toMatchObject({ outcome: { fetched: 6, pushes: { created: 6 } } });
      const before = await truth();
      paged.faults.add({ path: /offset=4/, behaviour: { kind: 'status', status: 500 } });
      expect(await syncWithoutBackoff(id)).toMatchObject({ state: 'failed' });
      expect(await truth()).toEqual(before);
    } finally {
      await paged.close();
    }
  });

  test('one failing detail call keeps that model with what is known of it', async () => {
    const id = await registered({ grace_misses: 0, grace_seconds: 0 });
    const before = await product.model('a:1b');
    ollama.replace('a:1b', { contextLength: 4096 });
    ollama.faults.add({ path: '/api/show', times: 1, behaviour: { kind: 'html' } });
    expect(await product.sync(id)).toMatchObject({ state: 'done', outcome: { orphaned: 0, fetched: 6 } });
    const after = await product.model('a:1b');
    expect(after).toMatchObject({ is_orphaned: false, max_context_window: before.max_context_window });
    expect(after.details_error).toMatch(/HTML/);
    expect(atLitellm()).toEqual(names);
    await product.sync(id);
    expect(await product.model('a:1b')).toMatchObject({ details_error: null, max_context_window: 4096 });
  });
});

describe('a list that lacks half of the models or all', () => {
  async function held(remove: string[]): Promise<{ id: number; run: Run }> {
    const id = await registered({ grace_misses: 0, grace_seconds: 0 });
    for (const name of remove) ollama.remove(name);
    return { id, run: await product.sync(id) };
  }

  test.each([
    ['an empty list', names],
    ['exactly half', names.slice(0, 3)],
    ['more than half', names.slice(0, 5)],
  ])(
    '%s: the run is held with what is missing; nothing is orphaned, nothing leaves LiteLLM',
    async (_what, missing) => {
      const { run } = await held(missing);
      expect(run).toMatchObject({
        state: 'held',
        reason: expect.stringMatching(/needs review/),
        outcome: { missing, orphaned: 0, writes: 0 },
      });
      expect(atLitellm()).toEqual(names);
      expect((await product.models()).filter((model) => model.is_orphaned || model.missed_count > 0)).toEqual(
        [],
      );
      await sweep();
      product.advance(24 * hourMs);
      await sweep();
      expect(atLitellm()).toEqual(names);
    },
  );

  test('fewer than half are believed', async () => {
    const { run } = await held(names.slice(0, 2));
    expect(run).toMatchObject({ state: 'done', outcome: { orphaned: 2, pushes: { removed: 2 } } });
  });

  test('what was seen and what is new is stored and pushed all the same', async () => {
    const id = await registered();
    for (const name of names.slice(0, 3)) ollama.remove(name);
    ollama.add('new:1b');
    ollama.replace('f:1b', { contextLength: 4096 });
    const run = await product.sync(id);
    expect(run).toMatchObject({
      state: 'held',
      outcome: { added: 1, updated: 1, missing: names.slice(0, 3) },
    });
    expect(atLitellm()).toEqual([...names, 'new:1b']);
    expect((await product.model('f:1b')).max_context_window).toBe(4096);
  });

  test('accepted: what was missing becomes orphaned and goes by its grace', async () => {
    const { id, run } = await held(names.slice(0, 3));
    const accepted = await product.call('POST', `/api/runs/${run.id}/accept`);
    expect(accepted.status).toBe(202);
    const done = await until('the accepted run', async () => {
      const seen = await product.run(run.id);
      return seen.state === 'done' && seen.outcome.pushes.pending === 0 ? seen : undefined;
    });
    await product.idle();
    expect(done).toMatchObject({ decision: 'accepted', outcome: { orphaned: 3 } });
    expect((await product.models('&orphaned=true')).map((model) => model.model_id)).toEqual(
      names.slice(0, 3),
    );
    expect(atLitellm()).toEqual(names.slice(3));
    expect(await product.sync(id)).toMatchObject({ state: 'done', outcome: { unchanged: 3, writes: 0 } });
  });

  test('accepted too late: what came back meanwhile stays', async () => {
    const { id, run } = await held(names.slice(0, 3));
    // One is back, but the list is not good: the held run still waits with its own list.
    ollama.add('a:1b');
    for (const name of ['d:1b', 'e:1b']) ollama.remove(name);
    const second = await product.sync(id);
    expect(second.state).toBe('held');
    expect(await product.run(run.id)).toMatchObject({ state: 'superseded' });
    await product.call('POST', `/api/runs/${second.id}/accept`);
    await until('the accepted run', async () => (await product.run(second.id)).state === 'done');
    await product.idle();
    expect((await product.models('&orphaned=false')).map((model) => model.model_id)).toEqual([
      'a:1b',
      'f:1b',
    ]);
  });

  test('rejected: nothing happens, and the run is closed', async () => {
    const { run } = await held(names.slice(0, 3));
    const before = await truth();
    expect((await product.call('POST', `/api/runs/${run.id}/reject`)).status).toBe(202);
    await product.idle();
    expect(await product.run(run.id)).toMatchObject({
      state: 'done',
      decision: 'rejected',
      outcome: { orphaned: 0 },
    });
    expect(await truth()).toEqual(before);
    expect((await product.call('POST', `/api/runs/${run.id}/accept`)).status).toBe(409);
    expect(await truth()).toEqual(before);
  });

  test('the same models missing again renew the held run instead of adding one', async () => {
    const { id, run } = await held(names.slice(0, 4));
    const second = await product.sync(id);
    expect(second).toMatchObject({ state: 'superseded', outcome: { orphaned: 0 } });
    expect(second.reason).toContain(String(run.id));
    expect(await product.run(run.id)).toMatchObject({ state: 'held', renewals: 1 });
    await product.sync(id);
    expect(await product.run(run.id)).toMatchObject({ state: 'held', renewals: 2 });
    const { body } = await product.call('GET', '/api/runs?state=held');
    expect(body.total).toBe(1);
    expect(atLitellm()).toEqual(names);
  });

  test('a good full list closes the held run as superseded', async () => {
    const { id, run } = await held(names.slice(0, 4));
    ollama.add(...names.slice(0, 4));
    expect(await product.sync(id)).toMatchObject({ state: 'done', outcome: { restored: 0, writes: 0 } });
    expect(await product.run(run.id)).toMatchObject({ state: 'superseded', outcome: { orphaned: 0 } });
    expect((await product.call('POST', `/api/runs/${run.id}/accept`)).status).toBe(409);
    expect(atLitellm()).toEqual(names);
  });
});
