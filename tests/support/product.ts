import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import winston from 'winston';
import { createApp } from '../../src/api/app.js';
import { EventStreams } from '../../src/api/events.js';
import { Gate } from '../../src/api/auth.js';
import type { ApiServices } from '../../src/api/define-route.js';
import { createCatalogueReader } from '../../src/clients/catalogue-reader.js';
import { createHttp } from '../../src/clients/http.js';
import { createLitellmAdmin } from '../../src/clients/litellm-admin.js';
import { openDatabase } from '../../src/entities/open-database.js';
import { SecretBox } from '../../src/entities/secret-box.js';
import { createStores, type Stores } from '../../src/entities/stores.js';
import { closeLostRuns } from '../../src/jobs/close-lost-runs.js';
import { connectRedis } from '../../src/jobs/connections.js';
import { consume, type Consumer } from '../../src/jobs/consume.js';
import type { JobServices } from '../../src/jobs/define-job.js';
import { jobList } from '../../src/jobs/job-list.js';
import { createQueues, type Queues } from '../../src/jobs/queues.js';
import { announceWorker } from '../../src/jobs/worker-presence.js';
import { housekeepingLeft, jobsLeft } from './jobs-left.js';
import { until } from './until.js';

export interface Answer<T = any> {
  status: number;
  body: T;
}

/** A run as the API shows it; loose on purpose, tests read fields. */
export type Run = any;
export type Row = any;

export interface ProductOptions {
  litellmUrl?: string | null;
  litellmKey?: string;
  /** Seconds; the shortest that the settings take, so that waiting for replicas is short. */
  pollSeconds?: number;
  dataDir?: string;
  prefix?: string;
  /** Without a worker the queues only fill. */
  worker?: boolean;
  /** Instead of the tests' shared Redis. */
  redisUrl?: string;
}

export const adminToken = 'test-token-of-the-admin';
export const secretKey = 'a secret key of the tests';

/** The whole product in this process: real SQLite, real Redis, real HTTP; only the clock can be moved. */
export class Product {
  private constructor(
    readonly stores: Stores,
    readonly queues: Queues,
    readonly services: JobServices,
    readonly apiServices: ApiServices,
    readonly url: string,
    readonly dataDir: string,
    readonly prefix: string,
    private readonly clock: { offsetMs: number },
    private readonly worker: { consumer: Consumer | undefined; start: () => Consumer },
    private readonly closers: (() => Promise<void> | void)[],
  ) {}

