import { AuditEvent } from './audit-event.js';
import type { Database } from './database.js';
import { JobRun } from './job-run.js';

export interface AuditQuery {
  actor?: string;
  action?: string;
  /** `model:12`, `provider:3`, … */
  target?: string;
  limit: number;
  offset: number;
}

export interface JobRunsQuery {
  runId?: number;
  queue?: string;
  outcome?: JobRun['outcome'];
  limit: number;
  offset: number;
}

/** Of one provider within one span of time, such as an hour. */
export interface SyncTrendRow {
  /** The beginning of the ISO 8601 times that it holds: `2026-03-01T14`. */
  bucket: string;
  providerId: number | null;
  done: number;
  failed: number;
  /** New, or back again. */
  added: number;
  updated: number;
  orphaned: number;
  totalMs: number;
  longestMs: number;
  /** How many models the last good one of them listed. */
  fetched: number | null;
}

/** What happened: executions of jobs, and changes that people made. */
export class HistoryStore {
  #waiting: Omit<JobRun, 'id'>[] = [];
  #stored: Promise<void> | undefined;

  constructor(private readonly database: Database) {}

  /** What several jobs report at the same moment is one transaction; each waits until its row is stored. */
  async addJobRun(run: Omit<JobRun, 'id'>): Promise<void> {
    this.#waiting.push(run);
    this.#stored ??= new Promise((resolve) => setImmediate(resolve)).then(() => this.#storeWaiting());
    return this.#stored;
  }

  async #storeWaiting(): Promise<void> {
    const runs = this.#waiting;
    this.#waiting = [];
    this.#stored = undefined;
    if (runs.length === 1 && runs[0] !== undefined) {
      await this.database.insert(JobRun, runs[0]); // one statement is cheaper than a transaction of one
      return;
    }
    await this.database.write((sqlite) => {
      const insert = sqlite.prepare(
        `INSERT INTO job_runs (queue, job_id, run_id, attempt, outcome, error, started_at, duration_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      );
      for (const { queue, jobId, runId, attempt, outcome, error, startedAt, durationMs } of runs) {
        insert.run(queue, jobId, runId, attempt, outcome, error, startedAt, durationMs);
      }
    });
  }

  async jobRunsOf(runId: number, limit: number): Promise<JobRun[]> {
    return this.database.many(JobRun, 'WHERE run_id = ? ORDER BY id DESC LIMIT ?', runId, limit);
  }

  async addAuditEvent(event: Omit<AuditEvent, 'id'>): Promise<void> {
    await this.database.insert(AuditEvent, event);
  }

  /** Newest first. */
  async auditEvents(query: AuditQuery): Promise<{ items: AuditEvent[]; total: number }> {
    const { limit, offset, ...where } = query;
    return this.database.newest(AuditEvent, where, { limit, offset });
  }

  /** Newest first. */
  async jobRuns(query: JobRunsQuery): Promise<{ items: JobRun[]; total: number }> {
    const { limit, offset, ...where } = query;
    return this.database.newest(JobRun, where, { limit, offset });
  }

  /** When the oldest sync since then ended. */
  async firstSyncSince(since: string): Promise<string | null> {
    const row = await this.database.row<{ at: string | null }>(
      `SELECT MIN(finished_at) AS at FROM sync_runs WHERE state IN ('done', 'failed', 'lost') AND kind = 'sync' AND finished_at >= ?`,
      since,
    );
    return row?.at ?? null;
  }

  /** Oldest first; `digits`: how much of an ISO 8601 time names a bucket (10: a day, 13: an hour, 15: ten minutes). */
  async syncTrend(since: string, digits: number): Promise<SyncTrendRow[]> {
    return this.database.rows<SyncTrendRow>(
      `SELECT bucket, providerId, done, failed, added, updated, orphaned, totalMs, longestMs,
         (SELECT fetched FROM sync_runs WHERE id = lastDone) AS fetched
       FROM (
         SELECT substr(finished_at, 1, ?) AS bucket, provider_id AS providerId,
           SUM(state = 'done') AS done, SUM(state <> 'done') AS failed,
           SUM(COALESCE(added, 0) + COALESCE(restored, 0)) AS added, SUM(COALESCE(updated, 0)) AS updated,
           SUM(COALESCE(orphaned, 0)) AS orphaned, COALESCE(SUM(ms), 0) AS totalMs, COALESCE(MAX(ms), 0) AS longestMs,
           MAX(CASE WHEN state = 'done' THEN id END) AS lastDone
         FROM (SELECT *, CASE WHEN state = 'done' THEN
                 MAX(0, (julianday(CASE WHEN decided_at IS NULL THEN finished_at ELSE COALESCE(fetched_at, started_at) END)
                   - julianday(started_at)) * 86400000) END AS ms
               FROM sync_runs
               WHERE state IN ('done', 'failed', 'lost') AND kind = 'sync' AND finished_at >= ?)
         GROUP BY 1, 2)
       ORDER BY bucket, providerId`,
      digits,
      since,
    );
  }
}
