import { setTimeout as wait } from 'node:timers/promises';
import type { RunView } from '../src/api/run-view.js';
import { createAll, rowsOf, secondsOfCreates } from './bare-client.js';
import {
  callsBetween,
  countCalls,
  isList,
  isListing,
  isShow,
  isVersion,
  isWrite,
  sum,
  type Calls,
} from './calls.js';
import { Failure } from './failure.js';
import type { Memory } from './memory.js';
import { redisMemory } from './redis-memory.js';
import type { Figure } from './report.js';
import type { Product } from './start-product.js';
import type { StandIns } from './start-stand-ins.js';
import { syncAll } from './sync-all.js';
import { waitUntil } from './wait-until.js';
import { writeCostText } from './write-cost.js';

export interface Size {
  providers: number;
  models: number;
}

export interface Bench {
  size: Size;
  product: Product;
  standIns: StandIns;
  redisUrl: string;
  say: (text: string) => void;
  signal: AbortSignal;
}

/** A second sync within two of these takes every row for freshly written and compares none; see `isFresh`. */
const pollSeconds = 1;
/** For garbage collection to come to rest, and past the freshness above. */
const restMs = 3_000;
const startPatienceMs = 30_000;
const syncPatienceMs = 240_000;
const memoryAim = 250;

export async function measure(bench: Bench): Promise<Figure[]> {
  const { size, product, standIns, redisUrl, say, signal } = bench;
  const total = size.providers * size.models;
  const patience = { patienceMs: syncPatienceMs, signal };
  const count = () => countCalls(standIns, signal);

  await firstReconcile(bench);
  await product.call('PATCH', '/api/settings', { litellm_poll_seconds: pollSeconds });
  await wait(restMs, undefined, { signal });
  const atRest = product.memory();
  await addProviders(bench);

  say(`first sync of ${size.providers} providers with ${size.models} models each`);
  const beforeFirst = await count();
  const first = await syncAll(product, { pushes: total, ...patience });
  const firstCalls = callsBetween(beforeFirst, await count());
  const rows = await rowsOf(standIns.litellm, signal);
  if (rows.length !== total) throw new Failure(`LiteLLM holds ${rows.length} rows instead of ${total}`);
  await wait(restMs, undefined, { signal });

  say('second sync, nothing changed');
  const beforeSecond = await count();
  const second = await syncAll(product, { pushes: 0, ...patience });
  const secondCalls = callsBetween(beforeSecond, await count());
  await product.call('GET', '/api/models?limit=500'); // a person looks
  await wait(restMs, undefined, { signal });
  const atEnd = product.memory();
  const redis = await redisMemory(redisUrl);

  say('the same creates by a bare serial client');
  await createAll(rows, { url: standIns.bareLitellm, key: standIns.litellmKey, signal });
  const bareSeconds = secondsOfCreates(await rowsOf(standIns.bareLitellm, signal));
  const ownSeconds = secondsOfCreates(rows);

  return [
    ...firstFigures(size, first, firstCalls),
    ...secondFigures(size, second, secondCalls),
    ...memoryFigures(atRest, atEnd),
    { section: 'Memory', what: 'Redis, data in it, most', value: redis.peak, unit: 'MB' },
    { section: 'Memory', what: 'Redis, data in it, at the end', value: redis.used, unit: 'MB' },
    ...pushFigures(total, ownSeconds, bareSeconds),
  ];
}

/** The worker reconciles once when it starts; its calls belong to nobody. */
async function firstReconcile({ product, signal }: Bench): Promise<void> {
  const look = async () => {
    const { items } = await product.call<{ items: RunView[] }>('GET', '/api/runs?kind=reconcile');
    return items.find(({ state }) => state === 'done');
  };
  await waitUntil('the reconcile at the start', look, { everyMs: 200, patienceMs: startPatienceMs, signal });
}

async function addProviders({ product, standIns, say }: Bench): Promise<void> {
  const providers = [
    ...standIns.ollama.map((url, index) => ({ name: `ollama-${index}`, type: 'ollama', base_url: url })),
    ...standIns.openai.map((url, index) => ({ name: `vllm-${index}`, type: 'openai', base_url: url })),
  ];
  say(`adding ${providers.length} providers`);
  // Enabled, or `POST /sync` would pass them by; without an interval none of them starts by itself.
  for (const provider of providers)
    await product.call('POST', '/api/providers', { ...provider, prefix: provider.name });
}

type Sync = Awaited<ReturnType<typeof syncAll>>;

