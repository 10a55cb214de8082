import { compareDetails } from './floors/compare-details.js';
import { comparePipelines } from './floors/compare-pipelines.js';
import { compareUpserts } from './floors/compare-upserts.js';
import type { Comparisons, FloorOptions } from './floors/in-worker-process.js';

// A process of its own: its memory is collected under the worker's flags, and nothing else runs beside what is measured.
const floors: Record<FloorOptions['floor'], (options: FloorOptions) => Promise<Comparisons>> = {
  pipeline: comparePipelines,
  upsert: compareUpserts,
  details: compareDetails,
};
process.on('SIGINT', () => undefined); // the one that started us decides
process.on('disconnect', () => process.exit(0));
const options = JSON.parse(process.argv[2] ?? '') as FloorOptions;
const compared = await floors[options.floor](options);
process.send?.(compared);
