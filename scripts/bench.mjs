import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnGuarded } from './guarded-child.mjs';
import { startPrivateRedis } from './private-redis.mjs';
import { projectRoot } from './project-root.mjs';
import { setUp } from './set-up.mjs';
import { stopRequested } from './stop-signals.mjs';
import { runMain } from './terminal.mjs';

const stopGraceMs = 20_000; // its api and worker get 12 s

async function bench() {
  const { redisServer } = await setUp({ build: true, redis: true });
  const stop = stopRequested();
  const folder = mkdtempSync(join(tmpdir(), 'litellm-updater-bench-redis-'));
  let redis;
  try {
    // Persistent, as in production: a benchmark without the append-only file would flatter us.
    redis = await startPrivateRedis({ dir: join(folder, 'redis'), persistent: true, binary: redisServer });
    const child = spawnGuarded(
      [process.execPath, '--import', 'tsx', 'bench/main.ts', ...process.argv.slice(2)],
      { cwd: projectRoot, env: { ...process.env, REDIS_URL: redis.url } },
    );
    const stopped = stop.then(() => child.stop(stopGraceMs));
    process.exitCode = await Promise.race([child.exited, stopped]);
  } finally {
    await redis?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

await runMain(bench);
process.exit();
