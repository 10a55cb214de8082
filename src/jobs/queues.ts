import { FlowProducer, Queue, type ConnectionOptions, type JobsOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import { jobList } from './job-list.js';
import type { JobDefinition } from './define-job.js';
import { concludeJobId, QueueUnavailableError, type Enqueue } from './enqueue.js';
import { jobNames, payloads, type JobName, type Payload } from './payloads.js';

/** Seconds. Finished jobs are history in the database; Redis keeps enough for Bull Board. */
const keepCompletedFor = 24 * 3600;
const keepFailedFor = 7 * 24 * 3600;

export interface Queues extends Enqueue {
  byName: Record<JobName, Queue>;
  /** Rules that hold over all workers; set by whichever process starts. */
  prepare(): Promise<void>;
  close(): Promise<void>;
}

/** The one place where queues are declared. `connection` must refuse at once while Redis is away (see `connections`). */
export function createQueues(connection: Redis, prefix: string): Queues {
  const options = { connection: connection as unknown as ConnectionOptions, prefix };
  const byName = Object.fromEntries(jobNames.map((name) => [name, new Queue(name, options)])) as Record<
    JobName,
    Queue
  >;
  const flows = new FlowProducer(options);
  // Each call rejects by itself; an unheard 'error' would end the process.
  for (const queue of Object.values(byName)) queue.on('error', () => undefined);
  flows.on('error', () => undefined);

  return {
    byName,
    async add(name, payload, { jobId, delayMs } = {}) {
      const data = payloads[name].parse(payload);
      const job = await answered(
        byName[name].add(name, data, {
          ...manners(name),
          ...(jobId && { jobId }),
          ...(delayMs !== undefined && { delay: delayMs }),
        }),
      );
      return job.id ?? '';
    },
    async pushes(modelIds) {
      const jobs = modelIds.map((modelId) => {
        const payload: Payload<'push-model'> = { kind: 'model', modelId };
        return {
          name: 'push-model',
          data: payloads['push-model'].parse(payload),
          opts: {
            ...manners('push-model'),
            deduplication: { id: `model-${modelId}`, keepLastIfActive: true },
          },
        };
      });
      if (jobs.length > 0) await answered(byName['push-model'].addBulk(jobs));
    },
    async chunks(run, providerId, chunks) {
      const jobId = concludeJobId(run);
      if ((await answered(byName['mark-orphans'].getJob(jobId))) !== undefined) return;
      await answered(
        flows.add({
          name: 'mark-orphans',
          queueName: 'mark-orphans',
          data: payloads['mark-orphans'].parse({ kind: 'run', runId: run.id }),
          opts: { ...manners('mark-orphans'), jobId },
          children: chunks.map((models, index) => ({
            name: 'upsert-models',
            queueName: 'upsert-models',
            data: payloads['upsert-models'].parse({ kind: 'chunk', runId: run.id, providerId, models }),
            opts: { ...manners('upsert-models'), jobId: `${jobId}-chunk${index}`, failParentOnFailure: true },
          })),
        }),
      );
    },
    async fate(name, jobId) {
      const job = await answered(byName[name].getJob(jobId));
      if (job === undefined) return { state: 'gone' };
      const state = await answered(job.getState());
      if (state === 'failed') return { state: 'failed', reason: job.failedReason };
      return state === 'completed' || state === 'unknown' ? { state: 'gone' } : { state: 'live' };
    },
    async prepare() {
      for (const job of jobList) {
        if (job.exclusive) await answered(byName[job.name].setGlobalConcurrency(1));
      }
    },
    async close() {
      await Promise.allSettled([...Object.values(byName).map((queue) => queue.close()), flows.close()]);
    },
  };
}

function manners(name: JobName): JobsOptions {
  const job = jobList.find((definition) => definition.name === name) as JobDefinition<JobName>;
  return {
    attempts: job.retry.attempts,
    backoff: { type: 'exponential', delay: job.retry.backoffMs, jitter: 0.5 },
    removeOnComplete: { age: keepCompletedFor, count: job.keepFinished },
    removeOnFail: { age: keepFailedFor, count: job.keepFinished },
  };
}

async function answered<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw new QueueUnavailableError(
      'Redis does not answer, so nothing can be queued now; try again when it is back',
      {
        cause: error,
      },
    );
  }
}
