import { connectRedis, untilReady } from '../src/jobs/connections.js';

/** What Redis holds, in MB of 1,024 KB. */
export async function redisMemory(url: string): Promise<{ used: number; peak: number }> {
  const redis = connectRedis(url, 'asking');
  try {
    await untilReady(redis, 5_000);
    const info = await redis.info('memory');
    const megabytes = (field: string) =>
      Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(info)?.[1]) / 1_024 ** 2;
    return { used: megabytes('used_memory'), peak: megabytes('used_memory_peak') };
  } finally {
    redis.disconnect();
  }
}
