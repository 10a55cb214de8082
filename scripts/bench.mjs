import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPrivateRedis } from './private-redis.mjs';
import { projectRoot } from './project-root.mjs';
import { setUp } from './set-up.mjs';
import { runMain } from './terminal.mjs';

async function bench() {
  const { redisServer } = await setUp({ build: true, redis: true });
  const folder = mkdtempSync(join(tmpdir(), 'litellm-updater-bench-'));
  // Persistent, as in production: a benchmark without the append-only file would flatter us.
  const redis = await startPrivateRedis({
    dir: join(folder, 'redis'),
    persistent: true,
    binary: redisServer,
  });
  try {
    const { status } = spawnSync(
      process.execPath,
      ['--import', 'tsx', 'bench/main.ts', ...process.argv.slice(2)],
      { cwd: projectRoot, env: { ...process.env, REDIS_URL: redis.url }, stdio: 'inherit' },
    );
    process.exitCode = status ?? 1;
  } finally {
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

await runMain(bench);
