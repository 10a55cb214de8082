import { setTimeout as wait } from 'node:timers/promises';
import { comparePush, rowsOfProduct } from './bare-push.js';
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
import { memoryFigures } from './memory.js';
import { addProviders, firstReconcile } from './prepare-product.js';
import { redisMemory } from './redis-memory.js';
import type { Figure } from './report.js';
import type { Bench, Section } from './section.js';
import { syncAll } from './sync-all.js';
import { writeCostTexts } from './write-cost.js';

interface Size {
  providers: number;
  models: number;
}

/** A second sync within two of these takes every row for freshly written and compares none; see `isFresh`. */
const pollSeconds = 1;
/** For garbage collection to come to rest, and past the freshness above. */
const restMs = 3_000;
const syncPatienceMs = 240_000;
const memoryAim = 250;
const writeCost = 'light';

/** The product as a person runs it, beside many servers: what it asks of them, how long it takes, what it needs. */
export const sync: Section = {
  name: 'sync',
  measure: (bench) =>
    measure(bench, bench.quick ? { providers: 4, models: 10 } : { providers: 20, models: 50 }),
};

async function measure(bench: Bench, size: Size): Promise<Figure[]> {
  const { redisUrl, say, signal } = bench;
  const total = size.providers * size.models;
  const patience = { patienceMs: syncPatienceMs, signal };

  say('starting stand-ins, api and worker');
  const standIns = await bench.startStandIns({ ...size, writeCost });
  const product = await bench.startProduct({ url: standIns.litellm, key: standIns.litellmKey });
  const count = () => countCalls(standIns, signal);
  await firstReconcile(product, signal);
  await product.call('PATCH', '/api/settings', { litellm_poll_seconds: pollSeconds });
  await wait(restMs, undefined, { signal });
  const atRest = product.memory();
  await addProviders(product, standIns);

  say(`first sync of ${size.providers} providers with ${size.models} models each`);
  const beforeFirst = await count();
  const first = await syncAll(product, { pushes: total, ...patience });
  const firstCalls = callsBetween(beforeFirst, await count());
  const rows = await rowsOfProduct(standIns, total, signal);
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
  const pushSection = `Push of ${total} models, against a bare serial client (a create takes ${writeCostTexts[writeCost]})`;
  const section = 'Memory';
  return [
    ...firstFigures(size, first, firstCalls),
    ...secondFigures(size, second, secondCalls),
    ...memoryFigures(section, 'RSS before the first sync', atRest, 'resident'),
    ...memoryFigures(section, 'RSS after the second sync', atEnd, 'resident'),
    ...memoryFigures(section, 'peak RSS', atEnd, 'peak', memoryAim),
    { section, what: 'Redis, data in it, most', value: redis.peak, unit: 'MB' },
    { section, what: 'Redis, data in it, at the end', value: redis.used, unit: 'MB' },
    ...(await comparePush(rows, standIns, { section: pushSection, signal })),
  ];
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
