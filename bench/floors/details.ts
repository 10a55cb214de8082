import type { Section } from '../section.js';
import { comparisonFigures } from './comparison-figures.js';
import { inWorkerProcess } from './in-worker-process.js';

const atLeast = 85;

/** Details of a first fetch: Ollama is the only kind that is asked model by model. */
export const details: Section = {
  name: 'details',
  async measure(bench) {
    const count = bench.quick ? 100 : 1_000;
    const { ollama } = await bench.startStandIns({ providers: 2, models: count });
    bench.say(`fetching ${count} details`);
    const rounds = bench.quick ? 3 : 9;
    const options = { floor: 'details' as const, rounds, count, ollamaUrl: ollama[0]! };
    const compared = await inWorkerProcess(bench, options);
    const section = `${count} details by /api/show, 4 at once, against a bare loop of got`;
    const names = { own: 'product (catalogue client)', bare: 'bare got', unit: 'details/s' };
    return comparisonFigures(section, { ...names, atLeast }, compared['details']!);
  },
};
