import { z } from 'zod';
import type { Provider } from '../../entities/provider.js';
import { jobNames } from '../../jobs/payloads.js';
import type { ApiServices } from '../define-route.js';
import { destinationStateView, viewDestinationState } from '../destination-state.js';
import { takeInventory, type Inventory } from './database-facts.js';
import { readRedis, type QueueFacts, type RedisFacts } from './redis-facts.js';

const time = z.string().nullable();
const seconds = z.number().nullable();
const unlessRedisIsAway = 'null while Redis does not answer';

export const diagnosis = z.object({
  version: z.string(),
  node_version: z.string(),
  uptime_seconds: z.number().describe('of this api process'),
  now: z.string(),
  database: z.object({
    state: z.enum(['ok', 'failing']),
    file: z.string().nullable(),
    size_bytes: z.int().nullable(),
    wal_bytes: z.int().nullable(),
    schema: z.string().nullable().describe('the last migration'),
    journal_mode: z.string().nullable(),
    read_ms: z.number().nullable().describe('of one trivial read'),
  }),
  redis: z.object({
    state: z.enum(['ok', 'unreachable']),
    version: z.string().nullable(),
    used_memory_bytes: z.int().nullable(),
    ping_ms: z.number().nullable(),
  }),
  queues: z
    .array(
      z.object({
        name: z.enum(jobNames),
        paused: z.boolean(),
        counts: z.record(z.string(), z.int()),
        oldest_waiting: z
          .object({ job_id: z.string(), since: z.string(), age_seconds: z.number() })
          .nullable(),
        rate_limited_ms: z.int().nullable().describe('for how long the queue waits for its server'),
      }),
    )
    .nullable()
    .describe(unlessRedisIsAway),
  workers: z
    .array(
      z.object({
        id: z.string(),
        pid: z.int(),
        host: z.string(),
        version: z.string(),
        queues: z.array(z.string()),
        started_at: z.string(),
      }),
    )
    .nullable()
    .describe(`seen within the last 15 seconds; ${unlessRedisIsAway}`),
  schedules: z
    .array(z.object({ id: z.string(), queue: z.enum(jobNames), every_seconds: z.number(), next_at: time }))
    .nullable()
    .describe(unlessRedisIsAway),
  providers: z
    .array(
      z.object({
        id: z.int(),
        name: z.string(),
        state: z.enum(['ok', 'error', 'never', 'disabled', 'deleting']),
        last_ok_at: time,
        lag_seconds: seconds.describe('since the last good sync'),
        last_error: z.string().nullable(),
        last_error_at: time,
        sync_interval_seconds: z.int().describe('0: no schedule'),
        next_sync_at: time,
        open_run_id: z.int().nullable(),
      }),
    )
    .nullable()
    .describe('null while the database does not answer, as are destination and runs'),
  destination: destinationStateView
    .extend({
      configured: z.boolean(),
      lag_seconds: seconds.describe('since the last listing'),
      pending_pushes: z.int(),
      failed_pushes: z.int(),
    })
    .nullable(),
  runs: z
    .object({ open: z.int(), held: z.int(), failed_last_day: z.int().describe('failed or lost') })
    .nullable(),
});
export type Diagnosis = z.infer<typeof diagnosis>;

export interface Facts {
  now: Date;
  inventory: Inventory | undefined;
  redis: RedisFacts;
}

/** Never late and never failing: what cannot be asked is unknown. */
export async function gatherFacts(services: ApiServices): Promise<Facts> {
  const now = services.now();
  const [inventory, redis] = await Promise.all([takeInventory(services.stores, now), readRedis(services)]);
  return { now, inventory, redis };
}

export function viewDiagnosis({ now, inventory, redis }: Facts, version: string): Diagnosis {
  const file = inventory?.database;
  return {
    version,
    node_version: process.version,
    uptime_seconds: Math.round(process.uptime()),
    now: now.toISOString(),
    database: {
      state: inventory === undefined ? 'failing' : 'ok',
      file: file?.file ?? null,
      size_bytes: file?.sizeBytes ?? null,
      wal_bytes: file?.walBytes ?? null,
      schema: file?.schema ?? null,
      journal_mode: file?.journalMode ?? null,
      read_ms: file ? round(file.readMs) : null,
    },
    redis: {
      state: redis.ping === undefined ? 'unreachable' : 'ok',
      version: redis.version ?? null,
      used_memory_bytes: redis.usedMemoryBytes ?? null,
      ping_ms: redis.ping ? round(redis.ping.ms) : null,
    },
    queues: redis.queues?.map((queue) => viewQueue(queue, now)) ?? null,
    workers: redis.workers ?? null,
    schedules:
      redis.schedules?.map(({ id, queue, everyMs, nextAtMs }) => ({
        id,
        queue,
        every_seconds: everyMs / 1_000,
        next_at: isoOf(nextAtMs),
      })) ?? null,
    providers:
      inventory?.providers.map((provider) => viewProviderHealth(provider, inventory, redis, now)) ?? null,
    destination: inventory === undefined ? null : viewDestinationHealth(inventory, now),
    runs:
      inventory === undefined
        ? null
        : {
            open: inventory.openRuns.length,
            held: inventory.runs.reduce((sum, { state, count }) => sum + (state === 'held' ? count : 0), 0),
            failed_last_day: inventory.failedLastDay,
          },
  };
}

/** Of a provider's own schedule, or the global one; 0: none. */
export function intervalOf(provider: Provider, { settings }: Inventory): number {
  return provider.syncIntervalSeconds || settings.syncIntervalSeconds;
}

function viewQueue({ name, paused, counts, oldestWaiting, rateLimitedMs }: QueueFacts, now: Date) {
  const oldest = oldestWaiting && {
    job_id: oldestWaiting.jobId,
    since: new Date(oldestWaiting.sinceMs).toISOString(),
    age_seconds: Math.max(0, round((now.getTime() - oldestWaiting.sinceMs) / 1_000)),
  };
  return { name, paused, counts, oldest_waiting: oldest, rate_limited_ms: rateLimitedMs };
}

function viewProviderHealth(
  provider: Provider,
  inventory: Inventory,
  redis: RedisFacts,
  now: Date,
): NonNullable<Diagnosis['providers']>[number] {
  const schedule = redis.schedules?.find(({ id }) => id === `provider-${provider.id}`);
  return {
    id: provider.id,
    name: provider.name,
    state: providerState(provider),
    last_ok_at: provider.lastOkAt,
    lag_seconds: lag(provider.lastOkAt, now),
    last_error: provider.lastError,
    last_error_at: provider.lastErrorAt,
    sync_interval_seconds: intervalOf(provider, inventory),
    next_sync_at: isoOf(schedule?.nextAtMs ?? null),
    open_run_id: inventory.openRuns.find(({ providerId }) => providerId === provider.id)?.id ?? null,
  };
}

function providerState(provider: Provider) {
  if (provider.deletingAt !== null) return 'deleting';
  if (!provider.syncEnabled) return 'disabled';
  if (provider.lastError !== null) return 'error';
  return provider.lastOkAt === null ? 'never' : 'ok';
}

function viewDestinationHealth({ settings, deployments }: Inventory, now: Date) {
  return {
    ...viewDestinationState(settings),
    configured: settings.litellmBaseUrl !== null,
    lag_seconds: lag(settings.surveyedAt, now),
    pending_pushes: deployments.pending,
    failed_pushes: deployments.failed,
  };
}

const isoOf = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
const round = (value: number) => Math.round(value * 1_000) / 1_000;
const lag = (at: string | null, now: Date) =>
  at === null ? null : round((now.getTime() - Date.parse(at)) / 1_000);
