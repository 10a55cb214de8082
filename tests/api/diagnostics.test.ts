import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startPrivateRedis } from '../../scripts/private-redis.mjs';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { startOpenAiCompatible, type OpenAiCompatibleStandIn } from '../../sandbox/openai-compatible.js';
import { openAiModel } from '../../sandbox/openai-models.js';
import { connectRedis } from '../../src/jobs/connections.js';
import { Product } from '../support/product.js';
import { until } from '../support/until.js';
import { EventStream } from './event-stream.js';
import { seedModels } from './seed.js';

const ids = ['alpha', 'beta', 'gamma', 'delta'];
const providerKey = 'sk-secret-of-the-provider';
const litellmKey = 'sk-secret-of-litellm';

describe('diagnostics', () => {
  let product: Product;
  let server: OpenAiCompatibleStandIn;
  let litellm: LitellmStandIn;
  let provider: any;

  beforeEach(async () => {
    litellm = await startLitellm({ masterKey: litellmKey });
    server = await startOpenAiCompatible({ models: ids.map((id) => openAiModel(id)), apiKey: providerKey });
    product = await Product.start({ litellmUrl: litellm.url, litellmKey });
    provider = await product.addProvider({
      name: 'vllm',
      base_url: server.baseUrl,
      type: 'openai',
      api_key: providerKey,
    });
    await until('the first look at LiteLLM', async () => {
      const { body } = await product.call('GET', '/api/runs?kind=reconcile&state=done');
      return body.total > 0;
    });
  });
  afterEach(async () => {
    await product.stop();
    await Promise.all([server.close(), litellm.close()]);
  });

  const diagnose = async () => (await product.call('GET', '/api/diagnostics')).body;
  const health = async () => (await product.call('GET', '/api/diagnostics/health')).body;

  test('a product that works tells every component and no problem', async () => {
    await product.sync(provider.id);
    await product.idle();
    const found = await diagnose();
    expect(found.problems).toEqual([]);
    expect(found).toMatchObject({
      version: 'test',
      node_version: process.version,
      database: {
        state: 'ok',
        file: 'models.db',
        journal_mode: 'wal',
        schema: expect.stringMatching(/^[A-Z]\w+\d{13}$/),
      },
      redis: { state: 'ok', version: expect.stringMatching(/^\d+\./), ping_ms: expect.any(Number) },
      workers: [{ pid: process.pid, version: 'test', queues: expect.arrayContaining(['push-model']) }],
      providers: [{ id: provider.id, name: 'vllm', state: 'ok', last_error: null, open_run_id: null }],
      destination: { configured: true, state: 'ok', error: null, pending_pushes: 0, failed_pushes: 0 },
      runs: { open: 0, held: 0, failed_last_day: 0 },
    });
    expect(found.database.size_bytes).toBeGreaterThan(0);
    expect(found.redis.used_memory_bytes).toBeGreaterThan(0);
    expect(found.queues.map(({ name, counts }: any) => [name, counts.waiting, counts.active])).toEqual([
      ['fetch-provider', 0, 0],
      ['upsert-models', 0, 0],
      ['mark-orphans', 0, 0],
      ['push-model', 0, 0],
    ]);
    expect(found.providers[0].lag_seconds).toBeLessThan(60);
    expect(await health()).toEqual({ status: 'ok', problems: [] });
    expect(JSON.stringify(found)).not.toMatch(new RegExp(`${providerKey}|${litellmKey}|${product.dataDir}`));
  });

  test('a provider that fails, a LiteLLM that is away and a run that is held are told in words', async () => {
    await product.sync(provider.id);
    for (const gone of ids.slice(0, 3)) server.remove(gone);
    const held = await product.sync(provider.id);
    await server.close();
    await product.call('POST', `/api/providers/${provider.id}/sync`);
    await until('the provider to fail', async () => (await diagnose()).providers[0].state === 'error');
    await litellm.close();
    await product.call('POST', '/api/reconcile');
    await until('LiteLLM to be away', async () => (await diagnose()).destination.state === 'error');

    const { status, problems } = await health();
    expect(status).toBe('degraded');
    expect(problems).toMatchObject([
      {
        component: `provider:${provider.id}`,
        severity: 'error',
        message: expect.stringMatching(/^Provider "vllm" fails .* It was last read at 20/),
      },
      { component: 'destination', severity: 'error', message: expect.stringMatching(/^LiteLLM has trouble/) },
      {
        component: `run:${held.id}`,
        severity: 'warning',
        message: `The sync of "vllm" missed 3 models at once and waits for your decision: accept or reject run ${held.id}.`,
      },
    ]);
  });

  test('without a worker everything is down, and a job that waits for long is told', async () => {
    await product.stopWorker();
    const { status, problems } = await health();
    expect(status).toBe('down');
    expect(problems).toMatchObject([{ component: 'workers', message: expect.stringContaining('npm start') }]);

    await product.call('POST', `/api/providers/${provider.id}/sync`);
    product.advance(20 * 60_000);
    const found = await diagnose();
    const queue = found.queues.find(({ name }: any) => name === 'fetch-provider');
    expect(queue.oldest_waiting).toMatchObject({ job_id: expect.any(String) });
    expect(queue.oldest_waiting.age_seconds).toBeGreaterThan(1_199);
    expect(found.problems).toContainEqual(
      expect.objectContaining({
        component: 'queue:fetch-provider',
        message: expect.stringContaining('has waited for 20 minutes'),
      }),
    );
    expect(found.runs.open).toBe(1);
    expect(found.providers[0].open_run_id).toEqual(expect.any(Number));
  });

  test('a queue that waits for its server says for how long, and one that is paused says so', async () => {
    await product.queues.byName['push-model'].rateLimit(30_000);
    await product.queues.byName['mark-orphans'].pause();
    const { queues, problems } = await diagnose();
    const byName = Object.fromEntries(queues.map((queue: any) => [queue.name, queue]));
    expect(byName['push-model'].rate_limited_ms).toBeGreaterThan(20_000);
    expect(byName['fetch-provider'].rate_limited_ms).toBeNull();
    expect(byName['mark-orphans'].paused).toBe(true);
    expect(problems).toMatchObject([{ component: 'queue:mark-orphans', severity: 'warning' }]);
  });

  test('schedules are listed with their next time', async () => {
    await product.call('PATCH', `/api/providers/${provider.id}`, { sync_interval_seconds: 600 });
    const { schedules, providers } = await diagnose();
    expect(schedules).toContainEqual({
      id: `provider-${provider.id}`,
      queue: 'fetch-provider',
      every_seconds: 600,
      next_at: expect.stringMatching(/Z$/),
    });
    expect(providers[0]).toMatchObject({ sync_interval_seconds: 600, next_sync_at: expect.any(String) });
  });
});

