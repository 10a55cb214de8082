import type { Section } from '../section.js';
import { comparisonFigures } from './comparison-figures.js';
import { inWorkerProcess } from './in-worker-process.js';

const atLeast = 40;

/** Storing a catalogue, chunk by chunk. */
export const upsert: Section = {
  name: 'upsert',
  async measure(bench) {
    const [count, rounds] = bench.quick ? [200, 3] : [1_000, 15];
    bench.say(`storing ${count} models, in each of ${rounds} rounds`);
    const compared = await inWorkerProcess(bench, { floor: 'upsert', rounds, count });
    return Object.entries(compared).flatMap(([what, comparison]) =>
      comparisonFigures(
        `Upserts, ${what}, against a prepared statement of better-sqlite3 with the same bytes`,
        {
          own: what.startsWith('the whole job') ? 'product (job upsert-models)' : 'product (storeChunk)',
          bare: 'bare statement, 100 a transaction',
          unit: 'models/s',
          // The floor does what the store does; the whole job also parses, merges and normalises.
          ...(!what.startsWith('the whole job') && { atLeast }),
        },
        comparison,
      ),
    );
  },
};
