import { setTimeout as wait } from 'node:timers/promises';
import { addProviders, firstReconcile } from './prepare-product.js';
import type { Figure } from './report.js';
import type { Bench, Section } from './section.js';
import type { Product } from './start-product.js';
import { waitUntil } from './wait-until.js';

const perSecond = 200;
const p95Below = 100;
const providers = 4;

/**
 * What dashboards, scripts and several people read together, while one provider after the other is synced and pushed.
 * Requests start by the clock, whether or not earlier ones are answered: a slow answer does not slow the askers down.
 */
export const apiReads: Section = {
  name: 'api',
  async measure(bench) {
    const { signal, say } = bench;
    const total = bench.quick ? 1_000 : 10_000;
    const seconds = bench.quick ? 10 : 60;
    const standIns = await bench.startStandIns({ providers, models: total / providers });
    const product = await bench.startProduct({ url: standIns.litellm, key: standIns.litellmKey });
    await firstReconcile(product, signal);
    await addProviders(product, standIns);
    say(`storing ${total} models`);
    await product.call('POST', '/sync');
    const look = async () => (await product.call('GET', '/api/models?limit=1')).total === total || undefined;
    await waitUntil('all models', look, { everyMs: 500, patienceMs: 180_000, signal });
    const runs = await product.call('GET', '/api/runs?limit=1');

    say(`${perSecond} requests/s for ${seconds} s, while syncs and pushes run`);
    const paths = pathsOf(total, Number(runs.items[0].id));
    const done = new AbortController();
    const syncs = keepSyncing(product, bench, done.signal);
    const load = await askByTheClock(product, paths, seconds, signal);
    done.abort();
    return figures(total, seconds, load, await syncs);
  },
};

/** In turn: mostly lists and single models, sometimes what a dashboard asks. */
function pathsOf(total: number, runId: number): string[] {
  const offset = (part: number) => Math.floor(total * part);
  return [
    '/api/models?limit=50',
    `/api/models?limit=50&offset=${offset(0.5)}`,
    `/api/models/${offset(0.3) || 1}`,
    '/api/models?limit=50&search=model-77',
    `/api/models/${offset(0.6) || 1}`,
    '/api/providers',
    `/api/models?limit=50&sort=-context&offset=${offset(0.1)}`,
    '/api/runs?limit=20',
    `/api/models/${offset(0.9) || 1}`,
    '/api/models?limit=50&category=chat&modified=false',
    `/api/runs/${runId}`,
    '/api/providers/1/models?limit=50',
    '/api/settings',
    '/api/models?limit=50&capability=tools',
    '/api/providers/stats/all',
    '/api/models?limit=50&deployment=pending',
  ];
}

interface Load {
  /** Milliseconds from the moment at which each was due, sorted. */
  latencies: number[];
  errors: string[];
}

async function askByTheClock(
  product: Product,
  paths: string[],
  seconds: number,
  signal: AbortSignal,
): Promise<Load> {
  const latencies: number[] = [];
  const errors: string[] = [];
  const startedAt = performance.now();
  const pending: Promise<void>[] = [];
  for (let index = 0; index < perSecond * seconds; index++) {
    const dueAt = startedAt + (index * 1_000) / perSecond;
    const early = dueAt - performance.now();
    if (early > 1) await wait(early, undefined, { signal });
    const path = paths[index % paths.length]!;
    pending.push(
      product.call('GET', path).then(
        () => void latencies.push(performance.now() - dueAt),
        (error: unknown) => void errors.push(`${path}: ${(error as Error).message}`),
      ),
    );
  }
  await Promise.all(pending);
  return { latencies: latencies.sort((a, b) => a - b), errors };
}

/** Returns how many it started. */
async function keepSyncing(product: Product, bench: Bench, until: AbortSignal): Promise<number> {
  let count = 0;
  while (!until.aborted) {
    await product.call('POST', `/api/providers/${(count % providers) + 1}/sync`);
    count += 1;
    await wait(1_000, undefined, { signal: AbortSignal.any([until, bench.signal]) }).catch(() => undefined);
  }
  return count;
}

function figures(total: number, seconds: number, { latencies, errors }: Load, syncs: number): Figure[] {
  const section = `${perSecond} mixed reads a second on ${total} models for ${seconds} s, while syncs and pushes run`;
  const at = (part: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * part))];
  return [
    { section, what: 'answers', value: latencies.length },
    { section, what: 'errors', value: errors.length, aim: { is: 0 } },
    ...errors.slice(0, 3).map((error) => ({ section, what: `- ${error.slice(0, 80)}`, value: undefined })),
    { section, what: 'syncs asked for meanwhile', value: syncs },
    { section, what: 'p50', value: at(0.5), unit: 'ms', digits: 1 },
    { section, what: 'p95', value: at(0.95), unit: 'ms', digits: 1, aim: { below: p95Below } },
    { section, what: 'p99', value: at(0.99), unit: 'ms', digits: 1 },
    { section, what: 'slowest', value: latencies.at(-1), unit: 'ms', digits: 1 },
  ];
}
