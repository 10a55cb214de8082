import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Database } from './database.js';
import type { RunKind, RunState } from './sync-run.js';

export interface FailedPush {
  modelRef: number;
  modelId: string;
  providerName: string;
  error: string;
  at: string | null;
}

export interface DatabaseFacts {
  /** Without its folder: nobody's home directory is told. */
  file: string;
  sizeBytes: number;
  walBytes: number;
  /** The last migration. */
  schema: string | null;
  journalMode: string;
  /** Of one trivial read. */
  readMs: number;
}

/** Each model counts once: an orphan is neither active nor disabled. */
export interface ModelCounts {
  providerId: number;
  active: number;
  disabled: number;
  orphaned: number;
  modified: number;
}

export type DeploymentState = 'in_step' | 'out_of_step' | 'pending' | 'failed' | 'absent';

/** What would be shown of a row, as one comparable text. */
export interface Mark {
  id: number;
  mark: string;
}

/** What lets two looks at the models be compared; models that are as they were long ago are in none of the lists. */
export interface ModelMarks {
  /** Written since the asked time, by a sync, a person or a push. */
  touched: Mark[];
  pending: number[];
  failed: number[];
  orphaned: number[];
  /** Of each provider; `earlier`: those up to the asked id. Ids are never used twice, so that number only falls. */
  population: { providerId: number; total: number; earlier: number; newestId: number }[];
}

/** Aggregates over all rows, and cheap answers to "what changed?", for diagnostics, metrics and live events. */
export class OverviewStore {
  constructor(private readonly database: Database) {}

  /** Another text after every committed write, of this process or another; costs nothing. */
  async changeMarker(): Promise<string> {
    const others = await this.database.row<{ data_version: number }>('PRAGMA data_version');
    const own = await this.database.row<{ changes: number }>('SELECT total_changes() AS changes');
    return `${others?.data_version} ${own?.changes}`;
  }

  async databaseFacts(): Promise<DatabaseFacts> {
    const path = String(this.database.dataSource.options.database);
    const startedMs = performance.now();
    await this.database.row('SELECT id FROM settings');
    const readMs = performance.now() - startedMs;
    const journal = await this.database.row<{ journal_mode: string }>('PRAGMA journal_mode');
    const migration = await this.database.row<{ name: string }>(
      'SELECT name FROM litellm_updater_migrations ORDER BY id DESC LIMIT 1',
    );
    return {
      file: basename(path),
      sizeBytes: sizeOf(path),
      walBytes: sizeOf(`${path}-wal`),
      schema: migration?.name ?? null,
      journalMode: journal?.journal_mode ?? 'unknown',
      readMs,
    };
  }

  async modelCounts(): Promise<ModelCounts[]> {
    return this.database.rows<ModelCounts>(
      `SELECT provider_id AS providerId, SUM(is_orphaned = 0 AND sync_enabled) AS active,
         SUM(is_orphaned = 0 AND NOT sync_enabled) AS disabled, SUM(is_orphaned) AS orphaned, SUM(user_modified) AS modified
       FROM models GROUP BY provider_id`,
    );
  }

  async deploymentCounts(): Promise<Record<DeploymentState, number>> {
    const rows = await this.database.rows<{ state: DeploymentState; count: number }>(
      `SELECT CASE WHEN pending THEN 'pending' WHEN last_error IS NOT NULL THEN 'failed'
           WHEN applied_hash IS NULL THEN 'absent' WHEN applied_hash IS wanted_hash THEN 'in_step'
           ELSE 'out_of_step' END AS state, COUNT(*) AS count
         FROM deployments GROUP BY 1`,
    );
    const none = { in_step: 0, out_of_step: 0, pending: 0, failed: 0, absent: 0 };
    return { ...none, ...Object.fromEntries(rows.map(({ state, count }) => [state, count])) };
  }

  async runCounts(): Promise<{ kind: RunKind; state: RunState; count: number }[]> {
    return this.database.rows('SELECT kind, state, COUNT(*) AS count FROM sync_runs GROUP BY kind, state');
  }

  async failedRunsSince(since: string): Promise<number> {
    const row = await this.database.row<{ count: number }>(
      `SELECT COUNT(*) AS count FROM sync_runs WHERE state IN ('failed', 'lost') AND finished_at >= ?`,
      since,
    );
    return row?.count ?? 0;
  }

  /** When the newest run was made; a time that lies ahead tells of a wrong clock. */
  async newestRunAt(): Promise<string | null> {
    const row = await this.database.row<{ at: string }>(
      'SELECT created_at AS at FROM sync_runs ORDER BY id DESC LIMIT 1',
    );
    return row?.at ?? null;
  }

