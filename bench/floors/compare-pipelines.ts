import { Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { JobDefinition, JobServices } from '../../src/jobs/define-job.js';
import type { JobName, Payload } from '../../src/jobs/payloads.js';
import type { Queues } from '../../src/jobs/queues.js';
import { alternate, startLap, type Lap } from './alternate.js';
import { connectRedis, consume, createQueues, jobList, untilReady } from './built.js';
import { layFoundation, servicesOf } from './foundation.js';
import type { Comparisons, FloorOptions } from './in-worker-process.js';

const redisPatienceMs = 10_000;

/** The queues whose payloads are ids alone: the one with the most jobs at once, and the one with the most jobs. */
const measured: { name: JobName; payload: Payload<JobName> }[] = [
  { name: 'fetch-provider', payload: { providerId: 1, runId: 1, trigger: 'sync-all' } },
  { name: 'push-model', payload: { kind: 'model', modelId: 1 } },
];

interface Pipeline {
  connection: Redis;
  prefix: string;
  queues: Queues;
  services: JobServices;
}

/** Each side works off jobs that wait already, timed from the first of them to the last. */
export async function comparePipelines(options: FloorOptions): Promise<Comparisons> {
  const { folder, redisUrl, rounds, count } = options;
  const { stores, close } = await layFoundation(folder, 'pipeline');
  const connection = connectRedis(redisUrl, 'working');
  await untilReady(connection, redisPatienceMs);
  const prefix = 'bench-pipeline';
  const queues = createQueues(connection, prefix);
  await queues.prepare();
  const pipeline: Pipeline = { connection, prefix, queues, services: servicesOf(stores, queues) };

  const comparisons: Comparisons = {};
  for (const { name, payload } of measured) {
    const definition = jobList.find((job) => job.name === name)!;
    const atOnce = definition.exclusive ? 1 : definition.concurrency;
    comparisons[`${name} (${atOnce} at once)`] = await alternate(
      rounds,
      () => ownLap(pipeline, definition, payload, count),
      () => bareLap(pipeline, atOnce, payload, count),
    );
  }
  await queues.close();
  connection.disconnect();
  await close();
  return comparisons;
}

/** The real definition with its manners and its history; only what it does is missing. */
async function ownLap(
  { connection, prefix, queues, services }: Pipeline,
  definition: JobDefinition<JobName>,
  payload: Payload<JobName>,
  count: number,
): Promise<Lap> {
  await Promise.all(Array.from({ length: count }, () => queues.add(definition.name, payload)));
  const { lap, tick } = lapOfTicks(count);
  const consumer = consume([{ ...definition, run: tick }], { connection, prefix }, queues, services);
  const timed = await lap;
  await consumer.stop();
  return timed;
}

async function bareLap(
  { connection, prefix }: Pipeline,
  concurrency: number,
  data: unknown,
  count: number,
): Promise<Lap> {
  const queue = new Queue('bare', { connection, prefix });
  await queue.addBulk(Array.from({ length: count }, () => ({ name: 'bare', data })));
  const { lap, tick } = lapOfTicks(count);
  const worker = new Worker('bare', tick, { connection, prefix, concurrency });
  const timed = await lap;
  await worker.close();
  await queue.obliterate({ force: true });
  await queue.close();
  return timed;
}

/** The worker's own start is not in it. */
function lapOfTicks(count: number): { lap: Promise<Lap>; tick: () => Promise<void> } {
  let ticks = 0;
  let end: ReturnType<typeof startLap>;
  let finish: (lap: Lap) => void;
  const lap = new Promise<Lap>((resolve) => (finish = resolve));
  const tick = () => {
    ticks += 1;
    if (ticks === 1) end = startLap();
    if (ticks === count) finish(end(count - 1));
    return Promise.resolve();
  };
  return { lap, tick };
}
