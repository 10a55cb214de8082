import { comparePush, rowsOfProduct } from '../bare-push.js';
import { addProviders, firstReconcile } from '../prepare-product.js';
import type { Figure } from '../report.js';
import type { Bench, Section } from '../section.js';
import { syncAll } from '../sync-all.js';
import { writeCostTexts } from '../write-cost.js';

const atMost = 1.1;
const patienceMs = 240_000;

/** The first push of everything, against a bare serial client that does the same creates right after it. */
export const push: Section = {
  name: 'push',
  async measure(bench) {
    const figures: Figure[] = [];
    for (const total of bench.quick ? [40] : [200, 500]) figures.push(...(await firstPush(bench, total)));
    return figures;
  },
};

async function firstPush(bench: Bench, total: number): Promise<Figure[]> {
  const { say, signal } = bench;
  const section = `First push of ${total} models, against a bare serial client (a create takes ${writeCostTexts.measured})`;
  const standIns = await bench.startStandIns({ providers: 2, models: total, writeCost: 'measured' });
  const product = await bench.startProduct({ url: standIns.litellm, key: standIns.litellmKey });
  await firstReconcile(product, signal);
  // One list call and no details: everything is stored before the first create, and nothing else runs beside them.
  await addProviders(product, { ...standIns, ollama: [] });
  say(`first push of ${total} models`);
  await syncAll(product, { pushes: total, patienceMs, signal });
  const rows = await rowsOfProduct(standIns, total, signal);
  say('the same creates by a bare serial client');
  const figures = await comparePush(rows, standIns, { section, atMost, signal });
  await product.stop(); // or it would share the machine with the next one
  await standIns.stop();
  return figures;
}