  /** Held runs that nobody decided about. */
  async undecidedRuns(): Promise<
    { id: number; providerId: number | null; providerName: string | null; missing: number }[]
  > {
    return this.database.rows(
      `SELECT id, provider_id AS providerId, provider_name AS providerName, json_array_length(missing) AS missing
         FROM sync_runs WHERE state = 'held' AND decision IS NULL ORDER BY id`,
    );
  }

  /** Pushes that LiteLLM refused, the latest first; those that are tried again at this moment as well. */
  async failedPushes(limit: number): Promise<FailedPush[]> {
    return this.database.rows<FailedPush>(
      `SELECT models.id AS modelRef, models.model_id AS modelId, providers.name AS providerName,
         deployments.last_error AS error, deployments.last_error_at AS at
       FROM deployments JOIN models ON models.id = deployments.model_id
         JOIN providers ON providers.id = models.provider_id
       WHERE deployments.last_error IS NOT NULL ORDER BY deployments.last_error_at DESC, models.id LIMIT ?`,
      limit,
    );
  }

  /** How many models these open runs have stored so far, by run id. */
  async storedSoFar(runIds: number[]): Promise<Map<number, number>> {
    if (runIds.length === 0) return new Map();
    const rows = await this.database.rows<{ run: number; stored: number }>(
      `SELECT last_seen_run_id AS run, COUNT(*) AS stored FROM models
        WHERE last_seen_run_id IN (SELECT value FROM json_each(?)) GROUP BY last_seen_run_id`,
      JSON.stringify(runIds),
    );
    return new Map(rows.map(({ run, stored }) => [run, stored]));
  }

  /** Runs that are open, held, wait for pushes, are newer than `afterId`, or are asked for. */
  async runMarks(afterId: number, ids: number[]): Promise<Mark[]> {
    return this.database.rows<Mark>(
      `SELECT id, json_array(state, trigger, provider_id, reason, decision, renewals, list_calls, detail_calls, writes,
           fetched, added, updated, unchanged, orphaned, restored, created, patched, replaced, removed, unchanged_pushes,
           failed_pushes, length(skipped), length(missing), length(drifted), length(warnings), started_at, fetched_at,
           finished_at, (SELECT COUNT(*) FROM deployments WHERE pending AND requested_run_id = sync_runs.id)) AS mark
         FROM sync_runs WHERE id IN (
           SELECT id FROM sync_runs WHERE state IN ('waiting', 'running') UNION
           SELECT id FROM sync_runs WHERE state = 'held' UNION
           SELECT requested_run_id FROM deployments WHERE pending AND requested_run_id IS NOT NULL UNION
           SELECT id FROM sync_runs WHERE id > ? UNION SELECT value FROM json_each(?)) ORDER BY id`,
      afterId,
      JSON.stringify(ids),
    );
  }

  async newestRunId(): Promise<number> {
    const row = await this.database.row<{ id: number | null }>('SELECT MAX(id) AS id FROM sync_runs');
    return row?.id ?? 0;
  }

  async providerMarks(): Promise<Mark[]> {
    return this.database.rows<Mark>(
      `SELECT id, json_array(updated_at, edit_version, last_ok_at, last_error, last_error_at, deleting_at) AS mark
        FROM providers ORDER BY id`,
    );
  }

  async modelMarks(since: string, upToId: number): Promise<ModelMarks> {
    const ids = async (sql: string) => (await this.database.rows<{ id: number }>(sql)).map(({ id }) => id);
    return {
      touched: await this.database.rows<Mark>(
        `SELECT id, 'model ' || updated_at AS mark FROM models WHERE updated_at >= @since UNION ALL
         SELECT model_id, 'push ' || COALESCE(pushed_at, '') || ' ' || COALESCE(last_error_at, '') FROM deployments
          WHERE pushed_at >= @since OR last_error_at >= @since`,
        { since },
      ),
      pending: await ids('SELECT model_id AS id FROM deployments WHERE pending'),
      failed: await ids('SELECT model_id AS id FROM deployments WHERE last_error IS NOT NULL'),
      orphaned: await ids('SELECT id FROM models WHERE is_orphaned'),
      population: await this.database.rows(
        `SELECT provider_id AS providerId, COUNT(*) AS total, SUM(id <= ?) AS earlier, MAX(id) AS newestId
           FROM models GROUP BY provider_id`,
        upToId,
      ),
    };
  }

  async providersOf(modelIds: number[]): Promise<number[]> {
    const rows = await this.database.rows<{ id: number }>(
      'SELECT DISTINCT provider_id AS id FROM models WHERE id IN (SELECT value FROM json_each(?))',
      JSON.stringify(modelIds),
    );
    return rows.map(({ id }) => id);
  }
}

/** 0 where there is no such file: a write-ahead log goes when the last process closes. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
