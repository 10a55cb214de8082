import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import BetterSqlite3 from 'better-sqlite3';
import type { Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { ollamaModel } from '../../sandbox/ollama-model.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import { connectRedis } from '../../src/jobs/connections.js';
import { consume, type Consumer } from '../../src/jobs/consume.js';
import { jobList } from '../../src/jobs/job-list.js';
import type { JobName } from '../../src/jobs/payloads.js';
import { Product } from '../support/product.js';
import { until } from '../support/until.js';

let product: Product;
let ollama: OllamaStandIn;
let litellm: LitellmStandIn;
let providerId: number;

beforeEach(async () => {
  litellm = await startLitellm();
  ollama = await startOllama({ models: ['a:1b', 'b:1b', 'c:1b'].map((name) => ollamaModel(name)) });
});

afterEach(async () => {
  await product.stop();
  await Promise.all([ollama.close(), litellm.close()]);
});

async function start(options: { worker?: boolean } = {}): Promise<void> {
  product = await Product.start({ litellmUrl: litellm.url, ...options });
  providerId = (await product.addProvider({ name: 'box', base_url: ollama.url, type: 'ollama' })).id;
}

async function startSync(id = providerId): Promise<number> {
  return (await product.call('POST', `/api/providers/${id}/sync`)).body.id;
}

/** Executions of a run's jobs in one queue, oldest first. */
async function executions(runId: number, queue: JobName): Promise<{ outcome: string; attempt: number }[]> {
  const runs = await product.stores.history.jobRunsOf(runId, 100);
  return runs
    .filter((run) => run.queue === queue)
    .map(({ outcome, attempt }) => ({ outcome, attempt }))
    .reverse();
}

/** Lets what waits for its backoff run now; the schedules keep their time. */
async function promoteAll(): Promise<void> {
  for (const queue of Object.values(product.queues.byName)) {
    const waiting = (await queue.getDelayed()).filter((job) => job.repeatJobKey === undefined);
    await Promise.allSettled(waiting.map((job) => job.promote()));
  }
}

async function ended(job: Job): Promise<Job> {
  return until('the end of the job', async () => {
    await promoteAll();
    const state = await job.getState();
    if (state !== 'failed' && state !== 'completed') return undefined;
    return product.queues.byName[job.queueName as JobName].getJob(job.id ?? '');
  });
}

describe('what an error does to a job', () => {
  beforeEach(() => start());

  test('a refused key fails at once and is never tried again', async () => {
    ollama.faults.add({ path: '/api/tags', behaviour: { kind: 'status', status: 401 } });
    const run = await product.finished(await startSync());
    expect(run).toMatchObject({ state: 'failed', reason: expect.stringMatching(/key/) });
    expect(await executions(run.id, 'fetch-provider')).toEqual([{ outcome: 'failed', attempt: 1 }]);
    expect(ollama.counters.get('GET /api/tags')).toBe(1);
  });

  test('a 500 is tried again until its attempts are used up; the run says so meanwhile', async () => {
    ollama.faults.add({ path: '/api/tags', behaviour: { kind: 'status', status: 500 } });
    const id = await startSync();
    const waiting = await until('the first failure', async () => {
      const run = await product.run(id);
      return run.reason === null ? undefined : run;
    });
    expect(waiting).toMatchObject({ state: 'running', reason: expect.stringMatching(/trying again/) });
    await until('the end', async () => {
      await promoteAll();
      return (await product.run(id)).state === 'failed';
    });
    const tries = await executions(id, 'fetch-provider');
    expect(tries.map(({ outcome }) => outcome)).toEqual([...tries.slice(1).map(() => 'retried'), 'failed']);
    expect(tries.length).toBeGreaterThan(2);
  });

  test('a 500 that goes away costs nothing but time', async () => {
    ollama.faults.add({ path: '/api/tags', times: 1, behaviour: { kind: 'status', status: 500 } });
    const id = await startSync();
    const run = await until('the end', async () => {
      await promoteAll();
      const seen = await product.run(id);
      return seen.state === 'done' ? seen : undefined;
    });
    expect(run).toMatchObject({ reason: null, outcome: { added: 3, fetched: 3 } });
    expect(await executions(id, 'fetch-provider')).toEqual([
      { outcome: 'retried', attempt: 1 },
      { outcome: 'completed', attempt: 2 },
    ]);
  });

  test('a 429 with Retry-After lets the job sleep for that time, without using an attempt; others go on', async () => {
    const other = await startOllama({ models: [ollamaModel('z:1b')] });
    try {
      const { id: otherId } = await product.addProvider({
        name: 'other',
        base_url: other.url,
        type: 'ollama',
      });
      ollama.faults.add({
        path: '/api/tags',
        times: 1,
        behaviour: { kind: 'status', status: 429, headers: { 'retry-after': '60' } },
      });
      const id = await startSync();
      const sleeping = await until('the sleeping job', async () => {
        const [job] = await product.queues.byName['fetch-provider'].getDelayed();
        return job;
      });
      expect(sleeping.delay).toBeGreaterThan(59_000);
      expect(sleeping.delay).toBeLessThanOrEqual(60_000);
      expect(await product.sync(otherId)).toMatchObject({ state: 'done', outcome: { added: 1 } });
      expect((await product.run(id)).state).toBe('running');
      await until('the end', async () => {
        await promoteAll();
        return (await product.run(id)).state === 'done';
      });
      expect(await executions(id, 'fetch-provider')).toEqual([
        { outcome: 'postponed', attempt: 1 },
        { outcome: 'completed', attempt: 1 },
      ]);
    } finally {
      await other.close();
    }
  });

  test('a provider that asks for hours is left to the next sync', async () => {
    ollama.faults.add({
      path: '/api/tags',
      behaviour: { kind: 'status', status: 429, headers: { 'retry-after': '7200' } },
    });
    const run = await product.finished(await startSync());
    expect(run).toMatchObject({ state: 'failed', reason: expect.stringMatching(/next sync/) });
  });

  test('a provider that fails does not stop another one', async () => {
    const other = await startOllama({ models: [ollamaModel('z:1b')] });
    try {
      const { id: otherId } = await product.addProvider({
        name: 'other',
        base_url: other.url,
        type: 'ollama',
      });
      ollama.faults.add({ path: '/api/tags', behaviour: { kind: 'hang' } });
      const hanging = await startSync();
      expect(await product.sync(otherId)).toMatchObject({
        state: 'done',
        outcome: { pushes: { created: 1 } },
      });
      expect((await product.run(hanging)).state).toBe('running');
      await ollama.down();
    } finally {
      await other.close();
    }
  });

  test('a LiteLLM that nobody reaches holds its queue without using up attempts', async () => {
    await litellm.down();
    const id = await startSync();
    const settings = await until('the error in the settings', async () => {
      const { body } = await product.call('GET', '/api/settings');
      return body.destination.state === 'error' ? body.destination : undefined;
    });
    expect(settings.error).toMatch(/LiteLLM|refused|127\.0\.0\.1/);
    // Fetching and storing went on; the pushes wait, and the run says how many.
    expect(
      await until('the stored models', async () => {
        const run = await product.run(id);
        return run.state === 'done' ? run : undefined;
      }),
    ).toMatchObject({ outcome: { added: 3, pushes: { pending: 3, created: 0, failed: 0 } } });
    await litellm.up();
    const run = await product.finished(id);
    expect(run.outcome.pushes).toMatchObject({ created: 3, failed: 0, pending: 0 });
    await product.idle();
    const pushes = await product.queues.byName['push-model'].getCompleted();
    expect(pushes.filter((job) => job.data.kind === 'model').map((job) => job.attemptsMade)).toEqual([
      1, 1, 1,
    ]);
    expect((await product.call('GET', '/api/settings')).body.destination).toMatchObject({
      state: 'ok',
      error: null,
    });
    expect(litellm.writes).toHaveLength(3);
  });

  test('a refused LiteLLM key fails each push at once, with words, and the next reconcile mends it', async () => {
    await product.call('PATCH', '/api/settings', { litellm_api_key: 'sk-wrong' });
    await product.idle();
    const run = await product.finished(await startSync());
    expect(run.outcome.pushes).toMatchObject({ failed: 3, created: 0 });
    const model = await product.model('a:1b');
    expect(model.deployment).toMatchObject({ state: 'failed', last_error: expect.stringMatching(/key/) });
    expect(JSON.stringify(model)).not.toContain('sk-wrong');
    expect(litellm.writes).toEqual([]);

    await product.call('PATCH', '/api/settings', { litellm_api_key: litellm.masterKey });
    await product.idle();
    await product.reconcile();
    await product.idle();
    expect(litellm.rows()).toHaveLength(3);
    expect((await product.model('a:1b')).deployment).toMatchObject({ state: 'in-step', last_error: null });
  });
});

describe('a payload that does not parse', () => {
  beforeEach(() => start());

  test.each<[JobName, unknown]>([
    ['fetch-provider', { providerId: 'one', trigger: 'manual' }],
    ['upsert-models', { kind: 'chunk', runId: 1, providerId: 1, models: [{ modelId: '' }] }],
    ['mark-orphans', { kind: 'unheard-of' }],
    ['push-model', {}],
  ])('fails %s for good, without a retry, and the queue goes on', async (queue, data) => {
    await product.idle();
    const job = await product.queues.byName[queue].add(queue, data, { attempts: 5 });
    const seen = await ended(job);
    expect(seen).toMatchObject({
      attemptsMade: 1,
      failedReason: expect.stringMatching(/payload does not fit/),
    });
    expect(await job.getState()).toBe('failed');
    expect(await product.sync(providerId)).toMatchObject({
      state: 'done',
      outcome: { pushes: { created: 3 } },
    });
  });

  test('is refused before Redis as well', async () => {
    await expect(
      product.queues.add('fetch-provider', { providerId: -1, trigger: 'manual' }),
    ).rejects.toThrow();
    expect(await product.queues.byName['fetch-provider'].getJobCountByTypes('waiting', 'failed')).toBe(0);
  });
});

describe('two workers', () => {
  test('write to LiteLLM one at a time', async () => {
    await start();
    ollama.add(...Array.from({ length: 20 }, (_none, index) => `more-${index}:1b`));
    litellm.faults.latencyMs = 3;
    const connection = connectRedis(process.env['REDIS_URL'] ?? '', 'working');
    const second = consume(jobList, { connection, prefix: product.prefix }, product.queues, product.services);
    try {
      const run = await product.finished(await startSync());
      expect(run.outcome.pushes).toMatchObject({ created: 23, failed: 0 });
    } finally {
      await second.stop();
      connection.disconnect();
    }
    const sqlite = new BetterSqlite3(join(product.dataDir, 'models.db'), { readonly: true });
    const pushes = sqlite
      .prepare<[], { started_at: string; duration_ms: number }>(
        `SELECT started_at, duration_ms FROM job_runs WHERE queue = 'push-model' ORDER BY started_at, id`,
      )
      .all();
    sqlite.close();
    expect(pushes.length).toBeGreaterThanOrEqual(23);
    const overlaps = pushes.filter((push, index) => {
      const before = pushes[index - 1];
      return (
        before !== undefined &&
        Date.parse(before.started_at) + before.duration_ms > Date.parse(push.started_at)
      );
    });
    expect(overlaps).toEqual([]);
  });
});

describe('a worker that is told to stop', () => {
  let connections: Redis[];
  let consumers: Consumer[];

  beforeEach(async () => {
    connections = [];
    consumers = [];
    await start({ worker: false });
  });

  afterEach(async () => {
    await Promise.all(consumers.map((consumer) => consumer.stop()));
    for (const connection of connections) connection.disconnect();
  });

  function startConsumer(): Consumer {
    const connection = connectRedis(process.env['REDIS_URL'] ?? '', 'working');
    connections.push(connection);
    const consumer = consume(
      jobList,
      { connection, prefix: product.prefix },
      product.queues,
      product.services,
    );
    consumers.push(consumer);
    return consumer;
  }

  test('hands the job of a server that does not answer back within 9 s, and another worker finishes it', async () => {
    const first = startConsumer();
    await product.idle();
    const clear = ollama.faults.add({ path: '/api/tags', behaviour: { kind: 'hang' } });
    const id = await startSync();
    await until('the hanging call', () => ollama.counters.get('GET /api/tags') > 0);
    const since = Date.now();
    await first.stop();
    expect(Date.now() - since).toBeLessThan(9_000);
    expect(await product.run(id)).toMatchObject({ state: 'running' });
    expect(await executions(id, 'fetch-provider')).toEqual([{ outcome: 'postponed', attempt: 1 }]);
    expect(await product.queues.byName['fetch-provider'].getActiveCount()).toBe(0);

    clear();
    startConsumer();
    expect(await product.finished(id)).toMatchObject({
      state: 'done',
      outcome: { added: 3, pushes: { created: 3 } },
    });
    expect(await executions(id, 'fetch-provider')).toEqual([
      { outcome: 'postponed', attempt: 1 },
      { outcome: 'completed', attempt: 1 },
    ]);
  });

  test('gives up a slow create, which LiteLLM finishes all the same: no second row is made', async () => {
    const first = startConsumer();
    await product.idle();
    ollama.models.splice(1);
    litellm.faults.add({ path: '/model/new', times: 1, behaviour: { kind: 'delay', ms: 7_000 } });
    const id = await startSync();
    await until('the slow create', () => litellm.counters.get('POST /model/new') > 0);
    await first.stop();
    startConsumer();
    const run = await product.finished(id);
    expect(run.outcome.pushes).toMatchObject({ created: 1, failed: 0 });
    // The first request is answered after all, to nobody.
    await until('the late create', () => litellm.writes.length > 0);
    expect(litellm.rows()).toHaveLength(1);
    expect(litellm.writes).toHaveLength(1);
    expect(run.outcome.writes).toBe(litellm.counters.get('POST /model/new'));
  });

  test('lets a job that is nearly done come to its end', async () => {
    const first = startConsumer();
    await product.idle();
    ollama.faults.add({ path: '/api/tags', behaviour: { kind: 'delay', ms: 500 } });
    const id = await startSync();
    await until('the slow call', () => ollama.counters.get('GET /api/tags') > 0);
    await first.stop();
    expect(await executions(id, 'fetch-provider')).toEqual([{ outcome: 'completed', attempt: 1 }]);
  });
});
