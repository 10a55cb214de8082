import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startPrivateRedis } from '../../scripts/private-redis.mjs';
import { connectRedis } from '../../src/jobs/connections.js';
import { Product } from '../support/product.js';
import { until } from '../support/until.js';
import { everything, seedModels } from './seed.js';

type PrivateRedis = Awaited<ReturnType<typeof startPrivateRedis>>;

describe('while Redis is away', () => {
  let dir: string;
  let redis: PrivateRedis;
  let product: Product;
  let provider: any;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'litellm-updater-redis-away-'));
    redis = await startPrivateRedis({ dir, persistent: false });
    product = await Product.start({
      redisUrl: redis.url,
      worker: false,
      litellmUrl: 'http://litellm.test:4000',
    });
    provider = await product.addProvider({ name: 'there', base_url: 'http://box', type: 'openai' });
    await seedModels(product, provider.id, ['alpha', 'beta', 'gamma']);
  });
  afterAll(async () => {
    // The tests leave Redis running; the product clears its keys there.
    await product.stop();
    await redis.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const changes: [string, string, unknown][] = [
    ['POST', '/api/providers', { name: 'new', base_url: 'http://other', type: 'openai' }],
    ['PATCH', '/api/providers/1', { name: 'renamed' }],
    ['DELETE', '/api/providers/1', undefined],
    ['POST', '/api/providers/1/sync', undefined],
    ['PATCH', '/api/models/1', { tags: ['gold'] }],
    ['DELETE', '/api/models/db/1/params', undefined],
    ['POST', '/api/models/1/push', undefined],
    ['PATCH', '/api/settings', { run_retention_days: 44 }],
    ['POST', '/sync', undefined],
    ['POST', '/api/reconcile', undefined],
  ];

  /** Of the server itself, not of what guards it. */
  async function serverPid(): Promise<number> {
    const connection = connectRedis(redis.url, 'working');
    const pid = Number(/process_id:(\d+)/.exec(await connection.info('server'))?.[1]);
    connection.disconnect();
    expect(pid).toBeGreaterThan(1);
    return pid;
  }

  async function refusesEverything(): Promise<void> {
    const before = everything(product);
    for (const [method, path, body] of changes) {
      const started = Date.now();
      const answer = await product.call(method, path, body);
      expect({ method, path, status: answer.status }).toEqual({ method, path, status: 503 });
      expect(answer.body).toMatchObject({ status: 503, detail: expect.stringContaining('Redis') });
      expect(Date.now() - started).toBeLessThan(5_000);
    }
    expect(everything(product)).toEqual(before);
  }

  async function stillReads(): Promise<void> {
    for (const path of [
      '/api/providers',
      '/api/models',
      '/api/models/1',
      '/api/runs',
      '/api/settings',
      '/livez',
    ]) {
      expect({ path, status: (await product.call('GET', path)).status }).toEqual({ path, status: 200 });
    }
    expect(await product.call('GET', '/readyz')).toMatchObject({
      status: 503,
      body: { checks: { database: true, redis: false } },
    });
  }

  test('every change is refused at once with 503 and changes nothing; reading goes on; then all is well again', async () => {
    await redis.stop();
    await refusesEverything();
    await stillReads();

    redis = await startPrivateRedis({ dir, persistent: false });
    await until('readiness', async () => (await product.call('GET', '/readyz')).status === 200);
    const { status } = await product.call('PATCH', '/api/settings', { run_retention_days: 45 });
    expect(status).toBe(200);
  });

  test('bad input is told as such, also without Redis', async () => {
    await redis.stop();
    expect((await product.call('PATCH', '/api/settings', { colour: 1 })).status).toBe(422);
    redis = await startPrivateRedis({ dir, persistent: false });
    await until('readiness', async () => (await product.call('GET', '/readyz')).status === 200);
  });

  test('a Redis that took the connection but does not answer any more is away as well', async () => {
    const pid = await serverPid();
    process.kill(pid, 'SIGSTOP');
    try {
      const started = Date.now();
      const answer = await product.call('PATCH', '/api/settings', { run_retention_days: 46 });
      expect(answer.status).toBe(503);
      expect(Date.now() - started).toBeLessThan(5_000);
      expect((await product.call('GET', '/readyz')).status).toBe(503);
      expect((await product.call('GET', '/api/settings')).body.run_retention_days).toBe(45);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await until('readiness', async () => (await product.call('GET', '/readyz')).status === 200);
  });
});
