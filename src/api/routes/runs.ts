import createError from 'http-errors';
import { z } from 'zod';
import type { SyncRun } from '../../entities/sync-run.js';
import { newBatch } from '../../jobs/close-run.js';
import { startRun } from '../../jobs/start-run.js';
import { startSync, startSyncOfAll } from '../../jobs/start-sync.js';
import { defineRoute, type ApiServices } from '../define-route.js';
import { pageOf, paging } from '../paging.js';
import { runView, viewRuns } from '../run-view.js';

const runParams = z.object({ id: z.string().max(40) });

const jobRunView = z.object({
  queue: z.string(),
  job_id: z.string(),
  attempt: z.int(),
  outcome: z.string(),
  error: z.string().nullable(),
  started_at: z.string(),
  duration_ms: z.int(),
});

export async function viewOf(run: SyncRun, { stores }: ApiServices) {
  const [view] = await viewRuns([run], stores);
  if (view === undefined) throw createError(404, `there is no run ${run.id}`);
  return view;
}

/** By id or uuid. */
async function existingRun(id: string, { stores }: ApiServices): Promise<SyncRun> {
  const run = /^\d{1,15}$/.test(id) ? await stores.runs.byId(Number(id)) : await stores.runs.byUuid(id);
  if (run === null) throw createError(404, `there is no run ${id}`);
  return run;
}

export const runRoutes = [
  defineRoute({
    method: 'get',
    paths: ['/api/runs'],
    summary: 'Runs, newest first',
    query: z.object({
      ...paging,
      provider_id: z.coerce.number().int().optional(),
      state: z.enum(['waiting', 'running', 'done', 'held', 'failed', 'lost', 'superseded']).optional(),
      kind: z.enum(['sync', 'reconcile', 'delete']).optional(),
    }),
    reply: pageOf(runView),
    async handle({ query }, { stores }) {
      const { limit, offset, provider_id: providerId, state, kind } = query;
      const { items, total } = await stores.runs.page({
        limit,
        offset,
        ...(providerId !== undefined && { providerId }),
        ...(state !== undefined && { state }),
        ...(kind !== undefined && { kind }),
      });
      return { items: await viewRuns(items, stores), total };
    },
  }),
  defineRoute({
    method: 'get',
    paths: ['/api/runs/:id'],
    summary: 'One run with its latest job executions, by id or uuid',
    params: runParams,
    reply: runView.extend({ jobs: z.array(jobRunView) }),
    async handle({ params }, services) {
      const run = await existingRun(params.id, services);
      const jobs = await services.stores.history.jobRunsOf(run.id, 100);
      return {
        ...(await viewOf(run, services)),
        jobs: jobs.map((job) => ({
          queue: job.queue,
          job_id: job.jobId,
          attempt: job.attempt,
          outcome: job.outcome,
          error: job.error,
          started_at: job.startedAt,
          duration_ms: job.durationMs,
        })),
      };
    },
  }),
  ...(['accept', 'reject'] as const).map((word) =>
    defineRoute({
      method: 'post',
      paths: [`/api/runs/:id/${word}`],
      summary:
        word === 'accept'
          ? 'Accept a held run: what it missed becomes orphaned'
          : 'Reject a held run: everything stays as it is',
      params: runParams,
      reply: runView,
      status: 202,
      needsQueue: true,
      async handle({ params, actor }, services) {
        const { stores, queues, now } = services;
        const run = await existingRun(params.id, services);
        const decision = word === 'accept' ? 'accepted' : 'rejected';
        const at = now().toISOString();
        // Accepted, but its job never came to be: asking again queues it again.
        const again = decision === 'accepted' && run.state === 'held' && run.decision === 'accepted';
        if (!again && !(await stores.runs.decide(run.id, decision, at))) {
          throw createError(
            409,
            `run ${run.id} is ${run.decision ?? run.state}; only a held run without a decision can be ${decision}`,
          );
        }
        await stores.history.addAuditEvent({
          at,
          actor,
          action: `run.${word}`,
          subject: run.providerName,
          details: { run: run.id, missing: run.missing },
        });
        if (decision === 'accepted') {
          await queues.add('mark-orphans', { kind: 'accepted', runId: run.id });
        }
        return viewOf(await existingRun(params.id, services), services);
      },
    }),
  ),
  defineRoute({
    method: 'post',
    paths: ['/api/runs/:id/retry'],
    summary: 'Start a new sync for the provider of a run that failed or was lost',
    params: runParams,
    reply: runView,
    status: 202,
    needsQueue: true,
    async handle({ params }, services) {
      const run = await existingRun(params.id, services);
      if (run.kind === 'reconcile') return reconcile(services);
      const provider = run.providerId === null ? null : await services.stores.providers.byId(run.providerId);
      if (run.kind !== 'sync' || provider === null || provider.deletingAt !== null) {
        throw createError(409, 'the provider of this run is gone, so there is nothing to try again');
      }
      return viewOf(
        (await startSync(provider, 'retry', { ...services, enqueue: services.queues })).run,
        services,
      );
    },
  }),
  defineRoute({
    method: 'post',
    paths: ['/sync', '/api/sync', '/api/providers/sync-all'],
    summary: 'Sync every enabled provider now; ends with a reconcile of LiteLLM',
    reply: z.object({ batch: z.string(), total_providers: z.int(), runs: z.array(runView) }),
    status: 202,
    needsQueue: true,
    async handle(_input, services) {
      const batch = newBatch();
      const runs = await startSyncOfAll(batch, { ...services, enqueue: services.queues });
      return { batch, total_providers: runs.length, runs: await viewRuns(runs, services.stores) };
    },
  }),
  defineRoute({
    method: 'post',
    paths: ['/api/reconcile', '/api/models/push-all'],
    summary: 'Compare LiteLLM with what is wanted now, and push every difference',
    reply: runView,
    status: 202,
    needsQueue: true,
    async handle(_input, services) {
      return reconcile(services);
    },
  }),
];

async function reconcile(services: ApiServices) {
  const { stores, queues } = services;
  if ((await stores.settings.get()).litellmBaseUrl === null) {
    throw createError(409, 'no LiteLLM is configured; set litellm_base_url with PATCH /api/admin/config');
  }
  const { run } = await startRun(
    { kind: 'reconcile', trigger: 'manual', providerId: null, providerName: null },
    (opened) => queues.add('push-model', { kind: 'reconcile', runId: opened.id, trigger: 'manual' }),
    { ...services, enqueue: queues },
  );
  return viewOf(run, services);
}
