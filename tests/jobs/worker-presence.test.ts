import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { startPrivateRedis } from '../../scripts/private-redis.mjs';
import { connectRedis } from '../../src/jobs/connections.js';
import { announceWorker, seenWorkers, type Presence } from '../../src/jobs/worker-presence.js';
import { until } from '../support/until.js';

const worker = { version: '1.2.3', queues: ['push-model'], startedAt: new Date('2026-01-02T03:04:05Z') };

let prefix: string;
let working: Redis;
let asking: Redis;
let presences: Presence[];

beforeEach(async () => {
  prefix = `t-${randomUUID()}`;
  presences = [];
  await connect(process.env['REDIS_URL']!);
});
afterEach(async () => {
  for (const presence of presences) await presence.stop();
  working.disconnect();
  asking.disconnect();
});

async function connect(url: string): Promise<void> {
  working = connectRedis(url, 'working');
  asking = connectRedis(url, 'asking');
  await until('Redis', () => asking.status === 'ready');
}

function announce(): Presence {
  const presence = announceWorker(working, prefix, worker);
  presences.push(presence);
  return presence;
}

const seen = () => seenWorkers((name, ...args) => asking.call(name, ...args), prefix);
const untilSeen = (count: number, patienceMs?: number) =>
  until(
    `${count} workers`,
    async () => ((await seen().catch(() => [])).length === count ? true : undefined),
    patienceMs,
  );

test('each worker is seen with what it works on, and no longer after it stopped', async () => {
  const first = announce();
  announce();
  await untilSeen(2);
  expect((await seen())[0]).toEqual({
    id: expect.any(String),
    pid: process.pid,
    host: hostname(),
    version: '1.2.3',
    queues: ['push-model'],
    started_at: '2026-01-02T03:04:05.000Z',
  });
  await first.stop();
  expect(await seen()).toHaveLength(1);
});

test('a worker that was killed is no longer seen after 15 seconds; what is no presence is not shown', async () => {
  announce();
  await untilSeen(1);
  const [key] = await asking.keys(`${prefix}:worker:*`);
  expect(await asking.pttl(key!)).toBeGreaterThan(10_000);
  expect(await asking.pttl(key!)).toBeLessThanOrEqual(15_000);
  // As if its time were over: what expires is gone for the reader.
  await asking.pexpire(key!, 1);
  await untilSeen(0);

  await asking.set(`${prefix}:worker:odd`, 'not json', 'PX', 5_000);
  await asking.set(`${prefix}:worker:newer`, '{"name":"of another release"}', 'PX', 5_000);
  expect(await seen()).toEqual([]);
});

test('the stop of a worker does not wait for a Redis that is away, and others are seen when it is back', async () => {
  working.disconnect();
  asking.disconnect();
  const dir = mkdtempSync(join(tmpdir(), 'litellm-updater-presence-'));
  let redis = await startPrivateRedis({ dir, persistent: false });
  await connect(redis.url);
  const stopping = announce();
  announce();
  await untilSeen(2);
  await redis.stop();
  await until('Redis to be away', () => working.status !== 'ready');

  const started = Date.now();
  await stopping.stop();
  expect(Date.now() - started).toBeLessThan(2_000);

  redis = await startPrivateRedis({ dir, persistent: false });
  try {
    await until('Redis to be back', () => asking.status === 'ready');
    await untilSeen(1);
    working.disconnect();
    asking.disconnect();
  } finally {
    await redis.stop();
    rmSync(dir, { recursive: true, force: true });
  }
});