  static async start(options: ProductOptions = {}): Promise<Product> {
    const redisUrl = options.redisUrl ?? process.env['REDIS_URL'];
    if (redisUrl === undefined) throw new Error('REDIS_URL is not set: run the tests by `npm test`');
    const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'litellm-updater-test-'));
    const prefix = options.prefix ?? `t-${randomUUID()}`;
    const clock = { offsetMs: 0 };
    const now = () => new Date(Date.now() + clock.offsetMs);
    const logger = winston.createLogger({
      // TEST_LOG=debug shows what the product says while a test runs.
      silent: process.env['TEST_LOG'] === undefined,
      level: process.env['TEST_LOG'] ?? 'error',
      transports: [new winston.transports.Console()],
    });

    const database = await openDatabase(join(dataDir, 'models.db'));
    const stores = createStores(database, new SecretBox(secretKey));
    await stores.settings.ensure({
      litellmBaseUrl: options.litellmUrl ?? null,
      ...(options.litellmUrl != null && { litellmApiKey: options.litellmKey ?? 'sk-1234' }),
      syncIntervalSeconds: 0, // tests start every sync themselves
      now: now().toISOString(),
    });
    await stores.settings.update(
      await stores.settings.get(),
      { litellmPollSeconds: options.pollSeconds ?? 1 },
      undefined,
      now().toISOString(),
    );

    const working = connectRedis(redisUrl, 'working');
    const asking = connectRedis(redisUrl, 'asking');
    await until('Redis', () => asking.status === 'ready' && working.status === 'ready');
    const queues = createQueues(asking, prefix);
    const http = createHttp();
    const services: JobServices = {
      stores,
      catalogues: createCatalogueReader(http),
      destination: createLitellmAdmin(http),
      enqueue: queues,
      now,
      logger,
    };
    await queues.prepare();
    const start = (): Consumer => {
      const consumer = consume(jobList, { connection: working, prefix }, queues, services);
      const names = jobList.map((job) => job.name);
      const presence = announceWorker(working, prefix, { version: 'test', queues: names, startedAt: now() });
      return { stop: () => Promise.all([consumer.stop(), presence.stop()]).then(() => undefined) };
    };
    const worker = { consumer: options.worker === false ? undefined : start(), start };

    const gate = new Gate({ adminToken, sessionKey: secretKey, tokens: stores.tokens, now });
    const api: ApiServices = {
      ...services,
      queues,
      prefix,
      version: 'test',
      redisCommand: (name: string, ...args: (string | number)[]) => asking.call(name, ...args),
      isQueueAlive: async () => {
        try {
          await asking.ping();
          return true;
        } catch {
          return false;
        }
      },
    };
    const streams = new EventStreams(api);
    const server = await listen(createServer(createApp(api, gate, streams)));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return new Product(stores, queues, services, api, url, dataDir, prefix, clock, worker, [
      () => worker.consumer?.stop(),
      () => {
        streams.close();
        server.close();
        server.closeAllConnections();
      },
      async () => {
        const keys = await working.keys(`${prefix}:*`);
        if (keys.length > 0) await working.del(...keys);
      },
      () => queues.close(),
      () => {
        working.disconnect();
        asking.disconnect();
      },
      () => database.close(),
      () => {
        if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
      },
    ]);
  }

  /** Moves our clock, not BullMQ's. */
  advance(ms: number): void {
    this.clock.offsetMs += ms;
  }

  /** What a stop of the worker process does; jobs under way are handed back or finished. */
  async stopWorker(): Promise<void> {
    await this.worker.consumer?.stop();
    this.worker.consumer = undefined;
  }

  /** What a start of the worker process does. */
  async startWorker(): Promise<void> {
    if (this.worker.consumer !== undefined) return;
    await closeLostRuns(this.services);
    this.worker.consumer = this.worker.start();
  }

  async call<T = any>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        authorization: `Bearer ${adminToken}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      redirect: 'manual',
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    let parsed: unknown = text;
    try {
      parsed = JSON.parse(text);
    } catch {
      // not JSON: the text is the body
    }
    return { status: response.status, body: parsed as T };
  }

  /**
   * Adds a provider; refuses to go on when the API does. No schedule syncs it in tests, but the first provider brings the
   * housekeeping, which is due at once: a reconcile that met the test's first sync would push its models as its own.
   */
  async addProvider(fields: Record<string, unknown>): Promise<any> {
    const { status, body } = await this.call('POST', '/api/providers', fields);
    if (status !== 201) throw new Error(`adding a provider: ${status} ${JSON.stringify(body)}`);
    if (this.worker.consumer !== undefined) {
      await until('the first housekeeping', async () => (await housekeepingLeft(this.queues.byName)) === 0);
    }
    return body;
  }

  /** Syncs one provider and waits until the run is closed and its pushes are done. */
  async sync(providerId: number): Promise<Run> {
    const { status, body } = await this.call('POST', `/api/providers/${providerId}/sync`);
    if (status !== 202) throw new Error(`sync: ${status} ${JSON.stringify(body)}`);
    return this.finished(body.id);
  }

  async reconcile(): Promise<Run> {
    const { status, body } = await this.call('POST', '/api/reconcile');
    if (status !== 202) throw new Error(`reconcile: ${status} ${JSON.stringify(body)}`);
    return this.finished(body.id);
  }

  async run(id: number): Promise<Run> {
    return (await this.call('GET', `/api/runs/${id}`)).body;
  }

  /** Waits for the end of a run and of the pushes that it asked for. */
  async finished(runId: number, patienceMs?: number): Promise<Run> {
    return until(
      `the end of run ${runId}`,
      async () => {
        const run = await this.run(runId);
        const open = run.state === 'waiting' || run.state === 'running' || run.outcome.pushes.pending > 0;
        return open ? undefined : run;
      },
      patienceMs,
    );
  }

  /** Waits until no job is queued, delayed or running; the schedules' next turns may wait. */
  async idle(patienceMs?: number): Promise<void> {
    await until('empty queues', async () => (await jobsLeft(this.queues.byName)) === 0, patienceMs);
  }

  /** All models (first 500) as the API shows them. */
  async models(query = ''): Promise<Row[]> {
    return (await this.call('GET', `/api/models?limit=500${query}`)).body.items;
  }

  async model(modelId: string): Promise<Row> {
    const found = (await this.models()).find((model) => model.model_id === modelId);
    if (found === undefined) throw new Error(`no model ${modelId}`);
    return (await this.call('GET', `/api/models/db/${found.id}`)).body;
  }

  async stop(): Promise<void> {
    for (const close of this.closers) await close();
  }
}

async function listen(server: Server): Promise<Server> {
  server.keepAliveTimeout = 0; // a busy test must not meet the closing of an idle connection
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
