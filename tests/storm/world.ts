import type { DbRow } from '../../sandbox/litellm/database.js';
import type { LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import type { Product } from '../support/product.js';
import { type Answer, type Row, type Run } from '../support/product.js';
import { jobsLeft } from '../support/jobs-left.js';
import { until } from '../support/until.js';
import { keyOf, type Keys } from './keys.js';
import type { Ledger } from './ledger.js';
import type { ModelServer } from './model-server.js';
import { Violation } from './violation.js';
import type { Watch } from './watch.js';
import { callForward } from './work.js';

/** What a storm can kill beside its own process; only the long form has it. */
export interface Machines {
  redisUrl: string;
  killRedis(): Promise<void>;
  startRedis(): Promise<void>;
  /** A real worker process on the same data; resolves when it works. */
  startWorker(dataDir: string, prefix: string): Promise<{ kill(): Promise<void> }>;
}

/** What differs between the walks of two seeds. */
export interface Traits {
  version: string;
  /** A PATCH leaves it without models for a moment, and its replicas learn of changed parameters only. */
  isOld: boolean;
  replicas: number;
  hasPredecessor: boolean;
}

export interface StormProvider {
  id: number;
  uuid: string;
  server: ModelServer;
  /** Names it in the log. */
  label: string;
  name: string;
  /** Set by the storm itself: the API never tells it. */
  apiKey: string | null;
  renames: number;
}

export interface World {
  seed: number;
  traits: Traits;
  product: Product;
  litellm: LitellmStandIn;
  providers: StormProvider[];
  /** Model servers that no provider reads from, and the name of the next one that will. */
  idle: { server: ModelServer; name: string }[];
  /** Of providers that were deleted. */
  left: Set<string>;
  instance: string;
  keys: Keys;
  watch: Watch;
  ledger: Ledger;
  machines: Machines | undefined;
  /** Rows that are not ours, as they must stay. */
  foreign: Map<string, DbRow>;
  configRows: string;
  /** Names of what is wrong now: `litellm`, `server <letter>`, `worker`, `redis`. */
  troubles: Set<string>;
  close(): Promise<void>;
}

export const graces = [
  { grace_misses: 0, grace_seconds: 0 },
  { grace_misses: 2, grace_seconds: 600 },
  { grace_misses: 1, grace_seconds: 0 },
];

/** Undefined while the name is taken. */
export async function addProvider(
  world: World,
  server: ModelServer,
  name: string,
  fields: Record<string, unknown>,
): Promise<StormProvider | undefined> {
  const body = { name, base_url: server.baseUrl, type: server.type, ...fields };
  const { status, body: added } = await ask(world, 'POST', '/api/providers', body);
  if (status === 409) return undefined;
  if (status !== 201) throw new Violation(`adding a provider answered ${status}: ${JSON.stringify(added)}`);
  const { id, uuid } = added;
  const label = `p${world.providers.length + world.left.size}`;
  const provider = { id, uuid, server, label, name, apiKey: null, renames: 0 };
  world.providers.push(provider);
  for (const model of server.pool) world.keys.know(uuid, model);
  for (const model of server.serves.keys()) world.ledger.change(keyOf(uuid, model));
  return provider;
}

/** As each replica serves them. */
export function configRowsOf(litellm: LitellmStandIn, { replicas }: Traits): string {
  const rows = Array.from({ length: replicas }, (_none, replica) =>
    litellm.served(replica).filter((row) => row.model_info['db_model'] === false),
  );
  return JSON.stringify(rows);
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

export const works = ({ troubles }: World) => !troubles.has('worker') && !troubles.has('redis');
export const isWell = ({ troubles }: World) => !troubles.has('litellm');
/** LiteLLM's troubles hold the pushes for as long as they last. */
export const canSettle = (world: World) => works(world) && isWell(world);

/** On every clock: LiteLLM's replicas read their table meanwhile. */
export function passTime({ product, litellm }: World, ms: number): void {
  litellm.poll();
  product.advance(ms);
}

/** A change that concerns every model of a provider. */
export function changeAll({ ledger }: World, { uuid, server }: StormProvider): void {
  for (const name of server.pool) ledger.change(keyOf(uuid, name));
}

/** Waits until no job is left; what only waits for its time is called forward. */
export async function settle({ product }: World, patienceMs = 180_000): Promise<void> {
  await until(
    'a quiet product',
    async () => {
      await callForward(product);
      const left = await jobsLeft(product.queues.byName);
      if (left > 0) await new Promise((resolve) => setTimeout(resolve, 50));
      return left === 0;
    },
    patienceMs,
  );
}
