import { Redis, type RedisOptions } from 'ioredis';

/**
 * Two manners of talking to Redis. `asking`: refuses at once while Redis is away, so that the API can answer 503 (a plain
 * `add()` would hang). `working`: waits for Redis to come back, as BullMQ's workers require.
 */
export function connectRedis(url: string, manner: 'asking' | 'working'): Redis {
  const options: RedisOptions =
    manner === 'asking'
      ? {
          enableOfflineQueue: false,
          maxRetriesPerRequest: 1,
          connectTimeout: 5_000,
          commandTimeout: 3_000, // a Redis that hangs, or a cut cable, is away as well
        }
      : { maxRetriesPerRequest: null };
  const retryStrategy = (times: number) => Math.min(times * 100, 2_000);
  const redis = url.startsWith('unix://')
    ? new Redis({ ...options, retryStrategy, path: url.slice('unix://'.length) })
    : new Redis(url, { ...options, retryStrategy });
  redis.on('error', () => undefined); // commands reject or wait by themselves; readiness tells people
  return redis;
}

/** Resolves when the connection is usable; rejects after the patience with words for people. */
export async function untilReady(redis: Redis, patienceMs: number): Promise<void> {
  if (redis.status === 'ready') return;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error('Redis does not answer; check REDIS_URL and that the server runs'));
    }, patienceMs);
    redis.once('ready', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
