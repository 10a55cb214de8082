import type { RequestHandler } from 'express';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { ApiServices } from './define-route.js';
import type { Inventory } from './diagnosis/database-facts.js';
import { gatherFacts, intervalOf } from './diagnosis/diagnosis.js';
import type { RedisFacts } from './diagnosis/redis-facts.js';

type Sample = [labels: Record<string, string>, value: number];

/**
 * Prometheus text. Each scrape makes its gauges anew from the database and Redis, so that what is gone or unknown now has
 * no series instead of an old value.
 */
export function metrics(services: ApiServices): RequestHandler {
  let ofProcess: Registry | undefined;
  return async (_request, response) => {
    // Watching garbage collection and the event loop costs a little: from the first scrape on.
    ofProcess ??= processMetrics();
    const { inventory, redis } = await gatherFacts(services);
    const registry = new Registry();
    gauge(registry, 'info', 'Version of this api process', [[{ version: services.version }, 1]]);
    if (inventory !== undefined) addInventory(registry, inventory);
    addRedis(registry, redis, services.now().getTime());
    const text = `${await ofProcess.metrics()}\n${await registry.metrics()}`;
    response.set('Content-Type', registry.contentType).send(text);
  };
}

function processMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

function gauge(registry: Registry, name: string, help: string, samples: Sample[]): void {
  if (samples.length === 0) return;
  const labelNames = Object.keys(samples[0]?.[0] ?? {});
  const made = new Gauge({ name: `litellm_updater_${name}`, help, labelNames, registers: [registry] });
  for (const [labels, value] of samples) made.set(labels, value);
}

function addInventory(registry: Registry, inventory: Inventory): void {
  const { models, deployments, runs, settings, database } = inventory;
  const names = new Map(inventory.providers.map(({ id, name }) => [id, name]));
  const ofProvider = (id: number) => ({ provider: names.get(id) ?? String(id) });
  gauge(
    registry,
    'models',
    'Stored models; each counts in one state',
    models.flatMap(({ providerId, active, disabled, orphaned }) =>
      Object.entries({ active, disabled, orphaned }).map(([state, count]): Sample => [
        { ...ofProvider(providerId), state },
        count,
      ]),
    ),
  );
  gauge(
    registry,
    'modified_models',
    'Stored models that a person edited',
    models.map(({ providerId, modified }) => [ofProvider(providerId), modified]),
  );
  gauge(
    registry,
    'deployments',
    'Deployments at LiteLLM, by how they compare with what is wanted',
    Object.entries(deployments).map(([state, count]) => [{ state }, count]),
  );
  addProviders(registry, inventory);
  gauge(
    registry,
    'runs',
    'Stored runs; old ones are pruned',
    runs.map(({ kind, state, count }) => [{ kind, state }, count]),
  );
  gauge(registry, 'held_runs', 'Runs that wait for a decision', [[{}, inventory.undecided.length]]);
  gauge(registry, 'database_size_bytes', 'Size of the database file', [[{}, database.sizeBytes]]);
  if (settings.litellmBaseUrl === null) return;
  gauge(registry, 'destination_up', 'Whether LiteLLM answered as it should when last asked', [
    [{}, settings.destinationError === null ? 1 : 0],
  ]);
  if (settings.surveyedAt !== null) {
    gauge(registry, 'destination_last_listing_timestamp_seconds', 'Last listing of LiteLLM that worked', [
      [{}, secondsOf(settings.surveyedAt)],
    ]);
  }
}

function addProviders(registry: Registry, inventory: Inventory): void {
  const { providers } = inventory;
  const asked = providers.filter(({ lastOkAt, lastError }) => lastOkAt !== null || lastError !== null);
  gauge(
    registry,
    'provider_up',
    'Whether the last fetch of a provider that was ever asked worked',
    asked.map(({ name, lastError }) => [{ provider: name }, lastError === null ? 1 : 0]),
  );
  gauge(
    registry,
    'provider_last_success_timestamp_seconds',
    'Last fetch of a provider that worked',
    providers.flatMap(({ name, lastOkAt }) =>
      lastOkAt === null ? [] : [[{ provider: name }, secondsOf(lastOkAt)]],
    ),
  );
  gauge(
    registry,
    'provider_sync_interval_seconds',
    'How often a provider is synced; 0 is never',
    providers.map((provider) => [
      { provider: provider.name },
      provider.syncEnabled ? intervalOf(provider, inventory) : 0,
    ]),
  );
}

function addRedis(registry: Registry, redis: RedisFacts, nowMs: number): void {
  gauge(registry, 'redis_up', 'Whether Redis answers', [[{}, redis.ping === undefined ? 0 : 1]]);
  const queues = redis.queues ?? [];
  gauge(
    registry,
    'queue_jobs',
    'Jobs in Redis; finished ones are kept for a while',
    queues.flatMap(({ name, counts }) =>
      Object.entries(counts).map(([state, count]): Sample => [{ queue: name, state }, count]),
    ),
  );
  gauge(
    registry,
    'queue_oldest_waiting_age_seconds',
    'How long the oldest waiting job has waited; 0 when none waits',
    queues.map(({ name, oldestWaiting }) => [
      { queue: name },
      oldestWaiting === null ? 0 : Math.max(0, (nowMs - oldestWaiting.sinceMs) / 1_000),
    ]),
  );
  if (redis.workers !== undefined)
    gauge(registry, 'workers', 'Worker processes seen within 15 seconds', [[{}, redis.workers.length]]);
}

const secondsOf = (at: string) => Date.parse(at) / 1_000;
