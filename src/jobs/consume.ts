import { DelayedError, RateLimitError, UnrecoverableError, Worker, type Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { messageOf, PermanentError, RateLimitedError, UnreachableError } from '../domain/errors.js';
import type { JobRun } from '../entities/job-run.js';
import type { JobContext, JobDefinition, JobServices } from './define-job.js';
import { Postponed } from './job-errors.js';
import type { JobName, Payload } from './payloads.js';
import type { Queues } from './queues.js';

/** Measured: with these another worker takes over about 9 s after a kill -9; BullMQ's defaults take a minute. */
const lockDuration = 10_000;
const stalledInterval = 5_000;

/** A worker may be killed several times during one job; that is not the job's fault. */
const maxStalledCount = 10;

/** How long a held queue waits before it asks its server again. */
const holdMs = 5_000;
const longestHoldMs = 60_000;

/** While a queue is held, its worker looks again this often; BullMQ does not wake it for a stop (scenario D6). */
const longestIdleMs = 2_000;

/** While Redis is away BullMQ complains many times a second. */
const troubleEveryMs = 30_000;

/** At a stop, a running job may finish within this; then it is handed back, inside the 10 s of `docker stop`. */
const finishWithinMs = 6_000;

export interface Consumer {
  /** Resolves when every job has ended or was handed back. */
  stop(): Promise<void>;
}

/**
 * The worker loop: the only place that logs, records job runs and sorts errors into "again", "later" and "never".
 */
export function consume(
  jobs: JobDefinition<JobName>[],
  options: { connection: Redis; prefix: string; concurrency?: number },
  queues: Queues,
  services: JobServices,
): Consumer {
  const conclusions = new Set<Promise<void>>();
  const workers = jobs.map((definition) => startWorker(definition, options, queues, services, conclusions));
  return {
    async stop() {
      const patience = setTimeout(() => {
        for (const worker of workers) worker.cancelAllJobs('the worker stops');
      }, finishWithinMs);
      await Promise.all(workers.map((worker) => worker.close()));
      clearTimeout(patience);
      await Promise.all(conclusions);
    },
  };
}

function startWorker(
  definition: JobDefinition<JobName>,
  { connection, prefix, concurrency }: { connection: Redis; prefix: string; concurrency?: number },
  queues: Queues,
  services: JobServices,
  conclusions: Set<Promise<void>>,
): Worker {
  const worker = new Worker(
    definition.name,
    (job, token, signal) =>
      execute(definition, job, token, signal ?? new AbortController().signal, queues, services),
    {
      connection: connection,
      prefix,
      concurrency: definition.exclusive ? 1 : (concurrency ?? definition.concurrency),
      lockDuration,
      stalledInterval,
      maxStalledCount,
      maximumRateLimitDelay: longestIdleMs,
      // Never reached; without a limiter BullMQ 6 does not ask Redis whether another worker holds the queue.
      limiter: { max: 1_000_000, duration: 1_000 },
    },
  );
  let quietUntil = 0;
  worker.on('error', (error) => {
    if (Date.now() < quietUntil) return;
    quietUntil = Date.now() + troubleEveryMs;
    services.logger.warn('the queue has trouble', { queue: definition.name, error: error.message });
  });
  worker.on('failed', (job, error) => {
    // BullMQ emits this for each failed attempt; only the last one has an end.
    if (job?.finishedOn === undefined) return;
    const concluded = conclude(definition, job, error.message, services).finally(
      () => void conclusions.delete(concluded),
    );
    conclusions.add(concluded);
  });
  return worker;
}

async function execute(
  definition: JobDefinition<JobName>,
  job: Job,
  token: string | undefined,
  signal: AbortSignal,
  queues: Queues,
  services: JobServices,
): Promise<unknown> {
  const startedAt = services.now();
  let payload: Payload<JobName> | undefined;
  const record = (outcome: JobRun['outcome'], error: string | null, result?: unknown) =>
    note(
      definition,
      job,
      payload,
      {
        outcome,
        error,
        startedAt: startedAt.toISOString(),
        durationMs: services.now().getTime() - startedAt.getTime(),
      },
      typeof result === 'string' ? result : undefined,
      services,
    );
  try {
    payload = parse(definition, job);
    const attempts = job.opts.attempts ?? 1;
    const context: JobContext = {
      ...services,
      job: { id: job.id ?? '', attempt: job.attemptsMade + 1, attempts, starts: job.attemptsStarted },
      signal,
    };
    const result = await definition.run(payload, context);
    await record('completed', null, result);
    return result;
  } catch (error) {
    const message = messageOf(error);
    if (signal.aborted || error instanceof Postponed) {
      await record('postponed', signal.aborted ? 'the worker stops' : message);
      await job.moveToDelayed(Date.now() + (error instanceof Postponed ? error.delayMs : 0), token);
      throw new DelayedError();
    }
    if (
      definition.whenUnreachable === 'hold-queue' &&
      (error instanceof UnreachableError || error instanceof RateLimitedError)
    ) {
      await record('postponed', message);
      await definition.held?.(message, services);
      const wanted = error instanceof RateLimitedError ? error.retryAfterMs : holdMs;
      await queues.byName[definition.name].rateLimit(Math.min(wanted, longestHoldMs));
      throw new RateLimitError();
    }
    const final = error instanceof PermanentError || job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
    await record(final ? 'failed' : 'retried', message);
    if (error instanceof PermanentError) throw new UnrecoverableError(message);
    if (!final && payload !== undefined) await definition.retried?.(payload, message, services, job.id ?? '');
    throw error;
  }
}

/** Another release may have written it: what does not parse fails for good. */
function parse(definition: JobDefinition<JobName>, job: Job): Payload<JobName> {
  const parsed = definition.payload.safeParse(job.data);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new PermanentError(
    `the payload does not fit: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
  );
}

async function conclude(
  definition: JobDefinition<JobName>,
  job: Job,
  message: string,
  services: JobServices,
): Promise<void> {
  try {
    await definition.failed?.(parse(definition, job), message, services, job.id ?? '');
  } catch (error) {
    services.logger.error('a failed job could not be concluded; the sweep will', {
      queue: definition.name,
      job: job.id,
      error: messageOf(error),
    });
  }
}

async function note(
  definition: JobDefinition<JobName>,
  job: Job,
  payload: Payload<JobName> | undefined,
  outcome: { outcome: JobRun['outcome']; error: string | null; startedAt: string; durationMs: number },
  result: string | undefined,
  services: JobServices,
): Promise<void> {
  const runId = (payload && definition.runOf?.(payload)) ?? null;
  const fields = {
    queue: definition.name,
    job: job.id ?? '',
    run: runId,
    attempt: job.attemptsMade + 1,
    ms: outcome.durationMs,
  };
  if (outcome.outcome === 'failed') services.logger.error('job failed', { ...fields, error: outcome.error });
  else if (outcome.outcome === 'completed') services.logger.info('job done', { ...fields, result });
  else if (outcome.outcome === 'retried')
    services.logger.warn('job retried', { ...fields, reason: outcome.error });
  // While LiteLLM is away this comes every few seconds; the settings tell the trouble once.
  else services.logger.debug('job postponed', { ...fields, reason: outcome.error });
  await services.stores.history.addJobRun({
    queue: definition.name,
    jobId: job.id ?? '',
    runId,
    attempt: job.attemptsMade + 1,
    ...outcome,
  });
}
