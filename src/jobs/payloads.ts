import { z } from 'zod';
import { foundModel } from '../domain/found-model.js';

const id = z.int().positive();

/**
 * What travels through Redis, by queue. Ids and data, never secrets. A schema only gains optional fields: jobs written by
 * the previous release may still be in Redis.
 */
export const payloads = {
  'fetch-provider': z.object({
    providerId: id,
    /** Absent when the schedule starts it: then the job opens the run itself. */
    runId: id.optional(),
    trigger: z.enum(['schedule', 'manual', 'sync-all', 'retry', 'fetch']),
  }),
  'upsert-models': z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('chunk'), runId: id, providerId: id, models: z.array(foundModel).max(100) }),
    z.object({ kind: z.literal('rederive') }),
  ]),
  'mark-orphans': z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('run'), runId: id }),
    z.object({ kind: z.literal('accepted'), runId: id }),
    z.object({ kind: z.literal('sweep') }),
  ]),
  'push-model': z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('model'), modelId: id }),
    z.object({ kind: z.literal('stray'), deploymentId: z.string().min(1), runId: id.optional() }),
    z.object({
      kind: z.literal('reconcile'),
      runId: id.optional(),
      trigger: z.enum(['schedule', 'manual', 'sync-all']),
    }),
    z.object({ kind: z.literal('delete-provider'), providerId: id, runId: id }),
  ]),
} as const;

export type JobName = keyof typeof payloads;
export type Payload<N extends JobName> = z.infer<(typeof payloads)[N]>;
export const jobNames = Object.keys(payloads) as JobName[];
