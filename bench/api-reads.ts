import { askByTheClock, type Load } from './ask-by-the-clock.js';
import { addProviders, firstReconcile } from './prepare-product.js';
import type { Figure } from './report.js';
import type { Bench, Section } from './section.js';
import type { Product } from './start-product.js';
import { waitUntil } from './wait-until.js';

const perSecond = 200;
const p95Below = 100;
const providers = 4;

/**
 * What dashboards, scripts and several people read together, while one provider after the other is synced, and all of
 * their models wait to be pushed to a LiteLLM that takes its usual time.
 */
export const apiReads: Section = {
  name: 'api',
  async measure(bench) {
    const { signal, say } = bench;
    const total = bench.quick ? 1_000 : 10_000;
    const seconds = bench.quick ? 10 : 60;
    const standIns = await bench.startStandIns({
      providers,
      models: total / providers,
      writeCost: 'measured',
    });
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
    const before = product.processorMs();
    const load = await askByTheClock(product.api, { paths, perSecond, seconds }, signal);
    const after = product.processorMs();
    done.abort();
    const section = `${perSecond} mixed reads a second on ${total} models for ${seconds} s, while syncs and pushes run`;
    const spent = (part: 'api' | 'worker') =>
      before[part] === undefined || after[part] === undefined ? undefined : after[part] - before[part];
    return figures(section, load, {
      syncs: await syncs,
      seconds,
      apiMs: spent('api'),
      workerMs: spent('worker'),
    });
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

/** One provider after the other, the next as soon as the last one ended. Returns how many it started. */
async function keepSyncing(product: Product, bench: Bench, until: AbortSignal): Promise<number> {
  const signal = AbortSignal.any([until, bench.signal]);
  for (let count = 0; ;) {
    const id = (count % providers) + 1;
    const { id: run } = await product.call('POST', `/api/providers/${id}/sync`);
    count += 1;
    const ended = async () =>
      ((await product.call('GET', `/api/runs/${run}`)).finished_at ?? undefined) as unknown;
    try {
      await waitUntil('the end of a sync', ended, { everyMs: 250, patienceMs: 120_000, signal });
    } catch (error) {
      if (until.aborted) return count;
      throw error;
    }
  }
}

interface Meanwhile {
  syncs: number;
  seconds: number;
  apiMs: number | undefined;
  workerMs: number | undefined;
}

function figures(
  section: string,
  { latencies, errors }: Load,
  { syncs, seconds, apiMs, workerMs }: Meanwhile,
): Figure[] {
  const at = (part: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * part))];
  const ofOneProcessor = (ms: number | undefined) => ms && ms / (seconds * 10);
  return [
    { section, what: 'answers', value: latencies.length },
    { section, what: 'errors', value: errors.length, aim: { is: 0 } },
    ...errors.slice(0, 3).map((error) => ({ section, what: `- ${error.slice(0, 80)}`, value: undefined })),
    { section, what: 'syncs meanwhile', value: syncs },
    { section, what: 'p50', value: at(0.5), unit: 'ms', digits: 1 },
    { section, what: 'p95', value: at(0.95), unit: 'ms', digits: 1, aim: { below: p95Below } },
    { section, what: 'p99', value: at(0.99), unit: 'ms', digits: 1 },
    { section, what: 'slowest', value: latencies.at(-1), unit: 'ms', digits: 1 },
    { section, what: 'of one processor, api', value: ofOneProcessor(apiMs), unit: '%' },
    { section, what: 'of one processor, worker', value: ofOneProcessor(workerMs), unit: '%' },
  ];
}
