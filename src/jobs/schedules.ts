import type { JobSchedulerJson, Queue } from 'bullmq';
import type { Provider } from '../entities/provider.js';
import type { Settings } from '../entities/settings.js';
import type { Stores } from '../entities/stores.js';
import { QueueUnavailableError } from './enqueue.js';
import { jobNames, payloads, type JobName, type Payload } from './payloads.js';

const minuteMs = 60_000;

type Schedule = {
  [N in JobName]: { id: string; name: N; everyMs: number; payload: Payload<N>; dueAt?: Date };
}[JobName];

/** Every repeatable job there should be: one for each provider, and the housekeeping. */
function wantedSchedules(providers: Provider[], settings: Settings): Schedule[] {
  const ofProviders = providers.flatMap((provider): Schedule[] => {
    const seconds = provider.syncIntervalSeconds || settings.syncIntervalSeconds;
    if (!provider.syncEnabled || provider.deletingAt !== null || seconds === 0) return [];
    const everyMs = seconds * 1_000;
    const payload = { providerId: provider.id, trigger: 'schedule' as const };
    // A wiped Redis must not make every provider due at once (scenario D6); a new provider is due now.
    const dueAt = provider.lastOkAt === null ? undefined : new Date(Date.parse(provider.lastOkAt) + everyMs);
    const id = `provider-${provider.id}`;
    return [{ id, name: 'fetch-provider', everyMs, payload, ...(dueAt && { dueAt }) }];
  });
  return [
    ...ofProviders,
    { id: 'rederive', name: 'upsert-models', everyMs: 24 * 60 * minuteMs, payload: { kind: 'rederive' } },
    { id: 'sweep', name: 'mark-orphans', everyMs: 60 * minuteMs, payload: { kind: 'sweep' } },
    {
      id: 'reconcile',
      name: 'push-model',
      everyMs: 15 * minuteMs,
      payload: { kind: 'reconcile', trigger: 'schedule' },
    },
  ];
}

/**
 * Makes BullMQ's job schedulers equal to the database. What is right already is left alone: writing a scheduler again fires
 * it at once. Any number of processes may do this at the same time.
 */
export async function equaliseSchedules(stores: Stores, queues: Record<JobName, Queue>): Promise<void> {
  try {
    // Redis first, the database after it: what another process adds in between is seen, not taken for a left-over.
    const present = new Map<JobName, JobSchedulerJson[]>();
    for (const name of jobNames) present.set(name, await queues[name].getJobSchedulers(0, -1));
    const wanted = wantedSchedules(await stores.providers.list(), await stores.settings.get());
    for (const name of jobNames) {
      const schedules = wanted.filter((schedule) => schedule.name === name);
      await equaliseQueue(queues[name], present.get(name) ?? [], schedules);
    }
  } catch (error) {
    throw new QueueUnavailableError(
      'Redis does not answer; the schedules are made right at the next start or change',
      { cause: error },
    );
  }
}

async function equaliseQueue(queue: Queue, present: JobSchedulerJson[], wanted: Schedule[]): Promise<void> {
  for (const scheduler of present) {
    if (!wanted.some((schedule) => schedule.id === scheduler.key))
      await queue.removeJobScheduler(scheduler.key);
  }
  for (const schedule of wanted) {
    const scheduler = present.find(({ key }) => key === schedule.id);
    if (scheduler !== undefined && Number(scheduler.every) === schedule.everyMs) continue;
    await queue.upsertJobScheduler(
      schedule.id,
      { every: schedule.everyMs, ...(schedule.dueAt && { startDate: schedule.dueAt }) },
      {
        name: schedule.name,
        data: payloads[schedule.name].parse(schedule.payload),
        opts: {
          attempts: 4,
          backoff: { type: 'exponential', delay: 2_000, jitter: 0.5 },
          removeOnComplete: { count: 200 },
          removeOnFail: { count: 200 },
        },
      },
    );
  }
}
