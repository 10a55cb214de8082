import { ensureBuild } from './ensure-build.mjs';
import { ensureDependencies } from './ensure-dependencies.mjs';
import { ensureNode } from './ensure-node.mjs';
import { ensureRedis } from './ensure-redis.mjs';

/**
 * Brings a fresh clone to the point where the product runs, and does nothing when it already is there.
 * Resolves to the path of a Redis server when `redis` was asked for.
 */
export async function setUp({ build = false, redis = false } = {}) {
  ensureNode();
  // Redis first: it takes seconds and may be refused; the dependencies may compile for minutes.
  const redisServer = redis ? await ensureRedis() : undefined;
  await ensureDependencies();
  if (build) await ensureBuild();
  return { redisServer };
}
