import createError from 'http-errors';
import { z } from 'zod';
import type { JobRun } from '../../entities/job-run.js';
import type { SyncRun } from '../../entities/sync-run.js';
import { endBatch } from '../../jobs/close-run.js';
import { jobNames } from '../../jobs/payloads.js';
import { startRun } from '../../jobs/start-run.js';
import { startSync } from '../../jobs/start-sync.js';
import { requireDestination } from '../apply-changes.js';
import { recordChange } from '../audit.js';
import { defineRoute, type ApiServices } from '../define-route.js';
import { pageOf, paging } from '../paging.js';
import { runView, viewRun } from '../run-view.js';

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

function viewJob(job: JobRun): z.infer<typeof jobRunView> {
  return {
    queue: job.queue,
    job_id: job.jobId,
    attempt: job.attempt,
    outcome: job.outcome,
    error: job.error,
    started_at: job.startedAt,
    duration_ms: job.durationMs,
  };
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
    group: 'runs',
    summary: 'Runs, newest first',
    scope: 'read',
    query: z.object({
      ...paging,
      provider_id: z.coerce.number().int().optional(),
      state: z
        .enum(['waiting', 'running', 'done', 'held', 'failed', 'lost', 'superseded', 'cancelled'])
        .optional(),
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
      return { items: items.map(viewRun), total };
    },
  }),
  defineRoute({
    method: 'get',
    paths: ['/api/runs/:id'],
    group: 'runs',
    summary: 'One run with its latest job executions, by id or uuid',
    scope: 'read',
    problems: { 404: 'there is no such run' },
    params: runParams,
    reply: runView.extend({ jobs: z.array(jobRunView) }),
    async handle({ params }, services) {
      const run = await existingRun(params.id, services);
      const jobs = await services.stores.history.jobRunsOf(run.id, 100);
      return {
        ...viewRun(run),
        jobs: jobs.map(viewJob),
      };
    },
  }),
  ...(['accept', 'reject'] as const).map((word) =>
    defineRoute({
      method: 'post',
      paths: [`/api/runs/:id/${word}`],
      group: 'runs',
      scope: 'operate',
      problems: { 404: 'there is no such run', 409: 'it is not held, or was decided before' },
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
        await recordChange(
          {
            actor,
            action: `run.${word}`,
            subject: run.providerName,
            target: `run:${run.id}`,
            details: { run: run.id, missing: run.missing },
          },
          services,
        );
        if (decision === 'accepted') {
          await queues.add('mark-orphans', { kind: 'accepted', runId: run.id });
        }
        return viewRun(await existingRun(params.id, services));
      },
    }),
  ),
  defineRoute({
    method: 'post',
    paths: ['/api/runs/:id/cancel'],
    group: 'runs',
    summary: 'Cancel a sync that waits or runs: nothing more is stored, nothing is orphaned',
    scope: 'operate',
    params: runParams,
    reply: runView,
    problems: { 404: 'there is no such run', 409: 'it is over, or is no sync' },
    needsQueue: true,
    async handle({ params, actor }, services) {
      const { stores, now } = services;
      const run = await existingRun(params.id, services);
      if (run.kind !== 'sync')
        throw createError(409, `run ${run.id} is a ${run.kind}; only a sync can be cancelled`);
      const reason = `cancelled by ${actor.name}`;
      if (!(await stores.runs.cancel(run.id, reason, now().toISOString()))) {
        throw createError(409, `run ${run.id} is ${run.state}, or has marked its orphans already`);
      }
      await endBatch(run, { stores, enqueue: services.queues });
      await recordChange(
        { actor, action: 'run.cancel', subject: run.providerName, target: `run:${run.id}` },
        services,
      );
      return viewRun(await existingRun(params.id, services));
    },
  }),
  defineRoute({
    method: 'get',
    paths: ['/api/jobs'],
    group: 'runs',
    summary: 'Executions of jobs, newest first, with their outcome',
    scope: 'read',
    query: z.object({
      ...paging,
      run_id: z.coerce.number('takes a number').int().positive().optional(),
      queue: z.enum(jobNames, `takes ${jobNames.join(', ')}`).optional(),
      outcome: z.enum(['completed', 'retried', 'failed', 'postponed']).optional(),
    }),
    reply: pageOf(jobRunView.extend({ id: z.int(), run_id: z.int().nullable() })),
    async handle({ query: { limit, offset, run_id: runId, queue, outcome } }, { stores }) {
      const { items, total } = await stores.history.jobRuns({
        limit,
        offset,
        ...(runId !== undefined && { runId }),
        ...(queue !== undefined && { queue }),
        ...(outcome !== undefined && { outcome }),
      });
      return { items: items.map((job) => ({ id: job.id, run_id: job.runId, ...viewJob(job) })), total };
    },
  }),
  defineRoute({
    method: 'post',
    paths: ['/api/runs/:id/retry'],
    group: 'runs',
    summary: 'Start a new sync for the provider of a run that failed, was lost or cancelled',
    scope: 'operate',
    problems: { 404: 'there is no such run', 409: 'its provider is gone, or no LiteLLM is configured' },
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
      // What was asked as a fetch stays one.
      const trigger = run.trigger === 'fetch' ? 'fetch' : 'retry';
      return viewRun((await startSync(provider, trigger, { ...services, enqueue: services.queues })).run);
    },
  }),
  defineRoute({
    method: 'post',
    paths: ['/api/reconcile', '/api/models/push-all'],
    group: 'runs',
    summary: 'Compare LiteLLM with what is wanted now, and push every difference',
    scope: 'operate',
    problems: { 409: 'no LiteLLM is configured' },
    reply: runView,
    status: 202,
    needsQueue: true,
    async handle(_input, services) {
      return reconcile(services);
    },
  }),
];

async function reconcile(services: ApiServices) {
  const { queues } = services;
  await requireDestination(services);
  const { run } = await startRun(
    { kind: 'reconcile', trigger: 'manual', providerId: null, providerName: null },
    (opened, jobId) =>
      queues.add('push-model', { kind: 'reconcile', runId: opened.id, trigger: 'manual' }, { jobId }),
    { ...services, enqueue: queues },
  );
  return viewRun(run);
}
