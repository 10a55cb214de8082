import { setTimeout as wait } from 'node:timers/promises';
import type { RunView } from '../../src/api/run-view.js';
import { memoryFigures } from '../memory.js';
import { addProviders, firstReconcile } from '../prepare-product.js';
import type { Figure } from '../report.js';
import type { Bench, Section } from '../section.js';
import type { Product } from '../start-product.js';
import { waitUntil } from '../wait-until.js';

const idleBelow = 200;
const loadedBelow = 300;
const providers = 4;
const syncPatienceMs = 180_000;
/** For garbage collection to come to rest. */
const restMs = 3_000;
/** Of pushes, with the survey of LiteLLM before them. */
const pushingMs = 10_000;

/**
 * Real api and worker. Writes cost LiteLLM nothing, or 10,000 of them would take an hour; it holds as many rows of other
 * people, so that its listing is as long as it would be. The pushes are all queued and under way when memory is read.
 */
export const memory: Section = {
  name: 'memory',
  async measure(bench) {
    const { signal, say } = bench;
    const total = bench.quick ? 1_000 : 10_000;
    const standIns = await bench.startStandIns({
      providers,
      models: total / providers,
      foreignRows: total,
    });
    const product = await bench.startProduct({ url: standIns.bareLitellm, key: standIns.litellmKey });
    await firstReconcile(product, signal);
    await wait(restMs, undefined, { signal });
    const idle = product.memory();

    // A stored key follows to no other server, so it is sent again.
    const destination = { litellm_base_url: standIns.litellm, litellm_api_key: standIns.litellmKey };
    await product.call('PATCH', '/api/settings', destination);
    await addProviders(product, standIns);
    say(`first sync of ${total} models`);
    await syncOnly(bench, product);
    say('reading all of them, while they are pushed');
    await readAll(product, total);
    await wait(pushingMs, undefined, { signal });
    return figures(total, idle, product.memory());
  },
};

/** Until everything is stored and every push is queued. */
async function syncOnly({ signal }: Bench, product: Product): Promise<void> {
  await product.call('POST', '/sync');
  const look = async () => {
    const { items } = await product.call<{ items: RunView[] }>('GET', '/api/runs?kind=sync');
    return items.length === providers && items.every(({ state }) => state === 'done') ? items : undefined;
  };
  await waitUntil('the first sync', look, { everyMs: 500, patienceMs: syncPatienceMs, signal });
}

/** As a person who turns every page, and looks for something. */
async function readAll(product: Product, total: number): Promise<void> {
  const page = 500;
  for (let offset = 0; offset < total; offset += page)
    await product.call('GET', `/api/models?limit=${page}&offset=${offset}`);
  await product.call('GET', `/api/models?limit=${page}&search=model-1`);
}

type Memory = ReturnType<Product['memory']>;

function figures(total: number, idle: Memory, loaded: Memory): Figure[] {
  const section = `Memory of api and worker with ${total} models, whose pushes cost LiteLLM nothing`;
  return [
    ...memoryFigures(section, 'RSS idle after the start', idle, 'resident', idleBelow),
    ...memoryFigures(section, 'RSS with all models, pushing', loaded, 'resident', loadedBelow),
    ...memoryFigures(section, 'peak RSS until then', loaded, 'peak', loadedBelow),
  ];
}
