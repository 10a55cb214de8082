import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import BetterSqlite3 from 'better-sqlite3';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { startOpenAiCompatible, type OpenAiCompatibleStandIn } from '../../sandbox/openai-compatible.js';
import { openAiModel } from '../../sandbox/openai-models.js';
import { withoutProductVariables } from '../../scripts/product-variables.mjs';
import { connectRedis } from '../../src/jobs/connections.js';
import { createQueues } from '../../src/jobs/queues.js';
import { adminToken, Product } from '../support/product.js';
import { until } from '../support/until.js';

const ids = ['alpha', 'beta', 'gamma'];
const startServer = () => startOpenAiCompatible({ models: ids.map((id) => openAiModel(id)) });

describe('one installation', () => {
  let product: Product;
  let server: OpenAiCompatibleStandIn;
  let litellm: LitellmStandIn;

  beforeEach(async () => {
    litellm = await startLitellm();
    server = await startServer();
    product = await Product.start({ litellmUrl: litellm.url });
  });
  afterEach(async () => {
    await litellm.close();
    await product.stop();
    await server.close();
  });

  const add = (name: string) => product.addProvider({ name, base_url: server.baseUrl, type: 'openai' });

  test('C26: the ids of a deleted provider, of its models and of its runs are never given again', async () => {
    const first = await add('first');
    const sync = await product.sync(first.id);
    const models = (await product.models()).map((model) => model.id);
    const deployments = litellm.rows().map((row) => row.model_id);
    const deletion = await product.call('DELETE', `/api/providers/${first.id}`);
    expect(deletion.status).toBe(202);
    expect((await product.finished(deletion.body.id)).state).toBe('done');
    expect(litellm.rows()).toEqual([]);
    expect((await product.call('GET', `/api/providers/${first.id}`)).status).toBe(404);

    const second = await add('first');
    expect(second.id).toBeGreaterThan(first.id);
    expect(second.uuid).not.toBe(first.uuid);
    const again = await product.sync(second.id);
    expect(again.id).toBeGreaterThan(sync.id);
    const newModels = (await product.models()).map((model) => model.id);
    expect(newModels).toHaveLength(3);
    expect(Math.min(...newModels)).toBeGreaterThan(Math.max(...models));
    expect(litellm.rows().filter((row) => deployments.includes(row.model_id))).toEqual([]);
    // The history of the deleted provider stays, by name.
    expect(await product.run(sync.id)).toMatchObject({ provider_id: null, provider_name: 'first' });
  });

  test('D4: while LiteLLM takes its time with a push, others write to the database at once', async () => {
    const provider = await add('vllm');
    litellm.faults.add({ method: 'POST', path: '/model/new', behaviour: { kind: 'hang' } });
    await product.call('POST', `/api/providers/${provider.id}/sync`);
    await until('a push that hangs', () => litellm.counters.get('POST /model/new') === 1);

    // No waiting at all: any transaction around the push would be SQLITE_BUSY here.
    const other = new BetterSqlite3(join(product.dataDir, 'models.db'), { timeout: 0 });
    try {
      expect(other.prepare('UPDATE settings SET run_retention_days = 31').run().changes).toBe(1);
    } finally {
      other.close();
    }
    const patched = await product.call('PATCH', '/api/settings', { run_retention_days: 32 });
    expect(patched).toMatchObject({ status: 200, body: { run_retention_days: 32 } });
    expect(litellm.counters.get('POST /model/new')).toBe(1);
    expect(litellm.rows()).toEqual([]);

    await litellm.down();
    await until('the push to be put back', async () => {
      return (await product.call('GET', '/api/settings')).body.destination.state === 'error';
    });
  });

  test('D6: a worker that is told to stop while LiteLLM asks for patience ends inside the grace of docker stop', async () => {
    const provider = await add('vllm');
    const path = '/model/new';
    litellm.faults.add({ path, behaviour: { kind: 'delay', ms: 300 } });
    litellm.faults.add({
      path,
      behaviour: { kind: 'status', status: 429, headers: { 'retry-after': '40' } },
    });
    await product.call('POST', `/api/providers/${provider.id}/sync`);
    await until('a push under way', () => litellm.counters.get('POST /model/new') === 1);
    const started = Date.now();
    await product.stop();
    expect(Date.now() - started).toBeLessThan(9_000);
    product = await Product.start({ worker: false });
  });
});

