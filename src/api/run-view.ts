import { z } from 'zod';
import type { SyncRun } from '../entities/sync-run.js';

export const runView = z
  .object({
    id: z.int(),
    uuid: z.string(),
    kind: z.enum(['sync', 'reconcile', 'delete']),
    state: z.enum(['waiting', 'running', 'done', 'held', 'failed', 'lost', 'superseded', 'cancelled']),
    trigger: z.string(),
    provider_id: z.int().nullable(),
    provider_name: z.string().nullable(),
    reason: z.string().nullable(),
    decision: z.enum(['accepted', 'rejected']).nullable(),
    renewals: z.int(),
    outcome: z.object({
      list_calls: z.int(),
      detail_calls: z.int(),
      writes: z.int().describe('calls that wrote, or may have written, to LiteLLM'),
      fetched: z.int().nullable(),
      added: z.int().nullable(),
      updated: z.int().nullable(),
      unchanged: z.int().nullable(),
      orphaned: z.int().nullable(),
      restored: z.int().nullable(),
      skipped: z.array(z.object({ modelId: z.string(), reason: z.string() })),
      missing: z.array(z.string()),
      drifted: z.array(z.object({ model: z.string(), keys: z.array(z.string()) })),
      warnings: z.array(z.string()),
      pushes: z.object({
        created: z.int(),
        patched: z.int(),
        replaced: z.int(),
        removed: z.int(),
        unchanged: z.int(),
        failed: z.int(),
        pending: z.int(),
      }),
    }),
    created_at: z.string(),
    started_at: z.string().nullable(),
    fetched_at: z.string().nullable(),
    finished_at: z.string().nullable(),
  })
  .meta({ id: 'Run' });
export type RunView = z.infer<typeof runView>;

export function viewRun(run: SyncRun): RunView {
  return {
    id: run.id,
    uuid: run.uuid,
    kind: run.kind,
    state: run.state,
    trigger: run.trigger,
    provider_id: run.providerId,
    provider_name: run.providerName,
    reason: run.reason,
    decision: run.decision,
    renewals: run.renewals,
    outcome: {
      list_calls: run.listCalls,
      detail_calls: run.detailCalls,
      writes: run.writes,
      fetched: run.fetched,
      added: run.added,
      updated: run.updated,
      unchanged: run.unchanged,
      orphaned: run.orphaned,
      restored: run.restored,
      skipped: run.skipped,
      missing: run.missing,
      drifted: run.drifted,
      warnings: run.warnings,
      pushes: {
        created: run.created,
        patched: run.patched,
        replaced: run.replaced,
        removed: run.removed,
        unchanged: run.unchangedPushes,
        failed: run.failedPushes,
        pending: run.pendingPushes,
      },
    },
    created_at: run.createdAt,
    started_at: run.startedAt,
    fetched_at: run.fetchedAt,
    finished_at: run.finishedAt,
  };
}
