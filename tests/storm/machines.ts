import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startPrivateRedis } from '../../scripts/private-redis.mjs';
import { connectRedis } from '../../src/jobs/connections.js';
import { secretKey } from '../support/product.js';
import { until } from '../support/until.js';
import type { Machines } from './world.js';

const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

/** A Redis of our own, and worker processes as `npm start` runs them, all of which may be killed. */
export async function startMachines(): Promise<Machines & { stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'litellm-updater-storm-redis-'));
  const start = () => startPrivateRedis({ dir: folder, persistent: true });
  let redis = await start();
  const { url } = redis;
  return {
    redisUrl: url,
    async killRedis() {
      const { exited } = redis;
      process.kill(await pidOf(url), 'SIGKILL');
      await exited;
    },
    async startRedis() {
      redis = await start();
    },
    startWorker: (dataDir, prefix) => startWorker({ dataDir, prefix, url }),
    async stop() {
      await redis.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Of the server itself; what started it is a guard. */
async function pidOf(url: string): Promise<number> {
  const connection = connectRedis(url, 'working');
  const pid = Number(/process_id:(\d+)/.exec(await connection.info('server'))?.[1]);
  connection.disconnect();
  return pid;
}

async function startWorker({ dataDir, prefix, url }: { dataDir: string; prefix: string; url: string }) {
  const { worker } = JSON.parse(readFileSync(join(projectRoot, 'scripts', 'commands.json'), 'utf8')) as {
    worker: string[];
  };
  const child = spawn(process.execPath, worker.slice(1), {
    cwd: projectRoot,
    env: {
      PATH: process.env['PATH'],
      REDIS_URL: url,
      DATA_DIR: dataDir,
      QUEUE_PREFIX: prefix,
      SECRET_KEY: secretKey,
      LOG_LEVEL: 'info',
      LOG_FORMAT: 'json',
      SYNC_INTERVAL_SECONDS: '0',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => void (printed += chunk.toString()));
  await until('the worker process', () => {
    if (child.exitCode !== null) throw new Error(`the worker process ended: ${printed}`);
    return printed.includes('the worker works');
  });
  return {
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