describe('while Redis is away', () => {
  let dir: string;
  let redis: Awaited<ReturnType<typeof startPrivateRedis>>;
  let product: Product;
  let provider: any;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'litellm-updater-diagnostics-'));
    redis = await startPrivateRedis({ dir, persistent: false });
    product = await Product.start({ redisUrl: redis.url, worker: false });
    provider = await product.addProvider({ name: 'there', base_url: 'http://box', type: 'openai' });
  });
  afterAll(async () => {
    await product.stop();
    await redis.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  async function toldQuickly(): Promise<void> {
    const started = Date.now();
    const { status, body } = await product.call('GET', '/api/diagnostics');
    expect(Date.now() - started).toBeLessThan(2_500);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      redis: { state: 'unreachable', version: null, ping_ms: null },
      queues: null,
      workers: null,
      schedules: null,
      database: { state: 'ok' },
      providers: [{ name: 'there', state: 'never' }],
    });
    expect(body.problems[0]).toMatchObject({ component: 'redis', severity: 'error' });
    expect((await product.call('GET', '/api/diagnostics/health')).body.status).toBe('down');
    const scrape = await product.call('GET', '/metrics');
    expect(scrape.body).toContain('litellm_updater_redis_up 0');
    expect(scrape.body).not.toContain('litellm_updater_queue_jobs');
    expect(scrape.body).toContain('litellm_updater_provider_sync_interval_seconds{provider="there"} 0');
  }

  test('diagnostics and metrics say so, streams stay and tell changes, and all comes back by itself', async () => {
    const stream = await EventStream.begun(product);
    await redis.stop();
    await stream.event('queues', ({ state }) => state === 'unreachable');
    await toldQuickly();
    await seedModels(product, provider.id, ['written by a worker']);
    await stream.event('model', ({ model_id }) => model_id === 'written by a worker');
    const late = await EventStream.begun(product);
    expect(late.of('queues')).toEqual([{ state: 'unreachable', counts: null }]);
    late.close();

    redis = await startPrivateRedis({ dir, persistent: false });
    await until('the queues to be back', () => stream.of('queues').at(-1).state === 'ok');
    expect((await product.call('GET', '/api/diagnostics')).body.redis.state).toBe('ok');
    expect(stream.isEnded).toBe(false);
    stream.close();
  });

  test('a Redis that took the connection but does not answer any more is told as quickly', async () => {
    const connection = connectRedis(redis.url, 'working');
    const pid = Number(/process_id:(\d+)/.exec(await connection.info('server'))?.[1]);
    connection.disconnect();
    expect(pid).toBeGreaterThan(1);
    process.kill(pid, 'SIGSTOP');
    try {
      await toldQuickly();
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await until(
      'Redis',
      async () => (await product.call('GET', '/api/diagnostics')).body.redis.state === 'ok',
    );
  });
});
