import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import BetterSqlite3 from 'better-sqlite3';
import { connectRedis } from '../../src/jobs/connections.js';
import type { Answer, Run } from './product.js';
import { until } from './until.js';

const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

/** The flags that `npm start` and the image use. */
const commands = JSON.parse(readFileSync(join(projectRoot, 'scripts', 'commands.json'), 'utf8')) as Record<
  'api' | 'worker',
  string[]
>;

const adminToken = 'token-of-the-process-tests';

/** What each process prints when it is ready. */
const readyWords = { api: 'the api listens', worker: 'the worker works' };

export interface Part {
  readonly pid: number;
  /** Everything it printed. */
  readonly output: () => string;
  /** Sends the signal and waits for the end; how long that took. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<{ code: number | null; signal: string | null; ms: number }>;
}

/** api and worker as the processes that people run (`dist/`), with a data folder and a queue prefix of their own. */
export class Installation {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'litellm-updater-processes-'));
  readonly prefix = `p-${randomUUID()}`;
  private readonly children: { child: ChildProcess; closed: Promise<void> }[] = [];
  private url = '';

  constructor(private readonly environment: Record<string, string>) {}

  async startApi(): Promise<Part> {
    const part = await this.start('api');
    this.url = /"address":"(http:[^"]+)"/.exec(part.output())?.[1] ?? '';
    // It listens before it has reached Redis, so that liveness and login work from the first moment on.
    await until('the api to be ready', async () => (await fetch(`${this.url}/readyz`)).status === 200);
    return part;
  }

  async startWorker(): Promise<Part> {
    return this.start('worker');
  }

  async call<T = any>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        authorization: `Bearer ${adminToken}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as T };
  }

  async addProvider(fields: Record<string, unknown>): Promise<any> {
    const { status, body } = await this.call('POST', '/api/providers', fields);
    if (status !== 201) throw new Error(`adding a provider: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  async startSync(providerId: number): Promise<Run> {
    const { status, body } = await this.call('POST', `/api/providers/${providerId}/sync`);
    if (status !== 202) throw new Error(`sync: ${status} ${JSON.stringify(body)}`);
    return body;
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

  /** Asks the database file itself, beside the running processes. */
  query<T = any>(sql: string): T[] {
    const sqlite = new BetterSqlite3(join(this.dataDir, 'models.db'), { readonly: true });
    try {
      return sqlite.prepare<[], T>(sql).all();
    } finally {
      sqlite.close();
    }
  }

  /** Changes the database file behind the product's back. */
  execute(sql: string): void {
    const sqlite = new BetterSqlite3(join(this.dataDir, 'models.db'));
    try {
      sqlite.exec(sql);
    } finally {
      sqlite.close();
    }
  }

  /** Ends what still runs and clears up. */
  async destroy(): Promise<void> {
    await Promise.all(
      this.children.map(async ({ child, closed }) => {
        child.kill('SIGKILL');
        await closed;
      }),
    );
    const redis = connectRedis(process.env['REDIS_URL'] ?? '', 'working');
    const keys = await redis.keys(`${this.prefix}:*`);
    if (keys.length > 0) await redis.del(...keys);
    redis.disconnect();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  private async start(name: 'api' | 'worker'): Promise<Part> {
    // This very Node.js, not the first one on the PATH: the compiled addon belongs to it.
    const child = spawn(process.execPath, commands[name].slice(1), {
      cwd: projectRoot,
      env: {
        PATH: process.env['PATH'],
        REDIS_URL: process.env['REDIS_URL'],
        DATA_DIR: this.dataDir,
        QUEUE_PREFIX: this.prefix,
        ADMIN_TOKEN: adminToken,
        PORT: '0',
        LOG_LEVEL: 'info',
        LOG_FORMAT: 'json',
        SYNC_INTERVAL_SECONDS: '0', // tests start every sync themselves
        ...this.environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // Not 'exit', which may come before the last words are read.
    const closed = new Promise<void>((resolve) => void child.once('close', () => resolve()));
    this.children.push({ child, closed });
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        printed += chunk.toString();
      });
    }
    await until(`the ${name} to be ready`, async () => {
      if (child.exitCode !== null) {
        await closed;
        throw new Error(`the ${name} ended: ${printed}`);
      }
      return printed.includes(readyWords[name]);
    });
    return {
      pid: child.pid ?? 0,
      output: () => printed,
      async end(signal) {
        const since = Date.now();
        child.kill(signal);
        await closed;
        return { code: child.exitCode, signal: child.signalCode, ms: Date.now() - since };
      },
    };
  }
}
