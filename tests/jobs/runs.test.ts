import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { ollamaModel } from '../../sandbox/ollama-model.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import { closeLostRuns } from '../../src/jobs/close-lost-runs.js';
import { concludeJobId } from '../../src/jobs/enqueue.js';
import { holdLists } from '../support/hold-lists.js';
import { Product } from '../support/product.js';
import { until } from '../support/until.js';

const names = Array.from({ length: 250 }, (_none, index) => `m${String(index).padStart(3, '0')}:1b`);

let product: Product;
let ollama: OllamaStandIn;
let litellm: LitellmStandIn;
let providerId: number;

beforeEach(async () => {
  litellm = await startLitellm();
  ollama = await startOllama({ models: names.slice(0, 3).map((name) => ollamaModel(name)) });
});

afterEach(async () => {
  await product.stop();
  await Promise.all([ollama.close(), litellm.close()]);
});

async function start(options: { worker?: boolean; litellmUrl?: null } = {}): Promise<void> {
  product = await Product.start({ litellmUrl: litellm.url, ...options });
  providerId = (
    await product.addProvider({
      name: 'box',
      base_url: ollama.url,
      type: 'ollama',
      grace_misses: 0,
      grace_seconds: 0,
    })
  ).id;
}

async function startSync(): Promise<number> {
  return (await product.call('POST', `/api/providers/${providerId}/sync`)).body.id;
}

describe('a chunk that cannot be stored', () => {
  test('closes its run as failed with the reason, and nothing is orphaned', async () => {
    await start();
    await product.sync(providerId);
    await product.idle();
    ollama.remove(names[0]!);
    ollama.add(names[3]!);
    const storeChunk = product.stores.models.storeChunk.bind(product.stores.models);
    product.stores.models.storeChunk = () => Promise.reject(new Error('the disk is full'));

    const run = await startSync();
    const failed = await until('the end of the run', async () => {
      for (const queue of Object.values(product.queues.byName)) {
        const waiting = (await queue.getDelayed()).filter((job) => job.repeatJobKey === undefined);
        await Promise.allSettled(waiting.map((job) => job.promote()));
      }
      const seen = await product.run(run);
      return seen.state === 'failed' ? seen : undefined;
    });
    expect(failed.reason).toMatch(/the disk is full/);
    expect((await product.models('&orphaned=true')).length).toBe(0);
    expect(litellm.rows()).toHaveLength(3);
    const parents = product.queues.byName['mark-orphans'];
    await until('the parent to fail', async () => (await parents.getWaitingChildrenCount()) === 0);

    product.stores.models.storeChunk = storeChunk;
    expect(await product.sync(providerId)).toMatchObject({
      state: 'done',
      outcome: { orphaned: 1, added: 1 },
    });
  });
});

describe('a job that is delivered twice', () => {
  test('a repeated fetch adds nothing twice', async () => {
    await start({ litellmUrl: null });
    ollama.add(...names.slice(3));
    const id = await startSync();
    await product.finished(id);
    const run = (await product.stores.runs.byId(id))!;
    const before = {
      chunks: await product.queues.byName['upsert-models'].getCompletedCount(),
      conclusions: await product.queues.byName['mark-orphans'].getCompletedCount(),
      models: await product.models(),
    };
    expect(before.models).toHaveLength(250);

    const job = await product.queues.byName['fetch-provider'].getJob(run.jobId ?? '');
    await product.queues.add('fetch-provider', job?.data, { jobId: 'delivered-again' });
    await product.idle();
    expect(await product.queues.byName['upsert-models'].getCompletedCount()).toBe(before.chunks);
    expect(await product.queues.byName['mark-orphans'].getCompletedCount()).toBe(before.conclusions);
    expect(await product.models()).toEqual(before.models);
    expect(await product.run(id)).toMatchObject({ outcome: { added: 250, fetched: 250 } });
  });

  test('a fetch that died after it had handed its chunks on hands on no second set', async () => {
    await start({ worker: false, litellmUrl: null });
    const id = await startSync();
    const run = (await product.stores.runs.byId(id))!;
    await product.stores.runs.start(id, new Date().toISOString());
    const chunks = [0, 1, 2].map((number) => [
      { modelId: names[number]!, listing: {}, fingerprint: `sha256:${number}` },
    ]);
    await product.queues.chunks(run, providerId, chunks);
    await product.queues.chunks(run, providerId, chunks);
    expect(
      await product.queues.byName['upsert-models'].getJobCountByTypes('waiting', 'prioritized', 'delayed'),
    ).toBe(
      // The schedule of the re-derivation waits there, too.
      3 + (await product.queues.byName['upsert-models'].getJobSchedulersCount()),
    );
    expect(await product.queues.byName['mark-orphans'].getJob(concludeJobId(run))).toBeDefined();
  });

  test('the conclusion of a run counts a miss once', async () => {
    await start();
    await product.sync(providerId);
    ollama.remove(names[0]!);
    const run = await product.sync(providerId);
    await product.queues.add('mark-orphans', { kind: 'run', runId: run.id });
    await product.idle();
    expect(await product.model(names[0]!)).toMatchObject({ is_orphaned: true, missed_count: 1 });
    expect(await product.run(run.id)).toMatchObject({ outcome: { orphaned: 1, pushes: { removed: 1 } } });
  });
});

