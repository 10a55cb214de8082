import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { type PrivateRedis, startPrivateRedis } from '../../scripts/private-redis.mjs';
import { until } from '../support/until.js';

let folder: string;
let dir: string;
const started: PrivateRedis[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'private-redis-'));
  dir = join(folder, 'redis');
});

afterEach(async () => {
  await Promise.all(started.splice(0).map((redis) => redis.stop()));
  rmSync(folder, { recursive: true, force: true });
});

async function start(options: { persistent: boolean; dir?: string }) {
  const redis = await startPrivateRedis({ dir, ...options });
  started.push(redis);
  return redis;
}

async function withClient<T>(url: string, use: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis({ path: url.slice('unix://'.length), lazyConnect: true });
  await client.connect();
  try {
    return await use(client);
  } finally {
    client.disconnect();
  }
}

const configOf = (url: string, name: string) =>
  withClient(url, async (client) => ((await client.config('GET', name)) as string[])[1]);

/** Resolves once nothing answers at the socket any more. */
async function untilSilent(path: string): Promise<void> {
  const answers = () =>
    new Promise<boolean>((resolve) => {
      const socket = createConnection(path, () => resolve(true));
      socket.on('error', () => resolve(false));
      socket.on('close', () => resolve(false));
      socket.unref();
    });
  await until('silence at the socket', async () => !(await answers()));
}

describe('a private Redis', () => {
  test('answers on a socket that only its owner can use, and on no port', async () => {
    const { url } = await start({ persistent: false });
    expect(await withClient(url, (client) => client.ping())).toBe('PONG');
    expect(await configOf(url, 'port')).toBe('0');
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(statSync(join(dir, 'redis.sock')).mode & 0o077).toBe(0);
  });

  test('evicts nothing, and syncs its file every second when it is persistent', async () => {
    const { url } = await start({ persistent: true });
    expect(await configOf(url, 'maxmemory-policy')).toBe('noeviction');
    expect(await configOf(url, 'appendonly')).toBe('yes');
    expect(await configOf(url, 'appendfsync')).toBe('everysec');
  });

  test('keeps its data over a restart when it is persistent', async () => {
    const first = await start({ persistent: true });
    await withClient(first.url, (client) => client.set('job', '1'));
    await first.stop();
    const second = await start({ persistent: true });
    expect(await withClient(second.url, (client) => client.get('job'))).toBe('1');
  });

  test('leaves nothing on disk when it is not', async () => {
    const redis = await start({ persistent: false });
    await withClient(redis.url, (client) => client.set('job', '1'));
    expect(await redis.stop()).toBe(0);
    expect(readdirSync(dir)).toEqual([]);
  });

  test('puts its socket elsewhere when its folder’s path is too long for one', async () => {
    const long = join(folder, 'x'.repeat(100));
    const { url, stop } = await start({ persistent: false, dir: long });
    expect(Buffer.byteLength(url)).toBeLessThan(108);
    expect(await withClient(url, (client) => client.ping())).toBe('PONG');
    await stop();
    expect(() => statSync(join(url.slice('unix://'.length), '..'))).toThrow('ENOENT');
  });

  test('refuses a folder in which another Redis works', async () => {
    await start({ persistent: false });
    await expect(startPrivateRedis({ dir, persistent: false })).rejects.toThrow(
      'Another Redis already works in',
    );
  });

  test('says why when it cannot start', async () => {
    await expect(startPrivateRedis({ dir, persistent: false, binary: '/bin/false' })).rejects.toThrow(
      'did not start',
    );
  });

  test('ends with the process that started it, even when that is killed', async () => {
    const module = pathToFileURL('scripts/private-redis.mjs').href;
    const code = `import(${JSON.stringify(module)}).then(async ({ startPrivateRedis }) => {
      console.log((await startPrivateRedis({ dir: ${JSON.stringify(dir)}, persistent: false })).url);
    });`;
    const owner = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [url] = (await once(createInterface({ input: owner.stdout }), 'line')) as [string];
    owner.kill('SIGKILL');
    await untilSilent(url.slice('unix://'.length));
  });
});
