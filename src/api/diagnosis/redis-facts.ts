import type { Queue } from 'bullmq';
import { jobNames, type JobName } from '../../jobs/payloads.js';
import { seenWorkers, type WorkerSeen } from '../../jobs/worker-presence.js';
import type { ApiServices } from '../define-route.js';
import { answerWithin } from './answer-within.js';

/** A Redis that hangs must not make the answer late: the whole of it has two seconds. */
const patienceMs = 1_500;

const jobStates = [
  'waiting',
  'active',
  'delayed',
  'prioritized',
  'waiting-children',
  'completed',
  'failed',
] as const;

export type JobCounts = Record<string, number>;

export interface QueueFacts {
  name: JobName;
  paused: boolean;
  counts: JobCounts;
  oldestWaiting: { jobId: string; sinceMs: number } | null;
  /** While the queue waits for its server. */
  rateLimitedMs: number | null;
}

export interface ScheduleFacts {
  id: string;
  queue: JobName;
  everyMs: number;
  nextAtMs: number | null;
}

/** Undefined: Redis did not answer that in time, so it is unknown. */
export interface RedisFacts {
  ping: { ms: number } | undefined;
  version: string | undefined;
  usedMemoryBytes: number | undefined;
  evicts: boolean;
  clockMs: number | undefined;
  queues: QueueFacts[] | undefined;
  workers: WorkerSeen[] | undefined;
  schedules: ScheduleFacts[] | undefined;
}

type Services = Pick<ApiServices, 'queues' | 'redisCommand' | 'prefix'>;

export async function readRedis({ queues, redisCommand, prefix }: Services): Promise<RedisFacts> {
  const ofEach = <T>(ask: (queue: Queue, name: JobName) => Promise<T>) =>
    answerWithin(patienceMs, () => Promise.all(jobNames.map((name) => ask(queues.byName[name], name))));
  const startedMs = performance.now();
  const [ping, info, time, queueFacts, workers, schedules] = await Promise.all([
    answerWithin(patienceMs, async () => {
      await redisCommand('ping');
      return { ms: performance.now() - startedMs };
    }),
    answerWithin(patienceMs, async () => (await redisCommand('info')) as string),
    answerWithin(patienceMs, () => redisCommand('time')),
    ofEach(queueOf),
    answerWithin(patienceMs, () => seenWorkers(redisCommand, prefix)),
    ofEach(schedulesOf),
  ]);
  const field = infoField(info ?? '');
  const usedMemory = Number(field('used_memory'));
  return {
    ping,
    version: field('valkey_version') ?? field('redis_version'),
    usedMemoryBytes: usedMemory > 0 ? usedMemory : undefined,
    evicts: (field('maxmemory_policy') ?? 'noeviction') !== 'noeviction',
    clockMs: Array.isArray(time) ? Number(time[0]) * 1_000 + Number(time[1]) / 1_000 : undefined,
    queues: queueFacts,
    workers,
    schedules: schedules?.flat(),
  };
}

export async function countsOf(queue: Queue): Promise<JobCounts> {
  const counts = await queue.getJobCounts(...jobStates);
  return Object.fromEntries(jobStates.map((state) => [state.replace('-', '_'), counts[state] ?? 0]));
}

async function queueOf(queue: Queue, name: JobName): Promise<QueueFacts> {
  const [counts, meta, [oldest], limitedMs] = await Promise.all([
    countsOf(queue),
    queue.getMeta(),
    queue.getWaiting(0, 0),
    // The workers' own limiter counts there as well; a held queue is at BullMQ's largest number.
    queue.getRateLimitTtl(Number.MAX_SAFE_INTEGER),
  ]);
  return {
    name,
    paused: meta.paused === true,
    counts,
    oldestWaiting: oldest ? { jobId: oldest.id ?? '', sinceMs: waitingSince(oldest) } : null,
    rateLimitedMs: limitedMs > 0 ? limitedMs : null,
  };
}

/** A job that was delayed or tried before waits since then, not since it was made. */
function waitingSince(job: { timestamp: number; opts: { delay?: number }; processedOn?: number }): number {
  return Math.max(job.timestamp + (job.opts.delay ?? 0), job.processedOn ?? 0);
}

async function schedulesOf(queue: Queue, name: JobName): Promise<ScheduleFacts[]> {
  const schedulers = await queue.getJobSchedulers(0, -1);
  return schedulers.map(({ key, every, next }) => ({
    id: key,
    queue: name,
    everyMs: every ?? 0,
    nextAtMs: next ?? null,
  }));
}

function infoField(info: string): (name: string) => string | undefined {
  const fields = new Map(
    info.split('\r\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );
  return (name) => fields.get(name);
}
