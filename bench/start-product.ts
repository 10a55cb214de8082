import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnGuarded } from '../scripts/guarded-child.mjs';
import { withoutProductVariables } from '../scripts/product-variables.mjs';
import { Failure } from './failure.js';
import { memoryOf, nodeBelow, type MemoryOfParts } from './memory.js';
import { processorMsOf } from './processor-time.js';
import { requestJson } from './request-json.js';
import { waitUntil } from './wait-until.js';

const readyLimitMs = 60_000;
const stopGraceMs = 12_000; // as in scripts/run-product.mjs
const logTailBytes = 4_000;

type Part = 'api' | 'worker';

/** The LiteLLM that the product pushes to. */
export interface DestinationOfProduct {
  url: string;
  key: string;
}

export interface Product {
  /** For clients of a section's own. */
  api: { address: string; token: string };
  call<T = any>(method: string, path: string, body?: unknown): Promise<T>;
  memory(): MemoryOfParts;
  /** Milliseconds of a processor that each has used so far; undefined where there is no /proc. */
  processorMs(): Record<Part, number | undefined>;
  logTail(): string;
  stop(): Promise<void>;
}

/** Real api and worker, started as scripts/commands.json says. `onEnd` is told when one ends by itself. */
export async function startProduct(
  { folder, redisUrl, destination }: { folder: string; redisUrl: string; destination: DestinationOfProduct },
  { signal, onEnd }: { signal: AbortSignal; onEnd: (failure: Failure) => void },
): Promise<Product> {
  const token = randomBytes(16).toString('hex');
  const env = {
    ...withoutProductVariables(),
    NODE_ENV: 'production',
    DATA_DIR: join(folder, 'data'),
    REDIS_URL: redisUrl,
    QUEUE_PREFIX: `bench-${randomBytes(4).toString('hex')}`,
    PORT: '0',
    ADMIN_TOKEN: token,
    LITELLM_URL: destination.url,
    LITELLM_API_KEY: destination.key,
    SYNC_INTERVAL_SECONDS: '0', // nothing syncs by itself
    LOG_LEVEL: 'info',
    LOG_FORMAT: 'json',
  };
  const commands = JSON.parse(readFileSync('scripts/commands.json', 'utf8')) as Record<Part, string[]>;
  const logPath = join(folder, 'output.log');
  const output = openSync(logPath, 'a', 0o600);
  let stopping = false;

  const start = (part: Part) => {
    const child = spawnGuarded([process.execPath, ...commands[part].slice(1)], { env, output });
    void child.exited.then((code) => {
      if (!stopping) onEnd(new Failure(`${part} ended by itself with exit code ${code}`));
    });
    return child;
  };
  const parts = { api: start('api'), worker: start('worker') };
  const logTail = () => readFileSync(logPath, 'utf8').slice(-logTailBytes);
  const end = async () => {
    stopping = true;
    await Promise.all(Object.values(parts).map((part) => part.stop(stopGraceMs)));
    closeSync(output);
  };
  let ended: Promise<void> | undefined;
  const stop = () => (ended ??= end());

  try {
    const address = await waitUntil(
      'the address of the api',
      () => Promise.resolve(/"address":"(http:[^"]+)"/.exec(readFileSync(logPath, 'utf8'))?.[1]),
      { everyMs: 50, patienceMs: readyLimitMs, signal },
    );
    const pids = { api: nodeBelow(parts.api.pid), worker: nodeBelow(parts.worker.pid) };
    return {
      api: { address, token },
      call: (method, path, body) => requestJson(address + path, { method, token, body, signal }),
      memory: () => ({ api: memoryOf(pids.api), worker: memoryOf(pids.worker) }),
      processorMs: () => ({ api: processorMsOf(pids.api), worker: processorMsOf(pids.worker) }),
      logTail,
      stop,
    };
  } catch (error) {
    const log = logTail();
    await stop();
    if (error instanceof Failure) error.message += `\n${log}`;
    throw error;
  }
}
