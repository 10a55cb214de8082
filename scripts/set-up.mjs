import { ensureBuild } from './ensure-build.mjs';
import { ensureChromium } from './ensure-chromium.mjs';
import { ensureDependencies } from './ensure-dependencies.mjs';
import { ensureNode } from './ensure-node.mjs';
import { ensureRedis } from './ensure-redis.mjs';

/**
 * Brings a fresh clone to the point where the product runs, and does nothing when it already is there.
 * Resolves to the paths of a Redis server and of a Chromium, where they were asked for.
 */
export async function setUp({ build = false, redis = false, chromium = false } = {}) {
  ensureNode();
  // Programs first: they take seconds and may be refused; the dependencies may compile for minutes.
  const redisServer = redis ? await ensureRedis() : undefined;
  const chromiumPath = chromium ? await ensureChromium() : undefined;
  await ensureDependencies();
  if (build) await ensureBuild();
  return { redisServer, chromiumPath };
}