describe('a sync that is asked for while one is open', () => {
  test('joins it: one run, one fetch', async () => {
    await start();
    const lists = holdLists(product);
    const answers = await Promise.all(
      [1, 2, 3, 4].map(async () => product.call('POST', `/api/providers/${providerId}/sync`)),
    );
    lists.letGo();
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(answers.filter(({ body }) => !body.joined)).toHaveLength(1);
    await product.finished(answers[0]!.body.id);
    expect(ollama.counters.get('GET /api/tags')).toBe(1);
  });
});

describe('a run whose job is gone from Redis', () => {
  beforeEach(() => start({ worker: false }));

  async function loseTheJob(id: number): Promise<void> {
    const run = await product.stores.runs.byId(id);
    await product.queues.byName['fetch-provider'].remove(run?.jobId ?? '');
  }

  test('is closed as lost at start, with words', async () => {
    const id = await startSync();
    await loseTheJob(id);
    product.advance(11_000);
    await closeLostRuns(product.services);
    expect(await product.run(id)).toMatchObject({ state: 'lost', reason: expect.stringMatching(/Redis/) });
  });

  test('does not block the next sync, which closes it and starts anew', async () => {
    const id = await startSync();
    await loseTheJob(id);
    product.advance(11_000);
    const { body } = await product.call('POST', `/api/providers/${providerId}/sync`);
    expect(body).toMatchObject({ joined: false, state: 'waiting' });
    expect(body.id).not.toBe(id);
    expect((await product.run(id)).state).toBe('lost');
  });

  test('whose job is still there is left alone, however old', async () => {
    const id = await startSync();
    product.advance(24 * 3_600_000);
    await closeLostRuns(product.services);
    expect((await product.run(id)).state).toBe('waiting');
  });

  test('whose asker died when its job was queued is left alone too', async () => {
    const wish = { kind: 'sync' as const, trigger: 'manual' as const, providerId, providerName: 'box' };
    const { run } = await product.stores.runs.openOrJoin(wish, product.services.now().toISOString());
    const payload = { providerId, runId: run.id, trigger: 'manual' as const };
    await product.queues.add('fetch-provider', payload, { jobId: run.jobId ?? '' });
    product.advance(24 * 3_600_000);
    await closeLostRuns(product.services);
    expect((await product.run(run.id)).state).toBe('waiting');
  });

  test('a run that was inserted a moment ago is not taken for lost before its job is queued', async () => {
    const wish = { kind: 'sync' as const, trigger: 'manual' as const, providerId, providerName: 'box' };
    const { run } = await product.stores.runs.openOrJoin(wish, product.services.now().toISOString());
    await closeLostRuns(product.services);
    expect((await product.run(run.id)).state).toBe('waiting');
  });
});

test('a run whose Redis was wiped is closed by the hourly sweep, and a held run is not', async () => {
  await start();
  await product.sync(providerId);
  for (const name of names.slice(0, 3)) ollama.remove(name);
  const held = await product.sync(providerId);
  expect(held.state).toBe('held');
  const wish = { kind: 'sync' as const, trigger: 'manual' as const, providerId, providerName: 'box' };
  const { run } = await product.stores.runs.openOrJoin(wish, product.services.now().toISOString());
  product.advance(11_000);
  await product.queues.add('mark-orphans', { kind: 'sweep' });
  await until('the sweep', async () => (await product.run(run.id)).state === 'lost');
  expect((await product.run(held.id)).state).toBe('held');
});

describe('a push whose end cannot be stored', () => {
  test('is ended under its right name by the next attempt, and is written once', async () => {
    await start();
    const finishPush = product.stores.deployments.finishPush.bind(product.stores.deployments);
    let refusals = 0;
    product.stores.deployments.finishPush = (...end) => {
      if (++refusals > 1) return finishPush(...end);
      return Promise.reject(new Error('the disk is full'));
    };

    const run = await product.sync(providerId);
    expect(refusals).toBeGreaterThan(1);
    expect(run.outcome.pushes).toMatchObject({ created: 3, unchanged: 0, failed: 0 });
    expect(litellm.writes).toHaveLength(3);
  });
});
