import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DbRow } from '../../sandbox/litellm/database.js';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { Product, type Answer, type Row, type Run } from '../support/product.js';
import { until } from '../support/until.js';
import { Ledger } from './ledger.js';
import { startOllamaServer, startVllmServer, type ModelServer } from './model-server.js';
import { Violation } from './violation.js';
import { keyOf, Watch } from './watch.js';

/** What a storm can kill beside its own process; only the long form has it. */
export interface Machines {
  redisUrl: string;
  killRedis(): Promise<void>;
  startRedis(): Promise<void>;
  /** A real worker process on the same data; resolves when it works. */
  startWorker(dataDir: string, prefix: string): Promise<{ kill(): Promise<void> }>;
}

export interface StormProvider {
  id: number;
  uuid: string;
  server: ModelServer;
  /** Set by the storm itself: the API never tells it. */
  apiKey: string | null;
  renames: number;
}

export interface World {
  seed: number;
  product: Product;
  litellm: LitellmStandIn;
  providers: StormProvider[];
  instance: string;
  watch: Watch;
  ledger: Ledger;
  machines: Machines | undefined;
  /** Rows that are not ours, as they must stay. */
  foreign: Map<string, DbRow>;
  configRows: string;
  /** Names of what is wrong now: `litellm`, `provider <id>`, `worker`, `redis`. */
  troubles: Set<string>;
  close(): Promise<void>;
}

const poolOf = (letter: string) => [
  ...Array.from({ length: 11 }, (_none, index) => `${letter}${index}:1b`),
  `embed-${letter}:1b`,
];

const configRow = {
  model_name: 'a1:1b',
  litellm_params: { model: 'openai/a1', api_base: 'http://config.invalid/v1' },
  model_info: { id: 'from-config' },
};

export async function createWorld(seed: number, machines?: Machines): Promise<World> {
  const version = seed % 2 === 0 ? '1.81.15' : '1.105.0';
  const litellm = await startLitellm({ version, configRows: [configRow], pollMs: 500 });
  const servers = [
    await startOllamaServer(poolOf('a'), 6),
    await startVllmServer(poolOf('b'), 6),
    await startOllamaServer(poolOf('c'), 5),
  ];
  const dataDir = mkdtempSync(join(tmpdir(), 'litellm-updater-storm-'));
  const product = await Product.start({
    litellmUrl: litellm.url,
    litellmKey: litellm.masterKey,
    pollSeconds: 1,
    dataDir,
    ...(machines && { redisUrl: machines.redisUrl }),
  });
  const instance = (await product.call('GET', '/api/settings')).body.instance_id as string;
  const providers: StormProvider[] = [];
  const world: World = {
    seed,
    product,
    litellm,
    providers,
    instance,
    watch: new Watch(litellm, instance),
    ledger: new Ledger(litellm, instance),
    machines,
    foreign: new Map(),
    configRows: configRowsOf(litellm),
    troubles: new Set(),
    async close() {
      world.watch.stop();
      await product.stop();
      await Promise.all([litellm.close(), ...servers.map((server) => server.close())]);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
  const graces = [
    { prefix: 'box', grace_misses: 0, grace_seconds: 0 },
    { grace_misses: 2, grace_seconds: 600 },
    { prefix: 'attic', grace_misses: 1, grace_seconds: 0 },
  ];
  for (const [index, server] of servers.entries()) {
    const { id, uuid } = await product.addProvider({
      name: `p${index}`,
      base_url: server.baseUrl,
      type: server.type,
      ...graces[index],
    });
    providers.push({ id, uuid, server, apiKey: null, renames: 0 });
    for (const name of server.pool) world.ledger.know(uuid, name);
    for (const name of server.serves.keys()) world.ledger.change(keyOf(uuid, name));
  }
  addForeign(world, {
    model_name: 'box/a0:1b',
    litellm_params: { model: 'openai/a0', api_base: 'http://alice.invalid/v1', tags: ['lupdater'] },
    model_info: { id: 'by-alice', mode: 'chat' },
  });
  addForeign(world, {
    model_name: 'box/a2:1b',
    litellm_params: { model: 'ollama_chat/a2:1b', api_base: servers[0]?.baseUrl ?? '' },
    model_info: {
      id: 'of-another-instance',
      mode: 'chat',
      litellm_updater: {
        v: 1,
        instance: '5a0e62f2-2f54-4c1c-9d30-0f9b5bb1d7c5',
        provider: providers[0]?.uuid ?? '',
        model: 'a2:1b',
        generation: 0,
        hash: 'sha256:0',
      },
    },
  });
  await ask(world, 'POST', '/api/sync');
  await settle(world);
  return world;
}

export function configRowsOf(litellm: LitellmStandIn): string {
  return JSON.stringify(litellm.served().filter((row) => row.model_info['db_model'] === false));
}

export function addForeign({ litellm, foreign }: World, row: Parameters<LitellmStandIn['seed']>[0]): void {
  const id = litellm.seed(row);
  const stored = litellm.row(id);
  if (stored !== undefined) foreign.set(id, structuredClone(stored));
}

/** A request as people and scripts make it. 503 is an answer only while Redis is away. */
export async function ask(world: World, method: string, path: string, body?: unknown): Promise<Answer> {
  const answer = await world.product.call(method, path, body);
  const refused = [404, 409, 422].includes(answer.status);
  const away = answer.status === 503 && world.troubles.has('redis');
  if (answer.status >= 300 && !refused && !away) {
    throw new Violation(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  }
  return answer;
}

export async function providerViews({ product }: World): Promise<Map<number, Row>> {
  const { body } = await product.call<Row[]>('GET', '/api/providers');
  return new Map(body.map((provider) => [provider.id, provider]));
}

export async function heldRuns({ product }: World): Promise<Run[]> {
  const { body } = await product.call('GET', '/api/runs?state=held&limit=100');
  return body.items.filter((run: Run) => run.decision === null);
}

/** A change that concerns every model of a provider. */
export function changeAll({ ledger }: World, { uuid, server }: StormProvider): void {
  for (const name of server.pool) ledger.change(keyOf(uuid, name));
}

/** Waits until no job is left; what only waits for its time is called forward. */
export async function settle({ product }: World, patienceMs = 90_000): Promise<void> {
  const queues = Object.values(product.queues.byName);
  await until(
    'a quiet product',
    async () => {
      let left = 0;
      for (const queue of queues) {
        await queue.removeRateLimitKey().catch(() => undefined);
        const delayed = (await queue.getDelayed()).filter((job) => job.repeatJobKey === undefined);
        for (const job of delayed) await job.promote().catch(() => undefined);
        left +=
          delayed.length +
          (await queue.getJobCountByTypes('active', 'waiting', 'prioritized', 'waiting-children'));
      }
      if (left > 0) await new Promise((resolve) => setTimeout(resolve, 50));
      return left === 0;
    },
    patienceMs,
  );
}
