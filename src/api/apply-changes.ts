import createError from 'http-errors';
import { QueueUnavailableError } from '../jobs/enqueue.js';
import { planPushes } from '../jobs/plan-pushes.js';
import { equaliseSchedules } from '../jobs/schedules.js';
import type { ApiServices } from './define-route.js';

/**
 * After a change that people made: schedules and deployments follow at once. Redis answered when the request came in; should
 * it be gone meanwhile, the change stands and the next reconcile carries it on.
 */
export async function applyChanges(
  services: ApiServices,
  scope: Parameters<typeof planPushes>[0],
  { schedules, runId = null }: { schedules: boolean; runId?: number | null },
): Promise<void> {
  try {
    if (schedules) await equaliseSchedules(services.stores, services.queues.byName);
    await planPushes(scope, runId, { stores: services.stores, enqueue: services.queues, now: services.now });
  } catch (error) {
    if (!(error instanceof QueueUnavailableError)) throw error;
    services.logger.warn('saved, but not queued: Redis went away', { error: error.message });
  }
}

/** 409 while there is nothing to push to. */
export async function requireDestination({ stores }: Pick<ApiServices, 'stores'>): Promise<void> {
  if ((await stores.settings.get()).litellmBaseUrl === null) {
    throw createError(409, 'no LiteLLM is configured; set litellm_base_url with PATCH /api/admin/config');
  }
}
