import type { Section } from '../section.js';
import { comparisonFigures } from './comparison-figures.js';
import { inWorkerProcess } from './in-worker-process.js';

const atLeast = 50;

/** What a job costs before it does anything. */
export const pipeline: Section = {
  name: 'pipeline',
  async measure(bench) {
    const [count, rounds] = bench.quick ? [300, 3] : [1_000, 11];
    bench.say(`${count} jobs that do nothing, in each of ${rounds} rounds`);
    const compared = await inWorkerProcess(bench, { floor: 'pipeline', rounds, count });
    return Object.entries(compared).flatMap(([queue, comparison]) =>
      comparisonFigures(
        `Jobs that do nothing, as ${queue}, against a bare BullMQ worker`,
        { own: 'product (worker loop, history)', bare: 'bare worker', unit: 'jobs/s', atLeast },
        comparison,
      ),
    );
  },
};