function firstFigures({ providers, models }: Size, sync: Sync, calls: Calls): Figure[] {
  const section = `First sync, ${providers} providers × ${models} models`;
  const total = providers * models;
  const routes = Object.entries(calls.litellm);
  const byRoute = (wanted: (route: string) => boolean): Figure[] =>
    routes
      .filter(([route]) => wanted(route))
      .map(([route, value]) => ({ section, what: `- ${route}`, value }));
  return [
    {
      section,
      what: 'until every provider is read and stored',
      value: sync.syncSeconds,
      unit: 's',
      digits: 1,
    },
    { section, what: 'until all pushes are done', value: sync.pushedSeconds, unit: 's', digits: 1 },
    { section, what: 'provider list calls', value: sum(calls.providers, isList), aim: { is: providers } },
    {
      section,
      what: 'provider /api/show calls',
      value: sum(calls.providers, isShow),
      aim: { is: total / 2 },
    },
    { section, what: 'provider calls of other kinds', value: others(calls.providers) },
    { section, what: 'LiteLLM reads', value: sum(calls.litellm, (route) => !isWrite(route)) },
    ...byRoute((route) => !isWrite(route)),
    { section, what: 'LiteLLM writes', value: sum(calls.litellm, isWrite), aim: { is: total } },
    ...byRoute(isWrite),
  ];
}

function secondFigures({ providers }: Size, sync: Sync, calls: Calls): Figure[] {
  const section = 'Second sync, nothing changed, with its reconcile';
  const litellm = calls.litellm;
  const otherReads = sum(litellm, (route) => !isWrite(route) && !isListing(route) && !isVersion(route));
  return [
    {
      section,
      what: 'until every provider is read and compared',
      value: sync.syncSeconds,
      unit: 's',
      digits: 1,
    },
    { section, what: 'until the reconcile is done', value: sync.reconcileSeconds, unit: 's', digits: 1 },
    { section, what: 'the reconcile alone', value: sync.reconcileOwnSeconds, unit: 's', digits: 1 },
    { section, what: 'provider list calls', value: sum(calls.providers, isList), aim: { is: providers } },
    { section, what: 'provider /api/show calls', value: sum(calls.providers, isShow), aim: { is: 0 } },
    { section, what: 'provider calls of other kinds', value: others(calls.providers), aim: { is: 0 } },
    { section, what: 'LiteLLM listings', value: sum(litellm, isListing), aim: { is: 1 } },
    { section, what: 'LiteLLM version calls', value: sum(litellm, isVersion), aim: { is: 1 } },
    { section, what: 'LiteLLM reads of other kinds', value: otherReads, aim: { is: 0 } },
    { section, what: 'LiteLLM writes', value: sum(litellm, isWrite), aim: { is: 0 } },
  ];
}

function others(calls: Calls['providers']): number {
  return sum(calls, (route) => !isList(route) && !isShow(route));
}

function memoryFigures(atRest: ReturnType<Product['memory']>, atEnd: typeof atRest): Figure[] {
  const section = 'Memory';
  const lines = (what: string, of: typeof atRest, key: keyof Memory): Figure[] => [
    { section, what: `api, ${what}`, value: of.api?.[key], unit: 'MB' },
    { section, what: `worker, ${what}`, value: of.worker?.[key], unit: 'MB' },
    { section, what: `both, ${what}`, value: together(of, key), unit: 'MB' },
  ];
  const figures = [
    ...lines('RSS before the first sync', atRest, 'resident'),
    ...lines('RSS after the second sync', atEnd, 'resident'),
    ...lines('peak RSS', atEnd, 'peak'),
  ];
  return figures.map((figure) =>
    figure.what === 'both, peak RSS' ? { ...figure, aim: { below: memoryAim } } : figure,
  );
}

function together({ api, worker }: ReturnType<Product['memory']>, key: keyof Memory): number | undefined {
  return api && worker && api[key] + worker[key];
}

function pushFigures(total: number, ownSeconds: number, bareSeconds: number): Figure[] {
  const section = `Push of ${total} models, against a bare serial client (a create takes ${writeCostText})`;
  const overheadMs = ((ownSeconds - bareSeconds) * 1_000) / total;
  return [
    { section, what: 'product, first create to last', value: ownSeconds, unit: 's', digits: 1 },
    { section, what: 'bare client, first create to last', value: bareSeconds, unit: 's', digits: 1 },
    { section, what: 'ratio', value: ownSeconds / bareSeconds, digits: 2 },
    { section, what: "the product's share of each push", value: overheadMs, unit: 'ms', digits: 1 },
  ];
}