describe('an installation whose processes end and start again', () => {
  let dataDir: string;
  let litellm: LitellmStandIn;
  let servers: OpenAiCompatibleStandIn[];
  const prefix = `t-${randomUUID()}`;
  const running = new Set<ChildProcess>();
  let api = '';

  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'litellm-updater-restart-'));
    litellm = await startLitellm();
    servers = [await startServer(), await startServer(), await startServer()];
  });
  afterEach(async () => {
    for (const child of running) child.kill('SIGKILL');
    await wipeRedis();
    await Promise.all([litellm.close(), ...servers.map((server) => server.close())]);
    rmSync(dataDir, { recursive: true, force: true });
  });

  async function start(name: 'api' | 'worker', ready: RegExp): Promise<RegExpExecArray> {
    const { NODE_OPTIONS: _, ...env } = withoutProductVariables();
    const child = spawn(process.execPath, ['--import', 'tsx', `src/main/${name}.ts`], {
      env: {
        ...env,
        DATA_DIR: dataDir,
        REDIS_URL: process.env['REDIS_URL'],
        QUEUE_PREFIX: prefix,
        ADMIN_TOKEN: adminToken,
        PORT: '0',
        LITELLM_URL: litellm.url,
        LITELLM_API_KEY: litellm.masterKey,
        SYNC_INTERVAL_SECONDS: '3600',
        LOG_FORMAT: 'json',
      },
    });
    running.add(child);
    child.once('exit', () => running.delete(child));
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data: Buffer) => (output += data.toString()));
    }
    return until(`${name} to start`, () => {
      if (child.exitCode !== null) throw new Error(`${name} ended: ${output}`);
      return ready.exec(output) ?? undefined;
    });
  }

  async function startBoth(): Promise<void> {
    const [listens] = await Promise.all([
      start('api', /"address":"(http:[^"]+)"/),
      start('worker', /the worker works/),
    ]);
    api = listens[1]!;
    await until('the api to be ready', async () => (await fetch(`${api}/readyz`)).status === 200);
  }

  async function stopBoth(): Promise<void> {
    await Promise.all(
      [...running].map(async (child) => {
        child.kill('SIGTERM');
        await once(child, 'exit');
        expect(child.exitCode).toBe(0);
      }),
    );
  }

  async function call(method: string, path: string, body?: unknown): Promise<any> {
    const response = await fetch(api + path, {
      method,
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    expect(response.status).toBeLessThan(300);
    return response.json();
  }

  const closedRuns = async (count: number) =>
    until(`${count} closed runs`, async () => {
      const { items } = await call('GET', '/api/runs?kind=sync');
      const closed = items.filter((run: any) => run.finished_at !== null && run.outcome.pushes.pending === 0);
      return closed.length >= count ? items : undefined;
    });

  async function wipeRedis(): Promise<void> {
    const redis = connectRedis(process.env['REDIS_URL']!, 'working');
    const keys = await redis.keys(`${prefix}:*`);
    if (keys.length > 0) await redis.del(...keys);
    redis.disconnect();
  }

  async function schedules(): Promise<string[]> {
    const redis = connectRedis(process.env['REDIS_URL']!, 'working');
    const queues = createQueues(redis, prefix);
    const found = await Promise.all(
      Object.values(queues.byName).map((queue) => queue.getJobSchedulers(0, -1)),
    );
    await queues.close();
    redis.disconnect();
    return found
      .flat()
      .map((scheduler) => `${scheduler.name} ${scheduler.key} ${scheduler.every}`)
      .sort();
  }

  test('D6: a restart, and even a wiped Redis, keep schedules and history and fetch nothing again', async () => {
    await startBoth();
    const providers = [];
    for (const [index, server] of servers.entries()) {
      providers.push(
        await call('POST', '/api/providers', {
          name: `p${index}`,
          prefix: `p${index}`,
          base_url: server.baseUrl,
          type: 'openai',
        }),
      );
    }
    // The schedule of a new provider starts its first sync.
    const history = await closedRuns(3);
    const scheduled = await schedules();
    expect(scheduled).toHaveLength(6);
    expect(scheduled.filter((line) => line.startsWith('fetch-provider'))).toHaveLength(3);
    const listCalls = () => servers.map((server) => server.counters.get('GET /v1/models'));
    expect(listCalls()).toEqual([1, 1, 1]);
    const writes = litellm.counters.writes;
    expect(writes).toBe(9);

    // After the restart one sync by hand goes through; had the others been queued at the start, they would be before it.
    await stopBoth();
    await startBoth();
    await call('POST', `/api/providers/${providers[2].id}/sync`);
    await closedRuns(4);
    expect(listCalls()).toEqual([1, 1, 2]);
    expect(await schedules()).toEqual(scheduled);

    await stopBoth();
    await wipeRedis();
    await startBoth();
    expect(await schedules()).toEqual(scheduled);
    await call('POST', `/api/providers/${providers[2].id}/sync`);
    const runs = await closedRuns(5);
    expect(listCalls()).toEqual([1, 1, 3]);
    expect(runs.map((run: any) => run.uuid)).toEqual(
      expect.arrayContaining(history.map((run: any) => run.uuid)),
    );
    expect(litellm.counters.writes).toBe(writes);
    await stopBoth();
  });

  test('D6: a run that was under way when Redis was wiped is closed as lost, and a new sync may start', async () => {
    await startBoth();
    servers[0]!.faults.add({ path: '/v1/models', behaviour: { kind: 'hang' } });
    const provider = await call('POST', '/api/providers', {
      name: 'slow',
      base_url: servers[0]!.baseUrl,
      type: 'openai',
    });
    await until('a fetch under way', () => servers[0]!.counters.get('GET /v1/models') === 1);
    for (const child of running) child.kill('SIGKILL');
    await until('the end of the processes', () => running.size === 0);
    await wipeRedis();
    servers[0]!.faults.clear();
    // A run is nobody's for its first seconds; this one is older.
    const sqlite = new BetterSqlite3(join(dataDir, 'models.db'));
    sqlite
      .prepare(`UPDATE sync_runs SET created_at = '2026-01-01T00:00:00.000Z' WHERE state = 'running'`)
      .run();
    sqlite.close();

    await startBoth();
    const lost = (await call('GET', '/api/runs?state=lost')).items;
    expect(lost).toHaveLength(1);
    expect(lost[0]).toMatchObject({ provider_id: provider.id, state: 'lost' });
    expect(lost[0].reason).toBeTruthy();
    const { id } = await call('POST', `/api/runs/${lost[0].id}/retry`);
    expect(id).not.toBe(lost[0].id);
    await until('the end of the retry', async () => (await call('GET', `/api/runs/${id}`)).state === 'done');
    expect((await call('GET', '/api/models')).total).toBe(3);
  });
});
