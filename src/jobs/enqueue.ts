import type { FoundModel } from '../domain/found-model.js';
import type { SyncRun } from '../entities/sync-run.js';
import type { JobName, Payload } from './payloads.js';

/** Redis does not answer; nothing was queued. */
export class QueueUnavailableError extends Error {
  override name = 'QueueUnavailableError';
}

/** The ways to put work into the queues. Every payload is parsed before Redis. Throws `QueueUnavailableError`. */
export interface Enqueue {
  /** Returns the job's id. `jobId`: adding it twice adds it once. */
  add<N extends JobName>(
    name: N,
    payload: Payload<N>,
    options?: { jobId?: string; delayMs?: number },
  ): Promise<string>;
  /** One push for each model; one that is already waiting is not doubled, one that is running is followed by another. */
  pushes(modelIds: number[]): Promise<void>;
  /** The flow of a sync run: all chunks, then `mark-orphans`. Atomic, and added once for each run. */
  chunks(run: SyncRun, providerId: number, chunks: FoundModel[][]): Promise<void>;
  /** `live`: queued or under way. `failed`: with its reason. `gone`: finished, or unknown to Redis. */
  fate(
    name: JobName,
    jobId: string,
  ): Promise<{ state: 'live' } | { state: 'failed'; reason: string } | { state: 'gone' }>;
}

/** The `mark-orphans` job of a run; BullMQ takes no colon and no bare number in an id. */
export function concludeJobId(run: Pick<SyncRun, 'uuid'>): string {
  return `run-${run.uuid}`;
}
